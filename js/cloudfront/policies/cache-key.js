/**
 * The cache key: what tells one cached object from another (guide, "Understand the cache key").
 */
import { normalizedEncoding, normalizesEncoding } from './accept-encoding.js';
import { cookiesOf, queryOf, selects } from './selection.js';
import { isCloudFrontHeader, viewerHeaders } from './viewer-headers.js';

/**
 * @typedef {import('../distribution.js').CachePolicy} CachePolicy
 * @typedef {import('../place/viewer.js').Viewer} Viewer
 * @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest
 *
 * @typedef {object} KeyParts
 * @property {string} path
 * @property {string} query without `?`; empty for none
 * @property {[name: string, value: string][]} headers by name, in lower case
 * @property {string[]} cookies `name=value`, by name
 */

/**
 * The key of a request under a cache policy. Headers count by name and value, whatever their order
 * and the case of their names; of query strings the order and the case count too; a header that the
 * request lacks is not part of it. `Host` is part only if the policy names it: otherwise all names
 * of the distribution share their objects.
 *
 * The method is not part of the key: GET and HEAD share objects. Nor is the edge Region: each has a
 * cache of its own.
 *
 * @param {CloudFrontRequest} request as viewer-request left it
 * @param {CachePolicy} cachePolicy
 * @param {Viewer} viewer whose genuine CloudFront-* headers count, where the policy names them, in
 *   place of what the request says (rule W8)
 * @returns {{ key: string, parts: KeyParts }} the key in one line for each part, the path and query
 *   first. It holds values of headers and cookies: it is no text for logs.
 */
export function cacheKey(request, cachePolicy, viewer) {
  const query = queryOf(request.querystring, [cachePolicy.queryStrings]);
  const headers = headersOf(request, cachePolicy, viewer);
  const cookies = cookiesOf(request.headers.cookie?.[0]?.value, [cachePolicy.cookies]);
  const key = [
    query === '' ? request.uri : `${request.uri}?${query}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    // No header's name has a space in it: this line is not one of theirs.
    ...cookies.map((cookie) => `cookie ${cookie}`),
  ].join('\n');
  return { key, parts: { path: request.uri, query, headers, cookies } };
}

/**
 * @param {CloudFrontRequest} request
 * @param {CachePolicy} cachePolicy
 * @param {Viewer} viewer
 * @returns {[string, string][]}
 */
function headersOf({ headers }, cachePolicy, viewer) {
  const normalizes = normalizesEncoding(cachePolicy);
  /** @type {[string, string][]} */
  const chosen = Object.entries(headers)
    .filter(([name]) => selects(cachePolicy.headers, name) && name !== 'cookie')
    .filter(([name]) => !isCloudFrontHeader(name) && !(normalizes && name === 'accept-encoding'))
    .flatMap(([name, entries]) => entries.map(({ value }) => /** @type {const} */ ([name, value])))
    .map(([name, value]) => [name, value]);
  if (cachePolicy.headers.names.some(isCloudFrontHeader)) {
    const own = Object.entries(viewerHeaders(viewer));
    chosen.push(...own.filter(([name]) => selects(cachePolicy.headers, name)));
  }
  if (normalizes) {
    const encoding = normalizedEncoding(headers, cachePolicy);
    if (encoding && encoding !== 'identity') chosen.push(['accept-encoding', encoding]);
  }
  // A stable sort: values of one name stay in the order they were sent.
  return chosen.sort(([a], [b]) => (a < b ? -1 : Number(a > b)));
}

/**
 * Conditional requests, in both directions: what a viewer gets of a stored answer, and what the
 * origin is asked about one that has expired.
 */
import { fieldValue, httpDate } from './fields.js';
import { byteRange } from './range.js';

/**
 * @typedef {import('../distribution.js').Behavior} Behavior
 * @typedef {import('../headers.js').HeaderMap} HeaderMap
 *
 * @typedef {object} Head an `Entry`, or the head of an answer that comes from the origin right now
 * @property {number} status
 * @property {HeaderMap} headers
 * @property {number} [size] of the body, if any part of it can be read
 * @property {() => number} [age] seconds since the origin made the answer; becomes `Age`
 *
 * @typedef {object} Answer
 * @property {number} status the stored one, or 206, 304, 412 or 416
 * @property {HeaderMap} headers
 * @property {[number, number]} [range] of a 206: bytes to send, the end not included. A 304, a 412
 *   and a 416 have no body
 */

/** Say something of a body that a 304, 412 or 416 does not have. */
const OF_THE_BODY = [
  'content-encoding',
  'content-language',
  'content-length',
  'content-range',
  'content-type',
];

/** Belong to the body that stays when an answer is found unchanged (RFC 9111 section 3.2). */
const NOT_UPDATED = [...OF_THE_BODY, 'transfer-encoding'];

/**
 * What a viewer gets: the preconditions in the order of RFC 9110 section 13.2.2, then the range. As
 * CloudFront ignores `If-Match` and `If-None-Match` for an answer without an ETag, so does this.
 *
 * @param {Head} head
 * @param {HeaderMap} request headers of the viewer's request
 * @param {string} method GET, HEAD or OPTIONS
 * @returns {Answer}
 */
export function answerFrom(head, request, method) {
  const headers = { ...head.headers };
  if (head.age) headers.age = [{ key: 'Age', value: String(head.age()) }];
  const isRead = method === 'GET' || method === 'HEAD';
  if (head.status < 200 || head.status > 299 || !isRead) return { status: head.status, headers };
  if (isRefused(head.headers, request)) return bodiless(412, headers);
  if (isUnchanged(head.headers, request)) return bodiless(304, headers);

  const range = method === 'GET' ? rangeOf(head, request) : undefined;
  if (range === undefined) return { status: head.status, headers };
  if (range === 'unsatisfiable') {
    return bodiless(416, headers, { 'Content-Range': `bytes */${head.size}` });
  }
  const [start, end] = range;
  headers['content-length'] = [{ key: 'Content-Length', value: String(end - start) }];
  const part = `bytes ${start}-${end - 1}/${head.size}`;
  headers['content-range'] = [{ key: 'Content-Range', value: part }];
  return { status: 206, headers, range };
}

/**
 * What to ask the origin about an expired answer ("Request and response behavior for custom
 * origins", "Conditional requests"). Nothing of an error, of an answer with `Vary: *`, or where the
 * behavior forwards cookies ("Cache content based on cookies"): the origin then sends it anew.
 *
 * @param {Head} head
 * @param {Pick<Behavior, 'cachePolicy' | 'originRequestPolicy'>} [behavior]
 * @returns {HeaderMap} `If-None-Match`, `If-Modified-Since`, both or none
 */
export function validators({ status, headers }, behavior) {
  const isConditional = status < 300 && fieldValue(headers, 'vary')?.trim() !== '*';
  if (!isConditional || (behavior && forwardsCookies(behavior))) return {};
  const etag = headers.etag?.[0].value;
  const modified = headers['last-modified']?.[0].value;
  return {
    ...(etag && { 'if-none-match': [{ key: 'If-None-Match', value: etag }] }),
    ...(modified && { 'if-modified-since': [{ key: 'If-Modified-Since', value: modified }] }),
  };
}

/**
 * The headers of a stored answer after the origin answered 304: the new ones replace the stored
 * ones of their name, but for those that belong to the stored body. The ETag of an answer that
 * CloudFront compressed stays a weak one.
 *
 * @param {HeaderMap} stored
 * @param {HeaderMap} fresh of the 304
 * @returns {HeaderMap} the `Age` is the 304's, or none
 */
export function updatedHeaders(stored, fresh) {
  const kept = Object.entries(stored).filter(([name]) => name !== 'age');
  const news = Object.entries(fresh).filter(([name]) => !NOT_UPDATED.includes(name));
  const headers = Object.fromEntries([...kept, ...news]);
  const [before, after] = [stored.etag?.[0].value, fresh.etag?.[0].value];
  if (before && after && weak(before) === weak(after)) headers.etag = stored.etag;
  return headers;
}

/**
 * @param {Pick<Behavior, 'cachePolicy' | 'originRequestPolicy'>} behavior
 * @returns {boolean} whether any cookie of a viewer reaches the origin
 */
export function forwardsCookies({ cachePolicy, originRequestPolicy }) {
  return [cachePolicy, originRequestPolicy].some(
    (policy) => policy !== undefined && policy.cookies.behavior !== 'none',
  );
}

/**
 * @param {number} status
 * @param {HeaderMap} headers
 * @param {Record<string, string>} [more]
 * @returns {Answer}
 */
function bodiless(status, headers, more = {}) {
  for (const name of OF_THE_BODY) delete headers[name];
  for (const [key, value] of Object.entries(more)) headers[key.toLowerCase()] = [{ key, value }];
  return { status, headers };
}

/**
 * `If-Match`, else `If-Unmodified-Since` (RFC 9110 sections 13.1.1 and 13.1.4).
 *
 * @param {HeaderMap} headers
 * @param {HeaderMap} request
 */
function isRefused(headers, request) {
  const etag = headers.etag?.[0].value;
  const tags = fieldValue(request, 'if-match');
  if (tags !== undefined && etag !== undefined) {
    return tags.trim() !== '*' && (isWeak(etag) || !entityTags(tags).includes(etag));
  }
  const modified = httpDate(headers['last-modified']?.[0].value);
  return modified > httpDate(request['if-unmodified-since']?.[0].value);
}

/**
 * `If-None-Match`, else `If-Modified-Since` (RFC 9110 sections 13.1.2 and 13.1.3).
 *
 * @param {HeaderMap} headers
 * @param {HeaderMap} request
 */
function isUnchanged(headers, request) {
  const etag = headers.etag?.[0].value;
  const tags = fieldValue(request, 'if-none-match');
  if (tags !== undefined && etag !== undefined) {
    return tags.trim() === '*' || entityTags(tags).map(weak).includes(weak(etag));
  }
  const modified = httpDate(headers['last-modified']?.[0].value);
  return modified <= httpDate(request['if-modified-since']?.[0].value);
}

/**
 * The range asked for, unless `If-Range` says that the viewer's part is of another object.
 *
 * @param {Head} head
 * @param {HeaderMap} request
 */
function rangeOf({ status, headers, size }, request) {
  if (status !== 200 || size === undefined) return undefined;
  const condition = request['if-range']?.[0].value;
  if (condition !== undefined && !isSameRepresentation(condition.trim(), headers)) return undefined;
  return byteRange(fieldValue(request, 'range'), size);
}

/**
 * Only a strong validator will do (RFC 9110 section 13.1.5): a date is one if the answer was made a
 * second after it or later (section 8.8.2.2).
 *
 * @param {string} condition
 * @param {HeaderMap} headers
 */
function isSameRepresentation(condition, headers) {
  if (/^(W\/)?"/.test(condition)) {
    return !isWeak(condition) && condition === headers.etag?.[0].value;
  }
  const modified = httpDate(headers['last-modified']?.[0].value);
  return modified === httpDate(condition) && httpDate(headers.date?.[0].value) >= modified + 1_000;
}

/**
 * @param {string} list
 * @returns {string[]} a comma may be within a tag
 */
function entityTags(list) {
  return list.match(/(?:W\/)?"[^"]*"/g) ?? [];
}

/** @param {string} etag */
function isWeak(etag) {
  return etag.startsWith('W/');
}

/** @param {string} etag */
function weak(etag) {
  return isWeak(etag) ? etag : `W/${etag}`;
}

/**
 * The headers of the request to the origin (rules E11, P1, P2, W8; guide, "HTTP request headers and
 * CloudFront behavior").
 */
import { via } from '../event.js';
import { isDisallowed } from '../headers.js';
import { normalizedEncoding, normalizesEncoding } from './accept-encoding.js';
import { LEGACY_REMOVED, isLegacy } from './legacy.js';
import { selects } from './selection.js';
import { aboutHeader, isCloudFrontHeader, viewerHeaders } from './viewer-headers.js';

/**
 * @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest
 * @typedef {import('../distribution.js').Behavior} Behavior
 * @typedef {import('../headers.js').HeaderMap} HeaderMap
 * @typedef {import('../place/viewer.js').Viewer} Viewer
 * @typedef {import('./forward.js').Way} Way
 */

/** Headers about the message itself, which no policy can keep back. */
const FRAMING = new Set(['content-length', 'transfer-encoding']);

/**
 * Forwarded under any policy: those that the guide says CloudFront forwards and that no cache
 * policy can name, and those that a request with a body, a condition or a range cannot do without.
 * That the latter are forwarded without being named is unverified.
 */
const ALWAYS = new Set([
  ...FRAMING,
  'cache-control',
  'cdn-loop',
  'content-encoding',
  'content-md5',
  'content-type',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'max-forwards',
  'pragma',
  'range',
  'request-range',
]);

/** Not as they are: made anew, or not for the origin, since `TE` is about one connection. */
const NEVER = new Set(['cookie', 'te', 'via', 'x-forwarded-for']);

/**
 * All headers but `Cookie`: the viewer's that are forwarded, in their order, and CloudFront's.
 *
 * @param {CloudFrontRequest} request as viewer-request left it; not changed
 * @param {Way} way
 * @returns {HeaderMap}
 */
export function requestHeaders(request, { behavior, origin, viewer, httpVersion, distribution }) {
  const { clientIp, headers } = request;
  const forwarded = Object.entries(headers).filter(([name]) =>
    isForwarded(name, request, behavior),
  );
  /** @type {HeaderMap} */
  const made = structuredClone(Object.fromEntries(forwarded));
  const add = (/** @type {string} */ key, /** @type {string} */ value) => {
    made[key.toLowerCase()] = [{ key, value }];
  };
  if (!made.host) add('Host', origin.domainName);
  if (!isForwarded('user-agent', request, behavior)) add('User-Agent', 'Amazon CloudFront');
  const encoding = encodingFor(headers, behavior);
  if (encoding) add('Accept-Encoding', encoding);
  add('X-Forwarded-For', appended(headers['x-forwarded-for'], ',', clientIp));
  add('Via', appended(headers.via, ', ', via(httpVersion, distribution)));
  for (const [key, value] of cloudFrontHeaders(behavior, viewer)) add(key, value);
  return made;
}

/**
 * @param {string} name
 * @param {Pick<CloudFrontRequest, 'method'>} request
 * @param {Behavior} behavior
 */
function isForwarded(name, { method }, behavior) {
  const { cachePolicy, originRequestPolicy: policy } = behavior;
  if (NEVER.has(name) || isDisallowed(name) || isCloudFrontHeader(name)) return false;
  if (name === 'accept-encoding' && normalizesEncoding(cachePolicy)) return false;
  if (FRAMING.has(name) || selects(cachePolicy.headers, name)) return true;
  if (policy && selects(policy.headers, name)) return true;
  if (policy?.headers.behavior === 'allExcept') return false;
  if (name === 'authorization') return keepsAuthorization(method, behavior);
  return isLegacy(policy) ? !LEGACY_REMOVED.has(name) : ALWAYS.has(name);
}

/**
 * What the guide says of `Authorization` where no policy forwards it (rule P2): GET and HEAD lose
 * it, OPTIONS too if its answers are cached, the other methods keep it. Whether the latter holds
 * under policies, not under legacy cache settings alone, is unverified.
 *
 * @param {string} method
 * @param {Behavior} behavior
 */
function keepsAuthorization(method, { cachedMethods }) {
  if (method === 'OPTIONS') return !cachedMethods.includes('OPTIONS');
  return method !== 'GET' && method !== 'HEAD';
}

/**
 * @param {HeaderMap} headers the viewer's
 * @param {Behavior} behavior
 * @returns {string | undefined}
 */
function encodingFor(headers, { cachePolicy, originRequestPolicy }) {
  if (!normalizesEncoding(cachePolicy)) return undefined;
  const value = normalizedEncoding(headers, cachePolicy);
  // Legacy cache settings remove the header where policies say `identity`.
  return value === 'identity' && isLegacy(originRequestPolicy) ? undefined : value;
}

/**
 * CloudFront's own headers, as far as a policy forwards them: those a policy names, and under
 * `allExcept` those of the protocol, the device and the viewer's location. Rule P1 has the latter of
 * the managed policy AllViewerExceptHostHeader; that it is so of every policy of this kind is
 * unverified.
 *
 * @param {Behavior} behavior
 * @param {Viewer} viewer
 * @returns {[key: string, value: string][]}
 */
function cloudFrontHeaders({ cachePolicy, originRequestPolicy }, viewer) {
  const named = new Set(cachePolicy.headers.names);
  const { behavior, names = [] } = originRequestPolicy?.headers ?? {};
  const isListed = behavior === 'whitelist' || behavior === 'allViewerAndWhitelistCloudFront';
  const isWanted = (/** @type {string} */ name) =>
    named.has(name) ||
    (isListed && names.includes(name)) ||
    (behavior === 'allExcept' && !names.includes(name) && aboutHeader(name).about !== 'structure');
  return Object.entries(viewerHeaders(viewer))
    .filter(([name]) => isWanted(name))
    .map(([name, value]) => [aboutHeader(name).key, value]);
}

/**
 * @param {{ value: string }[] | undefined} entries
 * @param {string} separator
 * @param {string} value
 */
function appended(entries, separator, value) {
  return [...(entries ?? []).map((entry) => entry.value), value].join(separator);
}

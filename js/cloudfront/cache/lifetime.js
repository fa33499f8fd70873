/**
 * How long CloudFront keeps an answer: the table in "Manage how long content stays in the cache",
 * "Control how long CloudFront caches errors" and "How CloudFront processes HTTP 4xx and 5xx status
 * codes from your origin" of the CloudFront Developer Guide.
 *
 * CloudFront is no cache after RFC 9111: a minimum TTL above 0 overrides `no-store`, errors are
 * kept although the origin said nothing, `Set-Cookie` and `Vary` keep nothing out, and viewers
 * cannot ask for a fresh answer. What the guide leaves open is marked "unverified".
 */
import { cacheControl, deltaSeconds, fieldValue, httpDate } from './fields.js';

/**
 * @typedef {import('../distribution.js').CachePolicy} CachePolicy
 * @typedef {import('../headers.js').HeaderMap} HeaderMap
 *
 * @typedef {object} Response
 * @property {number} status
 * @property {HeaderMap} headers
 *
 * @typedef {object} Settings
 * @property {Pick<CachePolicy, 'minTtl' | 'defaultTtl' | 'maxTtl'>} cachePolicy
 * @property {number} [errorTtl] the error caching minimum TTL of this status, in seconds; 10 unless
 *   the distribution says otherwise
 * @property {'custom' | 's3'} [originKind] errors of an S3 origin are kept a second at least
 */

/** Kept although no header asks for it, as the guide lists them. */
const KEPT_ERRORS = new Set([404, 414, 500, 501, 502, 503, 504]);

/**
 * 410 is in the guide's list of errors that `no-store` keeps out, but in none of those that are
 * kept. Unverified: it is kept like 404.
 */
const GONE = 410;

/** Kept only with `max-age` or `s-maxage`. */
const ERRORS_KEPT_ON_REQUEST = new Set([400, 403, 405, 412, 415]);

/** Errors that `no-store`, `no-cache` and `private` keep out; with others they change nothing. */
const ERRORS_THAT_HEED = new Set([404, GONE, 414, 501]);

/** Seconds that an error is kept, unless the distribution says otherwise. */
export const DEFAULT_ERROR_TTL = 10;

/**
 * Whether an answer may be stored at all: to be used while it is fresh, or to be asked about.
 *
 * @param {string} method
 * @param {Response} response of the origin, or made at origin-request (rule G4)
 * @param {Settings & { cachedMethods?: string[] }} settings `cachedMethods` of the behavior
 * @param {number} now milliseconds since 1970
 * @returns {boolean}
 */
export function storable(method, response, settings, now) {
  const { cachePolicy, cachedMethods = ['GET', 'HEAD'] } = settings;
  if (!cachedMethods.includes(method) || isDisabled(cachePolicy)) return false;
  if (response.status >= 400) return lifetime(response, settings, now) > 0;
  if (!isStorableStatus(response)) return false;
  const directives = cacheControl(response.headers);
  return cachePolicy.minTtl > 0 || !(directives.has('no-store') || directives.has('private'));
}

/**
 * How long an answer can be used without asking the origin.
 *
 * @param {Response} response of the origin, or made at origin-request (rule G4); after a 304, the
 *   stored status and the updated headers
 * @param {Settings} settings
 * @param {number} now milliseconds since 1970
 * @returns {number} milliseconds; 0 means that it is not stored, or that it is only kept to ask the
 *   origin whether it changed: `storable` tells which
 */
export function lifetime(response, settings, now) {
  if (isDisabled(settings.cachePolicy)) return 0;
  const seconds =
    response.status >= 400
      ? errorLifetime(response, settings, now)
      : objectLifetime(response, settings.cachePolicy, now);
  return Math.round(seconds * 1_000);
}

/**
 * A cache policy whose TTLs are all 0, as CachingDisabled's, turns caching off, of errors too.
 *
 * @param {Settings['cachePolicy']} cachePolicy
 */
function isDisabled({ minTtl, maxTtl }) {
  return minTtl === 0 && maxTtl === 0;
}

/**
 * 206 is never stored: CloudFront keeps parts of objects, this cache does not. 307 and 308 are
 * only with `Cache-Control` ("How CloudFront processes HTTP 3xx status codes from your origin").
 *
 * @param {Response} response
 */
function isStorableStatus({ status, headers }) {
  if (status === 307 || status === 308) return headers['cache-control'] !== undefined;
  return status >= 200 && status !== 206 && status !== 304;
}

/**
 * @param {Response} response
 * @param {Settings['cachePolicy']} cachePolicy
 * @param {number} now
 * @returns {number} seconds
 */
function objectLifetime(response, { minTtl, defaultTtl, maxTtl }, now) {
  if (!isStorableStatus(response)) return 0;
  if (forbidsReuse(response.headers)) return minTtl;
  if (minTtl === 0 && fieldValue(response.headers, 'vary')?.trim() === '*') return 0;
  const asked = askedLifetime(response.headers, now);
  return Math.max(minTtl, asked === undefined ? defaultTtl : Math.min(asked, maxTtl));
}

/**
 * @param {Response} response
 * @param {Settings} settings
 * @param {number} now
 * @returns {number} seconds
 */
function errorLifetime({ status, headers }, settings, now) {
  const { cachePolicy, errorTtl = DEFAULT_ERROR_TTL, originKind } = settings;
  const directives = cacheControl(headers);
  const hasAge = directives.has('max-age') || directives.has('s-maxage');
  const isKept = KEPT_ERRORS.has(status) || status === GONE;
  if (!isKept && !(ERRORS_KEPT_ON_REQUEST.has(status) && hasAge)) return 0;

  const least = originKind === 's3' ? Math.max(1, errorTtl) : errorTtl;
  if (forbidsReuse(headers)) return ERRORS_THAT_HEED.has(status) ? 0 : least;
  return Math.max(least, Math.min(askedLifetime(headers, now) ?? 0, cachePolicy.maxTtl));
}

/**
 * `no-cache="Set-Cookie"` forbids nothing: it only keeps that field out of the store ("Cache
 * content based on cookies"). Of `private` with names of fields the guide says nothing; it counts
 * as without them.
 *
 * @param {HeaderMap} headers
 */
function forbidsReuse(headers) {
  const directives = cacheControl(headers);
  return (
    directives.has('no-store') || directives.has('private') || directives.get('no-cache') === ''
  );
}

/**
 * `s-maxage` counts before `max-age`, that before `Expires`. Time the answer has already spent in
 * caches on its way (`Age`) is used up: RFC 9111 section 4.2.3, unverified of CloudFront. `Date` is
 * not looked at, so that a clock that is off does not shorten what the origin asked for.
 *
 * @param {HeaderMap} headers
 * @param {number} now
 * @returns {number | undefined} seconds, undefined if the origin asked for nothing
 */
function askedLifetime(headers, now) {
  const directives = cacheControl(headers);
  const age = deltaSeconds(directives.get('s-maxage')) ?? deltaSeconds(directives.get('max-age'));
  if (age !== undefined) return Math.max(0, age - ageOf(headers));
  const expires = headers.expires?.[0].value;
  if (expires === undefined) return undefined;
  return Math.max(0, (httpDate(expires) - now) / 1_000) || 0;
}

/**
 * @param {HeaderMap} headers
 * @returns {number} seconds that the answer was in other caches (RFC 9111 section 5.1)
 */
export function ageOf(headers) {
  return deltaSeconds(headers.age?.[0].value) ?? 0;
}

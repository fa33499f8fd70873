/**
 * `Accept-Encoding` as cache policies make it uniform (guide, "Compression support").
 *
 * @typedef {import('../headers.js').HeaderMap} HeaderMap
 * @typedef {import('../distribution.js').CachePolicy} CachePolicy
 */

/**
 * @param {Pick<CachePolicy, 'gzip'|'brotli'>} cachePolicy
 * @returns {boolean} whether the policy has the header normalized; otherwise it is a header like
 *   any other
 */
export function normalizesEncoding({ gzip, brotli }) {
  return gzip || brotli;
}

/**
 * @param {HeaderMap} headers the viewer's
 * @param {Pick<CachePolicy, 'gzip'|'brotli'>} cachePolicy that normalizes the header
 * @returns {'br,gzip'|'br'|'gzip'|'identity'|undefined} the header's value; none if the viewer sent
 *   none. `identity` goes to the origin but is not part of the cache key.
 */
export function normalizedEncoding(headers, { gzip, brotli }) {
  const sent = headers['accept-encoding'];
  if (!sent) return undefined;
  const parts = sent.flatMap(({ value }) => value.split(','));
  const accepted = new Set(parts.filter(isAcceptable).map(coding));
  const br = brotli && accepted.has('br');
  const gz = gzip && accepted.has('gzip');
  if (br && gz) return 'br,gzip';
  return br ? 'br' : gz ? 'gzip' : 'identity';
}

/** @param {string} part `gzip;q=0.5` */
function coding(part) {
  return part.split(';', 1)[0].trim().toLowerCase();
}

/**
 * A weight of 0 means "not acceptable" (RFC 9110 section 12.4.2). That CloudFront sees it so is
 * unverified.
 *
 * @param {string} part
 */
function isAcceptable(part) {
  return !/;\s*q=0(\.0*)?\s*$/i.test(part);
}

/**
 * Header fields read as RFC 9110 and RFC 9111 say, from header maps as events hold them (rule E3).
 *
 * @typedef {import('../headers.js').HeaderMap} HeaderMap
 */

/** The two forms of HTTP-date with a zone, and asctime's without one (RFC 9110 section 5.6.7). */
const DATE = /^[A-Z][a-z]{2,8},? [\w :-]+?( GMT)?$/;

/** `name`, `name=token` or `name="quoted, text"` within Cache-Control (RFC 9111 section 5.2). */
const DIRECTIVE = /([^\s,=;"]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?/g;

/**
 * @param {HeaderMap} headers
 * @param {string} name in lower case
 * @returns {string | undefined} the field's lines as one (RFC 9110 section 5.3), if it has any
 */
export function fieldValue(headers, name) {
  return headers[name]?.map(({ value }) => value).join(', ');
}

/**
 * @param {string | undefined} value an HTTP-date
 * @returns {number} milliseconds since 1970; NaN for what is none, which compares as false
 */
export function httpDate(value) {
  const match = DATE.exec(value ?? '');
  if (!match) return NaN;
  return Date.parse(match[1] ? match[0] : `${match[0]} GMT`);
}

/**
 * The directives of `Cache-Control`.
 *
 * @param {HeaderMap} headers
 * @returns {Map<string, string>} by name in lower case; of a directive without a value, empty text.
 *   A directive that is repeated with another value is empty too: it says nothing reliable
 *   (RFC 9111 section 4.2.1)
 */
export function cacheControl(headers) {
  /** @type {Map<string, string>} */
  const directives = new Map();
  for (const [, name, quoted, token] of (fieldValue(headers, 'cache-control') ?? '').matchAll(
    DIRECTIVE,
  )) {
    const value = quoted?.replace(/\\(.)/g, '$1') ?? token ?? '';
    const before = directives.get(name.toLowerCase());
    directives.set(name.toLowerCase(), before === undefined || before === value ? value : '');
  }
  return directives;
}

/**
 * @param {string | undefined} value delta-seconds (RFC 9111 section 1.2.2)
 * @returns {number | undefined} seconds, at most 100 years, CloudFront's longest; 0 for what is no
 *   number, which RFC 9111 section 4.2.1 advises; undefined if there is no value
 */
export function deltaSeconds(value) {
  if (value === undefined) return undefined;
  return /^\d+$/.test(value) ? Math.min(Number(value), 3_153_600_000) : 0;
}

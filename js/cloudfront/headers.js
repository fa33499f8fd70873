/**
 * Header maps as events hold them (rule E3), and the names Lambda@Edge has rules about.
 *
 * @typedef {import('aws-lambda').CloudFrontHeaders} HeaderMap
 */

/** Never shown to a function, and never to be added by one (rule W7). */
const DISALLOWED = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'trailer',
  'upgrade',
  'x-accel-buffering',
  'x-accel-charset',
  'x-accel-limit-rate',
  'x-accel-redirect',
  'x-amzn-auth',
  'x-amzn-cf-billing',
  'x-amzn-cf-id',
  'x-amzn-cf-xff',
  'x-amzn-errortype',
  'x-amzn-fle-profile',
  'x-amzn-header-count',
  'x-amzn-header-order',
  'x-amzn-lambda-integration-tag',
  'x-amzn-requestid',
  'x-cache',
  'x-forwarded-proto',
  'x-real-ip',
  'cloudfront-viewer-cert-pem',
  'client-cert',
  'client-cert-chain',
]);
const DISALLOWED_PREFIXES = ['x-amz-cf-', 'x-edge-'];

/**
 * @param {string} name in lower case
 * @returns {boolean} whether rule W7 names it
 */
export function isDisallowed(name) {
  return DISALLOWED.has(name) || DISALLOWED_PREFIXES.some((prefix) => name.startsWith(prefix));
}

/**
 * A header map from the list of names and values that Node's HTTP parser gives, without the headers
 * that functions never see. Every line keeps an entry of its own, but for cookies, which arrive as
 * one (rule E3).
 *
 * @param {string[]} rawHeaders name, value, name, value …
 * @returns {HeaderMap}
 */
export function fromRaw(rawHeaders) {
  /** @type {HeaderMap} */
  const map = Object.create(null);
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const key = rawHeaders[index];
    const name = key.toLowerCase();
    if (!isDisallowed(name)) (map[name] ??= []).push({ key, value: rawHeaders[index + 1] });
  }
  if (map.cookie) {
    map.cookie = [{ key: 'Cookie', value: map.cookie.map(({ value }) => value).join('; ') }];
  }
  // `__proto__` is a legal header name: here it becomes a property like any other.
  return Object.fromEntries(Object.entries(map));
}

/**
 * The names and values of a header map, in the case its keys have; without a key, in initial
 * capitals as Lambda@Edge writes them.
 *
 * @param {HeaderMap} map
 * @returns {[string, string][]}
 */
export function lines(map) {
  return Object.entries(map).flatMap(([name, entries]) =>
    entries.map(
      ({ key, value }) => /** @type {[string, string]} */ ([key ?? capitals(name), value]),
    ),
  );
}

/**
 * @param {HeaderMap} map
 * @returns {number} bytes of the head these headers make, with `: ` and the line end
 */
export function byteLength(map) {
  return lines(map).reduce((sum, [key, value]) => sum + Buffer.byteLength(key + value) + 4, 0);
}

/**
 * @param {string} name
 * @returns {string}
 */
export function capitals(name) {
  return name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

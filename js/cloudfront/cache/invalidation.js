/**
 * Invalidation paths: "What you need to know when invalidating files" of the CloudFront Developer
 * Guide.
 */

const MAX_LENGTH = 4_000;

/**
 * Tells which paths a list of invalidation paths covers. A `*` at the end stands for any text,
 * elsewhere for itself. Case counts. Query strings that the cache key has are part of the path:
 * `/a.jpg` leaves `/a.jpg?size=2` alone, `/a.jpg*` takes both.
 *
 * @param {string[]} patterns such as `/images/logo.png`, `/images/*`, `/*`
 * @returns {(path: string) => boolean}
 * @throws {TypeError} for a path that CloudFront does not accept
 */
export function invalidation(patterns) {
  const tests = patterns.map(pathTest);
  return (path) => tests.some((test) => test(path));
}

/**
 * @param {string} pattern
 * @returns {(path: string) => boolean}
 */
function pathTest(pattern) {
  const fault = faultOf(pattern);
  if (fault) {
    const shown = JSON.stringify(String(pattern).slice(0, 100));
    throw new TypeError(`the invalidation path ${shown} ${fault}`);
  }
  if (!pattern.endsWith('*')) return (path) => path === pattern;
  const start = pattern.slice(0, -1);
  return (path) => path.startsWith(start);
}

/**
 * @param {string} pattern
 * @returns {string | undefined} what to do about it
 */
function faultOf(pattern) {
  if (typeof pattern !== 'string' || !pattern.startsWith('/')) {
    return 'must begin with /, such as /images/* or /*';
  }
  if (pattern.length > MAX_LENGTH) {
    return `has ${pattern.length} characters: at most ${MAX_LENGTH} are allowed`;
  }
  if (/~|%7e/i.test(pattern)) {
    return 'has a ~, which CloudFront does not support: end with * before it';
  }
  if (/[^\x21-\x7e]/.test(pattern)) {
    return 'has a space or a character outside ASCII: percent-encode it';
  }
  return undefined;
}

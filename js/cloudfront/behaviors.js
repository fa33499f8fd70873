/**
 * Cache behaviors: which origin, which policy and which functions a path gets. Chosen once, before
 * any function runs; a function that changes the path does not change the behavior (rule W2).
 */

/**
 * The first behavior whose pattern matches.
 *
 * @template {{ pattern: string }} Behavior
 * @param {Behavior[]} behaviors in order of precedence; the last one's pattern is `*`
 * @param {string} uri path as the viewer sent it
 * @returns {Behavior}
 */
export function chooseBehavior(behaviors, uri) {
  const path = pathToMatch(uri);
  const behavior = behaviors.find(({ pattern }) => patternMatches(pattern, path));
  if (!behavior) throw new TypeError('the last behavior must have the pattern "*"');
  return behavior;
}

/**
 * The form of a path that patterns are compared with. CloudFront's guide says that it normalises
 * paths as RFC 3986 does, and names repeated slashes and dot segments; functions and origins still
 * see the raw path. That unreserved characters are decoded first (RFC 3986 section 6.2.2.2) is our
 * reading of it.
 *
 * @param {string} uri
 * @returns {string}
 */
export function pathToMatch(uri) {
  const decoded = uri.replace(/%([2-7][0-9a-f])/gi, (escape, hex) => {
    const character = String.fromCharCode(parseInt(hex, 16));
    return /[A-Za-z0-9._~-]/.test(character) ? character : escape;
  });
  /** @type {string[]} */
  const kept = [];
  const segments = decoded.split('/').slice(1);
  for (const segment of segments) {
    if (segment === '..') kept.pop();
    else if (segment !== '.' && segment !== '') kept.push(segment);
  }
  const last = segments.at(-1);
  const open = last === '' || last === '.' || last === '..';
  return `/${kept.join('/')}${open && kept.length > 0 ? '/' : ''}`;
}

/**
 * @param {string} pattern
 * @param {string} path
 */
function patternMatches(pattern, path) {
  const text = pattern.startsWith('/') || pattern.startsWith('*') ? pattern : `/${pattern}`;
  const source = text
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${source}$`, 's').test(path);
}

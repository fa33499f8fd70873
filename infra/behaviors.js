/**
 * Which cache behaviors a configuration asks for.
 */

/**
 * @typedef {import('../js/cli/tools.js').Report} Report
 * @typedef {import('../js/cli/tools.js').Route} Route
 *
 * @typedef {object} WantedBehavior
 * @property {string} pattern of a path
 * @property {'site'|'api'|'sign-in'} kind
 * @property {boolean} failsOver whether the origin is to be the origin group
 */

/** Paths that Nearhop answers itself. */
export const SIGN_IN_PATTERN = '/_nearhop/*';

/** Methods that an origin group repeats (rule F3). */
const REPEATABLE = ['GET', 'HEAD', 'OPTIONS'];

/**
 * In CloudFront's order of precedence, without the default behavior, which is the site's.
 *
 * A behavior with an origin group may not accept POST, PUT, PATCH or DELETE: CloudFront refuses the
 * distribution (aws/aws-cdk#32450). So only routes whose `methods` are all repeatable get the
 * second leg; those that also write have one origin, and rely on the Region chosen being healthy.
 *
 * @param {Pick<Report, 'routes'|'api'>} report
 * @returns {WantedBehavior[]}
 */
export function behaviorsFor({ routes, api }) {
  /** @type {WantedBehavior[]} */
  const wanted = [{ pattern: SIGN_IN_PATTERN, kind: 'sign-in', failsOver: false }];
  const several = (api?.regions.length ?? 0) > 1;
  for (const route of [...routes].sort(bySpecificity)) {
    for (const pattern of pathPatterns(route.pattern)) {
      wanted.push({
        pattern,
        kind: route.target,
        failsOver: several && route.target === 'api' && isReadOnly(route),
      });
    }
  }
  return wanted.filter((behavior, index) => isNeeded(behavior, wanted.slice(index + 1)));
}

/**
 * A route's pattern as path patterns of CloudFront: `/api/*` includes `/api` here and not there;
 * `{id}` is one segment here and any text there.
 *
 * @param {string} pattern
 * @returns {string[]}
 */
export function pathPatterns(pattern) {
  const wide = pattern.replace(/\{[^}]*\}/g, '*');
  return wide.endsWith('/*') && wide !== '/*' ? [wide, wide.slice(0, -2)] : [wide];
}

/** @param {Route} route */
function isReadOnly({ methods, cors }) {
  return methods.length > 0 && !cors && methods.every((method) => REPEATABLE.includes(method));
}

/**
 * Not where the next behavior that matches, or the site's default, does the same.
 *
 * @param {WantedBehavior} behavior
 * @param {WantedBehavior[]} later
 */
function isNeeded({ pattern, kind, failsOver }, later) {
  const next = later.find((behavior) => covers(behavior.pattern, pattern));
  if (next) return next.kind !== kind || next.failsOver !== failsOver;
  return kind !== 'site';
}

/**
 * Whether every path of one pattern is one of another's. Says no where it cannot tell: a behavior
 * too many costs nothing.
 *
 * @param {string} wide
 * @param {string} narrow
 */
function covers(wide, narrow) {
  const prefix = wide.endsWith('*') ? wide.slice(0, -1) : undefined;
  return (
    wide === narrow || (prefix !== undefined && !prefix.includes('*') && narrow.startsWith(prefix))
  );
}

/**
 * The most specific first, as Nearhop's own matching has it: literal segments before `{…}`, and
 * both before `*`.
 *
 * @param {Route} a
 * @param {Route} b
 */
function bySpecificity(a, b) {
  const [left, right] = [ranks(a.pattern), ranks(b.pattern)];
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (right[index] ?? 1) - (left[index] ?? 1);
    if (difference !== 0) return difference;
  }
  return a.pattern < b.pattern ? -1 : 1;
}

/**
 * Of each segment; a path that ends ranks between `*`, which it is more specific than, and a
 * further segment.
 *
 * @param {string} pattern
 */
function ranks(pattern) {
  return pattern
    .split('/')
    .slice(1)
    .map((segment) => (segment === '*' ? 0 : segment.startsWith('{') ? 2 : 3));
}

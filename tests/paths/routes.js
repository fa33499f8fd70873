/**
 * A configuration with a rule next to each rule it could be mistaken for, and which of them a path
 * falls under, found by other means than the product's.
 */

/** The first that matches is the one, as a person would rank them. */
const RULES = [
  { pattern: '/api/admin/open', target: 'api', access: 'public', is: /^\/api\/admin\/open$/ },
  { pattern: '/api/admin/*', target: 'api', access: 'authenticated', is: /^\/api\/admin(\/|$)/ },
  { pattern: '/api/{id}/open', target: 'api', access: 'authenticated', is: /^\/api\/[^/]+\/open$/ },
  { pattern: '/api/*', target: 'api', access: 'public', is: /^\/api(\/|$)/ },
  { pattern: '/apix/*', target: 'api', access: 'authenticated', is: /^\/apix(\/|$)/ },
  { pattern: '/café/*', target: 'api', access: 'authenticated', is: /^\/café(\/|$)/ },
  { pattern: '/members/open/*', target: 'site', access: 'public', is: /^\/members\/open(\/|$)/ },
  { pattern: '/members/*', target: 'site', access: 'authenticated', is: /^\/members(\/|$)/ },
  { pattern: '/admin', target: 'site', access: 'authenticated', is: /^\/admin$/ },
];

const UNMATCHED = { pattern: '*', target: 'site', access: 'public' };

/**
 * The configuration: of tests/vectors/nearhop.toml, with these rules, and a site that is served as
 * it is.
 *
 * @param {string} toml
 * @param {boolean} strips whether `/api` is taken off
 */
export function withRules(toml, strips) {
  const routes = RULES.map(
    ({ pattern, target, access }) =>
      `[[routes]]\npattern = "${pattern}"\ntarget = "${target}"\naccess = "${access}"\n`,
  );
  const rest = toml.slice(toml.indexOf('[[issuers]]'));
  const text = ['[site]\nmode = "plain"\n', ...routes, rest].join('\n');
  return strips ? text : text.replace('strip_prefix = "/api"\n', '');
}

/**
 * The rule of a decoded path.
 *
 * @param {string} path
 */
export function ruleOf(path) {
  const file = path.replace(/\/index\.html$/, '/');
  const rule = (/** @type {string} */ of) =>
    RULES.find(({ is }) => is.test(of.replace(/(.)\/$/, '$1'))) ?? UNMATCHED;
  return rule(file).target === 'site' ? rule(file) : rule(path);
}

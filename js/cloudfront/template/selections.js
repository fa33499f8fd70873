/**
 * Which headers, cookies and query strings a policy names.
 */

/** @typedef {import('./property.js').Property} Property */
/** @typedef {import('../distribution.js').Selection} Selection */
/** @typedef {import('../distribution.js').HeaderSelection} HeaderSelection */

const VALUES = /** @type {const} */ (['none', 'whitelist', 'allExcept', 'all']);
const KEY_HEADERS = /** @type {const} */ (['none', 'whitelist']);
const ORIGIN_HEADERS = /** @type {const} */ ([
  'none',
  'whitelist',
  'allViewer',
  'allViewerAndWhitelistCloudFront',
  'allExcept',
]);

/** Names a policy may have of each kind: the quota that an account starts with. */
const MOST = 10;

/**
 * Headers that nothing is cached by (CloudFront Developer Guide, "HTTP request headers and
 * CloudFront behavior"), beside `X-Amz-Cf-*` and `X-Edge-*`.
 */
const NEVER_IN_KEY = (
  'connection content-length cookie max-forwards pragma proxy-authenticate proxy-authorization ' +
  'proxy-connection request-range te trailer transfer-encoding upgrade x-forwarded-proto x-real-ip'
).split(' ');

/**
 * @param {Property} config `CookiesConfig`
 * @returns {Selection}
 * @throws {import('./error.js').TemplateError}
 */
export function cookiesOf(config) {
  return selection(config, 'CookieBehavior', VALUES, config.get('Cookies'));
}

/**
 * @param {Property} config `QueryStringsConfig`
 * @returns {Selection}
 * @throws {import('./error.js').TemplateError}
 */
export function queryStringsOf(config) {
  return selection(config, 'QueryStringBehavior', VALUES, config.get('QueryStrings'));
}

/**
 * @param {Property} config `HeadersConfig` of a cache policy
 * @param {boolean} compresses whether the policy handles `Accept-Encoding` itself
 * @returns {Selection}
 * @throws {import('./error.js').TemplateError}
 */
export function keyHeadersOf(config, compresses) {
  const list = config.get('Headers');
  demandCacheable(list, compresses ? ['accept-encoding'] : []);
  return lowerCase(selection(config, 'HeaderBehavior', KEY_HEADERS, list));
}

/**
 * @param {Property} config `HeadersConfig` of an origin request policy
 * @returns {HeaderSelection}
 * @throws {import('./error.js').TemplateError}
 */
export function originHeadersOf(config) {
  const list = config.get('Headers');
  const chosen = lowerCase(selection(config, 'HeaderBehavior', ORIGIN_HEADERS, list));
  for (const item of list.items()) {
    const name = item.text().toLowerCase();
    if (chosen.behavior === 'whitelist' && ['authorization', 'accept-encoding'].includes(name)) {
      item.fail({
        allowed: 'not Authorization or Accept-Encoding',
        rule: 'P2',
        advice: 'Put it in the cache key, or forward all headers of the viewer.',
      });
    }
    if (chosen.behavior === 'allViewerAndWhitelistCloudFront' && !name.startsWith('cloudfront-')) {
      item.fail({ allowed: "names of CloudFront's own headers, CloudFront-*", rule: 'W8' });
    }
  }
  return chosen;
}

/**
 * @param {Property} list header names, of a cache policy or of `ForwardedValues`
 * @param {string[]} more names in lower case that are not allowed either
 * @throws {import('./error.js').TemplateError}
 */
export function demandCacheable(list, more) {
  const never = [...NEVER_IN_KEY, ...more];
  for (const item of list.items()) {
    const name = item.text().toLowerCase();
    if (!never.includes(name) && !/^x-(amz-cf|edge)-/.test(name)) continue;
    item.fail({ allowed: `not X-Amz-Cf-*, X-Edge-*, ${never.join(', ')}` });
  }
}

/**
 * @template {string} T
 * @param {Property} config
 * @param {string} key of the choice
 * @param {readonly T[]} choices
 * @param {Property} list names
 * @returns {{ behavior: T, names: string[] }}
 */
function selection(config, key, choices, list) {
  const behavior = config.get(key).oneOf(choices);
  const names = list.texts();
  const isNamed = ['whitelist', 'allExcept', 'allViewerAndWhitelistCloudFront'].includes(behavior);
  if (isNamed && names.length === 0) {
    config.fail({ found: `${behavior} without names`, allowed: 'a list of names' });
  }
  if (!isNamed && names.length > 0) {
    config.fail({ found: `${behavior} with ${names.length} names`, allowed: 'no names' });
  }
  if (names.length > MOST) {
    list.warn(`${names.length} names; accounts are allowed ${MOST} unless AWS raised the quota`);
  }
  return { behavior, names };
}

/**
 * @template {{ names: string[] }} T
 * @param {T} selected
 * @returns {T}
 */
function lowerCase(selected) {
  return { ...selected, names: selected.names.map((name) => name.toLowerCase()) };
}

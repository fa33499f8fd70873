/**
 * Legacy cache settings: `ForwardedValues` and the TTLs beside it in a cache behavior, as policies.
 */

/**
 * @typedef {import('../distribution.js').CachePolicy} CachePolicy
 * @typedef {import('../distribution.js').OriginRequestPolicy} OriginRequestPolicy
 * @typedef {import('../distribution.js').Selection} Selection
 *
 * @typedef {object} ForwardedValues as CloudFormation has it
 * @property {boolean} QueryString
 * @property {string[]} [QueryStringCacheKeys]
 * @property {string[]} [Headers] `['*']` for all
 * @property {{ Forward: 'none'|'whitelist'|'all', WhitelistedNames?: string[] }} [Cookies]
 *
 * @typedef {object} Ttls seconds; the defaults are CloudFormation's
 * @property {number} [minTtl] 0
 * @property {number} [defaultTtl] 86,400
 * @property {number} [maxTtl] 31,536,000
 *
 * @typedef {OriginRequestPolicy & { legacy: true }} LegacyOriginRequestPolicy marked, since these
 *   settings forward by default whatever is not in `LEGACY_REMOVED`, as no policy does
 */

const DAY = 86_400;
const YEAR = 31_536_000;

/**
 * Viewer headers that legacy cache settings remove or replace unless they are named (guide, "HTTP
 * request headers and CloudFront behavior"). All others are forwarded; `Authorization` goes by the
 * method.
 */
export const LEGACY_REMOVED = new Set([
  'accept',
  'accept-charset',
  'accept-language',
  'host',
  'referer',
  'user-agent',
  'x-http-method-override',
]);

/**
 * Policies that do what legacy cache settings do. What is named is forwarded and part of the cache
 * key, but query strings with `QueryStringCacheKeys`: all are forwarded then. With all headers
 * forwarded nothing is cached. `Accept-Encoding` is normalized to `gzip`, since CloudFront
 * compresses with Brotli only by a cache policy's leave; that it never forwards `br` is unverified.
 *
 * @param {ForwardedValues} forwarded
 * @param {Ttls} [ttls]
 * @returns {{ cachePolicy: CachePolicy, originRequestPolicy: LegacyOriginRequestPolicy }}
 */
export function fromForwardedValues(forwarded, ttls = {}) {
  const { QueryString, QueryStringCacheKeys = [], Headers = [], Cookies } = forwarded;
  const allHeaders = Headers.includes('*');
  const cookies = selection(Cookies?.Forward ?? 'none', Cookies?.WhitelistedNames);
  const headers = allHeaders ? [] : Headers.map((name) => name.toLowerCase());
  const keys = QueryStringCacheKeys.filter((key) => key !== '*');
  const queryStrings = selection(QueryString ? 'all' : 'none');
  return {
    cachePolicy: {
      name: 'ForwardedValues',
      ...lifetimes(allHeaders ? { minTtl: 0, defaultTtl: 0, maxTtl: 0 } : ttls),
      gzip: true,
      brotli: false,
      headers: selection(headers.length > 0 ? 'whitelist' : 'none', headers),
      cookies,
      queryStrings: QueryString && keys.length > 0 ? selection('whitelist', keys) : queryStrings,
    },
    originRequestPolicy: {
      name: 'ForwardedValues',
      legacy: true,
      headers: { behavior: allHeaders ? 'allViewer' : 'none', names: [] },
      cookies,
      queryStrings,
    },
  };
}

/**
 * @param {OriginRequestPolicy | undefined} policy
 * @returns {boolean} whether legacy cache settings stand behind it
 */
export function isLegacy(policy) {
  return policy !== undefined && 'legacy' in policy;
}

/**
 * CloudFormation's defaults; a minimum above a default raises it (CloudFront API reference,
 * `CacheBehavior`).
 *
 * @param {Ttls} ttls
 */
function lifetimes({ minTtl = 0, defaultTtl, maxTtl }) {
  const usual = defaultTtl ?? Math.max(minTtl, DAY);
  return { minTtl, defaultTtl: usual, maxTtl: maxTtl ?? Math.max(usual, YEAR) };
}

/**
 * @param {'none'|'whitelist'|'all'} behavior
 * @param {string[]} [names]
 * @returns {Selection}
 */
function selection(behavior, names = []) {
  return { behavior, names: behavior === 'whitelist' ? [...names] : [] };
}

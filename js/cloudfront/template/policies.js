/**
 * Policies of a behavior: those of the template, AWS's managed ones by id, and the older
 * `ForwardedValues` (CloudFront Developer Guide, "Understand cache policies" and "Understand origin
 * request policies").
 */
import { fromForwardedValues } from '../policies/legacy.js';
import { MANAGED } from '../policies/managed.js';
import { shown } from './error.js';
import { referenceTo } from './names.js';
import { propertiesOf } from './property.js';
import { responseHeadersPolicyOf } from './response-headers.js';
import {
  cookiesOf,
  demandCacheable,
  keyHeadersOf,
  originHeadersOf,
  queryStringsOf,
} from './selections.js';

/** @typedef {import('./property.js').Property} Property */
/** @typedef {import('../distribution.js').CachePolicy} CachePolicy */
/** @typedef {import('../distribution.js').OriginRequestPolicy} OriginRequestPolicy */
/** @typedef {import('../distribution.js').ResponseHeadersPolicy} ResponseHeadersPolicy */
/** @typedef {import('../distribution.js').Origin} Origin */

/** Of `ForwardedValues`. */
const COOKIES = /** @type {const} */ (['none', 'whitelist', 'all']);

/**
 * @param {Property} behavior
 * @param {Origin | undefined} origin its target, unless that is a group
 * @returns {{
 *   cachePolicy: CachePolicy,
 *   originRequestPolicy: OriginRequestPolicy | undefined,
 *   responseHeadersPolicy: ResponseHeadersPolicy | undefined,
 * }}
 * @throws {import('./error.js').TemplateError}
 */
export function policiesOf(behavior, origin) {
  const request = behavior.get('ForwardedValues').isThere ? legacy(behavior) : modern(behavior);
  checkHost(behavior, request, origin);
  const property = behavior.get('ResponseHeadersPolicyId');
  return {
    ...request,
    responseHeadersPolicy: policy(property, {
      type: 'AWS::CloudFront::ResponseHeadersPolicy',
      managed: MANAGED.responseHeaders,
      read: responseHeadersPolicyOf,
    }),
  };
}

/** @param {Property} behavior */
function modern(behavior) {
  const property = behavior.get('CachePolicyId');
  const cachePolicy = policy(property, {
    type: 'AWS::CloudFront::CachePolicy',
    managed: MANAGED.cache,
    read: cachePolicyOf,
  });
  if (!cachePolicy) return property.fail({ allowed: 'CachePolicyId or ForwardedValues' });
  for (const key of ['MinTTL', 'DefaultTTL', 'MaxTTL']) {
    if (behavior.get(key).isThere) behavior.get(key).warn('left out: the cache policy has its own');
  }
  const originRequestPolicy = policy(behavior.get('OriginRequestPolicyId'), {
    type: 'AWS::CloudFront::OriginRequestPolicy',
    managed: MANAGED.originRequest,
    read: originRequestPolicyOf,
  });
  return { cachePolicy, originRequestPolicy };
}

/** @param {Property} behavior */
function legacy(behavior) {
  const property = behavior.get('ForwardedValues');
  for (const key of ['CachePolicyId', 'OriginRequestPolicyId']) {
    if (!behavior.get(key).hasEffect) continue;
    behavior.get(key).fail({
      found: `${key} beside ForwardedValues`,
      allowed: 'policies or ForwardedValues',
      advice: 'Remove ForwardedValues: a cache policy says the same.',
    });
  }
  demandCacheable(property.get('Headers'), []);
  const [cookies, seconds] = [property.get('Cookies'), { least: 0, unit: 'seconds' }];
  const ttl = (/** @type {string} */ key) =>
    behavior.get(key).isThere ? behavior.get(key).integer(seconds) : undefined;
  const values = {
    QueryString: property.get('QueryString').boolean(),
    QueryStringCacheKeys: property.get('QueryStringCacheKeys').texts(),
    Headers: property.get('Headers').texts(),
    Cookies: {
      Forward: cookies.get('Forward').oneOf(COOKIES, cookies.isThere ? {} : { otherwise: 'none' }),
      WhitelistedNames: cookies.get('WhitelistedNames').texts(),
    },
  };
  const ttls = { minTtl: ttl('MinTTL'), defaultTtl: ttl('DefaultTTL'), maxTtl: ttl('MaxTTL') };
  return fromForwardedValues(values, ttls);
}

/**
 * @template T
 * @param {Property} property an id
 * @param {object} from
 * @param {string} from.type
 * @param {ReadonlyMap<string, T>} from.managed by id
 * @param {(properties: Property) => T} from.read
 * @returns {T | undefined} nothing where there is no id
 */
function policy(property, { type, managed, read }) {
  if (!property.hasEffect) return undefined;
  const id = property.text();
  const known = managed.get(id);
  if (known) return known;
  const written = property.stack.application
    .flatMap((stack) => stack.resources(type))
    .find((resource) => referenceTo(resource, property.path) === id);
  if (written) return read(propertiesOf(written));
  return property.fail({
    found: shown(id),
    allowed: `a reference to a ${type} of the template, or the id of a managed policy`,
  });
}

/**
 * @param {Property} properties of an `AWS::CloudFront::CachePolicy`
 * @returns {CachePolicy}
 */
function cachePolicyOf(properties) {
  const config = properties.get('CachePolicyConfig');
  const key = config.get('ParametersInCacheKeyAndForwardedToOrigin');
  const [gzip, brotli] = ['EnableAcceptEncodingGzip', 'EnableAcceptEncodingBrotli'].map((name) =>
    key.get(name).boolean({ otherwise: false }),
  );
  const policy = {
    name: config.get('Name').text(),
    minTtl: config.get('MinTTL').integer(),
    defaultTtl: config.get('DefaultTTL').integer(),
    maxTtl: config.get('MaxTTL').integer(),
    gzip: gzip === true,
    brotli: brotli === true,
    headers: keyHeadersOf(key.get('HeadersConfig'), gzip === true || brotli === true),
    cookies: cookiesOf(key.get('CookiesConfig')),
    queryStrings: queryStringsOf(key.get('QueryStringsConfig')),
  };
  demandOrder(config, policy);
  demandEmptyKey(key, policy);
  return policy;
}

/**
 * @param {Property} config
 * @param {CachePolicy} policy
 */
function demandOrder(config, { minTtl, defaultTtl, maxTtl }) {
  if (minTtl <= defaultTtl && defaultTtl <= maxTtl) return;
  config.fail({
    found: `MinTTL ${minTtl}, DefaultTTL ${defaultTtl}, MaxTTL ${maxTtl}`,
    allowed: 'MinTTL ≤ DefaultTTL ≤ MaxTTL',
  });
}

/**
 * CloudFront refuses a policy that caches nothing and yet has something in the cache key.
 *
 * @param {Property} key
 * @param {CachePolicy} policy
 */
function demandEmptyKey(key, { maxTtl, gzip, brotli, headers, cookies, queryStrings }) {
  const isEmpty = [headers, cookies, queryStrings].every(({ behavior }) => behavior === 'none');
  if (maxTtl > 0 || (isEmpty && !gzip && !brotli)) return;
  key.fail({
    found: 'settings of a cache key, with a MaxTTL of 0',
    allowed: 'none and false in every setting, or a MaxTTL of 1 or more',
    advice: 'To forward without caching, use an origin request policy.',
  });
}

/**
 * @param {Property} properties of an `AWS::CloudFront::OriginRequestPolicy`
 * @returns {OriginRequestPolicy}
 */
function originRequestPolicyOf(properties) {
  const config = properties.get('OriginRequestPolicyConfig');
  return {
    name: config.get('Name').text(),
    headers: originHeadersOf(config.get('HeadersConfig')),
    cookies: cookiesOf(config.get('CookiesConfig')),
    queryStrings: queryStringsOf(config.get('QueryStringsConfig')),
  };
}

/**
 * The viewer's Host at an origin that answers only to its own name.
 *
 * @param {Property} behavior
 * @param {{ cachePolicy: CachePolicy, originRequestPolicy?: OriginRequestPolicy }} policies
 * @param {Origin | undefined} origin
 */
function checkHost(behavior, { cachePolicy, originRequestPolicy }, origin) {
  const inKey = cachePolicy.headers.names.includes('host');
  if (inKey && origin?.kind === 's3') {
    behavior.fail({
      found: 'Host in the cache key, and a bucket as the origin',
      allowed: 'a cache policy without Host: buckets answer only to their own name',
    });
  }
  if (!inKey && !forwardsHost(originRequestPolicy)) return;
  if (origin?.kind === 's3') {
    behavior.warn("forwards the viewer's Host, for which S3 has no bucket");
  }
  if (origin?.domainName.includes('.execute-api.')) {
    behavior.warn("forwards the viewer's Host, for which API Gateway answers 403 (rule A1)");
  }
}

/** @param {OriginRequestPolicy | undefined} policy */
function forwardsHost(policy) {
  if (!policy) return false;
  const { behavior, names } = policy.headers;
  if (behavior === 'allExcept') return !names.includes('host');
  return behavior.startsWith('allViewer') || (behavior === 'whitelist' && names.includes('host'));
}

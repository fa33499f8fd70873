/**
 * The managed policies: their ids against those in AWS's own construct library, their settings
 * against the guide's lists.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as cdk from 'aws-cdk-lib/aws-cloudfront';
import { MANAGED } from '../../js/cloudfront/policies/managed.js';
import { managed } from './policies-fixture.js';

/**
 * @param {any} type class of policies, whose static members, its own or inherited, are the managed
 *   ones
 * @param {string} property
 * @returns {string[]}
 */
function idsIn(type, property) {
  if (type === Function.prototype) return [];
  const own = Object.getOwnPropertyNames(type).map((name) => type[name]?.[property]);
  return [
    ...own.filter((id) => typeof id === 'string'),
    ...idsIn(Object.getPrototypeOf(type), property),
  ];
}

/**
 * @param {ReadonlyMap<string, { name: string }>} policies
 * @param {string[]} ids
 */
function namesBeyond(policies, ids) {
  const beyond = [...policies].filter(([id]) => !ids.includes(id));
  return beyond.map(([, { name }]) => name).sort();
}

describe('managed policies', () => {
  it('P1: CachingDisabled and AllViewerExceptHostHeader have their ids', () => {
    const { cache, originRequest } = MANAGED;
    assert.equal(cache.get('4135ea2d-6df8-44a3-9df3-4b5a84be39ad')?.name, 'CachingDisabled');
    const forwarding = originRequest.get('b689b0a8-53d0-40ab-baf2-68738e2966ac');
    assert.equal(forwarding?.name, 'AllViewerExceptHostHeader');
    assert.deepEqual(forwarding?.headers, { behavior: 'allExcept', names: ['host'] });
  });

  it('every id that the construct library knows is here', () => {
    const cache = idsIn(cdk.CachePolicy, 'cachePolicyId');
    const originRequest = idsIn(cdk.OriginRequestPolicy, 'originRequestPolicyId');
    const responseHeaders = idsIn(cdk.ResponseHeadersPolicy, 'responseHeadersPolicyId');
    assert(cache.length >= 7 && originRequest.length >= 7 && responseHeaders.length >= 5);
    assert.deepEqual(cache.filter((id) => !MANAGED.cache.has(id)), []);
    assert.deepEqual(originRequest.filter((id) => !MANAGED.originRequest.has(id)), []);
    assert.deepEqual(responseHeaders.filter((id) => !MANAGED.responseHeaders.has(id)), []);
    assert.deepEqual(namesBeyond(MANAGED.responseHeaders, responseHeaders), []);
    assert.deepEqual(namesBeyond(MANAGED.cache, cache), [
      'Amplify-Default',
      'Amplify-DefaultNoCookies',
      'Amplify-ImageOptimization',
      'Amplify-StaticContent',
    ]);
  });

  it('cache policies have the settings of the guide', () => {
    const rows = [...MANAGED.cache.values()].map((policy) => {
      const { name, minTtl, defaultTtl, maxTtl, gzip, brotli } = policy;
      const selected = [policy.cookies.behavior, policy.queryStrings.behavior];
      return [name, minTtl, defaultTtl, maxTtl, gzip, brotli, ...selected];
    });
    const [day, year] = [86_400, 31_536_000];
    assert.deepEqual(rows, [
      ['Amplify', 2, 2, 600, true, true, 'all', 'all'],
      ['Amplify-Default', 0, 0, year, true, true, 'all', 'all'],
      ['Amplify-DefaultNoCookies', 0, 0, year, true, true, 'none', 'all'],
      ['Amplify-ImageOptimization', 0, 0, year, true, true, 'none', 'all'],
      ['Amplify-StaticContent', 0, 0, year, true, true, 'none', 'none'],
      ['CachingDisabled', 0, 0, 0, false, false, 'none', 'none'],
      ['CachingOptimized', 1, day, year, true, true, 'none', 'none'],
      ['CachingOptimizedForUncompressedObjects', 1, day, year, false, false, 'none', 'none'],
      ['Elemental-MediaPackage', 0, day, year, true, false, 'none', 'whitelist'],
      ['UseOriginCacheControlHeaders', 0, 0, year, true, true, 'all', 'none'],
      ['UseOriginCacheControlHeaders-QueryStrings', 0, 0, year, true, true, 'all', 'all'],
    ]);
  });

  it('names are in the form of the model: headers in lower case, none twice', () => {
    const policies = [...MANAGED.cache.values(), ...MANAGED.originRequest.values()];
    for (const { name, headers } of policies) {
      const expected = [...new Set(headers.names.map((header) => header.toLowerCase()))];
      assert.deepEqual(headers.names, expected, name);
      const isNamed = /whitelist|allExcept/i.test(headers.behavior);
      assert.equal(headers.names.length > 0, isNamed, name);
    }
  });

  it('of the response headers policies, only nosniff overrides the origin', () => {
    const { security, cors } = managed('CORS-with-preflight-and-SecurityHeadersPolicy');
    const overriding = Object.keys(security).filter((key) => security[key].Override);
    assert.deepEqual(overriding, ['ContentTypeOptions']);
    assert.equal(cors.OriginOverride, false);
    assert.deepEqual(managed('SecurityHeadersPolicy').security, security);
    assert.deepEqual(managed('CORS-With-Preflight').cors, cors);
  });
});

/**
 * Cache keys: which parts of a request tell objects apart.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cacheKey } from '../../js/cloudfront/policies/cache-key.js';
import { viewerFrom } from '../../js/cloudfront/place/viewer.js';
import { NONE, VIEWER, behavior, managed, request } from './policies-fixture.js';

/**
 * @typedef {import('../../js/cloudfront/distribution.js').CachePolicy} CachePolicy
 * @typedef {import('../../js/cloudfront/distribution.js').Selection} Selection
 */

/**
 * @param {Partial<CachePolicy>} policy
 * @param {Record<string, string>} [headers]
 * @param {Partial<import('aws-lambda').CloudFrontRequest>} [more]
 */
function keyOf(policy, headers, more) {
  return cacheKey(request(headers, more), behavior(policy).cachePolicy, VIEWER);
}

/**
 * @param {Selection['behavior']} behavior
 * @param {...string} names
 * @returns {Selection}
 */
function select(behavior, ...names) {
  return { behavior, names };
}

describe('cache key', () => {
  it('query strings by none, whitelist, allExcept and all', () => {
    const querystring = 'b=2&a=1&A=3&a=4&c';
    for (const [selection, query] of /** @type {[Selection, string][]} */ ([
      [NONE, ''],
      [select('whitelist', 'a', 'c'), 'a=1&a=4&c'],
      [select('whitelist', 'nothing'), ''],
      [select('allExcept', 'a'), 'b=2&A=3&c'],
      [select('all'), querystring],
    ])) {
      const { key, parts } = keyOf({ queryStrings: selection }, {}, { uri: '/x', querystring });
      assert.equal(parts.query, query, selection.behavior);
      assert.equal(key, query === '' ? '/x' : `/x?${query}`);
    }
  });

  it('query strings are told apart by order and case, and end at & alone', () => {
    const all = { queryStrings: select('all') };
    const keys = ['a=1&b=2', 'b=2&a=1', 'a=1&B=2', 'A=1&b=2'].map(
      (querystring) => keyOf(all, {}, { querystring }).key,
    );
    assert.equal(new Set(keys).size, 4);
    const color = { queryStrings: select('whitelist', 'color') };
    const queryOf = (/** @type {string} */ querystring) =>
      keyOf(color, {}, { querystring }).parts.query;
    assert.equal(queryOf('color=red;size=large'), 'color=red;size=large');
    assert.equal(queryOf('size=large;color=red'), '');
  });

  it('cookies by none, whitelist, allExcept and all, sorted by name', () => {
    const headers = { Cookie: 'sid=s; b=2;a=1; A=3; theme-x=t; flag' };
    for (const [selection, cookies] of /** @type {[Selection, string[]][]} */ ([
      [NONE, []],
      [select('whitelist', 'sid', 'a'), ['a=1', 'sid=s']],
      [select('whitelist', 'theme-*', '?'), ['A=3', 'a=1', 'b=2', 'theme-x=t']],
      [select('allExcept', 'sid', 'theme-*'), ['A=3', 'a=1', 'b=2', 'flag']],
      [select('all'), ['A=3', 'a=1', 'b=2', 'flag', 'sid=s', 'theme-x=t']],
    ])) {
      assert.deepEqual(keyOf({ cookies: selection }, headers).parts.cookies, cookies);
    }
  });

  it('headers by none and whitelist; by name whatever its case, by value as it is', () => {
    const product = { headers: select('whitelist', 'product', 'b') };
    assert.deepEqual(keyOf({}, { Product: 'Acme' }).parts.headers, []);
    const key = keyOf(product, { Product: 'Acme', B: '2', C: '3' }).key;
    assert.equal(key, '/\nb: 2\nproduct: Acme');
    assert.equal(keyOf(product, { b: '2', product: 'Acme' }).key, key);
    assert.notEqual(keyOf(product, { b: '2', product: 'acme' }).key, key);
  });

  it('Cookie is no header of the key, whatever a policy names', () => {
    const named = { headers: select('whitelist', 'cookie') };
    assert.equal(keyOf(named, { Cookie: 'a=1' }).key, '/');
  });

  it('no part can pass for another one', () => {
    const policy = {
      headers: select('whitelist', 'a'),
      cookies: select('all'),
      queryStrings: select('all'),
    };
    const keys = [
      keyOf(policy, { A: '1' }).key,
      keyOf(policy, { Cookie: 'a: 1' }).key,
      keyOf(policy, {}, { querystring: 'a: 1' }).key,
      keyOf(policy, {}, { uri: '/a:1' }).key,
      keyOf(policy, { A: 'cookie a: 1' }).key,
    ];
    assert.equal(new Set(keys).size, keys.length);
  });

  it('Accept-Encoding is normalized by the encodings that the policy caches', () => {
    const sent = 'zstd, GZIP;q=0.5, br, deflate';
    for (const [gzip, brotli, header, expected] of /** @type {const} */ ([
      [true, true, sent, 'br,gzip'],
      [true, false, sent, 'gzip'],
      [false, true, sent, 'br'],
      [true, true, 'gzip', 'gzip'],
      [true, true, 'br;q=0, gzip', 'gzip'],
      [true, true, 'deflate', undefined],
      [true, true, 'identity', undefined],
      [true, false, 'br', undefined],
      [false, false, sent, undefined],
    ])) {
      const { parts } = keyOf({ gzip, brotli }, { 'Accept-Encoding': header });
      const own = expected === undefined ? [] : [['accept-encoding', expected]];
      assert.deepEqual(parts.headers, own, `gzip ${gzip}, br ${brotli}: ${header}`);
    }
    assert.deepEqual(keyOf({ gzip: true, brotli: true }, {}).parts.headers, []);
    const ordinary = { headers: select('whitelist', 'accept-encoding') };
    assert.deepEqual(keyOf(ordinary, { 'Accept-Encoding': sent }).parts.headers, [
      ['accept-encoding', sent],
    ]);
  });

  it("W8: CloudFront-* headers of the key are CloudFront's, not the viewer's", () => {
    const amplify = managed('Amplify');
    const from = (/** @type {string} */ pop) => {
      const asked = request({ Host: 'h', 'CloudFront-Viewer-Country': 'XX' });
      return cacheKey(asked, amplify, viewerFrom({ pop })).parts.headers;
    };
    assert.deepEqual(from('FRA'), [['cloudfront-viewer-country', 'DE'], ['host', 'h']]);
    assert.deepEqual(from('LHR'), [['cloudfront-viewer-country', 'GB'], ['host', 'h']]);
  });

  it('managed policies: what is in the key', () => {
    const headers = { Host: 'h', Origin: 'https://o.test', Cookie: 'a=1', Authorization: 'x' };
    const more = { querystring: 'start=1&x=2' };
    for (const [name, key] of [
      ['CachingDisabled', '/'],
      ['CachingOptimized', '/'],
      ['Elemental-MediaPackage', '/?start=1\norigin: https://o.test'],
      ['UseOriginCacheControlHeaders', '/\nhost: h\norigin: https://o.test\ncookie a=1'],
    ]) {
      assert.equal(cacheKey(request(headers, more), managed(name), VIEWER).key, key, name);
    }
  });
});

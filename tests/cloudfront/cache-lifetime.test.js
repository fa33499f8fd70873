import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import HttpCachePolicy from 'http-cache-semantics';
import { cacheControl, deltaSeconds, httpDate } from '../../js/cloudfront/cache/fields.js';
import { lifetime, storable } from '../../js/cloudfront/cache/lifetime.js';

// A date without a zone, in asctime's form, is UTC wherever this runs.
process.env.TZ = 'Asia/Tokyo';

const NOW = Date.parse('Sun, 15 Mar 2026 12:00:00 GMT');
const DAY = 86_400;
const YEAR = 31_536_000;

/** The managed policy CachingOptimized has a minimum of 1 s; custom policies often have 0. */
const FROM_ZERO = { minTtl: 0, defaultTtl: DAY, maxTtl: YEAR };
const FROM_MINUTE = { minTtl: 60, defaultTtl: 30, maxTtl: 3_600 };
const AGE = { 'cache-control': 'max-age=300' };
const NO_STORE = { 'cache-control': 'no-store' };
const DISABLED = { minTtl: 0, defaultTtl: 0, maxTtl: 0 };

/**
 * Headers, seconds with a minimum TTL of 0, seconds with one of 60.
 *
 * @type {[string, Record<string, string>, number, number][]}
 */
const OBJECTS = [
  ['max-age', { 'cache-control': 'max-age=300' }, 300, 300],
  ['max-age below the minimum', { 'cache-control': 'max-age=5' }, 5, 60],
  ['max-age above the maximum', { 'cache-control': 'max-age=99999999' }, YEAR, 3_600],
  ['max-age=0', { 'cache-control': 'max-age=0' }, 0, 60],
  ['no header', {}, DAY, 60],
  ['directives that set no time', { 'cache-control': 'public, immutable' }, DAY, 60],
  ['s-maxage before max-age', { 'cache-control': 'max-age=5, s-maxage=300' }, 300, 300],
  ['Expires', { expires: 'Sun, 15 Mar 2026 12:05:00 GMT' }, 300, 300],
  ['Expires in RFC 850 form', { expires: 'Sunday, 15-Mar-26 12:05:00 GMT' }, 300, 300],
  ['Expires in asctime form', { expires: 'Sun Mar 15 12:05:00 2026' }, 300, 300],
  ['Expires in the past', { expires: 'Sun, 15 Mar 2026 11:00:00 GMT' }, 0, 60],
  ['Expires that is no date', { expires: '0' }, 0, 60],
  ['Expires too late', { expires: 'Sun, 15 Mar 2099 12:00:00 GMT' }, YEAR, 3_600],
  [
    'max-age before Expires',
    { 'cache-control': 'max-age=300', expires: 'Sun, 15 Mar 2026 11:00:00 GMT' },
    300,
    300,
  ],
  ['no-store', { 'cache-control': 'no-store' }, 0, 60],
  ['no-cache', { 'cache-control': 'no-cache' }, 0, 60],
  ['private', { 'cache-control': 'private' }, 0, 60],
  ['no-store beside max-age', { 'cache-control': 'max-age=300, no-store' }, 0, 60],
  ['private with names', { 'cache-control': 'private="set-cookie", max-age=300' }, 0, 60],
  ['no-cache with names', { 'cache-control': 'no-cache="set-cookie", max-age=300' }, 300, 300],
  ['upper case', { 'cache-control': 'No-Store' }, 0, 60],
  ['no-store within quotes', { 'cache-control': 'x="no-store, private", max-age=300' }, 300, 300],
  ['max-age that is no number', { 'cache-control': 'max-age=soon' }, 0, 60],
  ['max-age below zero', { 'cache-control': 'max-age=-1' }, 0, 60],
  ['max-age twice, different', { 'cache-control': 'max-age=5, max-age=300' }, 0, 60],
  ['Age uses up max-age', { 'cache-control': 'max-age=300', age: '100' }, 200, 200],
  ['Age past max-age', { 'cache-control': 'max-age=300', age: '400' }, 0, 60],
  ['Age leaves the default alone', { age: '100' }, DAY, 60],
  ['Set-Cookie', { 'set-cookie': 'a=1', 'cache-control': 'max-age=300' }, 300, 300],
  ['Vary', { vary: 'cookie, user-agent', 'cache-control': 'max-age=300' }, 300, 300],
  ['Vary: *', { vary: '*', 'cache-control': 'max-age=300' }, 0, 300],
];

describe('how long objects are kept', () => {
  for (const [name, headers, fromZero, fromMinute] of OBJECTS) {
    it(`${name}`, () => {
      assert.equal(seconds(200, headers, { cachePolicy: FROM_ZERO }), fromZero);
      assert.equal(seconds(200, headers, { cachePolicy: FROM_MINUTE }), fromMinute);
      assert.equal(seconds(200, headers, { cachePolicy: DISABLED }), 0);
    });
  }

  it('R4: only answers to the methods that the behavior caches are stored', () => {
    const answer = response(200, { 'cache-control': 'max-age=300' });
    const usual = { cachePolicy: FROM_ZERO };
    const withOptions = { ...usual, cachedMethods: ['GET', 'HEAD', 'OPTIONS'] };
    for (const method of ['GET', 'HEAD']) assert(storable(method, answer, usual, NOW), method);
    for (const method of ['OPTIONS', 'PUT', 'POST', 'PATCH', 'DELETE']) {
      assert(!storable(method, answer, usual, NOW), method);
    }
    assert(storable('OPTIONS', answer, withOptions, NOW));
    assert(!storable('POST', answer, withOptions, NOW));
  });

  it('R4: with caching disabled nothing is stored, errors included', () => {
    for (const status of [200, 302, 404, 503]) {
      const answer = response(status, { 'cache-control': 'max-age=300' });
      assert(!storable('GET', answer, { cachePolicy: DISABLED, errorTtl: 60 }, NOW), `${status}`);
      assert.equal(seconds(status, {}, { cachePolicy: DISABLED, errorTtl: 60 }), 0);
    }
  });

  it('G4: what origin-request made is kept by the default TTL unless it says no-store', () => {
    const settings = { cachePolicy: FROM_ZERO };
    const refusal = response(403, { 'cache-control': 'no-store' });
    for (const status of [200, 301, 302]) {
      assert(storable('GET', response(status, {}), settings, NOW));
      assert.equal(seconds(status, {}, settings), DAY);
      const redirect = response(status, { 'cache-control': 'no-store' });
      assert(!storable('GET', redirect, settings, NOW));
    }
    assert(!storable('GET', refusal, settings, NOW));
  });

  it('G4: no-store does not keep a 503 out of the cache', () => {
    const unavailable = response(503, { 'cache-control': 'no-store' });
    assert(storable('GET', unavailable, { cachePolicy: FROM_ZERO }, NOW));
    assert.equal(lifetime(unavailable, { cachePolicy: FROM_ZERO }, NOW), 10_000);
  });

  it('what is only good to ask the origin about is stored too', () => {
    const settings = { cachePolicy: FROM_ZERO };
    for (const value of ['no-cache', 'max-age=0']) {
      assert(storable('GET', response(200, { 'cache-control': value }), settings, NOW), value);
    }
    for (const value of ['no-store', 'private', 'private, max-age=300']) {
      assert(!storable('GET', response(200, { 'cache-control': value }), settings, NOW), value);
    }
  });

  it('a minimum TTL above 0 stores what no-store and private forbid', () => {
    const settings = { cachePolicy: FROM_MINUTE };
    for (const value of ['no-store', 'private', 'no-cache']) {
      assert(storable('GET', response(200, { 'cache-control': value }), settings, NOW), value);
    }
  });

  it('parts, 304s, and 307 and 308 without Cache-Control are not stored', () => {
    const settings = { cachePolicy: FROM_MINUTE };
    for (const status of [206, 304, 307, 308]) {
      assert(!storable('GET', response(status, { etag: '"a"' }), settings, NOW), `${status}`);
      assert.equal(seconds(status, {}, settings), 0);
    }
    for (const status of [307, 308]) {
      const answer = response(status, { 'cache-control': 'max-age=300' });
      assert(storable('GET', answer, settings, NOW), `${status}`);
    }
    assert(!storable('GET', response(206, { 'cache-control': 'max-age=300' }), settings, NOW));
  });
});

/**
 * Status, headers, the error caching minimum TTL if there is one, seconds kept.
 *
 * @typedef {[number, Record<string, string>, number | undefined, number]} ErrorCase
 * @type {ErrorCase[]}
 */
const ERRORS = [
  ...[404, 410, 414, 500, 501, 502, 503, 504].map((status) => kept(status, {}, undefined, 10)),
  ...[400, 401, 403, 405, 412, 415, 416, 429].map((status) => kept(status, {}, 60, 0)),
  ...[400, 403, 405, 412, 415].map((status) => kept(status, AGE, undefined, 300)),
  [403, { 'cache-control': 's-maxage=3' }, undefined, 10],
  [403, { expires: 'Sun, 15 Mar 2026 12:05:00 GMT' }, undefined, 0],
  [401, { 'cache-control': 'max-age=300' }, 60, 0],
  [416, { 'cache-control': 'max-age=300' }, 60, 0],
  [404, { 'cache-control': 'max-age=300' }, 60, 300],
  [404, { 'cache-control': 'max-age=30' }, 60, 60],
  [404, { 'cache-control': 'max-age=99999999' }, 60, YEAR],
  [404, { expires: 'Sun, 15 Mar 2026 12:05:00 GMT' }, 60, 300],
  [404, { 'cache-control': 'must-revalidate' }, 60, 60],
  ...[404, 410, 414, 501].map((status) => kept(status, NO_STORE, 60, 0)),
  ...[500, 502, 503, 504].map((status) => kept(status, NO_STORE, 60, 60)),
  [503, { 'cache-control': 'private, max-age=300' }, 60, 60],
  [404, {}, 0, 0],
];

describe('how long errors are kept', () => {
  for (const [status, headers, errorTtl, expected] of ERRORS) {
    it(`${status} ${JSON.stringify(headers)}, minimum ${errorTtl ?? 'as it is'}`, () => {
      const settings = { cachePolicy: FROM_ZERO, errorTtl };
      assert.equal(seconds(status, headers, settings), expected);
      assert.equal(storable('GET', response(status, headers), settings, NOW), expected > 0);
    });
  }

  it('those of an S3 origin for a second at least', () => {
    const settings = { cachePolicy: FROM_ZERO, errorTtl: 0 };
    assert.equal(seconds(404, {}, { ...settings, originKind: 's3' }), 1);
  });
});

it('agrees with RFC 9111 where CloudFront follows it', () => {
  const unlimited = { minTtl: 0, defaultTtl: 0, maxTtl: YEAR };
  const values = ['max-age=7', 's-maxage=9', 'max-age=7, s-maxage=9', 'public, max-age=7'];
  const forbidding = ['no-store', 'private', 'no-cache', 'no-cache, max-age=7'];
  for (const value of [...values, ...forbidding, 'max-age="7"', 'max-age=0', 'x=1,max-age=7 ']) {
    const policy = new HttpCachePolicy(
      { headers: {} },
      { status: 200, headers: { 'cache-control': value } },
    );
    const found = seconds(200, { 'cache-control': value }, { cachePolicy: unlimited });
    assert.equal(found, policy.maxAge(), value);
  }
});

it('reads directives, seconds and dates', () => {
  const lines = ['max-age=1, x', 'y="a, \\"b\\"" , Z'];
  const headers = { 'cache-control': lines.map((value) => ({ value })) };
  assert.deepEqual([...cacheControl(headers)], [
    ['max-age', '1'],
    ['x', ''],
    ['y', 'a, "b"'],
    ['z', ''],
  ]);
  assert.deepEqual([...cacheControl({})], []);
  assert.equal(deltaSeconds('9'.repeat(400)), 3_153_600_000);
  assert.equal(deltaSeconds('1.5'), 0);
  assert.equal(deltaSeconds(undefined), undefined);
  for (const text of ['', '0', '-1', '2026', 'Sun, 15 Mar 2026 12:00:00 +0100', 'tomorrow']) {
    assert(Number.isNaN(httpDate(text)), text);
  }
  assert.equal(httpDate('Sun, 15 Mar 2026 12:00:00 GMT'), NOW);
});

/** @returns {ErrorCase} */
function kept(/** @type {ErrorCase} */ ...facts) {
  return facts;
}

/**
 * @param {number} status
 * @param {Record<string, string>} headers
 */
function response(status, headers) {
  const entries = Object.entries(headers).map(([name, value]) => [name, [{ key: name, value }]]);
  return { status, headers: Object.fromEntries(entries) };
}

/**
 * @param {number} status
 * @param {Record<string, string>} headers
 * @param {import('../../js/cloudfront/cache/lifetime.js').Settings} settings
 */
function seconds(status, headers, settings) {
  return lifetime(response(status, headers), settings, NOW) / 1_000;
}

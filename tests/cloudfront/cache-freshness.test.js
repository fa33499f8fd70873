import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { staleUse } from '../../js/cloudfront/cache/stale.js';
import { CacheInFolder, SECOND, head } from './cache-in-folder.js';

/** @type {CacheInFolder} */
let on;

beforeEach(() => {
  on = new CacheInFolder();
});

afterEach(() => on.close());

describe('freshness and age', () => {
  it('an entry is fresh for its time, then stale, and stays', () => {
    on.cache.store('k', head(), null, 10 * SECOND);
    const entry = on.stored('k');
    assert.deepEqual([entry.fresh(), entry.staleFor(), entry.age()], [true, 0, 0]);
    on.now += 10 * SECOND - 1;
    assert.deepEqual([entry.fresh(), entry.staleFor(), entry.age()], [true, 0, 9]);
    on.now += 1;
    assert.deepEqual([entry.fresh(), entry.staleFor(), entry.age()], [false, 0, 10]);
    on.now += 5 * SECOND;
    assert.deepEqual([entry.fresh(), entry.staleFor(), entry.age()], [false, 5 * SECOND, 15]);
    assert.equal(on.cache.get('k'), entry);
  });

  it("the origin's Age counts, and a clock set back makes no negative one", () => {
    on.cache.store('k', head({ age: '30' }), null, SECOND);
    on.now += 2 * SECOND;
    assert.equal(on.stored('k').age(), 32);
    on.now -= 60 * SECOND;
    assert.equal(on.stored('k').age(), 30);
  });

  it('with a lifetime of 0 it is only there to ask the origin about', () => {
    on.cache.store('k', head(), null, 0);
    assert.equal(on.stored('k').fresh(), false);
  });

  it('refresh takes over the headers of the 304 and starts anew', async () => {
    on.cache.store('k', head({ etag: '"a"', age: '9', 'x-a': '1' }), Buffer.from('body'), SECOND);
    on.now += 60 * SECOND;
    on.cache.refresh('k', head({ 'x-a': '2', 'x-b': '3' }).headers, 10 * SECOND);
    const entry = on.stored('k');
    assert.deepEqual([entry.fresh(), entry.age(), entry.ttlMs], [true, 0, 10 * SECOND]);
    assert.deepEqual(entry.headers, head({ etag: '"a"', 'x-a': '2', 'x-b': '3' }).headers);
    assert.equal(await text(entry.body()), 'body');
    assert.equal(on.cache.refresh('gone', {}, SECOND), undefined);
  });

  it('extend puts off the next question to the origin; the age goes on', () => {
    on.cache.store('k', head(), null, SECOND);
    on.now += 5 * SECOND;
    const entry = on.cache.extend('k', 10 * SECOND);
    assert(entry);
    assert.deepEqual([entry.fresh(), entry.age(), entry.staleFor()], [true, 5, 4 * SECOND]);
    on.now += 10 * SECOND;
    assert.equal(entry.fresh(), false);
    on.cache.extend('k', 60 * SECOND);
    on.cache.refresh('k', {}, SECOND);
    on.now += 2 * SECOND;
    assert.equal(on.stored('k').fresh(), false);
    assert.equal(on.cache.extend('gone', SECOND), undefined);
  });
});

/**
 * Cache-Control, maximum TTL, seconds past the expiry, while revalidating, on an error.
 *
 * @type {[string, number, number, boolean, boolean][]}
 */
const STALE = [
  ['max-age=10', 100, 5, false, true],
  ['max-age=10', 100, 99, false, true],
  ['max-age=10', 100, 100, false, false],
  ['max-age=10, stale-while-revalidate=20', 100, 19, true, true],
  ['max-age=10, stale-while-revalidate=20', 100, 20, false, true],
  ['max-age=10, stale-while-revalidate=200', 100, 99, true, true],
  ['max-age=10, stale-while-revalidate=200', 100, 100, false, false],
  ['max-age=10, stale-if-error=20', 100, 19, false, true],
  ['max-age=10, stale-if-error=20', 100, 20, false, false],
  ['max-age=10, stale-if-error=0', 100, 0, false, false],
  ['max-age=10, stale-while-revalidate=20, must-revalidate', 100, 5, false, false],
];

describe('what an expired entry is good for', () => {
  for (const [control, maxTtl, past, whileRevalidating, onError] of STALE) {
    it(`${control}, maximum TTL ${maxTtl}: ${past} s past its expiry`, () => {
      on.cache.store('k', head({ 'cache-control': control }), null, 10 * SECOND);
      on.now += (10 + past) * SECOND;
      const use = staleUse(on.stored('k'), { maxTtl });
      assert.deepEqual(use, { whileRevalidating, onError });
    });
  }

  it('a stored error is good for nothing then', () => {
    on.cache.store('k', head({}, { status: 404 }), null, 10 * SECOND);
    on.now += 11 * SECOND;
    const use = staleUse(on.stored('k'), { maxTtl: 100 });
    assert.deepEqual(use, { whileRevalidating: false, onError: false });
  });
});

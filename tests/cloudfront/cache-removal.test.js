import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { CacheInFolder, SECOND, head } from './cache-in-folder.js';

/** @type {CacheInFolder} */
let on;

beforeEach(() => {
  on = new CacheInFolder();
});

afterEach(() => on.close());

describe('room', () => {
  beforeEach(async () => {
    await on.close();
    on = new CacheInFolder(10_000);
  });

  it('the least recently used go first, with their files', async () => {
    for (const key of ['a', 'b', 'c']) {
      on.cache.store(key, head(), Buffer.alloc(3_000), SECOND);
    }
    on.cache.get('a');
    on.cache.store('d', head(), Buffer.alloc(3_000), SECOND);
    const left = ['a', 'b', 'c', 'd'].filter((key) => on.cache.get(key));
    assert.deepEqual(left, ['a', 'c', 'd']);
    assert.equal(on.files().length, 3);
  });

  it('headers take room too', () => {
    for (let index = 0; index < 50; index += 1) {
      on.cache.store(`k${index}`, head({ 'x-filler': 'x'.repeat(1_000) }), null, SECOND);
    }
    const keys = Array.from({ length: 50 }, (_, index) => `k${index}`);
    const left = keys.filter((key) => on.cache.get(key));
    assert(left.length > 0 && left.length < 10, `${left.length} entries are left`);
    assert(on.cache.get('k49'));
  });

  it('what a refresh adds is counted, what is dropped is not', () => {
    for (let round = 0; round < 20; round += 1) {
      on.cache.store('k', head(), Buffer.alloc(3_000), SECOND);
      on.cache.refresh('k', head({ 'x-filler': 'x'.repeat(100) }).headers, SECOND);
      if (round % 2 === 0) on.cache.purge(['/*']);
    }
    on.cache.store('l', head(), Buffer.alloc(3_000), SECOND);
    on.cache.store('m', head(), Buffer.alloc(3_000), SECOND);
    assert(on.cache.get('k') && on.cache.get('l') && on.cache.get('m'));
  });

  it('what is larger than all of it is relayed only', async () => {
    on.cache.store('small', head(), Buffer.from('x'), SECOND);
    const body = Readable.from(Array.from({ length: 5 }, () => Buffer.alloc(3_000)));
    const relayed = on.relay('k', head(), body);
    assert.equal((await buffer(relayed)).length, 15_000);
    on.cache.store('l', head(), Buffer.alloc(15_000), SECOND);
    assert.equal(on.cache.get('k'), undefined);
    assert.equal(on.cache.get('l'), undefined);
    assert(on.cache.get('small'));
    assert.equal(on.files().length, 1);
  });
});

const STORED_PATHS = [
  '/',
  '/a.jpg',
  '/a.jpg?size=1',
  '/A.jpg',
  '/img/a.jpg',
  '/img/b/c.jpg',
  '/x*y',
];


/**
 * Invalidation path and which of the stored paths it removes.
 *
 * @type {[string, string[]][]}
 */
const INVALIDATIONS = [
  ['/a.jpg', ['/a.jpg']],
  ['/a.jpg?size=1', ['/a.jpg?size=1']],
  ['/a.jpg*', ['/a.jpg', '/a.jpg?size=1']],
  ['/img/*', ['/img/a.jpg', '/img/b/c.jpg']],
  ['/img*', ['/img/a.jpg', '/img/b/c.jpg']],
  ['/*', STORED_PATHS],
  ['/', ['/']],
  ['/x*y', ['/x*y']],
  ['/*.jpg', []],
  ['/img', []],
  ['/(a|A).jpg', []],
];

describe('invalidations', () => {
  beforeEach(() => {
    for (const path of STORED_PATHS) {
      on.cache.store(`us-east-1 ${path}`, head({}, { path }), Buffer.from('x'), SECOND);
    }
  });

  for (const [pattern, removed] of INVALIDATIONS) {
    it(`${pattern} removes ${removed.length}`, () => {
      assert.equal(on.cache.purge([pattern]), removed.length);
      const gone = STORED_PATHS.filter((path) => !on.cache.get(`us-east-1 ${path}`));
      assert.deepEqual(gone, removed);
      assert.equal(on.files().length, STORED_PATHS.length - removed.length);
    });
  }

  it('several paths count an answer once; every variant of a path goes', () => {
    on.cache.store('eu-west-1 /a.jpg', head({}, { path: '/a.jpg' }), null, SECOND);
    assert.equal(on.cache.purge(['/a.jpg', '/a*', '/img/a.jpg']), 4);
  });

  /** @type {[any, RegExp][]} */
  const refused = [
    ['a.jpg', /"a.jpg" must begin with \//],
    ['*', /"\*" must begin with \//],
    ['', /must begin with \//],
    [undefined, /must begin with \//],
    [`/${'a'.repeat(4_000)}`, /has 4001 characters: at most 4000/],
    ['/~user', /has a ~/],
    ['/%7Euser', /has a ~/],
    ['/a b', /percent-encode/],
    ['/ä', /percent-encode/],
  ];
  for (const [pattern, says] of refused) {
    it(`${String(pattern).slice(0, 20)} is refused, and nothing is removed`, () => {
      assert.throws(() => on.cache.purge(['/*', pattern]), { name: 'TypeError', message: says });
      assert(STORED_PATHS.every((path) => on.cache.get(`us-east-1 ${path}`)));
    });
  }

  it('a body that is open is read to its end, one asked for later is an error', async () => {
    const entry = on.stored('us-east-1 /a.jpg');
    const body = entry.body();
    on.cache.purge(['/*']);
    assert.equal(await text(body), 'x');
    assert.throws(() => entry.body(), /look the entry up again/);
  });

  it('a body on its way is relayed and not stored', async () => {
    const body = new Readable({ read() {} });
    const relayed = on.relay('k', head({}, { path: '/late' }), body);
    body.push('la');
    await new Promise((resolve) => relayed.once('readable', resolve));
    assert.equal(on.cache.purge(['/late']), 0);
    body.push('te');
    body.push(null);
    assert.equal(await text(relayed), 'late');
    assert.equal(on.cache.get('k'), undefined);
  });
});

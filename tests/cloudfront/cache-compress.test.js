import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import { describe, it } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { compressed } from '../../js/cloudfront/cache/compress.js';

const BODY = Buffer.from('compressible '.repeat(1_000));
const HEADERS = { 'content-type': 'text/html; charset=utf-8', 'content-length': `${BODY.length}` };
/** @type {any} */
const BOTH = { compress: true, cachePolicy: { gzip: true, brotli: true } };
/** @type {any} */
const GZIP = { compress: true, cachePolicy: { gzip: true, brotli: false } };

/**
 * Accept-Encoding, behavior, the encoding it leads to.
 *
 * @type {[string | undefined, any, 'br' | 'gzip' | undefined][]}
 */
const ACCEPTED = [
  ['gzip', BOTH, 'gzip'],
  ['br', BOTH, 'br'],
  ['gzip, deflate, br, zstd', BOTH, 'br'],
  ['GZIP;q=0.5, BR;q=0.1', BOTH, 'br'],
  ['br;q=0, gzip', BOTH, 'gzip'],
  ['br;q=0.000,gzip; q=0', BOTH, undefined],
  ['br, gzip', GZIP, 'gzip'],
  ['br', GZIP, undefined],
  ['deflate', BOTH, undefined],
  ['*', BOTH, undefined],
  ['identity', BOTH, undefined],
  ['xgzip, brx', BOTH, undefined],
  [undefined, BOTH, undefined],
  ['br, gzip', { ...BOTH, compress: false }, undefined],
  ['br, gzip', { compress: true, cachePolicy: { gzip: false, brotli: false } }, undefined],
];

describe('the viewer and the behavior decide on the encoding', () => {
  for (const [accept, behavior, expected] of ACCEPTED) {
    const { gzip, brotli } = behavior.cachePolicy;
    it(`${accept}, compress ${behavior.compress}, gzip ${gzip}, brotli ${brotli}`, async () => {
      const request = accept === undefined ? {} : map({ 'accept-encoding': accept });
      const head = { status: '200', headers: map(HEADERS) };
      const { headers, body } = compressed(request, behavior, head, BODY);
      assert.equal(headers['content-encoding']?.[0].value, expected);
      if (expected) {
        const bytes = await buffer(streamed(body));
        assert(bytes.length < BODY.length / 2);
        const decode = expected === 'br' ? brotliDecompressSync : gunzipSync;
        assert(decode(bytes).equals(BODY));
      } else {
        assert.equal(body, BODY);
        assert.deepEqual(headers, map(HEADERS));
      }
    });
  }
});

/**
 * Status, headers that differ from those of an answer that is compressed, and whether it still is.
 *
 * @type {[number, Record<string, string | undefined>, boolean][]}
 */
const CONDITIONS = [
  [200, {}, true],
  [403, {}, true],
  [404, {}, true],
  [206, {}, false],
  [301, {}, false],
  [500, {}, false],
  [200, { 'content-length': '999' }, false],
  [200, { 'content-length': '1000' }, true],
  [200, { 'content-length': '10000000' }, true],
  [200, { 'content-length': '10000001' }, false],
  [200, { 'content-length': 'many' }, false],
  [200, { 'content-length': undefined }, false],
  [200, { 'content-encoding': 'gzip' }, false],
  [200, { 'content-encoding': 'identity' }, false],
  [200, { 'content-type': 'application/json' }, true],
  [200, { 'content-type': 'Application/JSON;charset=utf-8' }, true],
  [200, { 'content-type': 'application/wasm' }, true],
  [200, { 'content-type': 'image/svg+xml' }, true],
  [200, { 'content-type': 'image/png' }, false],
  [200, { 'content-type': 'text/event-stream' }, false],
  [200, { 'content-type': 'application/ld+json' }, false],
  [200, { 'content-type': undefined }, false],
];

describe('the answer decides on whether it is compressed', () => {
  for (const [status, changes, expected] of CONDITIONS) {
    it(`${status} ${Object.entries(changes).flat().join(': ')} → ${expected}`, () => {
      const changed = Object.entries({ ...HEADERS, ...changes });
      const present = changed.filter(([, value]) => value !== undefined);
      const headers = map(Object.fromEntries(present));
      const { body } = compressed(
        map({ 'accept-encoding': 'gzip' }),
        BOTH,
        { status, headers },
        Buffer.alloc(1),
      );
      assert.equal(body instanceof Readable, expected);
      if (body instanceof Readable) body.destroy();
    });
  }

  it('an answer without a body is left as it is', () => {
    const head = { status: 200, headers: map(HEADERS) };
    const { headers, body } = compressed(map({ 'accept-encoding': 'br' }), BOTH, head, null);
    assert.equal(body, null);
    assert.equal(headers, head.headers);
  });
});

describe('headers of a compressed answer', () => {
  /** @param {Record<string, string>} more */
  const headersWith = (more) => {
    const head = { status: 200, headers: map({ ...HEADERS, ...more }) };
    const { headers, body } = compressed(map({ 'accept-encoding': 'gzip' }), BOTH, head, BODY);
    streamed(body).destroy();
    assert.deepEqual(head.headers, map({ ...HEADERS, ...more }));
    return headers;
  };

  /** @type {[string, string | undefined][]} */
  const etags = [
    ['"one"', 'W/"one"'],
    ['W/"one"', 'W/"one"'],
    ['one', undefined],
    ['"one', undefined],
    ['', undefined],
  ];
  for (const [etag, expected] of etags) {
    it(`ETag ${etag} becomes ${expected}`, () => {
      assert.equal(headersWith({ etag }).etag?.[0].value, expected);
    });
  }

  /** @type {[Record<string, string>, string][]} */
  const varies = [
    [{}, 'Accept-Encoding'],
    [{ vary: 'Origin' }, 'Origin, Accept-Encoding'],
    [{ vary: 'accept-encoding, origin' }, 'accept-encoding, origin'],
    [{ vary: '*' }, '*'],
  ];
  for (const [vary, expected] of varies) {
    it(`Vary ${vary.vary} becomes ${expected}`, () => {
      assert.equal(headersWith(vary).vary[0].value, expected);
    });
  }

  it('have no Content-Length', () => {
    assert.equal(headersWith({})['content-length'], undefined);
  });
});

describe('streams', () => {
  const request = map({ 'accept-encoding': 'br' });
  const head = { status: 200, headers: map(HEADERS) };

  it('are compressed as they pass', async () => {
    const { body } = compressed(request, BOTH, head, Readable.from([BODY]));
    assert(brotliDecompressSync(await buffer(streamed(body))).equals(BODY));
  });

  it('that break off break off for the reader too', async () => {
    const broken = new Readable({ read() {} });
    const { body } = compressed(request, BOTH, head, broken);
    broken.push(BODY);
    broken.destroy(new Error('broken off'));
    await assert.rejects(buffer(streamed(body)), /broken off/);
  });

  it('are let go when the reader is gone', { timeout: 10_000 }, async () => {
    const source = new Readable({ read() {} });
    const { body } = compressed(request, BOTH, head, source);
    streamed(body).destroy();
    await finished(source).catch(() => {});
    assert(source.destroyed);
  });
});

/** @param {Readable | Buffer | null} body */
function streamed(body) {
  assert(body instanceof Readable);
  return body;
}

/** @param {Record<string, string>} headers */
function map(headers) {
  const entries = Object.entries(headers).map(([key, value]) => [key, [{ key, value }]]);
  return Object.fromEntries(entries);
}

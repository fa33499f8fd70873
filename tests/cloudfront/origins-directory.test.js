/**
 * A directory as the bucket behind the distribution.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  API,
  BUCKET,
  apiOrigin,
  assertFails,
  bucketOrigin,
  bytesOf,
  folder,
  originRequest,
  originsOf,
  textOf,
  valuesOf,
} from './origin-servers.js';

/** @typedef {import('./origin-servers.js').Test} Test */

const OTHER = 'other.s3.us-east-1.amazonaws.com';
const FILES = {
  'index.html': '<h1>site</h1>',
  'app.js': 'let x;',
  'assets/a b.css': 'a{}',
  'assets/é.txt': 'e',
  'data.unknown': '0123456789',
  empty: '',
};

/**
 * @param {Test} test
 * @param {{ isPublic?: boolean }} [options]
 */
function site(test, { isPublic = false } = {}) {
  const root = folder(test, FILES);
  const outside = folder(test, { 'secret.txt': 'secret' });
  symlinkSync(join(outside, 'secret.txt'), join(root, 'link.txt'));
  const servers = { [BUCKET]: { directory: root, public: isPublic }, [OTHER]: root };
  const { fetch } = originsOf(test, { servers });
  /**
   * @param {string} uri
   * @param {Omit<NonNullable<Parameters<typeof originRequest>[0]>, 'uri'>} [asked]
   * @param {Parameters<typeof fetch>[1]} [behind]
   */
  const ask = (uri, asked, behind) => fetch(originRequest({ s3: {}, ...asked, uri }), behind);
  return { ask, root };
}

/** @param {Promise<import('./origin-servers.js').OriginResponse>} fetched */
const statusOf = async (fetched) => {
  const response = await fetched;
  await bytesOf(response);
  return response.status;
};

/** @param {import('./origin-servers.js').OriginResponse} response */
const isDenied = async (response) => {
  assert.deepEqual([response.status, response.statusDescription], [403, 'Forbidden']);
  assert.deepEqual(valuesOf(response, 'content-type'), ['application/xml']);
  assert.match(await textOf(response), /<Code>AccessDenied<\/Code>/);
};

describe('a directory as a bucket', { timeout: 30_000 }, () => {
  it('gives objects with what S3 says of them', async (test) => {
    const { ask } = site(test);
    /** @type {[string, string, string][]} */
    const cases = [
      ['/index.html', 'text/html', '<h1>site</h1>'],
      ['/app.js', 'text/javascript', 'let x;'],
      ['/assets/a%20b.css', 'text/css', 'a{}'],
      ['/assets/%C3%A9.txt', 'text/plain', 'e'],
      ['/data.unknown', 'binary/octet-stream', '0123456789'],
      ['/empty', 'binary/octet-stream', ''],
    ];
    for (const [uri, type, content] of cases) {
      const response = await ask(uri);
      assert.equal(response.status, 200, uri);
      assert.deepEqual(valuesOf(response, 'content-type'), [type]);
      assert.deepEqual(valuesOf(response, 'content-length'), [String(content.length)]);
      const md5 = createHash('md5').update(content).digest('hex');
      assert.deepEqual(valuesOf(response, 'etag'), [`"${md5}"`]);
      assert.deepEqual(valuesOf(response, 'accept-ranges'), ['bytes']);
      assert.deepEqual(valuesOf(response, 'server'), ['AmazonS3']);
      assert.equal(await textOf(response), content);
    }
  });

  it('puts the origin path before the uri, and ignores the query', async (test) => {
    const { ask } = site(test);
    const response = await ask('/a%20b.css', { s3: { path: '/assets' }, querystring: 'v=1' });
    assert.equal(await textOf(response), 'a{}');
    assert.equal(response.url, `https://${BUCKET}/assets/a%20b.css`);
  });

  const MISSING = [
    '/',
    '/missing.html',
    '/assets',
    '/assets/',
    '/index.html/',
    '//index.html',
    '/./index.html',
    '/assets/../index.html',
    '/%2e%2e/x',
    '/..%2findex.html',
    '/a%00b',
    '/%zz',
    '/link.txt',
  ];
  for (const uri of MISSING) {
    it(`S2: ${uri} is no key: 403, not 404`, async (test) => {
      await isDenied(await site(test).ask(uri));
    });
  }

  for (const method of ['PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS']) {
    it(`S2: ${method} is not allowed by the bucket policy`, async (test) => {
      await isDenied(await site(test).ask('/index.html', { method }));
    });
  }

  it('S2: refuses request headers over 8 KB', async (test) => {
    const { ask } = site(test);
    const statusFor = (/** @type {number} */ length) =>
      statusOf(ask('/index.html', { headers: { cookie: 'x'.repeat(length) } }));
    // With `cookie`, the colon, the space and the line end.
    assert.equal(await statusFor(8_192 - 10), 200);
    assert.equal(await statusFor(8_192 - 9), 400);
  });

  it('S1: a request that origin access control does not sign is refused', async (test) => {
    const { ask } = site(test);
    assert.equal(await statusOf(ask('/index.html')), 200);
    await isDenied(await ask('/index.html', { s3: { domainName: OTHER } }));
    for (const configured of [bucketOrigin({ access: 'none' }), apiOrigin()]) {
      await isDenied(await ask('/index.html', {}, { configured }));
    }
  });

  it('S1: an access identity signs where the event says so, other buckets too', async (test) => {
    const { ask } = site(test);
    const behind = { configured: bucketOrigin({ access: 'oai' }) };
    const s3 = { domainName: OTHER, authMethod: 'origin-access-identity' };
    assert.equal(await statusOf(ask('/index.html', { s3 }, behind)), 200);
    await isDenied(await ask('/index.html', { s3: { authMethod: 'none' } }, behind));
  });

  it('lets anybody read when it is public, and still lists nothing', async (test) => {
    const { ask } = site(test, { isPublic: true });
    const behind = { configured: bucketOrigin({ access: 'none' }) };
    assert.equal(await statusOf(ask('/index.html', {}, behind)), 200);
    await isDenied(await ask('/missing', {}, behind));
  });

  it('answers HEAD with the head of GET', async (test) => {
    const { ask } = site(test);
    const get = await ask('/index.html');
    const head = await ask('/index.html', { method: 'HEAD' });
    assert.equal(head.body, null);
    for (const name of ['content-type', 'content-length', 'etag', 'last-modified']) {
      assert.deepEqual(valuesOf(head, name), valuesOf(get, name), name);
    }
    assert.equal((await bytesOf(get)).length, 13);
    const missing = await ask('/missing', { method: 'HEAD' });
    assert.deepEqual([missing.status, missing.body], [403, null]);
  });

  it('answers conditional requests', async (test) => {
    const { ask } = site(test);
    const whole = await ask('/index.html');
    const [etag] = valuesOf(whole, 'etag');
    const [modified] = valuesOf(whole, 'last-modified');
    await textOf(whole);
    const epoch = new Date(0).toUTCString();
    /** @type {[Record<string, string>, number][]} */
    const cases = [
      [{ 'If-None-Match': etag }, 304],
      [{ 'If-None-Match': '"x"' }, 200],
      [{ 'If-Modified-Since': modified }, 304],
      [{ 'If-Modified-Since': epoch }, 200],
      [{ 'If-None-Match': '"x"', 'If-Modified-Since': modified }, 200],
      [{ 'If-Match': etag }, 200],
      [{ 'If-Match': '"x"' }, 412],
      [{ 'If-Unmodified-Since': epoch }, 412],
    ];
    for (const [headers, status] of cases) {
      const response = await ask('/index.html', { headers });
      assert.equal(response.status, status, JSON.stringify(headers));
      if (status === 304) assert.equal(response.body, null);
      if (status === 412) assert.match(await textOf(response), /<Code>PreconditionFailed</);
      else await textOf(response);
    }
  });

  it('answers ranges', async (test) => {
    const { ask } = site(test);
    /** @type {[string, number, string, string[]][]} */
    const cases = [
      ['bytes=2-4', 206, '234', ['bytes 2-4/10']],
      ['bytes=8-', 206, '89', ['bytes 8-9/10']],
      ['bytes=-3', 206, '789', ['bytes 7-9/10']],
      ['bytes=5-99', 206, '56789', ['bytes 5-9/10']],
      ['bytes=4-2', 200, '0123456789', []],
      ['lines=1-2', 200, '0123456789', []],
    ];
    for (const [range, status, content, contentRange] of cases) {
      const response = await ask('/data.unknown', { headers: { Range: range } });
      assert.equal(response.status, status, range);
      assert.deepEqual(valuesOf(response, 'content-range'), contentRange, range);
      assert.deepEqual(valuesOf(response, 'content-length'), [String(content.length)], range);
      assert.equal(await textOf(response), content, range);
    }
    const beyond = await ask('/data.unknown', { headers: { Range: 'bytes=10-' } });
    assert.deepEqual([beyond.status, valuesOf(beyond, 'content-range')], [416, ['bytes */10']]);
    assert.match(await textOf(beyond), /<Code>InvalidRange</);
  });

  it('has another ETag when the file has changed', async (test) => {
    const { ask, root } = site(test);
    const etag = async () => {
      const response = await ask('/index.html');
      await textOf(response);
      return valuesOf(response, 'etag')[0];
    };
    const before = await etag();
    assert.equal(await etag(), before);
    writeFileSync(join(root, 'index.html'), '<h1>SITE</h1>');
    utimesSync(join(root, 'index.html'), 2_000_000_000, 2_000_000_000);
    assert.notEqual(await etag(), before);
  });

  it('F2: an S3 origin is never a server of another kind', async (test) => {
    const { fetch } = originsOf(test, { servers: { [BUCKET]: 'http://127.0.0.1:9' } });
    const request = originRequest({ s3: {} });
    await assertFails(fetch(request), { kind: 'resolve', status: 502, attempts: 0 });
    const root = folder(test, FILES);
    const custom = originsOf(test, { servers: { [API]: root } });
    await assertFails(custom.fetch(originRequest()), { kind: 'resolve', status: 502, attempts: 0 });
  });
});

/**
 * An S3-compatible server as the bucket behind the distribution.
 */
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import {
  BUCKET,
  bucketOrigin,
  httpServer,
  originRequest,
  originsOf,
  textOf,
} from './origin-servers.js';

/**
 * @typedef {import('./origin-servers.js').Test} Test
 * @typedef {import('node:http').IncomingMessage} IncomingMessage
 */

const OTHER = 'other.s3.us-east-1.amazonaws.com';
const CREDENTIALS = { region: 'eu-west-1', accessKeyId: 'KEY', secretAccessKey: 'SECRET' };
const NOTHING = createHash('sha256').digest('hex');

/**
 * Origins in front of a server that keeps what it was sent.
 *
 * @param {Test} test
 * @param {{ isPublic?: boolean, status?: number }} [options]
 */
async function bucket(test, { isPublic = false, status = 200 } = {}) {
  /** @type {{ request: IncomingMessage, body: string }[]} */
  const seen = [];
  const endpoint = await httpServer(test, async (request, response) => {
    seen.push({ request, body: await text(request) });
    response.writeHead(status, { 'x-amz-version-id': '1' }).end('object');
  });
  const entry = { endpoint, bucket: 'local', ...CREDENTIALS, public: isPublic };
  const { fetch } = originsOf(test, { servers: { [BUCKET]: entry, [OTHER]: entry } });
  return { fetch, seen, host: new URL(endpoint).host };
}

describe('an S3-compatible endpoint', { timeout: 30_000 }, () => {
  it('is asked by path, with its own Host', async (test) => {
    const { fetch, seen, host } = await bucket(test);
    const request = originRequest({
      s3: { path: '/prefix' },
      uri: '/a%20b/c+d.txt',
      querystring: 'versionId=1&x=a%2Fb',
      headers: { Host: BUCKET, 'X-Two': ['1', '2'] },
    });
    const response = await fetch(request);
    assert.equal(await textOf(response), 'object');
    assert.equal(response.url, `https://${BUCKET}/prefix/a%20b/c+d.txt`);
    const [{ request: sent }] = seen;
    assert.equal(sent.url, '/local/prefix/a%20b/c+d.txt?versionId=1&x=a%2Fb');
    assert.equal(sent.headers.host, host);
    assert.equal(sent.headers['x-two'], '1, 2');
  });

  /** @type {[string, Parameters<typeof originRequest>[0]][]} */
  const SIGNED = [
    ['GET', { uri: '/index.html' }],
    ['HEAD', { method: 'HEAD', uri: '/index.html' }],
    ['a key to be encoded', { uri: '/a%20b/%C3%A9/(1)*.txt' }],
    ['a query', { uri: '/x', querystring: 'versionId=3&response-content-type=a%2Fb&acl' }],
    ["the viewer's Authorization in its place", { uri: '/x', headers: { Authorization: 'no' } }],
  ];
  for (const [what, asked] of SIGNED) {
    it(`S1: OAC signs every request: ${what}`, async (test) => {
      const { fetch, seen } = await bucket(test);
      await textOf(await fetch(originRequest({ s3: {}, ...asked })));
      const [{ request }] = seen;
      assert.equal(request.headers['x-amz-content-sha256'], NOTHING);
      assert.equal(request.headers.authorization, authorization(request));
    });
  }

  it('E8: is sent the custom headers', async (test) => {
    const { fetch, seen } = await bucket(test);
    const customHeaders = { 'x-secret': [{ key: 'X-Secret', value: 'ours' }] };
    const request = originRequest({ s3: { customHeaders }, headers: { 'X-Secret': 'theirs' } });
    await textOf(await fetch(request));
    assert.equal(seen[0].request.headers['x-secret'], 'ours');
  });

  it('S1: OAC signs a PUT without reading its body first', async (test) => {
    const { fetch, seen } = await bucket(test);
    for (const body of [Readable.from(['con', 'tent']), Buffer.from('content')]) {
      const request = originRequest({ s3: {}, method: 'PUT', uri: '/new' });
      await textOf(await fetch(request, { body }));
    }
    for (const { request, body } of seen) {
      assert.equal(body, 'content');
      assert.equal(request.headers['x-amz-content-sha256'], 'UNSIGNED-PAYLOAD');
      assert.equal(request.headers.authorization, authorization(request));
    }
    assert.equal(seen.length, 2);
  });

  it('S1: a bucket that a function switched to is not signed for: 403', async (test) => {
    const { fetch, seen } = await bucket(test);
    const response = await fetch(originRequest({ s3: { domainName: OTHER } }));
    assert.equal(response.status, 403);
    assert.match(await textOf(response), /<Code>AccessDenied</);
    assert.equal(seen.length, 0);
  });

  it('is asked without a signature only if it is public', async (test) => {
    const { fetch, seen } = await bucket(test, { isPublic: true });
    const configured = bucketOrigin({ access: 'none' });
    const response = await fetch(originRequest({ s3: {}, uri: '/x' }), { configured });
    assert.equal(await textOf(response), 'object');
    assert.equal(seen[0].request.headers.authorization, undefined);
    const closed = await bucket(test);
    const refused = await closed.fetch(originRequest({ s3: {}, uri: '/x' }), { configured });
    assert.deepEqual([refused.status, closed.seen.length], [403, 0]);
  });

  it('S2: a key it does not have is 403, not 404', async (test) => {
    const { fetch } = await bucket(test, { status: 404 });
    const response = await fetch(originRequest({ s3: {}, uri: '/missing' }));
    assert.equal(response.status, 403);
    assert.match(await textOf(response), /<Code>AccessDenied</);
    const deleted = await fetch(originRequest({ s3: {}, uri: '/missing', method: 'DELETE' }));
    assert.equal(deleted.status, 404);
    await textOf(deleted);
  });

  it('S2: request headers over 8 KB do not reach it', async (test) => {
    const { fetch, seen } = await bucket(test);
    const headers = { cookie: 'x'.repeat(8_192) };
    assert.equal((await fetch(originRequest({ s3: {}, headers }))).status, 400);
    assert.equal(seen.length, 0);
  });

  it('a path that is not percent-encoded does not reach it', async (test) => {
    const { fetch, seen } = await bucket(test);
    assert.equal((await fetch(originRequest({ s3: {}, uri: '/%zz' }))).status, 400);
    assert.equal(seen.length, 0);
  });

  it('is on this machine only', (test) => {
    const entry = { endpoint: 'http://s3.example.com', bucket: 'b', ...CREDENTIALS };
    assert.throws(() => originsOf(test, { servers: { [BUCKET]: entry } }), (error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, /s3\.example\.com.*allowed: http:\/\/127\.0\.0\.1/);
      assert.doesNotMatch(error.message, /SECRET/);
      return true;
    });
  });
});

/**
 * What `Authorization` must be, worked out from the request as it came, by the steps of "Signature
 * calculations for the Authorization header" (S3 API reference).
 *
 * @param {IncomingMessage} request
 */
function authorization({ method, url = '', headers }) {
  const [path, query = ''] = url.split('?');
  const date = String(headers['x-amz-date']);
  const names = ['host', 'x-amz-content-sha256', 'x-amz-date'];
  const canonical = [
    method,
    path.split('/').map((part) => encoded(decodeURIComponent(part))).join('/'),
    query === '' ? '' : query.split('&').map(parameter).sort().join('&'),
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    headers['x-amz-content-sha256'],
  ].join('\n');
  const scope = `${date.slice(0, 8)}/${CREDENTIALS.region}/s3/aws4_request`;
  const digest = createHash('sha256').update(canonical).digest('hex');
  const key = scope
    .split('/')
    .reduce(
      (secret, part) => createHmac('sha256', secret).update(part).digest(),
      /** @type {string | Buffer} */ (`AWS4${CREDENTIALS.secretAccessKey}`),
    );
  const signature = createHmac('sha256', key)
    .update(['AWS4-HMAC-SHA256', date, scope, digest].join('\n'))
    .digest('hex');
  return (
    `AWS4-HMAC-SHA256 Credential=${CREDENTIALS.accessKeyId}/${scope}, ` +
    `SignedHeaders=${names.join(';')}, Signature=${signature}`
  );
}

/** @param {string} pair */
function parameter(pair) {
  const [name, value = ''] = pair.split('=');
  return `${encoded(decodeURIComponent(name))}=${encoded(decodeURIComponent(value))}`;
}

/** @param {string} text all but the unreserved characters of RFC 3986 */
function encoded(text) {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * Origins: the site's bucket and the custom ones.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Origins } from '../../js/cloudfront/origins.js';
import { PASS, customOrigin, distribution, folder } from './world.js';

/** @typedef {{ after: (end: () => void | Promise<void>) => void }} Test */

describe('the bucket', { timeout: 60_000 }, () => {
  /** @param {Test} test */
  async function site(test) {
    const root = folder(test, {
      'index.html': '<h1>site</h1>',
      'app.js': 'let x;',
      'assets/a b.css': 'a{}',
      'data.unknown': '0123456789',
    });
    const outside = folder(test, { 'secret.txt': 'secret' });
    symlinkSync(join(outside, 'secret.txt'), join(root, 'link.txt'));
    return distribution(test, PASS, { site: root });
  }

  it('gives objects with their types', async (test) => {
    const { ask } = await site(test);
    /** @type {[string, string][]} */
    const cases = [
      ['/index.html', 'text/html'],
      ['/app.js', 'text/javascript'],
      ['/assets/a%20b.css', 'text/css'],
      ['/data.unknown', 'binary/octet-stream'],
    ];
    for (const [path, type] of cases) {
      const { status, headers } = await ask(path);
      assert.deepEqual([status, headers['content-type']], [200, type], path);
    }
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
  for (const path of MISSING) {
    it(`S2: ${path} is no key: 403, not 404`, async (test) => {
      const { ask } = await site(test);
      const { status, headers, text } = await ask(path);
      assert.equal(status, 403);
      assert.equal(headers['content-type'], 'application/xml');
      assert.match(text, /<Code>AccessDenied<\/Code>/);
    });
  }

  for (const method of ['PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS']) {
    it(`${method} is not allowed by the bucket policy`, async (test) => {
      const { ask } = await site(test);
      assert.equal((await ask('/index.html', { method })).status, 403);
    });
  }

  it('S2: refuses request headers over 8 KB', async (test) => {
    const behaviors = [
      { pattern: '*', origin: 'site', policy: /** @type {const} */ ('all-viewer-except-host') },
    ];
    const { ask } = await distribution(test, PASS, { behaviors });
    const { status, text } = await ask('/index.html', { headers: { cookie: 'x'.repeat(8_192) } });
    assert.equal(status, 400);
    assert.match(text, /RequestHeaderSectionTooLarge/);
  });

  it('HEAD has the head of GET', async (test) => {
    const { ask } = await site(test);
    const get = await ask('/index.html');
    const head = await ask('/index.html', { method: 'HEAD' });
    assert.equal(head.text, '');
    for (const name of ['content-type', 'content-length', 'etag', 'last-modified']) {
      assert.ok(get.headers[name], name);
      assert.equal(head.headers[name], get.headers[name], name);
    }
    assert.equal(get.headers['content-length'], String('<h1>site</h1>'.length));
  });

  it('answers conditional requests', async (test) => {
    const { ask } = await site(test);
    const { etag = '', 'last-modified': modified = '' } = (await ask('/index.html')).headers;
    const status = async (/** @type {Record<string, string>} */ headers) =>
      (await ask('/index.html', { headers })).status;
    assert.equal(await status({ 'If-None-Match': etag }), 304);
    assert.equal(await status({ 'If-None-Match': `"x", W/${etag}` }), 304);
    assert.equal(await status({ 'If-None-Match': '"x"' }), 200);
    assert.equal(await status({ 'If-Modified-Since': modified }), 304);
    assert.equal(await status({ 'If-Modified-Since': new Date(0).toUTCString() }), 200);
    assert.equal(await status({ 'If-None-Match': '"x"', 'If-Modified-Since': modified }), 200);
  });

  it('answers ranges', async (test) => {
    const { ask } = await site(test);
    const range = async (/** @type {string} */ value) => {
      const { status, text, headers } = await ask('/data.unknown', { headers: { Range: value } });
      return [status, status === 206 ? text : '', headers['content-range']];
    };
    assert.deepEqual(await range('bytes=2-4'), [206, '234', 'bytes 2-4/10']);
    assert.deepEqual(await range('bytes=8-'), [206, '89', 'bytes 8-9/10']);
    assert.deepEqual(await range('bytes=-3'), [206, '789', 'bytes 7-9/10']);
    assert.deepEqual(await range('bytes=5-99'), [206, '56789', 'bytes 5-9/10']);
    assert.equal((await range('bytes=10-'))[0], 416);
    assert.equal((await range('bytes=4-2'))[0], 200);
    assert.equal((await range('lines=1-2'))[0], 200);
  });

  it('S1: another bucket cannot be read', async (test) => {
    const source = `export async function handler(event) {
      const { config, request, response } = event.Records[0].cf;
      const other = 'other.s3.us-east-1.amazonaws.com';
      if (config.eventType === 'origin-request') request.origin.s3.domainName = other;
      return response ?? request;
    }`;
    const { ask } = await distribution(test, source);
    assert.equal((await ask('/index.html')).status, 502);
  });
});

describe('custom origins', { timeout: 60_000 }, () => {
  const HERE = 'here.execute-api.us-east-1.amazonaws.com';
  const THERE = 'there.execute-api.eu-west-1.amazonaws.com';

  /**
   * A server that answers with what it got.
   *
   * @param {Test} test
   * @param {string} name
   */
  async function echo(test, name) {
    const server = createServer(async (request, response) => {
      const hash = createHash('sha256');
      for await (const chunk of request) hash.update(chunk);
      const { method, url, headers } = request;
      response.writeHead(201, 'Made', {
        'x-two': ['1', '2'],
        'set-cookie': ['a=1', 'b=2'],
        connection: 'close',
      });
      response.end(JSON.stringify({ name, method, url, headers, body: hash.digest('hex') }));
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
    test.after(() => void server.close());
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    return `http://127.0.0.1:${port}`;
  }

  /**
   * @param {Test} test
   * @param {string} source
   * @param {object} [origin]
   */
  async function api(test, source, origin) {
    const hosts = { [HERE]: await echo(test, 'here'), [THERE]: await echo(test, 'there') };
    return distribution(test, source, {
      hosts,
      origins: { api: customOrigin(HERE, origin) },
      behaviors: [{ pattern: '/api/*', origin: 'api', policy: 'all-viewer-except-host' }],
    });
  }

  it('get path, query, Host, headers and custom headers', async (test) => {
    const customHeaders = { 'x-secret': [{ key: 'X-Secret', value: 's' }] };
    const { ask } = await api(test, PASS, { customHeaders });
    const { status, headers, json } = await ask('/api/x%20y?a=1&a=2', {
      headers: { 'x-two': ['1', '2'], cookie: 'c=1' },
    });
    assert.equal(status, 201);
    assert.equal(headers['x-two'], '1, 2');
    assert.deepEqual(headers['set-cookie'], ['a=1', 'b=2']);
    assert.equal(headers['x-cache'], 'Miss from cloudfront');
    const got = json();
    assert.equal(got.name, 'here');
    assert.equal(got.url, '/prod/api/x%20y?a=1&a=2');
    assert.equal(got.headers.host, HERE);
    assert.equal(got.headers['x-secret'], 's');
    assert.equal(got.headers['x-two'], '1, 2');
    assert.equal(got.headers.cookie, 'c=1');
    assert.equal(got.headers['x-amz-cf-id'], headers['x-amz-cf-id']);
  });

  it('W3: origin-request sends to another one', async (test) => {
    const source = `export async function handler(event) {
      const { config, request, response } = event.Records[0].cf;
      if (config.eventType === 'origin-request') {
        Object.assign(request.origin.custom, { domainName: '${THERE}', path: '/stage' });
        request.headers.host = [{ key: 'Host', value: '${THERE}' }];
      }
      return response ?? request;
    }`;
    const { decide } = await api(test, source);
    const { answer, decision } = await decide('/api/hello');
    const { name, url, headers } = answer.json();
    assert.deepEqual([name, url, headers.host], ['there', '/stage/api/hello', THERE]);
    assert.deepEqual(decision.origin, { kind: 'custom', domainName: THERE });
  });

  it('get the body as the viewer sent it, with and without its length', async (test) => {
    const { ask } = await api(test, PASS);
    const body = Buffer.alloc(3_000_000, 'nearhop');
    const digest = createHash('sha256').update(body).digest('hex');
    /** @type {[string, string][]} */
    const framings = [
      ['content-length', String(body.length)],
      ['transfer-encoding', 'chunked'],
    ];
    for (const [name, value] of framings) {
      const headers = { [name]: value };
      const got = (await ask('/api/x', { method: 'POST', headers, body })).json();
      assert.equal(got.body, digest, name);
      assert.equal(got.method, 'POST');
    }
  });

  it('HEAD and bodiless POST', async (test) => {
    const { ask } = await api(test, PASS);
    const head = await ask('/api/x', { method: 'HEAD' });
    assert.deepEqual([head.status, head.text], [201, '']);
    const post = await ask('/api/x', { method: 'POST' });
    assert.equal(post.json().body, createHash('sha256').digest('hex'));
  });

  it('F2: a configured name without address is 502 before origin-request runs', async (test) => {
    const source = `export async function handler(event) {
      const { config, request } = event.Records[0].cf;
      console.log(config.eventType);
      return request;
    }`;
    const { decide } = await distribution(test, source, {
      origins: { api: customOrigin('gone.example.test') },
      behaviors: [{ pattern: '/api/*', origin: 'api', policy: 'none' }],
    });
    const { answer, decision } = await decide('/api/x');
    assert.equal(answer.status, 502);
    assert.match(answer.text, /gone\.example\.test/);
    assert.deepEqual(
      decision.logs.map(({ line }) => line),
      ['viewer-request'],
    );
  });

  it('an origin nobody listens at is 502', async (test) => {
    const closed = createServer();
    await new Promise((resolve) => closed.listen(0, '127.0.0.1', () => resolve(undefined)));
    const { port } = /** @type {import('node:net').AddressInfo} */ (closed.address());
    await new Promise((resolve) => closed.close(resolve));
    const { ask } = await distribution(test, PASS, {
      origins: { api: customOrigin(HERE) },
      hosts: { [HERE]: `http://127.0.0.1:${port}` },
      behaviors: [{ pattern: '*', origin: 'api', policy: 'none' }],
    });
    assert.equal((await ask('/x')).status, 502);
  });

  it('F6: an origin that does not answer within readTimeout is 504', async (test) => {
    const silent = createServer(() => {});
    await new Promise((resolve) => silent.listen(0, '127.0.0.1', () => resolve(undefined)));
    test.after(() => {
      silent.closeAllConnections();
      silent.close();
    });
    const { port } = /** @type {import('node:net').AddressInfo} */ (silent.address());
    const { ask } = await distribution(test, PASS, {
      origins: { api: customOrigin(HERE, { readTimeout: 1 }) },
      hosts: { [HERE]: `http://127.0.0.1:${port}` },
      behaviors: [{ pattern: '*', origin: 'api', policy: 'none' }],
    });
    assert.equal((await ask('/x')).status, 504);
  });

  it('an answer that breaks off breaks off for the viewer', async (test) => {
    const breaking = createServer((_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('x', () => response.destroy());
    });
    await new Promise((resolve) => breaking.listen(0, '127.0.0.1', () => resolve(undefined)));
    test.after(() => void breaking.close());
    const { port } = /** @type {import('node:net').AddressInfo} */ (breaking.address());
    const { ask } = await distribution(test, PASS, {
      origins: { api: customOrigin(HERE) },
      hosts: { [HERE]: `http://127.0.0.1:${port}` },
      behaviors: [{ pattern: '/api/*', origin: 'api', policy: 'none' }],
    });
    await assert.rejects(ask('/api/x'), /aborted|ECONNRESET|socket hang up/);
    assert.equal((await ask('/index.html')).status, 200);
  });

  for (const url of [
    'https://127.0.0.1:1',
    'http://example.com',
    'http://0.0.0.0:1',
    'http://127.0.0.1.example.com',
  ]) {
    it(`are never outside this machine: ${url}`, () => {
      assert.throws(() => new Origins({ [HERE]: url }, {}), /allowed: http:\/\/127\.0\.0\.1/);
    });
  }
});

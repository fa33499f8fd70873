/**
 * Answers that functions make, what runs after them, and how answers are framed.
 */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { until } from './running.js';
import { PASS, distribution } from './serving.js';

const V = 'viewer-request';
const Q = 'origin-request';
const R = 'origin-response';
const W = 'viewer-response';
const CACHED = { DefaultTTL: 60 };

/** @type {import('node:http').RequestListener} */
const api = (_, response) => void response.end('api');

describe('answers made by functions', { timeout: 120_000 }, () => {
  it('G1: have status, description, headers and body, as text or base64', async (test) => {
    const { ask } = await distribution(test, {
      at: {
        [V]: `
          const headers = { 'x-a': [{ key: 'X-A', value: '1' }, { key: 'X-A', value: '2' }] };
          if (request.uri === '/text') {
            return { status: '299', statusDescription: 'Mine', headers, body: 'é' };
          }
          return { status: '200', headers, body: 'AP8=', bodyEncoding: 'base64' };`,
      },
      files: {},
    });
    const text = await ask('/text');
    assert.deepEqual([text.status, text.description, text.text], [299, 'Mine', 'é']);
    assert.equal(text.headers['x-a'], '1, 2');
    assert.equal(text.headers['content-length'], '2');
    assert.equal(text.headers['x-cache'], 'LambdaGeneratedResponse from cloudfront');
    assert.equal((await ask('/base64')).headers['content-length'], '2');
  });

  it('G1: of a status alone has no body', async (test) => {
    const at = { [V]: "return { status: '401' };" };
    const { ask } = await distribution(test, { at, files: {} });
    const { status, headers, text } = await ask('/');
    assert.deepEqual([status, headers['content-length'], text], [401, '0', '']);
  });

  it('G2: may be 40 KB at viewer-request and 1 MB at origin-request', async (test) => {
    const { ask } = await distribution(test, {
      at: {
        [V]: "return request.uri === '/v' ? { status: '200', body: 'x'.repeat(40960) } : request;",
        [Q]: "return { status: '200', body: 'x'.repeat(1048576) };",
      },
      api,
    });
    assert.equal((await ask('/v')).text.length, 40_960);
    assert.equal((await ask('/q')).text.length, 1_048_576);
  });

  it('G3: at viewer-request are not cached and skip all the other triggers', async (test) => {
    let count = 0;
    const { trace } = await distribution(test, {
      at: { ...PASS, [V]: "return { status: '200', body: 'made' };" },
      api: (_, response) => void response.end(String((count += 1))),
      cache: CACHED,
    });
    for (const _ of [1, 2]) {
      const { answer, ran, steps, record } = await trace('/');
      assert.deepEqual([answer.text, ran], ['made', [V]]);
      assert.deepEqual(steps, [V, `(${W})`], 'no look into the cache');
      assert.deepEqual(skipped(record, W), 'G3');
      assert.equal(answer.headers.age, undefined);
    }
    assert.equal(count, 0);
  });

  it('G3: a 204 has neither body nor length', async (test) => {
    const at = { [V]: "return { status: '204' };" };
    const { ask } = await distribution(test, { at, files: {} });
    const { status, headers, text } = await ask('/');
    assert.deepEqual([status, text], [204, '']);
    assert.equal(headers['content-length'], undefined);
    assert.equal(headers['transfer-encoding'], undefined);
  });

  it('G4: at origin-request are cached, and skip origin-response', async (test) => {
    const { trace } = await distribution(test, {
      at: {
        ...PASS,
        [Q]: `
          globalThis.count = (globalThis.count ?? 0) + 1;
          return { status: '200', body: 'made ' + count };`,
      },
      api,
      cache: CACHED,
    });
    const first = await trace('/');
    assert.deepEqual(first.steps, [V, 'miss', Q, `(${R})`, W]);
    assert.equal(skipped(first.record, R), 'G4');
    assert.equal(first.answer.headers['x-cache'], 'LambdaGeneratedResponse from cloudfront');
    const second = await trace('/');
    assert.deepEqual(second.steps, [V, 'hit', W]);
    assert.equal(second.answer.headers['x-cache'], 'Hit from cloudfront');
    for (const { answer } of [first, second]) {
      assert.deepEqual([answer.text, answer.headers['content-length']], ['made 1', '6']);
    }
  });

  it('G4: at origin-request are not cached with no-store', async (test) => {
    const { ask } = await distribution(test, {
      at: {
        [Q]: `
          globalThis.count = (globalThis.count ?? 0) + 1;
          const headers = { 'cache-control': [{ value: 'no-store' }] };
          return { status: '302', headers, body: String(count) };`,
      },
      api,
      cache: CACHED,
    });
    assert.deepEqual([(await ask('/')).text, (await ask('/')).text], ['1', '2']);
  });

  it('G5: viewer-response does not run when the origin answered 400 or above', async (test) => {
    const { trace } = await distribution(test, {
      at: {
        ...PASS,
        [R]: "if (request.uri === '/mended') response.status = '200'; return response;",
      },
      api: ({ url }, response) => {
        response.statusCode = url === '/fine' ? 399 : 400;
        response.end();
      },
    });
    assert.deepEqual((await trace('/fine')).ran, [V, Q, R, W]);
    for (const [path, status] of /** @type {const} */ ([['/broken', 400], ['/mended', 200]])) {
      const { answer, ran, record } = await trace(path);
      assert.deepEqual([answer.status, ran], [status, [V, Q, R]]);
      assert.equal(skipped(record, W), 'G5');
    }
  });

  it('put another body in place of the origin’s at origin-response, cached too', async (test) => {
    const { trace } = await distribution(test, {
      at: { [R]: "return { ...response, body: 'replaced' };" },
      api: (_, response) => {
        response.writeHead(200, { 'content-length': '1000', etag: '"1"' });
        response.end('x'.repeat(1_000));
      },
      cache: CACHED,
    });
    for (const step of ['miss', 'hit']) {
      const { answer, steps } = await trace('/');
      assert.ok(steps.includes(step));
      assert.deepEqual([answer.text, answer.headers['content-length']], ['replaced', '8']);
    }
  });

  it('cannot lie about the length of a body they leave', async (test) => {
    const { ask } = await distribution(test, {
      at: { [R]: "response.headers['content-length'] = [{ value: '1' }]; return response;" },
      api: (_, response) => {
        response.writeHead(200, { 'content-length': '5' });
        response.end('12345');
      },
    });
    const { headers, text } = await ask('/');
    assert.deepEqual([text, headers['content-length']], ['12345', '5']);
  });
});

describe('framing', { timeout: 120_000 }, () => {
  const FILE = { files: { 'a.txt': 'x'.repeat(5_000) }, cache: CACHED };

  it('HEAD has the head of GET, from the origin and from the cache', async (test) => {
    const { ask } = await distribution(test, FILE);
    const head = await ask('/a.txt', { method: 'HEAD' });
    const get = await ask('/a.txt');
    const cached = await ask('/a.txt', { method: 'HEAD' });
    assert.deepEqual([head.text, get.text.length, cached.text], ['', 5_000, '']);
    for (const name of ['content-type', 'content-length', 'etag', 'last-modified']) {
      assert.ok(get.headers[name], name);
      assert.equal(head.headers[name], get.headers[name], name);
      assert.equal(cached.headers[name], get.headers[name], name);
    }
    const seen = [head, get, cached].map(({ headers }) => headers['x-cache']);
    assert.deepEqual(seen, ['Miss', 'Miss', 'Hit'].map((word) => `${word} from cloudfront`));
  });

  it('304 has no body and no length, from the origin and from the cache', async (test) => {
    const { ask } = await distribution(test, FILE);
    const { etag = '' } = (await ask('/a.txt', { method: 'HEAD' })).headers;
    const headers = { 'If-None-Match': etag };
    const first = await ask('/a.txt', { headers });
    await ask('/a.txt');
    const second = await ask('/a.txt', { headers });
    for (const answer of [first, second]) {
      assert.deepEqual([answer.status, answer.text], [304, '']);
      assert.equal(answer.headers['content-length'], undefined);
      assert.equal(answer.headers.etag, etag);
    }
    assert.equal(second.headers['x-cache'], 'Hit from cloudfront');
  });

  it('ranges, from the origin and from the cache', async (test) => {
    const { ask } = await distribution(test, FILE);
    const headers = { Range: 'bytes=10-19' };
    const first = await ask('/a.txt', { headers });
    await ask('/a.txt');
    const second = await ask('/a.txt', { headers });
    for (const answer of [first, second]) {
      assert.deepEqual([answer.status, answer.text], [206, 'x'.repeat(10)]);
      assert.equal(answer.headers['content-range'], 'bytes 10-19/5000');
      assert.equal(answer.headers['content-length'], '10');
    }
    const beyond = await ask('/a.txt', { headers: { Range: 'bytes=5000-' } });
    assert.deepEqual([beyond.status, beyond.headers['content-length']], [416, '0']);
  });

  it('an empty object has length 0', async (test) => {
    const { ask } = await distribution(test, { files: { 'a.txt': '' }, cache: CACHED });
    for (const word of ['Miss', 'Hit']) {
      const { status, headers, text } = await ask('/a.txt');
      assert.deepEqual([status, headers['content-length'], text], [200, '0', '']);
      assert.equal(headers['x-cache'], `${word} from cloudfront`);
    }
  });

  it("one Date, the origin's", async (test) => {
    const date = 'Tue, 01 Jan 2030 00:00:00 GMT';
    const { url } = await distribution(test, {
      api: (_, response) => void response.setHeader('Date', date).end(),
    });
    const { headers } = await fetch(`http://127.0.0.1:${new URL(url).port}/`);
    assert.equal(headers.get('date'), date);
  });

  it('OPTIONS reaches the origin', async (test) => {
    const { ask } = await distribution(test, {
      api: ({ method }, response) => void response.setHeader('Allow', `${method}`).end(),
      cache: CACHED,
    });
    assert.equal((await ask('/', { method: 'OPTIONS' })).headers.allow, 'OPTIONS');
  });

  it('a body that nobody wants does not block the connection', async (test) => {
    const { url } = await distribution(test, {
      at: {
        [V]: "return request.uri === '/' ? request : { status: '403' };",
        [Q]: "return { status: '200', body: String(request.body.inputTruncated) };",
      },
      includeBody: true,
      api,
    });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    // What is left of the last body meets a closed connection.
    socket.on('error', () => {});
    test.after(() => void socket.destroy());
    let got = '';
    socket.setEncoding('utf8').on('data', (text) => (got += text));
    const body = 'x'.repeat(5_000_000);
    for (const path of ['/', '/refused', '/']) {
      const head = `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}`;
      socket.write(`${head}\r\n\r\n${body}`);
    }
    const statuses = () => [...got.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    await until(() => statuses().length === 3, 'three answers on one connection');
    assert.deepEqual(statuses(), ['200', '403', '200']);
  });
});

describe('http', { timeout: 120_000 }, () => {
  const HTTP = { 'x-nearhop-dev-proto': 'http', host: 'app.example.test' };

  it('F8: is sent on to https, and viewer-request does not run', async (test) => {
    const { trace } = await distribution(test, { at: PASS, api });
    const { answer, ran, record } = await trace('/a%20b?c=d', { headers: HTTP });
    assert.equal(answer.status, 301);
    assert.equal(answer.headers.location, 'https://app.example.test/a%20b?c=d');
    assert.equal(answer.headers['x-cache'], 'Redirect from cloudfront');
    assert.deepEqual(ran, []);
    assert.equal(skipped(record, V), 'F8');
    const post = await trace('/a', { method: 'POST', headers: HTTP, body: 'x' });
    assert.equal(post.answer.status, 307);
  });

  it('F8: is refused, or taken, where the behavior says so', async (test) => {
    const policy = (/** @type {string} */ ViewerProtocolPolicy) => ({ ViewerProtocolPolicy });
    const { ask } = await distribution(test, {
      api,
      standard: policy('allow-all'),
      behaviors: [{ PathPattern: '/private/*', ...policy('https-only') }],
    });
    assert.equal((await ask('/', { headers: HTTP })).text, 'api');
    assert.equal((await ask('/private/a', { headers: HTTP })).status, 403);
    assert.equal((await ask('/private/a')).text, 'api');
  });
});

/**
 * @param {import('./serving.js').TraceRecord} record
 * @param {string} trigger
 * @returns {string | null | undefined} the rule that skipped it
 */
function skipped({ steps }, trigger) {
  const step = steps.find((each) => each.kind === 'function' && each.trigger === trigger);
  return step?.kind === 'function' ? step.skipped?.rule : undefined;
}

/**
 * Custom error pages, and for how long errors are kept.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { refusingServer } from './origin-servers.js';
import { ALL_VIEWER_EXCEPT_HOST, PASS, distribution } from './serving.js';

const V = 'viewer-request';
const Q = 'origin-request';
const R = 'origin-response';
const W = 'viewer-response';

describe('custom error pages', { timeout: 120_000 }, () => {
  /** @param {object[]} pages */
  const pages = (...pages) => ({ config: { CustomErrorResponses: pages } });
  const MISSING = { ErrorCode: 403, ResponsePagePath: '/errors/403.html', ResponseCode: 404 };
  const FILES = { 'errors/403.html': 'page', 'index.html': 'index' };

  it('F8: take the place of an error, and viewer-request does not run for them', async (test) => {
    const { trace } = await distribution(test, { at: PASS, files: FILES, ...pages(MISSING) });
    const { answer, steps } = await trace('/missing');
    assert.deepEqual([answer.status, answer.text], [404, 'page']);
    assert.equal(answer.headers['x-cache'], 'Error from cloudfront');
    assert.deepEqual(steps, [V, 'miss', Q, 'site', R, 'miss', Q, 'site', R, `(${W})`]);
    const plain = await trace('/index.html');
    assert.deepEqual([plain.answer.status, plain.answer.text], [200, 'index']);
  });

  it('F7: are asked for without what viewer-request added', async (test) => {
    const { trace } = await distribution(test, {
      at: {
        [V]: "request.headers['x-added'] = [{ value: '1' }]; return request;",
        [Q]: `
          const { uri, headers } = request;
          console.log(uri, 'x-added' in headers, headers['x-own']?.[0].value);
          return request;`,
      },
      files: FILES,
      forward: ALL_VIEWER_EXCEPT_HOST,
      ...pages(MISSING),
    });
    const { record } = await trace('/missing', { headers: { 'X-Own': 'kept' } });
    const logs = record.steps.flatMap((step) => (step.kind === 'function' ? step.logs : []));
    assert.deepEqual(logs, ['/missing true kept', '/errors/403.html false kept']);
  });

  it('F8: are chosen by the behavior of their own path', async (test) => {
    const { trace } = await distribution(test, {
      api: (_, response) => void response.writeHead(500).end('broken'),
      files: FILES,
      behaviors: [{ PathPattern: '/errors/*', TargetOriginId: 'site' }],
      ...pages({ ErrorCode: 500, ResponsePagePath: '/errors/403.html', ResponseCode: 500 }),
    });
    const { answer, steps } = await trace('/a');
    assert.deepEqual([answer.status, answer.text], [500, 'page']);
    assert.deepEqual(steps, ['miss', 'api', 'miss', 'site']);
  });

  it('F8: are whole, whatever the viewer asked for', async (test) => {
    const { ask: get } = await distribution(test, { files: FILES, ...pages(MISSING) });
    for (const [name, value] of [
      ['Range', 'bytes=0-1'],
      ['If-None-Match', '*'],
      ['If-Modified-Since', new Date().toUTCString()],
    ]) {
      const headers = { [name]: value };
      const { status, text } = await get('/missing', { headers });
      assert.deepEqual([status, text], [404, 'page']);
    }
    const head = await get('/missing', { method: 'HEAD' });
    assert.deepEqual([head.status, head.headers['content-length']], [404, '4']);
  });

  it('F8: are got with GET and without a body, whatever the viewer sent', async (test) => {
    const { ask: get } = await distribution(test, {
      files: FILES,
      api: async (request, response) => {
        let size = 0;
        for await (const chunk of request) size += chunk.length;
        response.end(`${request.method} ${size} ${request.headers['content-type']}`);
      },
      standard: { TargetOriginId: 'site' },
      behaviors: [{ PathPattern: '/errors/*', TargetOriginId: 'api' }],
      ...pages(MISSING),
    });
    const headers = { 'content-type': 'text/plain' };
    const { status, text } = await get('/missing', { method: 'POST', headers, body: 'a form' });
    assert.deepEqual([status, text], [404, 'GET 0 undefined']);
  });

  it('that are missing themselves give the status of their own origin', async (test) => {
    const { ask: get } = await distribution(test, {
      api: (_, response) => void response.writeHead(500).end('broken'),
      files: {},
      behaviors: [{ PathPattern: '/errors/*', TargetOriginId: 'site' }],
      ...pages({ ErrorCode: 500, ResponsePagePath: '/errors/403.html', ResponseCode: 500 }),
    });
    const { status, text } = await get('/a');
    assert.equal(status, 403);
    assert.match(text, /AccessDenied/);
  });

  it('also stand for an origin that cannot be reached', async (test) => {
    const { ask: get } = await distribution(test, {
      api: await refusingServer(test),
      files: FILES,
      behaviors: [{ PathPattern: '/errors/*', TargetOriginId: 'site' }],
      ...pages({ ErrorCode: 502, ResponsePagePath: '/errors/403.html', ResponseCode: 503 }),
    });
    const { status, text } = await get('/a');
    assert.deepEqual([status, text], [503, 'page']);
  });

  it('F1: do not stand for a function that fails', async (test) => {
    const { ask: get } = await distribution(test, {
      at: { [Q]: 'throw 1;' },
      files: FILES,
      ...pages({ ErrorCode: 503, ResponsePagePath: '/index.html', ResponseCode: 200 }),
    });
    assert.equal((await get('/missing')).status, 503);
  });

  it('S3: count for the whole distribution, the API’s errors too', async (test) => {
    const { ask: get } = await distribution(test, {
      api: ({ method }, response) => {
        response.writeHead(404, { 'content-type': 'application/json' });
        response.end(`{"error":"no such note","method":"${method}"}`);
      },
      files: FILES,
      standard: { TargetOriginId: 'site' },
      behaviors: [{ PathPattern: '/api/*', TargetOriginId: 'api' }],
      ...pages(
        { ErrorCode: 404, ResponsePagePath: '/index.html', ResponseCode: 200 },
        { ErrorCode: 403, ResponsePagePath: '/index.html', ResponseCode: 200 },
      ),
    });
    assert.equal((await get('/deep/link')).text, 'index');
    for (const method of ['GET', 'POST']) {
      const { status, text } = await get('/api/notes/1', { method });
      assert.deepEqual([status, text], [200, 'index'], method);
    }
  });

  it('errors are kept for ErrorCachingMinTTL, 0 seconds too', async (test) => {
    let count = 0;
    const { ask: get } = await distribution(test, {
      api: ({ url }, response) => {
        count += 1;
        response.writeHead(url === '/gone' ? 404 : 500).end(String(count));
      },
      cache: {},
      ...pages({ ErrorCode: 404, ErrorCachingMinTTL: 0 }),
    });
    assert.deepEqual([(await get('/gone')).text, (await get('/gone')).text], ['1', '2']);
    // 10 s unless said.
    assert.deepEqual([(await get('/a')).text, (await get('/a')).text], ['3', '3']);
  });
});

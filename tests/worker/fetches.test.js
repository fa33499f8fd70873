// Fetches: what a worker gets to know of them, and how many are made. Every server is of this test,
// on 127.0.0.1.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, beforeEach, describe, it } from 'node:test';

import { FetchFault } from '../../worker/js/worker.mjs';
import { buildUnruly, requestFor, start } from './load.js';

/** @type {import('./load.js').Built} */
let unruly;
/** @type {ReturnType<typeof start>} */
let handle;
/** Requests the server saw, as `METHOD path`. @type {string[]} */
let seen;
/** @type {string} */
let origin;
const server = createServer(answer);

before(async () => {
  unruly = await buildUnruly();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  origin = `http://127.0.0.1:${port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  handle = start(unruly);
  seen = [];
});

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
function answer({ method, url = '', headers }, response) {
  seen.push(`${method} ${url}`);
  switch (url.split('?')[0]) {
    case '/keys':
      return response.end('{"keys":[]}');
    case '/accept':
      return response.end(headers.accept);
    case '/empty':
      return response.end();
    case '/most':
      return response.end('x'.repeat(1_000));
    case '/too-large':
      return response.end('x'.repeat(1_001));
    case '/endless':
      return void endless(response);
    case '/redirect':
      return response.writeHead(302, { location: '/keys' }).end('{}');
    case '/not-modified':
      return response.writeHead(304).end();
    case '/no-content':
      return response.writeHead(204).end();
    case '/silent':
      return; // The client gives up.
    case '/stalled':
      return void response.write('{"keys":');
    case '/cut':
      response.writeHead(200, { 'content-length': 100 }).write('x');
      return void setImmediate(() => response.destroy());
    default:
      return response.writeHead(404).end('not found');
  }
}

/** @param {import('node:http').ServerResponse} response */
function endless(response) {
  const chunk = 'x'.repeat(64 * 1_024);
  const more = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', more);
  more();
}

/** What the worker got to know. @param {string} path */
async function fetched(path) {
  const { result } = await handle(requestFor(`/fetch?${origin}${path}`));
  assert.equal(result.status, '200');
  return result.body;
}

describe('a worker gets', () => {
  for (const [path, brought] of [
    ['/keys', '11 bytes: {"keys":[]}'],
    ['/accept', '16 bytes: application/json'],
    ['/empty', '0 bytes: '],
    ['/most', `1000 bytes: ${'x'.repeat(1_000)}`],
    ['/too-large', 'too large'],
    ['/endless', 'too large'],
    ['/redirect', 'status 302: '],
    ['/not-modified', 'status 304: '],
    ['/no-content', 'status 204: '],
    ['/missing', 'status 404: '],
    ['/silent', 'unreachable'],
    ['/stalled', 'unreachable'],
    ['/cut', 'unreachable'],
  ]) {
    it(`of ${path}: ${brought.slice(0, 30)}`, async () => {
      assert.equal(await fetched(path), brought);
      assert.deepEqual(seen, [`GET ${path}`]);
    });
  }

  it('of a server that is not there: unreachable', async () => {
    const gone = createServer();
    await new Promise((resolve) => gone.listen(0, '127.0.0.1', () => resolve(undefined)));
    const { port } = /** @type {import('node:net').AddressInfo} */ (gone.address());
    await new Promise((resolve) => gone.close(resolve));
    const { result } = await handle(requestFor(`/fetch?http://127.0.0.1:${port}/`));
    assert.equal(result.body, 'unreachable');
  });

  it('of what is no URL: unreachable', async () => {
    for (const url of ['', 'nothing', 'http://', 'http://127.0.0.1:99999/']) {
      assert.equal((await handle(requestFor(`/fetch?${url}`))).result.body, 'unreachable');
    }
  });
});

describe('fetches are made', () => {
  it('once for all events that wait for the same', async () => {
    const targets = Array.from({ length: 20 }, () => `/fetch?${origin}/keys`);
    const all = await Promise.all(targets.map((target) => handle(requestFor(target))));
    for (const { result } of all) assert.equal(result.body, '11 bytes: {"keys":[]}');
    assert.deepEqual(seen, ['GET /keys']);
  });

  it('once for all, when it fails too', async () => {
    const targets = Array.from({ length: 20 }, () => `/fetch?${origin}/silent`);
    const all = await Promise.all(targets.map((target) => handle(requestFor(target))));
    for (const { result } of all) assert.equal(result.body, 'unreachable');
    assert.deepEqual(seen, ['GET /silent']);
  });

  it('each for itself, when they are not the same', async () => {
    const paths = ['/keys', '/missing', '/most'];
    const all = await Promise.all(
      paths.map((path) => handle(requestFor(`/fetch?${origin}${path}`))),
    );
    assert.deepEqual(
      all.map(({ result }) => result.body.slice(0, 10)),
      ['11 bytes: ', 'status 404', '1000 bytes'],
    );
    assert.deepEqual(seen.sort(), paths.map((path) => `GET ${path}`).sort());
  });

  it('not while other events are kept waiting', async () => {
    let answered = false;
    const waiting = handle(requestFor(`/fetch?${origin}/silent`)).finally(() => (answered = true));
    assert.equal((await handle(requestFor('/count'))).result.body, '2');
    assert.equal(answered, false);
    assert.equal((await waiting).result.body, 'unreachable');
  });

  it('four times for one event, and then it is answered 500', async () => {
    const { result, log } = await handle(requestFor(`/fetch/never-content?${origin}/keys`));
    assert.equal(result.status, '500');
    assert.equal(result.headers['cache-control'][0].value, 'no-store');
    assert.deepEqual(log, ['cloudfront-worker: more than 4 fetches for one event']);
    assert.deepEqual(seen, Array(4).fill('GET /keys'));
    assert.equal((await handle(requestFor('/count'))).result.status, '200');
  });
});

describe('a trap', () => {
  it('while a fetch is recorded: 500 for each that waited, and a fresh start', async () => {
    const target = `/fetch/record-panics?${origin}/keys`;
    const all = await Promise.all([target, target].map((uri) => handle(requestFor(uri))));
    for (const { result } of all) assert.equal(result.status, '500');
    assert.deepEqual(seen, ['GET /keys']);
    assert.equal((await handle(requestFor('/count'))).result.body, '1');
  });

  it('of another event while one waits: it is asked again, and fetches again', async () => {
    const waiting = handle(requestFor(`/fetch?${origin}/silent`));
    assert.equal((await handle(requestFor('/trap/panic'))).result.status, '500');
    assert.equal((await waiting).result.body, 'unreachable');
    assert.deepEqual(seen, ['GET /silent', 'GET /silent']);
  });

  it('while one waits: what was fetched for the old instance is not given to the new', async () => {
    const waiting = handle(requestFor(`/fetch?${origin}/silent`));
    await handle(requestFor('/trap/panic'));
    // The first fetch of the new instance, with the tag the first of the old one had.
    assert.equal(await fetched('/keys'), '11 bytes: {"keys":[]}');
    await waiting;
    assert.equal(await fetched('/keys'), '11 bytes: {"keys":[]}');
  });
});

describe('a fetch of the caller', () => {
  it('is given the URL and the limits, and its faults are told apart', async () => {
    /** @type {unknown[]} */
    const asked = [];
    /** @type {Record<string, () => Promise<Uint8Array>>} */
    const answers = {
      a: async () => Buffer.from('bytes'),
      b: () => Promise.reject(new FetchFault(503)),
      c: () => Promise.reject(new FetchFault('tooLarge')),
      d: () => Promise.reject(new FetchFault('unreachable')),
      e: () => Promise.reject(new Error('of another kind')),
      f: () => {
        throw new Error('at once');
      },
    };
    handle = start(unruly, {
      get: (get) => {
        asked.push(get);
        return answers[get.url]();
      },
    });
    const brought = [];
    for (const url of Object.keys(answers)) {
      brought.push((await handle(requestFor(`/fetch?${url}`))).result.body);
    }
    assert.deepEqual(brought, [
      '5 bytes: bytes',
      'status 503: ',
      'too large',
      'unreachable',
      'unreachable',
      'unreachable',
    ]);
    assert.deepEqual(asked[1], {
      tag: 1,
      url: 'b',
      timeoutMs: 500,
      maxBytes: 1_000,
      retries: 0,
      post: undefined,
    });
  });
});

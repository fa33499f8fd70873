// Asides: what a worker gets without holding up an answer. Every server is of this test, on
// 127.0.0.1.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, beforeEach, describe, it } from 'node:test';

import { buildUnruly, eventOf, requestFor, start } from './load.js';

/** @typedef {{ status: number, etag?: string, body?: string }} Document */

/** @type {import('./load.js').Built} */
let unruly;
/** @type {ReturnType<typeof start>} */
let handle;
/** What the server answers; left out, it answers nothing. @type {Document | undefined} */
let document;
/** The `If-None-Match` of each request the server saw. @type {(string | undefined)[]} */
let seen;
/** The method of each. @type {(string | undefined)[]} */
let methods;
/** Answers that are held back. @type {(() => void)[]} */
let held;
/** Whether answers are to be held back. */
let holds = false;
/** Promises that were rejected with nobody to hear of it. @type {unknown[]} */
const unheard = [];
/** @type {string} */
let url;
const server = createServer(({ method, headers }, response) => {
  methods.push(method);
  seen.push(headers['if-none-match']);
  const answer = () => {
    if (!document) return;
    const { status, etag, body } = document;
    response.writeHead(status, etag === undefined ? {} : { etag }).end(body);
  };
  if (holds) held.push(answer);
  else answer();
});
const hear = (/** @type {unknown} */ reason) => void unheard.push(reason);

before(async () => {
  process.on('unhandledRejection', hear);
  unruly = await buildUnruly();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  url = `http://127.0.0.1:${port}/control`;
});
after(() => {
  process.off('unhandledRejection', hear);
  server.closeAllConnections();
  server.close();
  assert.deepEqual(unheard, []);
});
beforeEach(() => {
  handle = start(unruly);
  document = { status: 200, body: 'bytes' };
  seen = [];
  methods = [];
  held = [];
  holds = false;
});

/** What the worker has been given beside its answers, when it is so much. @param {number} count */
async function given(count) {
  for (;;) {
    const { result } = await handle(requestFor('/aside/seen'));
    const list = result.body === '' ? [] : result.body.split(', ');
    if (list.length >= count) return list;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const ask = () => handle(requestFor(`/aside?${url}`));

describe('an aside', () => {
  it('holds no answer up, and what it brings is given later', async () => {
    holds = true;
    assert.equal((await ask()).result.body, 'at once');
    assert.deepEqual(await given(0), []);
    while (held.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    held[0]();
    assert.deepEqual(await given(1), ['5 bytes: bytes']);
  });

  it('goes beside a request that goes on, too', async () => {
    const event = eventOf('origin-request', ({ request }) => {
      request.uri = '/aside/forward';
      request.querystring = url;
    });
    assert.equal((await handle(event)).result.uri, '/aside/forward');
    assert.deepEqual(await given(1), ['5 bytes: bytes']);
  });

  it('is under way once', async () => {
    holds = true;
    for (let times = 0; times < 20; times += 1) await ask();
    while (held.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    held[0]();
    await given(1);
    holds = false;
    await ask();
    assert.deepEqual(await given(2), ['5 bytes: bytes', '5 bytes: bytes']);
    assert.equal(seen.length, 2);
  });

  it('that fails is told as a fetch is', async () => {
    /** @type {[Document | undefined, string][]} */
    const failures = [
      [{ status: 404, body: 'text' }, 'status 404: '],
      [{ status: 302 }, 'status 302: '],
      [{ status: 304 }, 'status 304: '],
      [{ status: 200, body: 'x'.repeat(1_001) }, 'too large'],
      [undefined, 'unreachable'],
    ];
    for (const [index, [answer, said]] of failures.entries()) {
      document = answer;
      assert.equal((await ask()).result.body, 'at once');
      assert.equal((await given(index + 1))[index], said);
    }
  });

  it('is tried once, whatever the worker asks for', async () => {
    document = { status: 503 };
    await handle(requestFor(`/aside?${url} 2`));
    assert.deepEqual(await given(1), ['status 503: ']);
    assert.equal(seen.length, 1);
  });

  it('may post a form, which is not revalidated', async () => {
    document = { status: 200, etag: '"one"', body: 'bytes' };
    await ask();
    await given(1);
    await handle(requestFor(`/aside?${url} 0 token=a`));
    await given(2);
    document = { status: 200, etag: '"one"', body: 'others' };
    await handle(requestFor(`/aside?${url} 0 token=a`));
    assert.deepEqual((await given(3)).slice(1), ['5 bytes: bytes', '6 bytes: others']);
    assert.deepEqual(methods, ['GET', 'POST', 'POST']);
    assert.deepEqual(seen, [undefined, undefined, undefined]);
  });

  it("writes the worker's line to the log when it is recorded", async () => {
    /** @type {string[]} */
    const log = [];
    handle = start(unruly, { log: (line) => log.push(line) });
    document = { status: 200, body: 'two\nlines' };
    await ask();
    await given(1);
    assert.deepEqual(log, ['aside: 9 bytes: two lines']);
  });

  it('may fail before there is an answer, and leaves the answer as it is', async () => {
    const get = () => {
      throw new Error('at once');
    };
    handle = start(unruly, { get });
    assert.equal((await ask()).result.body, 'at once');
    assert.deepEqual(await given(1), ['unreachable']);
  });
});

describe('what was got before', () => {
  it('is asked after by its validator, and need not come again', async () => {
    document = { status: 200, etag: '"one"', body: 'bytes' };
    await ask();
    await given(1);
    document = { status: 304, etag: '"one"' };
    await ask();
    assert.deepEqual(await given(2), ['5 bytes: bytes', 'not modified']);
    document = { status: 200, etag: 'W/"two"', body: 'others' };
    await ask();
    await given(3);
    await ask();
    assert.equal((await given(4))[3], '6 bytes: others');
    assert.deepEqual(seen, [undefined, '"one"', '"one"', 'W/"two"']);
  });

  it('without a validator comes again', async () => {
    document = { status: 200, etag: '"one"', body: 'bytes' };
    await ask();
    await given(1);
    document = { status: 200, body: 'bytes' };
    await ask();
    await given(2);
    await ask();
    await given(3);
    assert.deepEqual(seen, [undefined, '"one"', undefined]);
  });

  it('too large or failed leaves the validator of what is held', async () => {
    document = { status: 200, etag: '"one"', body: 'bytes' };
    await ask();
    await given(1);
    document = { status: 200, etag: '"large"', body: 'x'.repeat(1_001) };
    await ask();
    await given(2);
    document = { status: 503, etag: '"failed"' };
    await ask();
    await given(3);
    await ask();
    await given(4);
    assert.deepEqual(seen, [undefined, '"one"', '"one"', '"one"']);
  });

  it('is unknown to an instance that took the place of a trapped one', async () => {
    document = { status: 200, etag: '"one"', body: 'bytes' };
    await ask();
    await given(1);
    assert.equal((await handle(requestFor('/trap/panic'))).result.status, '500');
    await ask();
    assert.deepEqual(await given(1), ['5 bytes: bytes']);
    assert.deepEqual(seen, [undefined, undefined]);
  });

  it('is not revalidated where an answer waits for the bytes', async () => {
    document = { status: 200, etag: '"one"', body: 'bytes' };
    await ask();
    await given(1);
    assert.equal((await handle(requestFor(`/fetch?${url}`))).result.body, '5 bytes: bytes');
    assert.deepEqual(seen, [undefined, undefined]);
  });
});

describe('an aside', () => {
  it('begins when the answer has been handed over', async () => {
    let begun = 0;
    handle = start(unruly, { get: async () => ((begun += 1), Buffer.from('')) });
    await ask();
    assert.equal(begun, 0);
    await turn();
    assert.equal(begun, 1);
  });

  it('of an instance that has trapped since is not performed', async () => {
    let begun = 0;
    handle = start(unruly, { get: async () => ((begun += 1), Buffer.from('')) });
    const answered = [handle(requestFor(`/aside?${url}`)), handle(requestFor('/trap/panic'))];
    const [{ result }, trapped] = await Promise.all(answered);
    assert.deepEqual([result.body, trapped.result.status], ['at once', '500']);
    await turn();
    assert.equal(begun, 0);
  });
});

/** Once around Node's event loop. */
function turn() {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('a trap', () => {
  it('while an aside is recorded: a log line, and a worker that starts afresh', async () => {
    /** @type {string[]} */
    const log = [];
    handle = start(unruly, { log: (line) => log.push(line) });
    const { result } = await handle(requestFor(`/aside/record-panics?${url}`));
    assert.equal(result.body, 'at once');
    while (log.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.match(log[0], /^cloudfront-worker: trap: /);
    assert.equal((await handle(requestFor('/count'))).result.body, '1');
  });

  it('while one is under way: what it brings is not given to the new instance', async () => {
    /** @type {((bytes: Uint8Array) => void)[]} */
    const bring = [];
    handle = start(unruly, { get: () => new Promise((resolve) => bring.push(resolve)) });
    await ask();
    await turn();
    await handle(requestFor('/trap/panic'));
    await ask();
    await turn();
    assert.equal(bring.length, 1, 'one is under way still');
    bring[0](Buffer.from('for the old one'));
    await turn();
    await ask();
    await turn();
    bring[1](Buffer.from('for the new one'));
    assert.deepEqual(await given(1), ['15 bytes: for the new one']);
  });
});

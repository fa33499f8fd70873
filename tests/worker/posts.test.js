// Forms that a worker posts, retries and entropy. Every server is of this test, on 127.0.0.1.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, beforeEach, describe, it } from 'node:test';

import { buildUnruly, requestFor, start } from './load.js';

/** @typedef {import('node:http').IncomingMessage} Request */
/** @typedef {import('node:http').ServerResponse} Response */
/** @typedef {{ method?: string, headers: Request['headers'], body: string }} Seen */
/** @typedef {(response: Response, seen: Seen) => void} Answer */

/** @type {import('./load.js').Built} */
let unruly;
/** @type {ReturnType<typeof start>} */
let handle;
/** Every line of the log. @type {string[]} */
let lines;
/** What the server saw. @type {Seen[]} */
let seen;
/** How it answers one request after another; the last for all that follow. @type {Answer[]} */
let answers;
/** @type {string} */
let url;
const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  const { method, headers } = request;
  const answer = answers[Math.min(seen.length, answers.length - 1)];
  seen.push({ method, headers, body });
  answer(response, { method, headers, body });
});

before(async () => {
  unruly = await buildUnruly();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  url = `http://127.0.0.1:${port}/token`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  [lines, seen, answers] = [[], [], [ok]];
  handle = start(unruly, { log: (line) => lines.push(line) });
});

/** @type {Answer} */
const ok = (response) => void response.end('brought');
/** @type {Answer} */
const echo = (response, { body }) => void response.end(body);
/** @type {Answer} */
const reset = (response) => void response.destroy();
/** @type {Answer} */
const silent = () => {};
/** @type {Answer} */
const cut = (response) => {
  response.writeHead(200, { 'content-length': 100 }).write('x');
  setImmediate(() => response.destroy());
};

/** @param {number} code @param {string} [body] @returns {Answer} */
function status(code, body) {
  return (response) => void response.writeHead(code).end(body);
}

/**
 * What the worker got to know of a fetch.
 *
 * @param {string} rest  as for `/fetch` of the worker: ` RETRIES FORM AUTHORIZATION`
 */
async function fetched(rest) {
  const { result } = await handle(requestFor(`/fetch?${url}${rest}`));
  assert.equal(result.status, '200');
  return result.body;
}

describe('a form', () => {
  it('is posted as one', async () => {
    answers = [echo];
    assert.equal(await fetched(' 0 code=a%20b&c=d'), '14 bytes: code=a%20b&c=d');
    const [{ method, headers, body }] = seen;
    assert.deepEqual([method, body], ['POST', 'code=a%20b&c=d']);
    assert.equal(headers['content-type'], 'application/x-www-form-urlencoded');
    assert.equal(headers.accept, 'application/json');
    assert.equal(headers.authorization, undefined);
  });

  it("takes the client's credentials with it", async () => {
    await fetched(' 0 a=1 Basic Y2xpZW50OnNlY3JldA==');
    assert.equal(seen[0].headers.authorization, 'Basic Y2xpZW50OnNlY3JldA==');
  });

  it('may be empty', async () => {
    assert.equal(await fetched(' 0 '), '7 bytes: brought');
    assert.deepEqual([seen[0].method, seen[0].body], ['POST', '']);
  });

  it('brings what is said with another status than 200, up to the size allowed', async () => {
    answers = [status(400, '{"error":"invalid_grant"}')];
    assert.equal(await fetched(' 2 code=1'), 'status 400: {"error":"invalid_grant"}');
    answers = [status(401, 'x'.repeat(100_000))];
    assert.equal(await fetched(' 2 code=2'), `status 401: ${'x'.repeat(1_000)}`);
    answers = [status(200, 'x'.repeat(1_001))];
    assert.equal(await fetched(' 2 code=3'), 'too large');
    assert.equal(seen.length, 3);
  });

  it('is not sent on to where a redirect points', async () => {
    for (const code of [301, 302, 303, 307, 308]) {
      seen = [];
      answers = [(response) => void response.writeHead(code, { location: '/other' }).end()];
      assert.equal(await fetched(` 2 code=${code}`), `status ${code}: `);
      assert.equal(seen.length, 1);
    }
  });

  it('with credentials that no header can hold goes nowhere', async () => {
    assert.equal(await fetched(' 0 a=1 Basic \u6771'), 'unreachable');
    assert.deepEqual(seen, []);
  });
});

describe('another try', () => {
  it('is made where the server fails, resets, cuts off or is silent', async () => {
    for (const failure of [status(500), status(503), reset, cut, silent]) {
      for (const form of ['', ' a=1']) {
        [handle, seen, answers] = [start(unruly), [], [failure, failure, ok]];
        assert.equal(await fetched(` 2${form}`), '7 bytes: brought');
        assert.equal(seen.length, 3);
        assert.ok(seen.every(({ body }) => body === form.trim()));
      }
    }
  });

  it('is not made for any other answer', async () => {
    for (const code of [201, 204, 302, 304, 400, 401, 403, 404, 408, 429, 499]) {
      [seen, answers] = [[], [status(code), ok]];
      assert.equal(await fetched(` 2 code=${code}`), `status ${code}: `);
      assert.equal(seen.length, 1);
    }
  });

  it('is not made where what came is too large', async () => {
    answers = [status(200, 'x'.repeat(1_001)), ok];
    assert.equal(await fetched(' 2'), 'too large');
    assert.equal(seen.length, 1);
  });

  it('is made as often as the worker allows, and then the last fault is told', async () => {
    for (const retries of [0, 1, 2]) {
      [seen, answers] = [[], [reset, status(502, 'why'), status(503, 'why')]];
      const last = ['unreachable', 'status 502: why', 'status 503: why'][retries];
      assert.equal(await fetched(` ${retries} a=${retries}`), last);
      assert.equal(seen.length, retries + 1);
    }
  });

  it('is told as what it brought, whatever came before', async () => {
    answers = [status(500, 'why'), status(400, 'no')];
    assert.equal(await fetched(' 2 a=1'), 'status 400: no');
    assert.equal(seen.length, 2);
  });

  it('counts as the same fetch of the event', async () => {
    answers = [status(503)];
    const { log } = await handle(requestFor(`/fetch/never-content?${url} 1`));
    assert.equal(seen.length, 8);
    assert.deepEqual(lines, ['cloudfront-worker: more than 4 fetches for one event']);
    assert.deepEqual(log, []);
  });

  it('is not made for an instance that has trapped since', async () => {
    /** @type {(value: unknown) => void} */
    let fail = () => {};
    /** @type {Promise<unknown>} */
    const failing = new Promise((resolve) => (fail = resolve));
    let tries = 0;
    handle = start(unruly, {
      get: async () => {
        tries += 1;
        if (tries === 1) {
          fail(undefined);
          throw new Error('nobody answers');
        }
        return Buffer.from('brought');
      },
    });
    const waiting = fetched(' 5 code=1');
    await failing;
    // The trap comes while the next try is waited for.
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal((await handle(requestFor('/trap/panic'))).result.status, '500');
    assert.equal(await waiting, '7 bytes: brought');
    assert.equal(tries, 2, 'the new instance asked, and the old one did not ask again');
  });
});

describe('forms are posted', () => {
  it('once for all events that want the same', async () => {
    answers = [echo];
    const all = await Promise.all(Array.from({ length: 20 }, () => fetched(' 0 code=1 Basic a')));
    assert.deepEqual(all, Array(20).fill('6 bytes: code=1'));
    assert.equal(seen.length, 1);
  });

  it('each for itself, when form, credentials or method differ', async () => {
    // One tag for all: the worker never has enough of what it asks for here.
    const rests = [' 0', ' 0 ', ' 0 code=1', ' 0 code=2', ' 0 code=1 Basic a', ' 0 code=1 Basic b'];
    handle = start(unruly, { log: () => {} });
    await Promise.all(
      rests.map((rest) => handle(requestFor(`/fetch/never-content?${url}${rest}`))),
    );
    const told = seen.map(({ method, headers, body }) => [method, body, headers.authorization]);
    assert.equal(new Set(told.map(String)).size, rests.length);
    assert.equal(told.length, 4 * rests.length);
  });
});

describe('nothing secret is logged', () => {
  it('secrets/log-line: whatever becomes of a fetch', async () => {
    const secret = 'c2VjcmV0';
    const failures = [ok, echo, status(400, secret), status(500, secret), reset, cut, silent];
    for (const [index, answer] of failures.entries()) {
      answers = [answer];
      await fetched(` 1 code=${secret}${index} Basic ${secret}`);
    }
    await fetched(` 0 code=${secret} Basic \u6771${secret}`);
    await handle(requestFor(`/fetch/record-panics?${url} 0 code=${secret} Basic ${secret}`));
    await handle(requestFor(`/fetch/never-content?${url} 0 code=${secret} Basic ${secret}`));
    assert.ok(seen.length > failures.length);
    assert.equal(lines.length, 2, 'a trap, and too many fetches');
    assert.ok(!lines.join('\n').includes(secret), lines.join('\n'));
  });
});

describe('entropy', () => {
  /** @param {typeof handle} handler @returns {Promise<number[][]>} */
  async function draws(handler) {
    const { result } = await handler(requestFor('/random'));
    return JSON.parse(`[${result.body.replace('] [', '], [')}]`);
  }

  it('differs at each draw, each event and each instance', async () => {
    /** @type {number[][]} */
    const drawn = [];
    for (const handler of [handle, handle, start(unruly)]) drawn.push(...(await draws(handler)));
    for (const draw of drawn) assert.equal(draw.length, 32);
    assert.equal(new Set(drawn.map(String)).size, 6);
  });

  it('overwrites every byte', async () => {
    // One that nobody writes stays 0. By chance, a byte is 0 in all 64 draws once in 2^512 times.
    /** @type {number[][]} */
    const drawn = [];
    for (let times = 0; times < 32; times += 1) drawn.push(...(await draws(handle)));
    const written = drawn[0].map((_, at) => drawn.some((draw) => draw[at] !== 0));
    assert.deepEqual(written, Array(32).fill(true));
  });

  it('that cannot be had is no answer', async (test) => {
    test.mock.method(globalThis.crypto, 'getRandomValues', () => {
      throw new Error('no entropy');
    });
    assert.equal((await handle(requestFor('/random'))).result.status, '500');
    assert.deepEqual(lines, ['cloudfront-worker: no entropy']);
    test.mock.restoreAll();
    assert.equal((await handle(requestFor('/random'))).result.status, '200');
  });
});

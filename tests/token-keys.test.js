/**
 * Key sets fetched over HTTP by a real bundle: sound, far too large, slow, redirecting, rotating.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Edge, load, read, token } from './edge.js';

/** @typedef {import('node:http').RequestListener} Listener */

const SET = read('vectors/jwks-1.json');
const ROTATING = read('vectors/jwks-rotating.json');
const [, PAYLOAD, SIGNATURE] = token('access').split('.');

describe('a key set fetched', () => {
  it('is used from then on', async (test) => {
    const { edge, server } = await fetching(test, (_, response) => response.end(SET), {
      keySets: [null],
    });
    assert.equal(await edge.ask(token('access')), '/api/hello');
    assert.equal(await edge.ask(token('access-second-user')), '/api/hello');
    assert.deepEqual(server.asked, ['/jwks']);
  });

  it('keys/rotating, keys/removed, keys/removed-verdict: the old one goes with the set', async (test) => {
    let set = ROTATING;
    const { edge, server } = await fetching(test, (_, response) => response.end(set));
    assert.equal(await edge.ask(token('access-week')), '/api/hello');
    assert.equal(server.asked.length, 0);
    assert.equal(await edge.ask(token('key-rotated-week')), '/api/hello');
    assert.equal(await edge.ask(token('access-week')), '/api/hello');
    assert.equal(server.asked.length, 1);
    set = read('vectors/jwks-rotated.json');
    edge.now += 21_600_000;
    assert.equal(await edge.ask(token('key-rotated-week')), '/api/hello');
    assert.equal(await edge.ask(token('access-week')), 'token_key_unknown');
    assert.equal(server.asked.length, 2);
  });

  it('keys/unknown-kids, keys/known-kids: is fetched once for all who wait', async (test) => {
    /** @type {(() => void)[]} */
    const held = [];
    const { edge, server } = await fetching(test, (_, response) => {
      held.push(() => response.end(ROTATING));
    });
    const waiting = Array.from({ length: 50 }, (_, n) => edge.ask(unknown(n)));
    const rotated = edge.ask(token('key-rotated'));
    await server.asking;
    // Known keys wait for nobody.
    assert.equal(await edge.ask(token('access')), '/api/hello');
    held.forEach((release) => release());
    assert.deepEqual(new Set(await Promise.all(waiting)), new Set(['token_key_unknown']));
    assert.equal(await rotated, '/api/hello');
    assert.equal(server.asked.length, 1);
  });

  it('keys/unknown-kids, keys/known-kids: is fetched once a cooldown in a flood', async (test) => {
    const { edge, server } = await fetching(test, (_, response) => response.end(SET));
    for (const [second, fetches] of [
      [0, 1],
      [29, 1],
      [30, 2],
      [59, 2],
      [60, 3],
    ]) {
      edge.now = 1_790_000_000_000 + second * 1_000;
      for (let n = 0; n < 200; n += 1) {
        assert.equal(await edge.ask(unknown(second * 1_000 + n)), 'token_key_unknown');
      }
      assert.equal(await edge.ask(token('access')), '/api/hello');
      assert.equal(server.asked.length, fetches, `at ${second} s`);
    }
  });
});

describe('a fetch that brings no key set leaves the one at hand:', () => {
  /** @type {[string, Listener][]} */
  const answers = [
    ['keys/unreachable: 500', (_, response) => response.writeHead(500).end(ROTATING)],
    ['keys/unreachable: 404', (_, response) => response.writeHead(404).end(ROTATING)],
    ['keys/unreachable: 203', (_, response) => response.writeHead(203).end(ROTATING)],
    ['keys/empty: 204', (_, response) => response.writeHead(204).end()],
    ['keys/empty: 304', (_, response) => response.writeHead(304).end()],
    ['keys/empty: an empty body', (_, response) => response.end()],
    ['keys/not-json: a page', (_, response) => response.end(read('vectors/login-page.html'))],
    ['keys/not-json: a byte order mark', (_, response) => response.end(`\ufeff${ROTATING}`)],
    ['keys/not-json: no UTF-8', (_, response) => response.end(Buffer.alloc(999, 0xff))],
    ['keys/not-json: half a set', (_, response) => response.end(ROTATING.slice(0, -99))],
    [
      'keys/not-json: a set shorter than announced',
      (_, response) => {
        response.writeHead(200, { 'content-length': 9_999 }).write(ROTATING);
        response.destroy();
      },
    ],
    ['keys/unreachable: a connection closed at once', ({ socket }) => socket.destroy()],
    ['keys/unreachable: no HTTP', ({ socket }) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')],
    ['keys/slow: no answer', () => {}],
    ['keys/slow: a body that never comes', (_, response) => response.writeHead(200).flushHeaders()],
    [
      'keys/slow: an answer that comes byte by byte',
      (_, response) => {
        const bytes = setInterval(() => response.write(' '), 20);
        response.on('close', () => clearInterval(bytes));
      },
    ],
    [
      'keys/10-mb: a compressed 10 MB',
      (_, response) => {
        const large = gzipSync(`${' '.repeat(10_485_760)}${ROTATING}`);
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(large);
      },
    ],
  ];
  for (const [why, answer] of answers) {
    it(why, async (test) => {
      const timeoutMs = why.startsWith('keys/slow') ? 300 : undefined;
      const { edge, server } = await fetching(test, answer, { timeoutMs });
      await unavailable(edge);
      assert.equal(server.asked.length, 1);
    });
  }

  it('keys/10-mb: 10 MB, most of which is never sent', async (test) => {
    let sent = 0;
    const { edge, server } = await fetching(test, async (_, response) => {
      const piece = Buffer.alloc(65_536, ' ');
      for (; sent < 10_485_760 && !response.destroyed; sent += piece.length) {
        if (!response.write(piece)) {
          await new Promise((resolve) => {
            response.once('drain', resolve);
            response.once('close', resolve);
          });
        }
      }
      response.end(ROTATING);
    });
    await unavailable(edge);
    await server.close();
    assert(sent < 10_485_760, `${sent} bytes were taken`);
  });

  for (const status of [301, 302, 303, 307, 308]) {
    it(`keys/redirecting: a redirect (${status}), which is not followed`, async (test) => {
      const { edge, server } = await fetching(test, ({ url }, response) => {
        if (url === '/jwks') response.writeHead(status, { location: '/elsewhere' }).end(ROTATING);
        else response.end(ROTATING);
      });
      await unavailable(edge);
      assert.deepEqual(server.asked, ['/jwks']);
    });
  }

  it('keys/unreachable: nobody there', async (test) => {
    const { edge, server } = await fetching(test, () => {});
    await server.close();
    await unavailable(edge);
    assert.equal(server.asked.length, 0);
  });
});

/**
 * Nobody can say whether the token is sound, and the keys at hand go on working.
 *
 * @param {Edge} edge
 */
async function unavailable(edge) {
  assert.equal(await edge.ask(token('access')), '/api/hello');
  assert.equal(await edge.ask(token('key-rotated')), 'keys_unavailable');
  assert.equal(await edge.ask(token('key-rotated')), 'keys_unavailable');
  assert.equal(await edge.ask(token('access')), '/api/hello');
  assert.equal(await edge.ask(token('access-second-user')), '/api/hello');
}

/**
 * An instance whose first issuer's key set is at a server of its own, which `answer` answers for.
 *
 * @param {import('node:test').TestContext} test
 * @param {Listener} answer
 * @param {object} [options]
 * @param {(string | null)[]} [options.keySets] what it starts with
 * @param {number} [options.timeoutMs] how long it waits: as long as it may, if left out
 */
async function fetching(test, answer, { keySets = ['jwks-1.json'], timeoutMs = 10_000 } = {}) {
  const server = await serve(test, answer);
  const toml = read('vectors/large-tokens.toml').replace(
    'clients = ["web0client"]',
    `clients = ["web0client"]\njwks_url = "${server.url}/jwks"\n\n[keys]\ntimeout_ms = ${timeoutMs}`,
  );
  const edge = new Edge(await load(test, { toml, keySets }), { get: undefined });
  return { edge, server };
}

/**
 * @param {import('node:test').TestContext} test
 * @param {Listener} answer
 */
async function serve(test, answer) {
  /** @type {string[]} */
  const asked = [];
  /** @type {(value?: unknown) => void} */
  let onAsked = () => {};
  const asking = new Promise((resolve) => {
    onAsked = resolve;
  });
  const server = createServer((request, response) => {
    asked.push(`${request.url}`);
    answer(request, response);
    onAsked();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  test.after(close);
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { url: `http://127.0.0.1:${port}`, asked, asking, close };
}

/**
 * A token under a kid nobody knows.
 *
 * @param {number} n
 */
function unknown(n) {
  const header = Buffer.from(JSON.stringify({ kid: `unknown-${n}`, alg: 'RS256' }));
  return `${header.toString('base64url')}.${PAYLOAD}.${SIGNATURE}`;
}

/**
 * Origins that do not answer: attempts, timeouts, broken connections, faults on command, and
 * viewers that leave.
 */
import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import {
  API,
  BUCKET,
  apiOrigin,
  assertFails,
  deafServer,
  folder,
  httpServer,
  originRequest,
  originsOf,
  refusingServer,
  tcpServer,
  textOf,
} from './origin-servers.js';

/**
 * @typedef {import('./origin-servers.js').Test} Test
 * @typedef {import('../../js/cloudfront/origins/faulty.js').Fault} Fault
 */

const PARTS = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345';

describe('connections to an origin', { timeout: 60_000 }, () => {
  it('F6: are tried connectionAttempts times, then it is 502', async (test) => {
    const { fetch } = originsOf(test, { servers: { [API]: await refusingServer(test) } });
    for (const connectionAttempts of [1, 2, 3]) {
      const configured = apiOrigin({ connectionAttempts });
      const expected = { kind: 'connect', status: 502, attempts: connectionAttempts };
      await assertFails(fetch(originRequest(), { configured }), expected);
      await assertFails(fetch(originRequest({ method: 'POST' }), { configured }), expected);
    }
  });

  it('F6: are waited for as long as connectionTimeout, then it is 504', async (test) => {
    const { fetch } = originsOf(test, { servers: { [API]: await deafServer(test) } });
    const configured = apiOrigin({ connectionAttempts: 2, connectionTimeout: 1 });
    await assertFails(fetch(originRequest(), { configured }), {
      kind: 'connect',
      status: 504,
      attempts: 2,
    });
  });

  it('F6: leave the body alone until there is one', async (test) => {
    const { fetch } = originsOf(test, { servers: { [API]: await refusingServer(test) } });
    const body = Readable.from(['not read']);
    const request = originRequest({ method: 'POST' });
    await assertFails(fetch(request, { body }), { kind: 'connect', status: 502 });
    assert.equal(body.destroyed, false);
    assert.equal(await textOf({ body }), 'not read');
  });
});

describe('an origin that is silent', { timeout: 60_000 }, () => {
  /** @param {Test} test */
  async function silent(test) {
    let requests = 0;
    const url = await httpServer(test, () => void (requests += 1));
    const { fetch } = originsOf(test, { servers: { [API]: url } });
    const request = (/** @type {string} */ method) =>
      originRequest({ method, custom: { readTimeout: 1 } });
    return { fetch, request, requests: () => requests };
  }

  it('F6: is asked again for GET and HEAD, then it is 504', async (test) => {
    const { fetch, request, requests } = await silent(test);
    const configured = apiOrigin({ connectionAttempts: 2 });
    for (const method of ['GET', 'HEAD']) {
      const before = requests();
      await assertFails(fetch(request(method), { configured }), {
        kind: 'timeout',
        status: 504,
        attempts: 2,
      });
      assert.equal(requests() - before, 2, method);
    }
  });

  for (const method of ['OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE']) {
    it(`F6: is not asked again for ${method}: 504`, async (test) => {
      const { fetch, request, requests } = await silent(test);
      const configured = apiOrigin({ connectionAttempts: 3 });
      await assertFails(fetch(request(method), { configured }), { kind: 'timeout', status: 504 });
      assert.equal(requests(), 1);
    });
  }

  it('F6: is 504 also when it does not take the body', async (test) => {
    const url = await tcpServer(test, (socket) => void socket.pause());
    const { fetch } = originsOf(test, { servers: { [API]: url } });
    const request = originRequest({ method: 'PUT', custom: { readTimeout: 1 } });
    const endless = new Readable({ read: () => void endless.push(Buffer.alloc(65_536)) });
    await assertFails(fetch(request, { body: endless }), { kind: 'timeout', status: 504 });
    endless.destroy();
    const body = Buffer.alloc(20_000_000);
    await assertFails(fetch(request, { body }), { kind: 'timeout', status: 504 });
  });

  it('F6: breaks the answer when it pauses within it', async (test) => {
    const url = await tcpServer(test, (socket) => void socket.write(PARTS));
    const { fetch } = originsOf(test, { servers: { [API]: url } });
    const response = await fetch(originRequest({ custom: { readTimeout: 1 } }));
    assert.equal(response.status, 200);
    await assert.rejects(textOf(response), { name: 'OriginFailure', kind: 'timeout' });
  });

  it('F6: is not what a slow viewer looks like', async (test) => {
    const size = 4_000_000;
    const url = await httpServer(test, async (request, response) => {
      let bytes = 0;
      for await (const chunk of request) bytes += chunk.length;
      response.end(bytes > 0 ? String(bytes) : Buffer.alloc(size));
    });
    const { fetch } = originsOf(test, { servers: { [API]: url } });
    const custom = { readTimeout: 1 };

    const response = await fetch(originRequest({ custom }));
    await pause(1_500);
    assert.equal((await textOf(response)).length, size);

    const body = Readable.from(
      (async function* () {
        yield 'ab';
        await pause(1_500);
        yield 'cd';
      })(),
    );
    const sent = await fetch(originRequest({ method: 'PUT', custom }), { body });
    assert.equal(await textOf(sent), '4');
  });

  it('E6: is given up after responseCompletionTimeout for all attempts: 504', async (test) => {
    const url = await httpServer(test, () => {});
    const { fetch } = originsOf(test, { servers: { [API]: url } });
    const custom = { readTimeout: 30, responseCompletionTimeout: 1 };
    const configured = apiOrigin({ connectionAttempts: 3 });
    await assertFails(fetch(originRequest({ custom }), { configured }), {
      kind: 'timeout',
      status: 504,
    });
  });

  it('E6: is cut off after responseCompletionTimeout, however steadily it sends', async (test) => {
    const url = await httpServer(test, (_, response) => {
      const ticking = setInterval(() => response.write('.'), 50);
      response.on('close', () => clearInterval(ticking));
    });
    const { fetch } = originsOf(test, { servers: { [API]: url } });
    const custom = { readTimeout: 1, responseCompletionTimeout: 1 };
    const response = await fetch(originRequest({ custom }));
    await assert.rejects(textOf(response), { kind: 'timeout', message: /not complete/ });
  });
});

describe('an origin that breaks the connection', { timeout: 30_000 }, () => {
  it('is 502 before the head, and not asked again', async (test) => {
    let connections = 0;
    const url = await tcpServer(test, (socket) => {
      connections += 1;
      socket.once('data', () => socket.resetAndDestroy());
    });
    const { fetch } = originsOf(test, { servers: { [API]: url } });
    const configured = apiOrigin({ connectionAttempts: 3 });
    await assertFails(fetch(originRequest(), { configured }), { kind: 'reset', status: 502 });
    assert.equal(connections, 1);
  });

  for (const end of /** @type {const} */ (['end', 'resetAndDestroy'])) {
    it(`breaks the answer within it: ${end}`, async (test) => {
      const url = await tcpServer(test, (socket) => {
        socket.once('data', () => socket.write(PARTS, () => setImmediate(() => socket[end]())));
      });
      const { fetch } = originsOf(test, { servers: { [API]: url } });
      const reading = fetch(originRequest()).then(textOf);
      await assert.rejects(reading, { name: 'OriginFailure', kind: 'reset' });
    });
  }

  it('has still answered, when it did so without taking the body', async (test) => {
    const url = await tcpServer(test, (socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno');
      });
    });
    const { fetch } = originsOf(test, { servers: { [API]: url } });
    const body = new Readable({ read: () => {} });
    body.push('begun');
    const response = await fetch(originRequest({ method: 'POST' }), { body });
    assert.deepEqual([response.status, await textOf(response)], [413, 'no']);
    assert.equal(body.destroyed, false);
  });
});

describe('a viewer that leaves', { timeout: 30_000 }, () => {
  /**
   * @param {Test} test
   * @param {string} bytes that the origin answers with
   */
  async function leaving(test, bytes) {
    const viewer = new AbortController();
    /** @type {(socket: import('node:net').Socket) => void} */
    let onConnection = () => {};
    const connection = new Promise((resolve) => (onConnection = resolve));
    const url = await tcpServer(test, (socket) => {
      if (bytes) socket.write(bytes);
      onConnection(socket);
    });
    const { fetch } = originsOf(test, { servers: { [API]: url } });
    const fetched = fetch(originRequest(), { signal: viewer.signal });
    /** @type {import('node:net').Socket} */
    const socket = await connection;
    return { viewer, fetched, closed: once(socket.resume(), 'close') };
  }

  it('ends the wait for the head, and closes the connection', async (test) => {
    const { viewer, fetched, closed } = await leaving(test, '');
    viewer.abort(new Error('left'));
    await assert.rejects(fetched, /^Error: left$/);
    await closed;
    assert.deepEqual(getEventListeners(viewer.signal, 'abort'), []);
  });

  it('ends the body, and closes the connection, read or not', async (test) => {
    const { viewer, fetched, closed } = await leaving(test, PARTS);
    const { body } = await fetched;
    viewer.abort(new Error('left'));
    await closed;
    assert.ok(body instanceof Readable && body.destroyed);
    assert.deepEqual(getEventListeners(viewer.signal, 'abort'), []);
  });

  it('has nothing fetched for it if it left before', async (test) => {
    const { fetch } = originsOf(test, { servers: { [API]: await refusingServer(test) } });
    const signal = AbortSignal.abort(new Error('left'));
    await assert.rejects(fetch(originRequest(), { signal }), /^Error: left$/);
  });

  it('closes the connection as well when the body is destroyed', async (test) => {
    const { fetched, closed } = await leaving(test, PARTS);
    const { body } = await fetched;
    assert.ok(body instanceof Readable);
    body.destroy();
    await closed;
  });

  it('leaves nothing behind after a whole answer', async (test) => {
    const url = await httpServer(test, (_, response) => void response.end('ok'));
    const { fetch } = originsOf(test, { servers: { [API]: url } });
    const { signal } = new AbortController();
    const response = await fetch(originRequest(), { signal });
    assert.equal(await textOf(response), 'ok');
    await Promise.all(response.body instanceof Readable ? [closedOf(response.body)] : []);
    assert.deepEqual(getEventListeners(signal, 'abort'), []);
  });
});

describe('a fault on command', { timeout: 30_000 }, () => {
  /**
   * @param {Test} test
   * @param {Fault} fault
   */
  async function faulty(test, fault) {
    let requests = 0;
    const url = await httpServer(test, (_, response) => {
      requests += 1;
      response.end('whole answer');
    });
    /** @type {[string, string | undefined][]} */
    const asked = [];
    const faults = {
      origin: (/** @type {string} */ name, /** @type {string | undefined} */ id) => {
        asked.push([name, id]);
        return fault;
      },
    };
    const site = folder(test, { 'index.html': 'whole answer' });
    const made = originsOf(test, { servers: { [API]: url, [BUCKET]: site }, faults });
    return { ...made, asked, requests: () => requests };
  }

  it('kill: every attempt is refused; asked for by name and id, once', async (test) => {
    const { fetch, asked, requests } = await faulty(test, { kind: 'kill' });
    const configured = apiOrigin({ connectionAttempts: 3 });
    const expected = { kind: 'connect', status: 502, attempts: 3 };
    await assertFails(fetch(originRequest(), { configured }), expected);
    assert.deepEqual(asked, [[API, 'api']]);
    assert.equal(requests(), 0);
  });

  it('hang: no attempt is answered', async (test) => {
    const { fetch, requests } = await faulty(test, { kind: 'hang' });
    const configured = apiOrigin({ connectionAttempts: 2 });
    const request = originRequest({ custom: { readTimeout: 1 } });
    const expected = { kind: 'timeout', status: 504, attempts: 2 };
    await assertFails(fetch(request, { configured }), expected);
    assert.equal(requests(), 0);
  });

  it('slow: the answer comes, unless it is later than the timeout', async (test) => {
    const early = await faulty(test, { kind: 'slow', ms: 20 });
    const response = await early.fetch(originRequest());
    assert.equal(await textOf(response), 'whole answer');
    const late = await faulty(test, { kind: 'slow', ms: 5_000 });
    const request = originRequest({ custom: { readTimeout: 1 } });
    await assertFails(late.fetch(request), { kind: 'timeout', status: 504 });
  });

  it('reset: the head comes, and the body breaks', async (test) => {
    const { fetch } = await faulty(test, { kind: 'reset' });
    for (const request of [
      originRequest(),
      originRequest({ s3: {}, uri: '/index.html' }),
      originRequest({ s3: {}, uri: '/missing' }),
    ]) {
      const response = await fetch(request);
      assert.ok(response.status === 200 || response.status === 403);
      await assert.rejects(textOf(response), { name: 'OriginFailure', kind: 'reset' });
    }
    const head = originRequest({ method: 'HEAD' });
    await assertFails(fetch(head), { kind: 'reset', status: 502 });
  });

  it('ends when the viewer leaves', async (test) => {
    const { fetch } = await faulty(test, { kind: 'hang' });
    const viewer = new AbortController();
    const fetched = fetch(originRequest(), { signal: viewer.signal });
    viewer.abort(new Error('left'));
    await assert.rejects(fetched, /^Error: left$/);
  });
});

/** @param {number} ms */
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** @param {Readable} stream */
async function closedOf(stream) {
  if (!stream.closed) await once(stream, 'close');
}

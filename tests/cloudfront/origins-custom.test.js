/**
 * Custom origins: what a request looks like to them, and what comes back.
 */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import {
  API,
  apiOrigin,
  assertFails,
  httpServer,
  originRequest,
  originsOf,
  tcpServer,
  textOf,
  valuesOf,
} from './origin-servers.js';

/** @typedef {import('./origin-servers.js').Test} Test */

const OTHER = 'xyz.execute-api.us-west-2.amazonaws.com';

/**
 * A server that answers with the request it got, as JSON.
 *
 * @param {Test} test
 * @param {string} [name]
 */
function echo(test, name = 'echo') {
  return httpServer(test, async (request, response) => {
    const { method, url, rawHeaders, headers } = request;
    const body = await text(request);
    response.end(JSON.stringify({ name, method, url, rawHeaders, headers, body }));
  });
}

describe('a request to a custom origin', { timeout: 30_000 }, () => {
  /** @param {Test} test */
  async function api(test) {
    const { fetch } = originsOf(test, { servers: { [API]: await echo(test) } });
    return async (
      /** @type {Parameters<typeof fetch>} */ ...[request, behind]
    ) => JSON.parse(await textOf(await fetch(request, behind)));
  }

  it('has origin path, uri and query in its first line, as they are', async (test) => {
    const ask = await api(test);
    const seen = await ask(
      originRequest({ uri: '/a%20b/./c', querystring: 'x=1&x=2&y', custom: { path: '/prod' } }),
    );
    assert.deepEqual([seen.method, seen.url], ['GET', '/prod/a%20b/./c?x=1&x=2&y']);
    assert.equal((await ask(originRequest({ uri: '/' }))).url, '/');
  });

  it('A1: has the Host that origin-request left', async (test) => {
    const ask = await api(test);
    const { headers } = await ask(originRequest({ headers: { Host: OTHER } }));
    assert.equal(headers.host, OTHER);
  });

  it('E11: has the origin as its Host if the event has none', async (test) => {
    const ask = await api(test);
    assert.equal((await ask(originRequest())).headers.host, API);
  });

  it('E8: has the custom headers, in place of what has the same name', async (test) => {
    const ask = await api(test);
    const customHeaders = { 'X-Secret': [{ key: 'X-Secret', value: 'ours' }] };
    const { rawHeaders } = await ask(
      originRequest({ headers: { 'x-secret': 'theirs' }, custom: { customHeaders } }),
    );
    assert.deepEqual(valuesOf({ rawHeaders }, 'x-secret'), ['ours']);
  });

  it('E3: has a line for each value of a header, in the case it was written', async (test) => {
    const ask = await api(test);
    const { rawHeaders } = await ask(originRequest({ headers: { 'X-TWO': ['1', '2'] } }));
    assert.deepEqual(valuesOf({ rawHeaders }, 'x-two'), ['1', '2']);
    assert.ok(rawHeaders.includes('X-TWO'));
  });

  it('has its id and Connection: Keep-Alive, and no header of another connection', async (test) => {
    const ask = await api(test);
    const hop = { TE: 'trailers', Upgrade: 'h2c', 'Keep-Alive': '1', Expect: '100-continue' };
    const { headers } = await ask(originRequest({ headers: hop }));
    assert.equal(headers['x-amz-cf-id'], 'request-id');
    assert.equal(headers.connection, 'Keep-Alive');
    for (const name of Object.keys(hop)) assert.equal(headers[name.toLowerCase()], undefined, name);
  });

  it('has the body that is a buffer, with its own length', async (test) => {
    const ask = await api(test);
    const wrong = { 'Content-Length': '3', 'Transfer-Encoding': 'chunked' };
    const request = originRequest({ method: 'POST', headers: wrong });
    const { headers, body } = await ask(request, { body: Buffer.from('replaced') });
    assert.equal(body, 'replaced');
    assert.equal(headers['content-length'], '8');
    assert.equal(headers['transfer-encoding'], undefined);
  });

  it('has the body that is a stream, framed as the viewer framed it', async (test) => {
    const ask = await api(test);
    const put = (/** @type {Record<string, string>} */ headers) =>
      ask(originRequest({ method: 'PUT', headers }), { body: Readable.from(['ab', 'cd']) });
    const known = await put({ 'Content-Length': '4' });
    assert.deepEqual([known.body, known.headers['content-length']], ['abcd', '4']);
    const unknown = await put({ 'Transfer-Encoding': 'chunked' });
    assert.deepEqual([unknown.body, unknown.headers['transfer-encoding']], ['abcd', 'chunked']);
  });

  it('has a length of 0 if a method that expects a body has none', async (test) => {
    const ask = await api(test);
    const lengthOf = async (/** @type {string} */ method) =>
      (await ask(originRequest({ method }))).headers['content-length'];
    assert.equal(await lengthOf('POST'), '0');
    assert.equal(await lengthOf('DELETE'), undefined);
    assert.equal(await lengthOf('GET'), undefined);
  });
});

describe('the server for a custom origin', { timeout: 30_000 }, () => {
  it('W3: is the one of the name that origin-request switched to', async (test) => {
    const servers = { [API]: await echo(test, 'configured'), [OTHER]: await echo(test, 'other') };
    const { fetch } = originsOf(test, { servers });
    const nameOf = async (/** @type {object} */ custom) => {
      const response = await fetch(originRequest({ custom }));
      return [JSON.parse(await textOf(response)).name, response.url];
    };
    assert.deepEqual(await nameOf({}), ['configured', `https://${API}/`]);
    assert.deepEqual(await nameOf({ domainName: OTHER }), ['other', `https://${OTHER}/`]);
  });

  it('is found by origin id, then by name and port, then by name', async (test) => {
    const servers = {
      api: await echo(test, 'id'),
      [`${OTHER}:8443`]: await echo(test, 'port'),
      [OTHER]: await echo(test, 'name'),
    };
    const { fetch, origins } = originsOf(test, { servers });
    const nameOf = async (/** @type {object} */ custom) =>
      JSON.parse(await textOf(await fetch(originRequest({ custom })))).name;
    assert.equal(await nameOf({}), 'id');
    assert.equal(await nameOf({ domainName: OTHER, port: 8443 }), 'port');
    assert.equal(await nameOf({ domainName: OTHER }), 'name');
    const { origin } = originRequest();
    assert.ok(origin);
    origins.resolve(origin, apiOrigin());
    assert.throws(() => origins.resolve(origin), { kind: 'resolve' });
  });

  it('puts a path of its own first', async (test) => {
    const { fetch } = originsOf(test, { servers: { [API]: `${await echo(test)}/stage/` } });
    const response = await fetch(originRequest({ uri: '/x', querystring: 'y' }));
    assert.equal(JSON.parse(await textOf(response)).url, '/stage/x?y');
    assert.equal(response.url, `https://${API}/x?y`);
  });

  it('is told apart from the URL CloudFront would use', async (test) => {
    const { fetch } = originsOf(test, { servers: { [API]: await echo(test) } });
    const urlOf = async (/** @type {object} */ custom) => {
      const response = await fetch(originRequest({ uri: '/x', custom }));
      await textOf(response);
      return response.url;
    };
    assert.equal(await urlOf({ protocol: 'http', port: 80 }), `http://${API}/x`);
    assert.equal(await urlOf({ protocol: 'https', port: 8443 }), `https://${API}:8443/x`);
  });

  it('F2: a name that nothing stands for is 502, and the known ones are listed', async (test) => {
    const { fetch, origins } = originsOf(test, { servers: { [API]: 'http://127.0.0.1:9' } });
    const request = originRequest({ custom: { domainName: 'gone.example.com' } });
    await assertFails(fetch(request), { kind: 'resolve', status: 502, attempts: 0 });
    assert.ok(request.origin);
    const { origin } = request;
    assert.throws(() => origins.resolve(origin), {
      rule: 'F2',
      found: /gone\.example\.com/,
      allowed: API,
    });
  });

  for (const url of [
    'https://127.0.0.1:1',
    'http://example.com',
    'http://0.0.0.0:1',
    'http://127.0.0.1.example.com',
    'http://user:secret@127.0.0.1:1',
    'http://127.0.0.1:1/?query',
    'ftp://127.0.0.1',
    '/no/such/directory',
  ]) {
    it(`is never elsewhere: ${url}`, (test) => {
      assert.throws(() => originsOf(test, { servers: { [API]: url } }), {
        name: 'TypeError',
        message: /server for origin "abc\..*allowed: http:\/\/127\.0\.0\.1/,
      });
    });
  }
});

describe('the answer of a custom origin', { timeout: 30_000 }, () => {
  it('keeps its status, its reason and its headers, but those of the connection', async (test) => {
    const url = await tcpServer(test, (socket) => {
      socket.end(
        'HTTP/1.1 201 Made Here\r\nX-Two: 1\r\nX-Two: 2\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n' +
          'Connection: close, X-Private\r\nX-Private: p\r\nKeep-Alive: timeout=5\r\n' +
          'Upgrade: h2c\r\nContent-Length: 2\r\n\r\nok',
      );
    });
    const { fetch } = originsOf(test, { servers: { [API]: url } });
    const response = await fetch(originRequest());
    assert.deepEqual([response.status, response.statusDescription], [201, 'Made Here']);
    assert.deepEqual(response.rawHeaders, [
      ...['X-Two', '1', 'X-Two', '2', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'],
      ...['Content-Length', '2'],
    ]);
    assert.equal(await textOf(response), 'ok');
    assert.equal(response.attempts, 1);
  });

  it('has no body after HEAD, with 204 and with 304', async (test) => {
    const url = await httpServer(test, (request, response) => {
      response.writeHead(Number(request.url?.slice(1))).end();
    });
    const { fetch } = originsOf(test, { servers: { [API]: url } });
    /** @type {[string, string][]} */
    const cases = [
      ['HEAD', '/200'],
      ['GET', '/204'],
      ['GET', '/304'],
    ];
    for (const [method, uri] of cases) {
      const { body } = await fetch(originRequest({ method, uri }));
      assert.equal(body, null, `${method} ${uri}`);
    }
  });

  it('comes without the interim answers before it', async (test) => {
    const url = await tcpServer(test, (socket) => {
      socket.end(
        'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n' +
          'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n1',
      );
    });
    const { fetch } = originsOf(test, { servers: { [API]: url } });
    const response = await fetch(originRequest());
    assert.deepEqual([response.status, valuesOf(response, 'link')], [200, []]);
    assert.equal(await textOf(response), '1');
  });

  /** @type {[string, string][]} */
  const INVALID = [
    ['is not HTTP', 'hello\r\n\r\n'],
    ['has a header without a name', 'HTTP/1.1 200 OK\r\n: x\r\n\r\n'],
    ['has two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n11'],
    ['has a head over 32 KB', `HTTP/1.1 200 OK\r\nX-Big: ${'x'.repeat(40_000)}\r\n\r\n`],
    ['has a second 100 Continue', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(2)],
    ['is encoded in another way', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n'],
  ];
  for (const [what, bytes] of INVALID) {
    it(`is 502 when it ${what}`, async (test) => {
      const url = await tcpServer(test, (socket) => void socket.write(bytes));
      const { fetch } = originsOf(test, { servers: { [API]: url } });
      await assertFails(fetch(originRequest()), { kind: 'invalid', status: 502 });
    });
  }

  it('E6: is the next one on the same connection, until keepaliveTimeout', async (test) => {
    let connections = 0;
    /** @type {() => void} */
    let onClose;
    const closed = new Promise((resolve) => (onClose = () => resolve(undefined)));
    const url = await tcpServer(test, (socket) => {
      connections += 1;
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1'));
      socket.on('close', onClose);
    });
    const { fetch } = originsOf(test, { servers: { [API]: url } });
    const ask = async () => textOf(await fetch(originRequest({ custom: { keepaliveTimeout: 1 } })));
    for (let count = 0; count < 3; count += 1) await ask();
    assert.equal(connections, 1);
    await closed;
    await ask();
    assert.equal(connections, 2);
  });

  it('E6: may take longer than keepaliveTimeout', async (test) => {
    const url = await httpServer(test, (_, response) => {
      setTimeout(() => response.write('1'), 1_500);
      setTimeout(() => response.end('2'), 3_000);
    });
    const { fetch } = originsOf(test, { servers: { [API]: url } });
    const response = await fetch(originRequest({ custom: { keepaliveTimeout: 1 } }));
    assert.equal(await textOf(response), '12');
  });

  it('comes over a new connection when the origin closed the kept one', async (test) => {
    let connections = 0;
    const url = await tcpServer(test, (socket) => {
      connections += 1;
      // Answers one request for each connection, and closes it at the next.
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1');
        socket.once('data', () => socket.resetAndDestroy());
      });
    });
    const { fetch } = originsOf(test, { servers: { [API]: url } });
    for (let count = 0; count < 3; count += 1) {
      const response = await fetch(originRequest());
      assert.deepEqual([await textOf(response), response.attempts], ['1', 1]);
    }
    assert.equal(connections, 3);
    // A POST may have been heard: it is not sent twice.
    await assertFails(fetch(originRequest({ method: 'POST' })), { kind: 'reset', status: 502 });
    assert.equal(connections, 3);
  });
});

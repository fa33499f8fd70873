/**
 * What viewers get when functions or origins fail, and that nothing of it takes the distribution
 * down.
 */
import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { ask } from '../local/world.js';
import { refusingServer, tcpServer } from './origin-servers.js';
import { until } from './running.js';
import { PASS, distribution, ranIn } from './serving.js';

const V = 'viewer-request';
const Q = 'origin-request';
const R = 'origin-response';
const W = 'viewer-response';

/** @type {import('node:http').RequestListener} */
const api = (_, response) => void response.end('api');

describe('a function that fails', { timeout: 120_000 }, () => {
  for (const [trigger, pass] of Object.entries(PASS)) {
    it(`F1: at ${trigger} is a 503 without its words, and the next is served`, async (test) => {
      const fails = "if (request.uri === '/fails') throw new Error('WORDS-OF-THE-FUNCTION');";
      const { trace } = await distribution(test, {
        at: { ...PASS, [trigger]: `${fails} ${pass}` },
        api,
      });
      const { answer, record, ran } = await trace('/fails');
      assert.equal(answer.status, 503);
      assert.equal(answer.headers['x-cache'], 'LambdaExecutionError from cloudfront');
      assert.equal(answer.headers['cache-control'], 'no-store');
      assert.match(answer.text, /rule +F1/);
      assert.doesNotMatch(answer.text, /WORDS/);
      assert.match(String(record.answer?.error?.cause), /WORDS-OF-THE-FUNCTION/);
      assert.equal(ran.at(-1), trigger);
      assert.equal((await trace('/')).answer.text, 'api');
    });
  }

  it('F1: closes what the origin was sending', async (test) => {
    /** @type {import('node:http').ServerResponse[]} */
    const open = [];
    const { ask: get } = await distribution(test, {
      at: { [R]: "if (request.uri !== '/w') throw 1; return response;", [W]: 'throw 2;' },
      api: (_, response) => {
        open.push(response);
        response.write('endless');
      },
      cache: {},
    });
    for (const path of ['/r', '/w']) assert.equal((await get(path)).status, 503);
    await until(() => open.length === 2 && open.every(({ destroyed }) => destroyed), 'closed');
  });

  it('F1: leaves no file of the cache open', async (test) => {
    const { trace } = await distribution(test, {
      at: {
        [W]: `
          if (request.querystring === 'fails') throw 1;
          return request.querystring === 'replaces' ? { ...response, body: 'new' } : response;`,
      },
      files: { a: 'x'.repeat(100_000) },
      cache: { ParametersInCacheKeyAndForwardedToOrigin: NO_QUERY },
    });
    await trace('/a');
    for (const [query, status] of /** @type {const} */ ([['fails', 503], ['replaces', 200]])) {
      const { answer, steps } = await trace(`/a?${query}`);
      assert.equal(answer.status, status);
      assert.ok(steps.includes('hit'));
      await until(() => openFiles().length === 0, `${openFiles()}`);
    }
  });

  it('F1: takes too long: 503', async (test) => {
    const { ask: get } = await distribution(test, {
      at: { [V]: "await new Promise((later) => setTimeout(later, 60_000)); return request;" },
      files: {},
      options: { timeoutMs: 300 },
    });
    const { status, text } = await get('/');
    assert.equal(status, 503);
    assert.match(text, /300 ms/);
  });
});

const NO_QUERY = { QueryStringsConfig: { QueryStringBehavior: 'none' } };

/** @returns {string[]} files of caches that this process has open */
function openFiles() {
  const open = readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return [];
    }
  });
  return open.filter((path) => path.includes('nearhop-cloudfront-'));
}

describe('an origin that fails', { timeout: 120_000 }, () => {
  it('F2: without an address is 502 before origin-request runs', async (test) => {
    const { trace } = await distribution(test, { at: PASS });
    const { answer, ran } = await trace('/');
    assert.equal(answer.status, 502);
    assert.match(answer.text, /rule +F2/);
    assert.deepEqual(ran, [V]);
  });

  it('F2: a name that origin-request made up is 502 too', async (test) => {
    const { trace } = await distribution(test, {
      at: {
        ...PASS,
        [Q]: "request.origin.custom.domainName = 'gone.example.com'; return request;",
      },
      api,
    });
    const { answer, ran } = await trace('/');
    assert.equal(answer.status, 502);
    assert.match(answer.text, /gone\.example\.com/);
    assert.deepEqual(ran, [V, Q]);
  });

  it('F5: without any answer is 502, and origin-response does not run', async (test) => {
    const { trace } = await distribution(test, { at: PASS, api: await refusingServer(test) });
    const { answer, ran } = await trace('/');
    assert.equal(answer.status, 502);
    assert.deepEqual(ran, [V, Q]);
  });

  it('F5: with an error of its own passes origin-response', async (test) => {
    const { trace } = await distribution(test, {
      at: { [R]: 'console.log(response.status); return response;' },
      api: (_, response) => void response.writeHead(500, 'Broken').end('sorry'),
    });
    const { answer, record } = await trace('/');
    const { status, description, text } = answer;
    assert.deepEqual([status, description, text], [500, 'Broken', 'sorry']);
    assert.equal(answer.headers['x-cache'], 'Error from cloudfront');
    const [step] = record.steps.filter((each) => each.kind === 'function');
    assert.deepEqual(step.logs, ['500']);
  });

  for (const [what, bytes] of [
    ['what is not HTTP', 'garbage\r\n\r\n'],
    ['half a head', 'HTTP/1.1 200 OK\r\nA: b\r\n'],
    ['nothing', ''],
    ['a status of its own making', 'HTTP/1.1 099 Odd\r\nContent-Length: 1\r\n\r\nx'],
    ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n'],
  ]) {
    it(`answers with ${what}: 502, and no function is blamed`, async (test) => {
      const api = await tcpServer(test, (socket) =>
        void socket.once('data', () => socket.end(bytes)),
      );
      const { trace } = await distribution(test, { at: PASS, api });
      const { answer, ran } = await trace('/');
      assert.equal(answer.status, 502);
      assert.equal(answer.headers['x-cache'], 'Error from cloudfront');
      assert.deepEqual(ran, [V, Q]);
    });
  }

  it('writes control characters into its status line: they are dropped', async (test) => {
    const bytes = 'HTTP/1.1 200 Odd\u0001\r\nContent-Length: 1\r\n\r\nx';
    const api = await tcpServer(test, (socket) =>
      void socket.once('data', () => socket.end(bytes, 'latin1')),
    );
    const { ask: get } = await distribution(test, { at: PASS, api });
    const { status, description, text } = await get('/');
    assert.deepEqual([status, description, text], [200, 'Odd', 'x']);
  });

  it('breaks off within its answer: so does the viewer’s, and nothing is kept', async (test) => {
    let count = 0;
    const { ask: get, cloudFront } = await distribution(test, {
      at: { [W]: "await new Promise((later) => setTimeout(later, 50)); return response;" },
      api: (_, response) => {
        count += 1;
        if (count > 1) return void response.end('whole');
        const head = { 'content-length': '2000', 'content-type': 'text/html' };
        response.writeHead(200, head);
        response.write('x', () => response.destroy());
      },
      cache: { ParametersInCacheKeyAndForwardedToOrigin: { EnableAcceptEncodingGzip: true } },
      standard: { Compress: true },
    });
    const headers = { 'accept-encoding': 'gzip' };
    await assert.rejects(get('/', { headers }), /aborted|ECONNRESET|socket hang up/);
    assert.equal((await get('/', { headers })).text, 'whole');
    const [record] = cloudFront.traces.list();
    assert.equal(record.answer?.error?.reason, 'Error');
  });

  it('broken off by a fault', async (test) => {
    const { ask: get, cloudFront } = await distribution(test, { files: { a: 'abc' } });
    cloudFront.faults.set('origin', 'site', { fault: 'reset', times: 1 });
    await assert.rejects(get('/a'), /aborted|ECONNRESET|socket hang up/);
    assert.equal((await get('/a')).text, 'abc');
  });
});

describe('a viewer that leaves', { timeout: 120_000 }, () => {
  it('closes the origin’s connection, and is no fault of anybody', async (test) => {
    /** @type {import('node:http').ServerResponse | undefined} */
    let open;
    const { url, cloudFront } = await distribution(test, {
      api: (_, response) => {
        open = response;
        response.write('endless');
      },
      cache: {},
    });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    socket.destroy();
    await until(() => open?.destroyed === true, 'the origin is left');
    await until(() => cloudFront.traces.list().length === 1, 'a trace');
    const [{ answer }] = cloudFront.traces.list();
    assert.deepEqual([answer?.status, answer?.error?.reason], [200, 'ClientCommError']);
  });

  it('while the origin has not answered yet', async (test) => {
    let asked = false;
    let left = false;
    const { url, cloudFront } = await distribution(test, {
      api: (request) => {
        asked = true;
        request.socket.once('close', () => (left = true));
      },
    });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => asked, 'the origin is asked');
    socket.destroy();
    await until(() => left, 'the origin is left');
    await until(() => cloudFront.traces.list().length === 1, 'a trace');
  });

  it('before its body came: the function does not run', async (test) => {
    const { url, cloudFront } = await distribution(test, {
      at: { [V]: 'return request;' },
      includeBody: true,
      api,
    });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n';
    await new Promise((resolve) => socket.write(`${head}12345`, resolve));
    setTimeout(() => socket.destroy(), 100);
    await until(() => cloudFront.traces.list().length === 1, 'a trace');
    const [record] = cloudFront.traces.list();
    assert.deepEqual(ranIn(record), []);
    assert.deepEqual([record.answer?.status, record.answer?.error?.reason], [0, 'ClientCommError']);
  });

  for (const [trigger, pass] of Object.entries(PASS)) {
    it(`while the function at ${trigger} runs`, async (test) => {
      const wait = 'await new Promise((resolve) => setTimeout(resolve, 200));';
      const { url, cloudFront } = await distribution(test, {
        at: { [trigger]: `console.log('began'); ${wait} ${pass}` },
        files: { a: 'abc' },
        cache: {},
      });
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      await new Promise((resolve) => socket.write('GET /a HTTP/1.1\r\nHost: a\r\n\r\n', resolve));
      setTimeout(() => socket.destroy(), 100);
      await until(() => cloudFront.traces.list().length === 1, 'a trace');
      const [{ answer }] = cloudFront.traces.list();
      assert.deepEqual([answer?.status, answer?.error?.reason], [0, 'ClientCommError']);
      assert.equal((await ask(url, '/a')).text, 'abc');
    });
  }

  it('while it sends to the origin', async (test) => {
    let left = false;
    const { url, cloudFront } = await distribution(test, {
      api: (request) => void request.on('close', () => (left = true)).resume(),
    });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n';
    await new Promise((resolve) => socket.write(`${head}12345`, resolve));
    setTimeout(() => socket.destroy(), 100);
    await until(() => left, 'the origin is left');
    await until(() => cloudFront.traces.list().length === 1, 'a trace');
  });
});

describe('the server', { timeout: 120_000 }, () => {
  it('answers what is no HTTP with 400, and goes on', async (test) => {
    const { url } = await distribution(test, { files: { a: 'abc' } });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write('no request\r\n\r\n');
    const answer = await new Promise((resolve) => socket.once('data', resolve));
    socket.destroy();
    assert.match(String(answer), /^HTTP\/1\.1 400 /);
    assert.equal((await ask(url, '/a')).text, 'abc');
  });

  it('says nothing more within an answer when the viewer breaks the protocol', async (test) => {
    const { url } = await distribution(test, { api: (_, response) => void response.write('a') });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    let got = '';
    socket.on('data', (data) => {
      if (got === '') socket.write('garbage\r\n\r\n');
      got += data;
    });
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await new Promise((resolve) => socket.once('close', resolve));
    assert.equal(got.match(/HTTP\/1\.1/g)?.length, 1, got);
  });

  it('survives a listener for traces that throws', async (test) => {
    const warned = new Promise((resolve) => process.once('warning', resolve));
    const { ask: get } = await distribution(test, {
      files: { a: 'abc' },
      options: {
        onTrace: () => {
          throw new Error('of the listener');
        },
      },
    });
    assert.equal((await get('/a')).text, 'abc');
    assert.match(String(await warned), /of the listener/);
    assert.equal((await get('/a')).text, 'abc');
  });

  it('says when it starts that viewers are nowhere', async (test) => {
    const options = { viewer: { edge: 'eu-north-1' } };
    await assert.rejects(distribution(test, { files: {}, options }), /eu-north-1.*us-east-1/s);
  });
});

/**
 * Request bodies through a distribution: shown to functions, replaced by them, and streamed.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ALL_VIEWER_EXCEPT_HOST, distribution } from './serving.js';

const V = 'viewer-request';
const Q = 'origin-request';

/**
 * Answers with the length and digest of what it got.
 *
 * @type {import('node:http').RequestListener}
 */
const digesting = async (request, response) => {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of request) {
    hash.update(chunk);
    size += chunk.length;
  }
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  response.end(JSON.stringify({ size, digest: hash.digest('hex'), length, encoding }));
};

/** @param {string | Buffer} body */
const sha256 = (body) => createHash('sha256').update(body).digest('hex');

describe('Include Body', { timeout: 120_000 }, () => {
  const SHOW = `
    const { action, encoding, inputTruncated, data } = request.body;
    const size = Buffer.from(data, 'base64').length;
    console.log(JSON.stringify({ action, encoding, inputTruncated, size }));
    return request;`;
  const LIMITS = /** @type {const} */ ([[V, 40_960], [Q, 1_048_576]]);

  for (const [trigger, limit] of LIMITS) {
    it(`E4, G6: ${trigger} sees ${limit} bytes, and the origin gets all`, async (test) => {
      const { trace } = await distribution(test, {
        at: { [trigger]: SHOW },
        includeBody: true,
        api: digesting,
      });
      for (const size of [limit, limit + 1]) {
        const body = Buffer.alloc(size, 'nearhop');
        const { answer, record } = await trace('/', { method: 'POST', body });
        const { digest, length, encoding } = answer.json();
        assert.deepEqual([digest, length, encoding], [sha256(body), String(size), undefined]);
        const [step] = record.steps.filter((each) => each.kind === 'function');
        assert.deepEqual(JSON.parse(step.logs[0]), {
          action: 'read-only',
          encoding: 'base64',
          inputTruncated: size > limit,
          size: limit,
        });
      }
    });
  }

  it('E4: a request without a body shows an empty one', async (test) => {
    const { trace } = await distribution(test, { at: { [V]: SHOW }, includeBody: true, files: {} });
    const { record } = await trace('/');
    const [step] = record.steps.filter((each) => each.kind === 'function');
    assert.match(step.logs[0], /"inputTruncated":false,"size":0/);
  });

  it('E4: replace changes body and length, at both triggers', async (test) => {
    const replace = (/** @type {string} */ more, /** @type {string} */ encoding) => `
      const text = Buffer.from(request.body.data, 'base64').toString() + '${more}';
      const data = Buffer.from(text).toString('${encoding === 'text' ? 'utf8' : encoding}');
      request.body = { action: 'replace', encoding: '${encoding}', data };
      return request;`;
    const seen = `const { headers } = request;
      console.log(headers['content-length'][0].value, 'transfer-encoding' in headers);`;
    const { trace } = await distribution(test, {
      at: { [V]: replace('é', 'text'), [Q]: seen + replace('!', 'base64') },
      includeBody: true,
      api: digesting,
    });
    /** @type {Record<string, string>[]} */
    const framings = [{ 'content-length': '1' }, { 'transfer-encoding': 'chunked' }];
    for (const headers of framings) {
      const { answer, record } = await trace('/', { method: 'PUT', headers, body: 'a' });
      const { digest, length, encoding } = answer.json();
      const logs = record.steps.flatMap((step) => (step.kind === 'function' ? step.logs : []));
      assert.deepEqual(logs, ['3 false'], 'what origin-request sees');
      assert.deepEqual([digest, length, encoding], [sha256('aé!'), '4', undefined]);
    }
  });

  it('E4: without replace, changed data are ignored', async (test) => {
    const { ask } = await distribution(test, {
      at: {
        [V]: "request.body.data = 'eA=='; return request;",
        [Q]: 'delete request.body; return request;',
      },
      includeBody: true,
      api: digesting,
    });
    assert.equal((await ask('/', { method: 'POST', body: 'mine' })).json().digest, sha256('mine'));
  });

  it('E4: replace by nothing', async (test) => {
    const { ask } = await distribution(test, {
      at: {
        [Q]: "request.body = { action: 'replace', encoding: 'text', data: '' }; return request;",
      },
      includeBody: true,
      api: digesting,
    });
    const { size, length } = (await ask('/', { method: 'POST', body: 'mine' })).json();
    assert.deepEqual([size, length], [0, '0']);
  });

  for (const [trigger, limit] of LIMITS) {
    it(`G6: ${trigger} may replace it by ${limit} bytes of text, not more`, async (test) => {
      const { ask } = await distribution(test, {
        at: {
          [trigger]: `
            const data = 'x'.repeat(${limit} + Number(request.uri === '/more'));
            request.body = { action: 'replace', encoding: 'text', data };
            return request;`,
        },
        includeBody: true,
        api: digesting,
      });
      assert.equal((await ask('/', { method: 'POST', body: 'a' })).json().size, limit);
      const { status, text } = await ask('/more', { method: 'POST', body: 'a' });
      assert.equal(status, 502);
      assert.match(text, /rule +G6/);
    });
  }
});

describe('bodies', { timeout: 180_000 }, () => {
  it('reach the origin as the viewer framed them', async (test) => {
    const { ask } = await distribution(test, { api: digesting, forward: ALL_VIEWER_EXCEPT_HOST });
    const body = Buffer.alloc(3_000_000, 'nearhop');
    /** @type {Record<string, string>[]} */
    const framings = [{ 'content-length': '3000000' }, { 'transfer-encoding': 'chunked' }];
    for (const headers of framings) {
      const got = (await ask('/', { method: 'POST', headers, body })).json();
      assert.equal(got.digest, sha256(body));
      assert.equal(got.length, headers['content-length']);
      assert.equal(got.encoding, headers['transfer-encoding']);
    }
    assert.deepEqual((await ask('/', { method: 'POST' })).json().length, '0');
  });

  it('an early answer of the origin’s is not waited for in vain', async (test) => {
    const { ask } = await distribution(test, {
      api: (_, response) => void response.writeHead(413, { connection: 'close' }).end('too large'),
    });
    const { status } = await ask('/', { method: 'POST', body: Buffer.alloc(1_000_000) });
    assert.ok([413, 502].includes(status), `${status}`);
  });

  it('200 MB each way take no more memory than 20 MB', async (test) => {
    const program = fileURLToPath(new URL('streaming-server.js', import.meta.url));
    const child = spawn(process.execPath, [program], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    test.after(async () => {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    });
    const [{ url }] = await once(child, 'message');
    const peak = async () => {
      child.send('peak');
      const [{ megabytes }] = await once(child, 'message');
      return megabytes;
    };
    await transfer(url, 20_000_000);
    const before = await peak();
    await transfer(url, 200_000_000);
    const grown = (await peak()) - before;
    assert.ok(grown < 60, `${grown} MB more for 180 MB more each way`);
  });
});

/**
 * Sends so many bytes, and reads as many.
 *
 * @param {string} url
 * @param {number} size
 */
async function transfer(url, size) {
  const { port } = new URL(url);
  const outgoing = httpRequest({ host: '127.0.0.1', port, method: 'POST', agent: false });
  const answered = once(outgoing, 'response');
  const chunk = Buffer.alloc(1_000_000);
  for (let sent = 0; sent < size; sent += chunk.length) {
    if (!outgoing.write(chunk)) await once(outgoing, 'drain');
  }
  outgoing.end();
  const [incoming] = await answered;
  assert.equal(incoming.statusCode, 200);
  let read = 0;
  for await (const part of incoming) read += part.length;
  assert.equal(read, size);
}

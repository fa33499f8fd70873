/**
 * The Regional API's handler: who may call, what is answered when a call is wrong, what is logged.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { remembered } from '../../api/secret.mjs';
import { memoryDocuments } from '../../js/local/stores.js';
import { api } from './world.js';

const SECRET = 'a-secret-of-the-test';
const secret = { header: 'x-nearhop-origin-secret', value: async () => SECRET };

describe('/hello and /health', () => {
  it('say where the call came out, for whom, and what the edge said', async () => {
    const { ask } = api();
    const { status, headers, json } = await ask('POST /hello', {
      claims: {
        username: 'ada',
        'cognito:groups': '[staff pilots]',
        scope: 'read write',
        client_id: 'client-1',
      },
      headers: { 'x-nearhop-edge': 'eu-central-1', 'x-nearhop-reason': 'rtt' },
      text: 'hello',
    });
    assert.equal(status, 200);
    assert.equal(headers['cache-control'], 'no-store');
    const { time, ...rest } = json;
    assert.deepEqual(rest, {
      region: 'eu-west-1',
      message: 'Hello, ada, from eu-west-1',
      caller: {
        user: 'ada',
        username: 'ada',
        groups: 'staff,pilots',
        scopes: 'read,write',
        client: 'client-1',
      },
      routing: { edge: 'eu-central-1', region: null, reason: 'rtt' },
      request: { method: 'POST', received: 5 },
    });
    assert.match(time, /^2026-01-31T12:\d\d:\d\d\.000Z$/);
  });

  it('know nobody by a header', async () => {
    const { ask } = api();
    const headers = { 'x-nearhop-user': 'admin', 'x-nearhop-groups': 'admins' };
    const { json } = await ask('GET /hello', { user: 'ada', headers });
    assert.deepEqual(json.caller, {
      user: 'ada',
      username: null,
      groups: null,
      scopes: null,
      client: null,
    });
    const { status, json: refused } = await ask('GET /hello', { user: null, headers });
    assert.deepEqual([status, refused.error], [401, 'unauthorized']);
  });

  it('need no caller for health, which names the Regions', async () => {
    const { ask } = api();
    const { status, json } = await ask('GET /health', { user: null });
    assert.equal(status, 200);
    const regions = ['us-east-1', 'eu-west-1'];
    assert.deepEqual(json, { region: 'eu-west-1', status: 'ok', regions });
  });

  it('are found with a stage in the path and without', async () => {
    const { ask } = api();
    for (const stage of ['prod', '$default']) {
      assert.equal((await ask('GET /health', { stage })).status, 200, stage);
    }
  });
});

describe('the origin secret', () => {
  /** @type {[string, string | undefined, number][]} */
  const cases = [
    ['without it', undefined, 403],
    ['with an empty one', '', 403],
    ['with another', `${SECRET}x`, 403],
    ['with it twice', `${SECRET},${SECRET}`, 403],
    ['with it', SECRET, 200],
  ];
  for (const [what, value, expected] of cases) {
    it(`A4: a call ${what} is ${expected}`, async () => {
      const { ask, lines } = api({ secret });
      const headers = value === undefined ? undefined : { [secret.header]: value };
      const { status, text } = await ask('GET /hello', { headers });
      assert.equal(status, expected);
      assert.doesNotMatch(`${text}${JSON.stringify(lines)}`, new RegExp(SECRET));
    });
  }

  it('A4: is asked for before a path is looked at', async () => {
    const { ask } = api({ secret });
    for (const asked of ['GET /nothing', 'PURGE /notes', 'POST /notes']) {
      assert.equal((await ask(asked, { json: [] })).json.error, 'forbidden', asked);
    }
  });

  it('is not asked of health checks, which cannot send headers', async () => {
    assert.equal((await api({ secret }).ask('GET /health')).status, 200);
  });

  it('lets nobody in when it cannot be read, or is empty', async () => {
    const unreadable = { ...secret, value: () => Promise.reject(new Error('denied')) };
    const { ask, lines } = api({ secret: unreadable });
    const { status, json } = await ask('GET /hello', { headers: { [secret.header]: SECRET } });
    assert.deepEqual([status, json.error, lines[0].level], [503, 'unavailable', 'error']);
    const empty = api({ secret: { ...secret, value: async () => '' } });
    assert.equal((await empty.ask('GET /hello', { headers: { [secret.header]: '' } })).status, 403);
  });

  it('is read again when it is old, and kept while that fails', async () => {
    const answers = ['one', 'two', new Error('down'), 'four'];
    let now = 0;
    let reads = 0;
    const value = remembered(
      async () => {
        const answer = answers[reads++];
        if (answer instanceof Error) throw answer;
        return answer;
      },
      100,
      () => now,
    );
    const seen = [];
    for (now of [0, 99, 100, 200, 250, 300]) seen.push(await value());
    assert.deepEqual(seen, ['one', 'one', 'two', 'two', 'two', 'four']);
    assert.equal(reads, 4);
  });
});

describe('a call that is wrong', () => {
  /** @type {[string, import('./world.js').Call, number, string][]} */
  const cases = [
    ['GET /nothing', {}, 404, 'not_found'],
    ['GET /', {}, 404, 'not_found'],
    ['GET /notes/', {}, 404, 'note_missing'],
    ['GET /notes/a/b', {}, 404, 'not_found'],
    ['GET /__proto__', {}, 404, 'not_found'],
    ['POST /notes', { user: null, json: { title: 'a' } }, 401, 'unauthorized'],
    ['POST /notes', { user: '', json: { title: 'a' } }, 401, 'unauthorized'],
    ['POST /notes', { text: '{"title":"a"}' }, 415, 'content_type'],
    ['POST /notes', { json: [] }, 400, 'body_malformed'],
    ['POST /notes', { json: null }, 400, 'body_malformed'],
    [
      'POST /notes',
      { text: '{', headers: { 'content-type': 'application/json; charset=utf-8' } },
      400,
      'body_malformed',
    ],
    ['POST /notes', { json: { title: 'x'.repeat(70_000) } }, 413, 'body_too_large'],
  ];
  for (const [asked, call, expected, code] of cases) {
    it(`${asked}: ${expected} ${code}`, async () => {
      const { ask } = api();
      const { status, headers, json } = await ask(asked, call);
      assert.deepEqual([status, json.error, json.request_id], [expected, code, 'request-1']);
      assert.equal(typeof json.message, 'string');
      assert.equal(headers['cache-control'], 'no-store');
    });
  }

  it('of another method is told which there are', async () => {
    const { ask } = api();
    for (const [asked, allow] of [
      ['POST /health', 'GET, HEAD'],
      ['DELETE /notes', 'GET, HEAD, POST'],
      ['constructor /notes', 'GET, HEAD, POST'],
    ]) {
      const { status, headers } = await ask(asked);
      assert.deepEqual([status, headers.allow], [405, allow], asked);
    }
  });

  it('HEAD is a GET without a body', async () => {
    const { status, text } = await api().ask('HEAD /hello');
    assert.deepEqual([status, text], [200, undefined]);
  });
});

describe('when something fails', () => {
  /** @param {object} error */
  const failing = (error) => ({
    ...memoryDocuments(),
    get: () => Promise.reject(Object.assign(new Error('said by a service'), error)),
  });
  /** @type {[object, number, string, string][]} */
  const cases = [
    [{ name: 'TypeError' }, 500, 'internal', 'error'],
    [{ name: 'TimeoutError' }, 503, 'unavailable', 'error'],
    [{ code: 'ECONNREFUSED' }, 503, 'unavailable', 'error'],
    [{ name: 'InternalServerError', $fault: 'server' }, 503, 'unavailable', 'error'],
    [{ name: 'ThrottlingException', $fault: 'client' }, 429, 'too_many_requests', 'info'],
    [{ name: 'AccessDeniedException', $fault: 'client' }, 500, 'internal', 'error'],
  ];
  for (const [error, expected, code, level] of cases) {
    it(`${JSON.stringify(error)} is ${expected} ${code}`, async () => {
      const { ask, lines } = api({ documents: failing(error) });
      const { status, json, text } = await ask(`GET /notes/${'0'.repeat(28)}`);
      assert.deepEqual([status, json.error, lines[0].level], [expected, code, level]);
      assert.doesNotMatch(String(text), /said by a service/);
    });
  }

  it('writes one line for a call, with nothing of what was sent', async () => {
    const { ask, lines } = api({ documents: failing({ name: 'TypeError' }), secret });
    await ask(`GET /notes/${'0'.repeat(28)}?cursor=private`, {
      headers: { authorization: 'Bearer private', [secret.header]: SECRET, cookie: 'private=1' },
    });
    assert.equal(lines.length, 1);
    const { cause, ...line } = lines[0];
    assert.deepEqual(line, {
      level: 'error',
      region: 'eu-west-1',
      method: 'GET',
      route: '/notes/{id}',
      error: 'internal',
      status: 500,
      ms: 1_000,
      request_id: 'request-1',
    });
    assert.match(cause.stack, /said by a service/);
    assert.doesNotMatch(JSON.stringify(lines), /private|a-secret/);
  });
});

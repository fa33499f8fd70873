/**
 * The Regional API without AWS: what API Gateway does in front of the function.
 */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { request } from 'node:http';
import { describe, it } from 'node:test';
import { makeHandler } from '../../api/handler.mjs';
import { startIssuer } from '../../js/local/issuer.js';
import { mint } from '../../js/local/mint.js';
import { objectsAt } from '../../js/local/objects.js';
import { makeKey } from '../../js/local/pool.js';
import { startRegionalApi } from '../../js/local/regional-api.js';
import { documentsAt, startStores } from '../../js/local/stores.js';

const HOST = 'a.execute-api.eu-west-1.amazonaws.com';
const CLIENT = 'client-1';
const SECRET = 'a-secret-of-the-test';
const SECRET_HEADER = 'x-origin-secret';
const [ID_KEY, ACCESS_KEY] = await Promise.all([makeKey(), makeKey()]);

/** @param {string} id */
const poolOf = (id) => ({
  issuer: `https://cognito-idp.eu-west-1.amazonaws.com/${id}`,
  id,
  keys: { id: ID_KEY, access: ACCESS_KEY },
});
const POOL = poolOf('eu-west-1_Test');

/**
 * @typedef {{ after: (end: () => void | Promise<void>) => void }} Test
 * @typedef {{ method?: string, headers?: Record<string, string>, body?: string | Buffer }} Asked
 */

/** @param {Test} test */
async function services(test) {
  const [issuer, stores] = await Promise.all([startIssuer([POOL]), startStores()]);
  test.after(issuer.close);
  test.after(stores.close);
  const authorizer = {
    issuer: POOL.issuer,
    audience: ['client-0', CLIENT],
    jwksUrl: issuer.jwksUrls[POOL.issuer],
  };
  return { stores, authorizer };
}

/**
 * @param {Test} test
 * @param {string} [stage]
 */
async function world(test, stage = '/prod') {
  const { stores, authorizer } = await services(test);
  /** @type {any[]} */
  const events = [];
  const handler = makeHandler({
    region: 'eu-west-1',
    regions: ['eu-west-1'],
    documents: documentsAt(stores),
    objects: objectsAt({ ...stores, region: 'eu-west-1' }),
    secret: { header: SECRET_HEADER, value: async () => SECRET },
    log: () => {},
  });
  const { url, close } = await startRegionalApi({
    host: HOST,
    stage,
    authorizer,
    handler: (event) => (events.push(event), handler(event)),
  });
  test.after(close);
  const call = (
    /** @type {string} */ path,
    /** @type {Asked & { token?: string }} */ more = {},
  ) => {
    const { token, headers, ...rest } = more;
    /** @type {Record<string, string>} */
    const usual = { host: HOST, [SECRET_HEADER]: SECRET };
    if (token !== undefined) usual.authorization = `Bearer ${token}`;
    return ask(url, path, { ...rest, headers: { ...usual, ...headers } });
  };
  return { call, events };
}

describe('the Regional API without AWS', { timeout: 60_000 }, () => {
  it('lets a verified token through, and the function sees its claims', async (test) => {
    const { call, events } = await world(test);
    const token = await mint(POOL, { client: CLIENT, username: 'ada', groups: ['a', 'b'] });
    const { status, json } = await call('/prod/hello?x=1&x=2', {
      token,
      method: 'POST',
      headers: { cookie: 'a=1; b=2', 'content-length': '5', 'content-type': 'text/plain' },
      body: 'hello',
    });
    assert.equal(status, 200);
    const { caller, message, request } = json();
    assert.equal(message, 'Hello, ada, from eu-west-1');
    assert.deepEqual([caller.groups, caller.client], ['a,b', CLIENT]);
    assert.deepEqual(request, { method: 'POST', received: 5 });
    const [{ requestContext, ...event }] = events;
    assert.deepEqual(
      [event.version, event.rawPath, event.rawQueryString, event.body, event.isBase64Encoded],
      ['2.0', '/prod/hello', 'x=1&x=2', 'hello', false],
    );
    assert.deepEqual(event.cookies, ['a=1', 'b=2']);
    assert.deepEqual(event.queryStringParameters, { x: '1,2' });
    assert.equal(event.headers.cookie, undefined);
    assert.equal(requestContext.stage, 'prod');
    assert.equal(requestContext.authorizer.jwt.claims['cognito:groups'], '[a b]');
    assert.equal(typeof requestContext.authorizer.jwt.claims.exp, 'string');
  });

  it('hands bytes over whole', async (test) => {
    const { call } = await world(test);
    const token = await mint(POOL, { client: CLIENT });
    const body = Buffer.from([0, 255, 254, 10, 195]);
    const { json } = await call('/prod/hello', { token, method: 'POST', body });
    assert.equal(json().request.received, 5);
  });

  it('keeps notes and pictures', async (test) => {
    const { call } = await world(test);
    const token = await mint(POOL, { client: CLIENT });
    const post = (/** @type {string} */ path, /** @type {object} */ json) => {
      const headers = { 'content-type': 'application/json' };
      return call(path, { token, method: 'POST', headers, body: JSON.stringify(json) });
    };
    assert.equal((await post('/prod/notes', { title: 'Milk' })).status, 201);
    assert.equal((await call('/prod/notes', { token })).json().notes[0].title, 'Milk');
    const { upload } = (await post('/prod/avatar', { type: 'image/png', size: 3 })).json();
    assert.equal((await fetch(upload.url, { ...upload, body: 'png' })).status, 200);
    assert.equal((await call('/prod/avatar', { token, method: 'PUT' })).status, 200);
    const { url } = (await call('/prod/avatar', { token })).json();
    assert.equal(await (await fetch(url)).text(), 'png');
  });

  /** @type {[string, Partial<import('../../js/local/mint.js').Wish>][]} */
  const refused = [
    ['expired', { faults: ['expired'] }],
    ['not yet valid', { faults: ['not-yet'] }],
    ['for another client', { faults: ['wrong-client'] }],
    ['of another issuer', { faults: ['wrong-issuer'] }],
    ['by another key', { faults: ['wrong-key'] }],
    ['tampered with', { faults: ['tampered'] }],
    ['not signed', { faults: ['none'] }],
    ['of an unknown kid', { kid: 'unknown' }],
  ];
  it('refuses tokens that do not verify', async (test) => {
    const { call, events } = await world(test);
    for (const [what, wish] of refused) {
      const token = await mint(POOL, { client: CLIENT, ...wish });
      const { status, text } = await call('/prod/hello', { token });
      assert.deepEqual([status, text], [401, '{"message":"Unauthorized"}'], what);
    }
    assert.equal((await call('/prod/hello')).status, 401);
    const headers = { authorization: 'Basic eDp5' };
    assert.equal((await call('/prod/hello', { headers })).status, 401);
    assert.equal(events.length, 0);
  });

  it('needs no token for health, and for nothing that looks like it', async (test) => {
    const { call } = await world(test);
    assert.equal((await call('/prod/health')).json().region, 'eu-west-1');
    for (const path of ['/prod/health/', '/prod/health/x', '/prod/Health', '/prod/x/../health/x']) {
      assert.equal((await call(path)).status, 401, path);
    }
  });

  /** @type {[string, string, Record<string, string>, number][]} */
  const cases = [
    ['A1: another Host', '/prod/health', { host: 'app.example.test' }, 403],
    ['A1: no stage', '/health', {}, 403],
    ['A1: another stage', '/production/health', {}, 403],
    ['A2: 10,240 bytes of headers', '/prod/health', { cookie: 'x'.repeat(10_240) }, 431],
    ['A4: no secret', '/prod/hello', { [SECRET_HEADER]: '' }, 403],
    ['A4: another secret', '/prod/hello', { [SECRET_HEADER]: `${SECRET}x` }, 403],
    ['another path', '/prod/other', {}, 404],
    ['the stage itself', '/prod', {}, 404],
  ];
  for (const [what, path, headers, expected] of cases) {
    it(`${what} is ${expected}`, async (test) => {
      const { call } = await world(test);
      const token = await mint(POOL, { client: CLIENT });
      const { status, text } = await call(path, { token, headers });
      assert.equal(status, expected);
      assert.doesNotMatch(text, new RegExp(SECRET));
    });
  }

  it('A2: a payload of more than 10 MB is 413', async (test) => {
    const { call } = await world(test);
    const token = await mint(POOL, { client: CLIENT });
    const body = Buffer.alloc(10 * 1024 * 1024 + 1);
    assert.equal((await call('/prod/hello', { token, method: 'POST', body })).status, 413);
  });

  it('has no stage in its paths when the stage is $default', async (test) => {
    const { call, events } = await world(test, '');
    assert.equal((await call('/health')).status, 200);
    assert.equal(events[0].requestContext.stage, '$default');
    assert.equal(events[0].rawPath, '/health');
  });

  it('runs as processes that share the stores, and ends with its parent', async (test) => {
    const { stores, authorizer } = await services(test);
    const start = async (/** @type {string} */ region) => {
      const child = fork(new URL('../../js/local/regional-api.js', import.meta.url), {
        execArgv: [],
        env: {
          AWS_REGION: region,
          API_REGIONS: 'eu-west-1,us-east-1',
          API_HOST: HOST,
          API_STAGE: '/prod',
          SECRET,
          SECRET_HEADER,
          JWT_ISSUER: authorizer.issuer,
          JWT_AUDIENCE: authorizer.audience.join(','),
          JWKS_URL: authorizer.jwksUrl,
          STORES_URL: stores.url,
          STORES_KEY: stores.key,
        },
      });
      test.after(() => void child.kill('SIGKILL'));
      const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
      const { port } = await new Promise((resolve, reject) => {
        child.once('message', resolve);
        child.once('exit', (code) => reject(new Error(`ended with code ${code}`)));
      });
      return { child, ended, url: `http://127.0.0.1:${port}` };
    };
    const [first, second] = await Promise.all([start('eu-west-1'), start('us-east-1')]);
    const token = await mint(POOL, { client: CLIENT });
    const headers = {
      host: HOST,
      [SECRET_HEADER]: SECRET,
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
    };
    const made = await ask(first.url, '/prod/notes', {
      method: 'POST',
      headers,
      body: '{"title":"written in Ireland"}',
    });
    assert.equal(made.status, 201);
    const read = await ask(second.url, `/prod/notes/${made.json().id}`, { headers });
    assert.equal(read.json().title, 'written in Ireland');
    const { region, regions } = (await ask(second.url, '/prod/health', { headers })).json();
    assert.deepEqual([region, regions], ['us-east-1', ['eu-west-1', 'us-east-1']]);
    first.child.disconnect();
    second.child.disconnect();
    assert.deepEqual(await Promise.all([first.ended, second.ended]), [0, 0]);
  });
});

/**
 * One request whose path and Host reach the wire unchanged, as `fetch` would not have it.
 *
 * @param {string} url
 * @param {string} path
 * @param {Asked} [asked]
 * @returns {Promise<{ status: number, text: string, json: () => any }>}
 */
function ask(url, path, { body, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { ...options, path, agent: false }, async (incoming) => {
      try {
        const text = Buffer.concat(await incoming.toArray()).toString();
        resolve({ status: incoming.statusCode ?? 0, text, json: () => JSON.parse(text) });
      } catch (error) {
        reject(error);
      }
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/**
 * The walk through the application, as its users take it: the same in every world, and in a real
 * account (account.js).
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { it } from 'node:test';

/**
 * @typedef {object} Walked what a world is walked through by
 * @property {() => string} url
 * @property {() => string[]} regions the API's
 * @property {(region: string, path: string, headers: Record<string, string>) =>
 *   Promise<{ status: number }>} direct a GET from a Region's API, past the edge
 * @property {(name: 'alice'|'bob') => Promise<{ access: string, id: string }>} signIn
 * @property {() => Promise<string>} foreignToken an access token of another pool of the same kind
 * @property {boolean} [isLocal] whether a viewer can choose an edge; if not, any Region may answer
 */

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {Record<string, string>} headers
 * @property {string} text
 * @property {() => any} json
 */

/** A picture of one pixel (PNG). */
export const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmM' +
    'IQAAAABJRU5ErkJggg==',
  'base64',
);

const HTML = { accept: 'text/html,*/*;q=0.8' };

/** @param {Walked} world */
export function walk({ url, regions, direct, signIn, foreignToken, isLocal = false }) {
  const call = caller(url);
  /** @param {Answer} answer @param {string} region the nearest */
  const assertRegion = ({ headers }, region) => {
    const allowed = isLocal ? [region] : regions();
    assert.ok(allowed.includes(String(headers['x-nearhop-region'])), allowed.join(', '));
  };

  it('serves the page, and the same page for a deep link', async () => {
    const page = await call('GET /', { headers: HTML });
    assert.equal(page.status, 200);
    assert.match(page.text, /<title>Nearhop/);
    const deep = await call('GET /trips/42', { headers: HTML });
    assert.deepEqual([deep.status, deep.text], [200, page.text]);
    assert.equal((await call('GET /missing.js')).status, 404);
  });

  it('answers a call with a token, and says who calls and which Region it was', async () => {
    const { access: token } = await signIn('alice');
    const { status, headers, json, text } = await call('GET /api/hello', { token });
    assert.equal(status, 200, text);
    assert.equal(json().region, headers['x-nearhop-region']);
    const { sub } = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());
    assert.equal(json().caller.user, sub);
  });

  it('reads in one Region what was written in another, and only as who wrote it', async () => {
    const [alice, bob] = await Promise.all([signIn('alice'), signIn('bob')]);
    const written = await call('POST /api/notes', {
      token: alice.access,
      edge: 'eu-central-1',
      json: { title: 'From Frankfurt', text: 'to Ireland' },
    });
    assert.equal(written.status, 201, written.text);
    assertRegion(written, 'eu-west-1');
    const note = written.json();
    const elsewhere = { edge: 'us-east-1' };
    const read = await call(`GET /api/notes/${note.id}`, { token: alice.access, ...elsewhere });
    assertRegion(read, 'us-east-1');
    assert.deepEqual(read.json(), note);
    const refused = await call(`GET /api/notes/${note.id}`, { token: bob.access, ...elsewhere });
    assert.equal(refused.status, 404);
    const removed = await call(`DELETE /api/notes/${note.id}`, { token: alice.access });
    assert.equal(removed.status, 204, removed.text);
  });

  it('keeps an avatar: signed, sent, confirmed, read from another Region', async () => {
    const { access: token } = await signIn('alice');
    const there = { token, edge: 'eu-central-1' };
    const json = { type: 'image/png', size: PIXEL.length };
    const begun = await call('POST /api/avatar', { ...there, json });
    assert.equal(begun.status, 201, begun.text);
    const { method, url: target, headers } = begun.json().upload;
    const sent = await fetch(target, { method, headers, body: PIXEL });
    assert.equal(sent.status, 200, await sent.text());
    const kept = await call('PUT /api/avatar', there);
    assert.equal(kept.status, 200, kept.text);
    const shown = await call('GET /api/avatar', { token, edge: 'ap-southeast-2' });
    assert.equal(shown.json().region, kept.json().region);
    const image = await fetch(shown.json().url);
    assert.equal(image.headers.get('content-type'), 'image/png');
    assert.deepEqual(Buffer.from(await image.arrayBuffer()), PIXEL);
  });

  it('lets the page send files to where they are kept', async () => {
    const { access: token } = await signIn('alice');
    const page = await call('GET /', { headers: HTML });
    const json = { type: 'image/png', size: PIXEL.length };
    const { upload } = (await call('POST /api/avatar', { token, json })).json();
    const policy = String(page.headers['content-security-policy']);
    const connect = policy.split(';').find((part) => part.trim().startsWith('connect-src')) ?? '';
    assert.ok(connect.split(' ').includes(new URL(upload.url).origin), connect);
  });

  it('refuses no token, a changed one, an ID token, and one of another pool', async () => {
    const { access, id } = await signIn('alice');
    const [head, claims, signature] = access.split('.');
    const other = { ...JSON.parse(Buffer.from(claims, 'base64url').toString()), sub: 'somebody' };
    const changed = [head, Buffer.from(JSON.stringify(other)).toString('base64url'), signature];
    /** @type {[string | undefined, string][]} */
    const refused = [
      [undefined, 'token_missing'],
      [changed.join('.'), 'token_signature'],
      [id, 'token_use'],
      [await foreignToken(), 'token_issuer'],
    ];
    for (const [token, error] of refused) {
      const { status, json, headers } = await call('GET /api/hello', { token });
      assert.deepEqual([status, json().error], [401, error]);
      assert.equal(headers['x-nearhop-region'], undefined, 'it reached no Region');
    }
  });

  it('A4: an API answers nobody who comes without the edge, nor without a token', async () => {
    const { access } = await signIn('alice');
    for (const region of regions()) {
      const bearer = { authorization: `Bearer ${access}` };
      assert.equal((await direct(region, '/hello', bearer)).status, 403);
      const { status } = await direct(region, '/hello', {});
      assert.ok([401, 403].includes(status), String(status));
    }
  });
}

/**
 * Requests to a world.
 *
 * @param {() => string} url
 */
export function caller(url) {
  /**
   * @param {string} asked such as `POST /api/notes`
   * @param {{ token?: string, edge?: string, json?: object,
   *   headers?: Record<string, string> }} [how] `edge`: where the viewer is to be
   * @returns {Promise<Answer>}
   */
  return async (asked, { token, edge, json, headers = {} } = {}) => {
    const [method, path] = asked.split(' ');
    return send(new URL(path, url()), method, {
      body: json === undefined ? undefined : JSON.stringify(json),
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(edge !== undefined && { 'x-nearhop-dev-edge': edge }),
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
    });
  };
}

/**
 * As the page load of a browser goes, which `fetch` cannot: it adds `sec-fetch-mode: cors`.
 *
 * @param {URL} url
 * @param {string} method
 * @param {{ headers: Record<string, string>, body?: string }} what
 * @returns {Promise<Answer>}
 */
async function send(url, method, { headers, body }) {
  const { request } = url.protocol === 'https:' ? https : http;
  const outgoing = request(url, { method, headers, agent: false }).end(body);
  const [incoming] = await once(outgoing, 'response');
  const text = Buffer.concat(await incoming.toArray()).toString();
  return {
    status: incoming.statusCode,
    headers: incoming.headers,
    text,
    json: () => JSON.parse(text),
  };
}

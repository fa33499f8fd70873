/**
 * The edge function alone, with an issuer that answers what it is told to: what a whole one does not
 * do, or not when it is asked to.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { SignJWT, importJWK } from 'jose';
import { makeKey } from '../../js/local/pool.js';
import { Edge, NOW, baseEvent, load } from '../edge.js';
import { OWN_CALL, PAGE_LOAD } from './jar.js';
import { ACCESS, REFRESH } from './visitor.js';

const ISSUER = 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_SignIn01';
const HOST = 'app.example.com';
const CLIENT = 'web0client';

const TOML = `
[site]
mode = "spa"
viewer_request_attached = true
[[routes]]
pattern = "/app/*"
target = "site"
access = "authenticated"
[[issuers]]
issuer = "${ISSUER}"
clients = ["${CLIENT}"]
cookies = ["neighbours"]
[sign_in]
domain = "https://id.example.com"
origins = ["https://${HOST}"]
key = { env = "SIGN_IN_KEY" }
refresh_before_seconds = 3600
`;

/** @type {(() => void)[]} */
const ends = [];
const suite = { after: (/** @type {() => void} */ end) => void ends.push(end) };

describe('sign-in at the edge', { timeout: 60_000 }, () => {
  /** @type {import('../edge.js').Loaded} */
  let loaded;
  /** @type {import('jose').JWK} */
  let key;
  before(async () => {
    key = await makeKey();
    const folder = mkdtempSync(join(tmpdir(), 'nearhop-sign-in-'));
    suite.after(() => rmSync(folder, { recursive: true }));
    const keySet = join(folder, 'jwks.json');
    const { kty, n, e, kid } = key;
    writeFileSync(keySet, JSON.stringify({ keys: [{ kty, n, e, kid, alg: 'RS256', use: 'sig' }] }));
    const keySets = [pathToFileURL(keySet).href];
    const env = { SIGN_IN_KEY: 'a-key-of-more-than-thirty-two-characters' };
    loaded = await load(suite, { toml: TOML, keySets, env });
  });
  after(() => ends.forEach((end) => end()));

  it('whoever signs in without a refresh token keeps nobody else’s', async () => {
    const browser = new Browser(loaded, key);
    await browser.signIn('ada', { refresh_token: 'the-token-of-ada' });
    assert.equal(browser.cookies.get(REFRESH), 'the-token-of-ada');
    await browser.signIn('bob', {});
    assert.deepEqual([...browser.cookies.keys()].includes(REFRESH), false);
    assert.equal((await browser.me()).claims.sub, 'bob');
    browser.edge.now += 1_000_000;
    assert.equal((await browser.ask('/_nearhop/me', OWN_CALL)).status, '401', 'and not ada');
  });

  it('a page load within the time before expiry is refreshed once, however short tokens live', async () => {
    const browser = new Browser(loaded, key);
    await browser.signIn('ada', { refresh_token: 'one' });
    browser.answer = async () => ({ ...(await browser.tokens('ada')), refresh_token: 'two' });
    const first = await browser.ask('/app/', PAGE_LOAD);
    assert.deepEqual([first.status, browser.cookies.get(REFRESH)], ['307', 'two']);
    assert.equal((await browser.ask('/app/', PAGE_LOAD)).uri, '/index.html');
  });

  it('where there is a session, no neighbour’s cookie takes its place when it has expired', async () => {
    const browser = new Browser(loaded, key);
    await browser.signIn('ada', { refresh_token: 'one' });
    browser.edge.now += 1_000_000;
    browser.cookies.set('neighbours', (await browser.tokens('mallory')).access_token);
    browser.answer = async () => ({ ...(await browser.tokens('ada')), refresh_token: 'two' });
    assert.equal((await browser.ask('/_nearhop/me', OWN_CALL)).status, '307');
    assert.equal((await browser.me()).claims.sub, 'ada');
  });

  it('origin-request has none of its paths, though viewer-request stands before the site', async () => {
    const browser = new Browser(loaded, key);
    for (const uri of ['/_nearhop/me', '/_nearhop/callback', '/_nearhop/x', '/%5fnearhop/me']) {
      const event = baseEvent('origin-request');
      event.Records[0].cf.request.uri = uri;
      assert.equal((await browser.edge.handle(event)).status, '404', uri);
    }
  });

  it('a page that is loaded ahead begins no attempt', async () => {
    const browser = new Browser(loaded, key);
    for (const name of ['sec-purpose', 'purpose']) {
      const { status, headers } = await browser.ask('/app/', { ...PAGE_LOAD, [name]: 'prefetch' });
      assert.deepEqual([status, headers['set-cookie']], ['401', undefined], name);
    }
  });

  it('generated-responses/size: an answer stays within what CloudFront takes (rule G2)', async () => {
    const browser = new Browser(loaded, key);
    for (let at = 0; at < 700; at += 1) {
      browser.cookies.set(`__Host-nearhop-attempt-${String(at).padStart(11, 'a')}`, '1.x');
    }
    for (const path of ['/app/', '/_nearhop/sign-in', '/_nearhop/sign-out']) {
      const { status, headers } = await browser.ask(path, PAGE_LOAD);
      assert.equal(status, '302', path);
      assert.ok(JSON.stringify(headers).length < 40_000, path);
    }
  });

  it('an event that needs too many fetches costs that event alone', async () => {
    const browser = new Browser(loaded, key);
    await browser.signIn('ada', { refresh_token: 'one' });
    assert.equal((await browser.me()).claims.sub, 'ada');
    const { access_token: access } = await browser.tokens('ada', 'another-key');
    browser.cookies.set(ACCESS, access);
    const { status } = await browser.ask('/_nearhop/me', OWN_CALL);
    assert.ok(['401', '307', '503'].includes(status), status);
    assert.ok(!browser.edge.lines.join().includes('more than'), browser.edge.lines.join());
  });
});

/** Cookies, and the issuer's answers. */
class Browser {
  /** @type {Map<string, string>} */
  cookies = new Map();
  /** What the token endpoint answers. @type {() => Promise<object>} */
  answer = async () => assert.fail('nothing is to be asked');

  /**
   * @param {import('../edge.js').Loaded} loaded
   * @param {import('jose').JWK} key
   */
  constructor(loaded, key) {
    this.key = key;
    this.edge = new Edge(loaded, {
      get: async ({ url }) => {
        assert.match(url, /^https:\/\/id\.example\.com\/oauth2\/|jwks\.json$/);
        if (url.endsWith('jwks.json')) throw new Error('no keys today');
        return Buffer.from(url.endsWith('/token') ? JSON.stringify(await this.answer()) : '');
      },
    });
  }

  /**
   * @param {string} path
   * @param {Record<string, string>} headers
   * @param {string} [querystring]
   */
  async ask(path, headers, querystring = '') {
    const event = baseEvent('viewer-request');
    const { request } = event.Records[0].cf;
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    Object.assign(request, { method: 'GET', uri: path, querystring, headers: {} });
    const sent = { host: HOST, ...headers, ...(cookie && { cookie }) };
    for (const [name, value] of Object.entries(sent)) {
      request.headers[name] = [{ key: name, value }];
    }
    const answer = await this.edge.handle(event);
    for (const { value } of answer.headers['set-cookie'] ?? []) {
      const [pair, ...attributes] = value.split('; ');
      const [name, text] = pair.split(/=(.*)/s);
      if (attributes.includes('Max-Age=0')) this.cookies.delete(name);
      else this.cookies.set(name, text);
    }
    return answer;
  }

  /**
   * @param {string} user
   * @param {object} more what the token endpoint gives besides
   */
  async signIn(user, more) {
    const { headers } = await this.ask('/_nearhop/sign-in', PAGE_LOAD, 'return=/app/');
    const asked = new URL(headers.location[0].value).searchParams;
    const tokens = await this.tokens(user, undefined, `${asked.get('nonce')}`);
    this.answer = async () => ({ ...tokens, ...more });
    const back = await this.ask('/_nearhop/callback', PAGE_LOAD, `code=c&state=${asked.get('state')}`);
    assert.deepEqual([back.status, back.headers.location[0].value], ['302', `https://${HOST}/app/`]);
  }

  async me() {
    const { status, body } = await this.ask('/_nearhop/me', OWN_CALL);
    assert.equal(status, '200', body);
    return JSON.parse(body);
  }

  /**
   * Good for a quarter of an hour.
   *
   * @param {string} sub
   * @param {string} [kid]
   * @param {string} [nonce]
   */
  async tokens(sub, kid = this.key.kid, nonce) {
    const seconds = Math.floor(this.edge.now / 1_000);
    assert.ok(seconds >= NOW);
    const common = { iss: ISSUER, sub, iat: seconds, exp: seconds + 900 };
    const sign = async (/** @type {import('jose').JWTPayload} */ claims) =>
      new SignJWT({ ...common, ...claims })
        .setProtectedHeader({ alg: 'RS256', kid })
        .sign(await importJWK(this.key, 'RS256'));
    return {
      access_token: await sign({ token_use: 'access', client_id: CLIENT }),
      id_token: await sign({ token_use: 'id', aud: CLIENT, nonce }),
    };
  }
}

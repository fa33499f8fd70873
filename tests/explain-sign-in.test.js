/**
 * `nearhop explain` of a configuration with sign-in.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { explain } from '../js/cli/explain.js';
import { nearhop } from './nearhop.js';

/** A page to sign in for, and an API behind the same session. */
const TOML = `
[[routes]]
pattern = "/api/*"
target = "api"
access = "authenticated"

[[routes]]
pattern = "/notes/*"
target = "site"
access = "authenticated"

[[issuers]]
user_pool = "us-east-1_Example01"
clients = ["web0client"]

[[api.regions]]
name = "us-east-1"
endpoint = "https://a.execute-api.us-east-1.amazonaws.com/prod"

[sign_in]
key = { env = "SIGN_IN_KEY" }
`;
const DOMAIN = 'https://example.auth.us-east-1.amazoncognito.com';

const folder = mkdtempSync(join(tmpdir(), 'nearhop-explain-sign-in-'));
after(() => rmSync(folder, { recursive: true }));
const CONFIG = file('nearhop.toml', `${TOML}domain = "${DOMAIN}"\n`);
const OFFLINE = {
  ...{ jwks: {}, jwksUrls: {}, discovery: {}, discoveryUrls: {} },
  ...{ fetchKeys: false, timeoutMs: 1_000, onProgress: () => {} },
};

/**
 * @param {string} name
 * @param {string | object} content
 */
function file(name, content) {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

/** At viewer-request. @param {Partial<import('../js/cli/explain.js').ExplainOptions>} options */
function explained(options) {
  const usual = { config: CONFIG, trigger: 'viewer-request', published: OFFLINE };
  return explain({ edge: 'us-east-1', ...usual, ...options });
}

test('a page load without a token is sent to sign in', async () => {
  const ask = { url: '/notes/17' };
  for (const header of ['Sec-Fetch-Mode: navigate', 'Accept: application/xml, text/html;q=0.9']) {
    const told = await explained({ ...ask, headers: [header] });
    assert.deepEqual([told.outcome, told.refusal], ['sign-in', null]);
    assert.equal(told.destination, '/index.html');
    assert.deepEqual(told.sign_in, {
      step: 'redirect',
      location: `${DOMAIN}/oauth2/authorize`,
      says: `302 to sign in at ${DOMAIN}/oauth2/authorize`,
    });
    assert.deepEqual(told.notes, []);
  }
  const api = await explained({ ...ask, url: '/api/hello', headers: ['Sec-Fetch-Mode: navigate'] });
  assert.equal(api.outcome, 'sign-in');
  assert.equal(api.region, 'us-east-1', 'where whoever signs in would go');
  const later = await explained({
    ...ask,
    trigger: 'origin-request',
    headers: ['Accept: text/html'],
  });
  assert.match(later.notes.join(), /before origin-request/);
});

test('and nothing else is', async () => {
  const ask = { url: '/notes/17' };
  for (const options of [
    {},
    { headers: ['Accept: */*'] },
    { headers: ['Sec-Fetch-Mode: cors', 'Accept: text/html'] },
    { headers: ['Sec-Fetch-Mode: navigate'], method: 'POST' },
  ]) {
    const told = await explained({ ...ask, ...options });
    assert.deepEqual([told.refusal?.code, told.sign_in], ['token_missing', null]);
  }
  assert.match((await explained(ask)).notes.join(), /--header 'sec-fetch-mode: navigate'/);
  const forged = await explained({ ...ask, headers: ['Sec-Fetch-Mode: navigate'], token: 'a.b.c' });
  assert.deepEqual([forged.outcome, forged.sign_in], ['refused', null]);
  const open = await explained({ ...ask, url: '/', headers: ['Sec-Fetch-Mode: navigate'] });
  assert.deepEqual([open.outcome, open.sign_in], ['site', null]);
});

test('a session that can be refreshed is', async () => {
  const cookie = 'Cookie: __Host-nearhop-refresh=of-this-test';
  for (const headers of [[cookie, 'Sec-Fetch-Mode: navigate'], [cookie]]) {
    const told = await explained({ url: '/api/hello', headers });
    assert.deepEqual([told.outcome, told.sign_in?.step], ['sign-in', 'refresh']);
    assert.match(`${told.sign_in?.says}`, /^307 to the same URL/);
    assert.equal(told.region, 'us-east-1');
    assert.ok(!JSON.stringify(told).includes('of-this-test'));
  }
});

test('sign-in is for the site’s own hosts', async () => {
  const origins = 'origins = ["https://app.example.com", "http://localhost:8080"]\n';
  const config = file('origins.toml', `${TOML}domain = "${DOMAIN}"\n${origins}`);
  const ask = { config, headers: ['Sec-Fetch-Mode: navigate'] };
  for (const url of ['/notes', 'https://app.example.com/notes', 'http://localhost:8080/notes']) {
    assert.equal((await explained({ ...ask, url })).sign_in?.step, 'redirect', url);
  }
  const other = await explained({ ...ask, url: 'https://d1.cloudfront.net/notes' });
  assert.deepEqual([other.refusal?.code, other.sign_in], ['token_missing', null]);
  assert.match(other.notes.join(), /none of sign_in\.origins/);
  const me = await explained({ ...ask, url: 'https://d1.cloudfront.net/_nearhop/me' });
  assert.match(`${me.sign_in?.says}`, /^421: /);
  const own = await explained({ ...ask, config: CONFIG, url: 'https://d1.cloudfront.net/notes' });
  assert.equal(own.sign_in?.step, 'redirect', 'without origins it is the site’s');
});

test('paths of sign-in’s own are told of', async () => {
  const said = async (/** @type {string} */ url, more = {}) => {
    const told = await explained({ url, ...more });
    assert.deepEqual([told.outcome, told.route, told.sign_in?.step], ['sign-in', null, 'reserved']);
    return told.sign_in?.says;
  };
  for (const [path, told] of /** @type {const} */ ([
    ['/_nearhop/sign-in?return=/notes', /^302 to sign in/],
    ['/_nearhop/callback?code=c&state=s', /302 to the URL they asked for/],
    ['/_nearhop/sign-out', /ends the session/],
    ['/_nearhop/signed-out', /a page/],
    ['/_nearhop/me', /claims as JSON, or 401$/],
    ['/_nearhop/nothing', /^404: what there is of sign-in's is \/_nearhop\/sign-in, /],
  ])) {
    assert.match(`${await said(path)}`, told);
  }
  assert.match(`${await said('/_nearhop/sign-out', { method: 'POST' })}`, /ends the session/);
  assert.match(`${await said('/_nearhop/me', { method: 'HEAD' })}`, /claims as JSON/);
  assert.equal(await said('/_nearhop/me', { method: 'POST' }), '405: it does not answer POST');
  assert.match(`${await said('/_nearhop/me', { trigger: 'origin-request' })}`, /answers 404$/);
  const config = file('without.toml', TOML.slice(0, TOML.indexOf('[sign_in]')));
  const without = await explained({ config, url: '/_nearhop/me' });
  assert.deepEqual([without.outcome, without.sign_in], ['site', null]);
});

test('where only a document says it, people sign in where that says', async () => {
  const config = file('discovered.toml', TOML);
  const ask = { config, url: '/notes/1', headers: ['Sec-Fetch-Mode: navigate'] };
  const unknown = await explained(ask);
  assert.equal(unknown.sign_in?.location, null);
  assert.match(`${unknown.sign_in?.says}`, /discovery document/);
  const document = file('openid.json', {
    issuer: 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example01',
    authorization_endpoint: `${DOMAIN}/oauth2/authorize`,
    token_endpoint: `${DOMAIN}/oauth2/token`,
    jwks_uri: `${DOMAIN}/keys`,
  });
  const known = await explained({ ...ask, published: { ...OFFLINE, discovery: { '': document } } });
  assert.equal(known.sign_in?.location, `${DOMAIN}/oauth2/authorize`);
});

test('claims of other issuers are taken as verified too', async () => {
  const claims = file('claims.json', { sub: 'alice' });
  for (const [use, given] of /** @type {const} */ ([['access', 'client_id'], ['id', 'aud']])) {
    const pool = 'user_pool = "us-east-1_Example01"';
    const other = `issuer = "https://id.example.com"\nkind = "oidc"\naudiences = ["https://api.example.com"]\ntoken_use = ["${use}"]`;
    const config = file(`${use}.toml`, TOML.replace(pool, other));
    const told = await explained({ config, url: '/api/hello', claims });
    assert.deepEqual([told.outcome, told.caller?.client], ['api', 'web0client'], use);
    const aud = use === 'access' ? ', aud = https://api.example.com' : '';
    const note = `iss = https://id.example.com, ${given} = web0client${aud}`;
    assert.deepEqual(told.notes, [`--claims is taken as a verified token's, with ${note}`]);
  }
});

test('people read of sign-in too', async () => {
  const run = (/** @type {string[]} */ ...args) =>
    nearhop(['explain', '--config', CONFIG, '--edge', 'us-east-1', ...args]);
  const page = await run('--url', '/notes/1', '--header', 'sec-fetch-mode: navigate');
  assert.deepEqual([page.status, page.stderr], [0, '']);
  assert.match(page.stdout, /^ {2}caller +nobody: no token$/m);
  assert.match(page.stdout, /^Sign-in: 302 to sign in at https:\/\/example\.auth\S+\/authorize$/m);
  assert.match(page.stdout, /^Once signed in, it would be:\nThe site: \/index\.html in S3$/m);
  const me = await run('--url', '/_nearhop/me', '--trigger', 'viewer-request');
  assert.match(me.stdout, /^ {2}belongs to +sign-in$/m);
  assert.match(me.stdout, /^Sign-in: 200 with the visitor's claims/m);
});

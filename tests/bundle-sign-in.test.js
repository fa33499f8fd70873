/**
 * `nearhop bundle` of a configuration with sign-in: its secrets, and what issuers publish.
 */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { Provider } from 'oidc-provider';
import { bundle, secretNames } from '../js/cli/bundle.js';
import { check } from '../js/cli/tools.js';
import { nearhop } from './nearhop.js';

const POOL = 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example01';
const OTHER = 'https://id.example.com';
const DOMAIN = 'https://example.auth.eu-west-1.amazoncognito.com';
const ENV = {
  SIGN_IN_KEY: 'a-key-of-thirty-two-characters-!',
  CLIENT_SECRET: 'the-secret-of-the-client',
  ADMIN_SECRET: 'the-secret-of-the-admins',
};

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS256', use: 'sig' };
const KEY_SET = JSON.stringify({ keys: [jwk] });

const root = await mkdtemp(join(tmpdir(), 'nearhop-bundle-sign-in-'));
after(() => rm(root, { recursive: true }));

/** An empty folder of each test's own. */
let folder = '';
let runs = 0;
beforeEach(async () => {
  folder = join(root, String((runs += 1)));
  await mkdir(folder);
});

/** What stands for issuers: answers by path, and the paths asked for. @type {Map<string, string>} */
const answers = new Map();
/** @type {string[]} */
let asked = [];
const server = createServer((request, response) => {
  const path = request.url ?? '';
  asked.push(path);
  const answer = answers.get(path);
  if (path === '/silent') return;
  if (answer === undefined) response.writeHead(404).end();
  else if (answer.startsWith('/')) response.writeHead(302, { location: answer }).end();
  else response.end(answer);
});
const url = await listening(server);
after(() => (server.closeAllConnections(), server.close()));
beforeEach(() => (answers.clear(), (asked = [])));

/**
 * @param {import('node:http').Server} server
 * @returns {Promise<string>} its URL on this machine
 */
async function listening(server) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return `http://127.0.0.1:${port}`;
}

/**
 * @param {string} name
 * @param {string} text
 */
async function file(name, text) {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

/** A configuration with an issuer and a section [sign_in]. */
function configuration({ issuer = `user_pool = "eu-west-1_Example01"`, signIn = '' } = {}) {
  return file(
    'nearhop.toml',
    `[[issuers]]
${issuer}
clients = ["web", "admins"]
[[routes]]
pattern = "/notes/*"
target = "site"
access = "authenticated"
[sign_in]
key = { env = "SIGN_IN_KEY" }
${signIn}
`,
  );
}

const OIDC = `issuer = "${OTHER}"\nkind = "oidc"\naudiences = ["https://api.example.com"]`;

/** What an issuer publishes. @param {Record<string, unknown>} [more] */
function discovery(more) {
  return JSON.stringify({
    issuer: OTHER,
    authorization_endpoint: `${OTHER}/authorize`,
    token_endpoint: `${url}/token`,
    jwks_uri: `${url}/keys`,
    ...more,
  });
}

/** @param {string} dir */
async function carried(dir) {
  return JSON.parse(await readFile(join(dir, 'nearhop.json'), 'utf8'));
}

/** @param {Partial<import('../js/cli/bundle.js').BundleOptions> & { config: string }} options */
async function built(options) {
  const { dir } = await bundle({ out: join(folder, 'b'), env: ENV, ...options });
  return carried(dir);
}

test('a user pool’s domain says where people sign in, and nothing is fetched', async () => {
  const config = await configuration({ signIn: `domain = "${DOMAIN}"` });
  const { sign_in: signIn, config: kept } = await built({ config, fetchKeys: false });
  assert.deepEqual(signIn, {
    key: ENV.SIGN_IN_KEY,
    client_secrets: [null],
    endpoints: {
      authorization: `${DOMAIN}/oauth2/authorize`,
      token: `${DOMAIN}/oauth2/token`,
      revocation: `${DOMAIN}/oauth2/revoke`,
      end_session: { cognito: `${DOMAIN}/logout` },
    },
  });
  assert.deepEqual(kept.sign_in.origins, []);
});

test('origins and domain can be others than the configuration’s', async () => {
  const config = await configuration({ signIn: 'origins = ["https://app.example.com"]' });
  const options = { config, fetchKeys: false, signInOrigins: ['http://localhost:8080'] };
  const { sign_in: signIn, config: kept } = await built({ ...options, signInDomain: `${url}/` });
  assert.equal(signIn.endpoints.token, `${url}/oauth2/token`);
  assert.deepEqual(kept.sign_in.origins, ['http://localhost:8080']);
  assert.equal(kept.sign_in.domain, `${url}/`);
  assert.deepEqual(asked, []);
});

test('each client has its own secret, or none', async () => {
  const signIn = `domain = "${DOMAIN}"
client_secret = { env = "CLIENT_SECRET" }
origins = ["https://a.example.com", "https://b.example.com", "https://c.example.com"]
[[sign_in.hosts]]
origin = "https://b.example.com"
client = "web"
[[sign_in.hosts]]
origin = "https://c.example.com"
client = "admins"
client_secret = { env = "ADMIN_SECRET" }`;
  const config = await configuration({ signIn });
  const { sign_in: parts } = await built({ config, fetchKeys: false });
  assert.deepEqual(parts.client_secrets, [ENV.CLIENT_SECRET, null, ENV.ADMIN_SECRET]);
  const checked = await check(await readFile(config, 'utf8'));
  assert.ok(checked.ok);
  assert.deepEqual(secretNames(checked.report), ['SIGN_IN_KEY', 'CLIENT_SECRET', 'ADMIN_SECRET']);
});

test('secrets must be there, fit, and stay unsaid', async () => {
  const signIn = `domain = "${DOMAIN}"\nclient_secret = { env = "CLIENT_SECRET" }`;
  const config = await configuration({ signIn });
  const out = join(folder, 'b');
  const run = (/** @type {Record<string, string>} */ env) =>
    nearhop(['bundle', '--config', config, '--out', out, '--no-fetch'], env);
  const { SIGN_IN_KEY, CLIENT_SECRET } = ENV;
  for (const [env, told] of /** @type {const} */ ([
    [
      { CLIENT_SECRET },
      /:9:15: sign_in\.key\.env: found nothing in the environment variable SIGN_IN_KEY, allowed: 32 or/,
    ],
    [{ CLIENT_SECRET, SIGN_IN_KEY: SIGN_IN_KEY.slice(1) }, /key\.env: found a value of another form/],
    [
      { SIGN_IN_KEY },
      /:11:25: sign_in\.client_secret\.env: found nothing in the environment variable CLIENT_SECRET/,
    ],
    [{ SIGN_IN_KEY, CLIENT_SECRET: 'with a space' }, /client_secret\.env: found a value of another/],
  ])) {
    const { status, stdout, stderr } = await run(env);
    assert.equal(status, 1, stderr);
    assert.match(stderr, told);
    assert.ok(!Object.values(env).some((value) => (stdout + stderr).includes(value)));
  }
  const { status, stdout, stderr } = await run({ SIGN_IN_KEY, CLIENT_SECRET });
  assert.equal(status, 0, stderr);
  assert.ok(!(stdout + stderr).includes(SIGN_IN_KEY) && !(stdout + stderr).includes(CLIENT_SECRET));
});

test('without a domain, the issuer’s document says where people sign in', async () => {
  answers.set('/openid', discovery({ issuer: POOL }));
  answers.set('/keys', KEY_SET);
  const config = await configuration();
  const { sign_in: signIn, config: kept } = await built({
    config,
    discoveryUrls: { '': `${url}/openid` },
    jwksUrls: { '': `${url}/keys` },
  });
  assert.deepEqual(asked, ['/openid', '/keys']);
  assert.equal(signIn.endpoints.authorization, `${OTHER}/authorize`);
  assert.deepEqual([signIn.endpoints.revocation, signIn.endpoints.end_session], [null, null]);
  assert.equal(kept.issuers[0].jwks_url, `${url}/keys`);
});

test('another issuer’s document says where its keys are, too', async () => {
  answers.set('/openid', discovery());
  answers.set('/keys', KEY_SET);
  const config = await configuration({ issuer: OIDC });
  const out = join(folder, 'b');
  const args = ['bundle', '--config', config, '--out', out, '--discovery-url', `${url}/openid`];
  const { status, stderr } = await nearhop(args, ENV);
  assert.equal(status, 0, stderr);
  assert.equal(
    stderr,
    `fetching the discovery document of ${OTHER} from ${url}/openid\n` +
      `fetching the keys of ${OTHER} from ${url}/keys\n`,
  );
  const { key_sets: keySets, config: kept } = await carried(out);
  assert.deepEqual(keySets, [KEY_SET]);
  assert.equal(kept.issuers[0].jwks_url, `${url}/keys`);
});

test('the document can be a file, and then nothing is fetched', async () => {
  const config = await configuration({ issuer: OIDC });
  const out = join(folder, 'b');
  const document = await file('openid.json', discovery());
  const args = ['bundle', '--config', config, '--out', out, '--no-fetch', '--discovery'];
  const { status, stderr } = await nearhop([...args, `${OTHER}=${document}`], ENV);
  assert.equal(status, 0, stderr);
  assert.deepEqual(asked, []);
  const { sign_in: signIn, key_sets: keySets } = await carried(out);
  assert.deepEqual([signIn.endpoints.token, keySets], [`${url}/token`, [null]]);
  for (const [more, told] of /** @type {const} */ ([
    [[join(folder, 'none.json')], /there is no file .*none\.json; allowed: a file with a discovery/],
    [[`https://nobody.example=${document}`], /--discovery: found the issuer "https:\/\/nobody/],
    [[document, '--discovery-url', 'http://id.example.com/'], /--discovery-url: found .* allowed: https/],
  ])) {
    const ran = await nearhop([...args, ...more], ENV);
    assert.equal(ran.status, 2, ran.stderr);
    assert.match(ran.stderr, told);
  }
});

test('left to nobody, it is asked for by name', async () => {
  for (const issuer of [OIDC, 'user_pool = "eu-west-1_Example01"']) {
    const config = await configuration({ issuer });
    const out = join(folder, 'b');
    const { status, stderr } = await nearhop(
      ['bundle', '--config', config, '--out', out, '--no-fetch'],
      ENV,
    );
    assert.equal(status, 1);
    assert.match(stderr, /nearhop\.toml:\d+:1: sign_in: found no discovery document/);
    assert.match(stderr, /\/\.well-known\/openid-configuration, .* --discovery FILE/);
  }
});

test('a document that is not the issuer’s, or not sound, is refused', async () => {
  const config = await configuration({ issuer: OIDC });
  const good = JSON.parse(discovery());
  answers.set('/keys', KEY_SET);
  answers.set('/moved', '/openid');
  answers.set('/large', `${discovery()}${' '.repeat(70_000)}`);
  const { token_endpoint: _, ...incomplete } = good;
  for (const [path, document] of Object.entries({
    '/openid': good,
    '/evil': { ...good, issuer: 'https://evil.example' },
    '/slash': { ...good, issuer: `${OTHER}/` },
    '/incomplete': incomplete,
    '/plain': { ...good, token_endpoint: 'http://id.example.com/token' },
    '/es256': { ...good, id_token_signing_alg_values_supported: ['ES256'] },
  })) {
    answers.set(path, JSON.stringify(document));
  }
  for (const [path, kind, message, timeoutMs = 30_000] of /** @type {const} */ ([
    ['/evil', 'configuration', /the discovery document of "https:\/\/evil\.example", allowed: that of/],
    ['/slash', 'configuration', /section 4\.3/],
    ['/incomplete', 'configuration', /cannot be read \(missing field `token_endpoint`/],
    ['/plain', 'configuration', /token_endpoint is "http:\/\/id\.example\.com\/token"/],
    ['/es256', 'configuration', /RS256/],
    ['/moved', 'outside', /did not answer 200 \(redirects are not followed\)\.\nInstead: --discovery/],
    ['/nothing', 'outside', /the discovery document of https:\/\/id\.example\.com cannot be had/],
    ['/large', 'outside', /more than 65536 bytes/],
    ['/silent', 'outside', /did not answer within 0\.2 s/, 200],
  ])) {
    const options = { config, timeoutMs, discoveryUrls: { [OTHER]: `${url}${path}` } };
    await assert.rejects(built(options), { kind, message }, path);
  }
  assert.ok(!asked.includes('/keys'), 'no key comes from an issuer that is not known');
});

test('what a real provider publishes is understood', async (t) => {
  const keys = [{ ...privateKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS256', use: 'sig' }];
  const provider = new Provider(OTHER, {
    jwks: { keys: /** @type {any} */ (keys) },
    features: { revocation: { enabled: true } },
    cookies: { keys: ['only-for-this-test'] },
  });
  const served = createServer(provider.callback());
  const at = await listening(served);
  t.after(() => (served.closeAllConnections(), served.close()));
  const config = await configuration({ issuer: OIDC });
  const { sign_in: signIn, config: kept, key_sets: keySets } = await built({
    config,
    discoveryUrls: { '': `${at}/.well-known/openid-configuration` },
  });
  assert.deepEqual(signIn.endpoints, {
    authorization: `${at}/auth`,
    token: `${at}/token`,
    revocation: `${at}/token/revocation`,
    end_session: { oidc: `${at}/session/end` },
  });
  assert.equal(kept.issuers[0].jwks_url, `${at}/jwks`);
  assert.deepEqual(JSON.parse(keySets[0]).keys.map((/** @type {any} */ { kid }) => kid), ['k1']);
});

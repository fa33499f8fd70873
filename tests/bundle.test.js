/**
 * `nearhop bundle`: what it writes, what it refuses, and what it never says.
 */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { unzipSync } from 'fflate';
import { bundle } from '../js/cli/bundle.js';
import { nearhop } from './nearhop.js';

const ISSUER = 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example01';
const OTHER = 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example02';
const SECRET = 'kept-to-ourselves-0123456789';
const ENV = { ORIGIN_SECRET: SECRET };
/** What Lambda loads, and what else lies in the folder. */
const LOADED = ['index.mjs', 'nearhop.wasm', 'rest.wasm'];
const NAMES = [...LOADED, 'nearhop.json'];

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS256', use: 'sig' };
const KEY_SET = JSON.stringify({ keys: [jwk] });

const root = await mkdtemp(join(tmpdir(), 'nearhop-bundle-'));
after(() => rm(root, { recursive: true }));

/** An empty folder of each test's own. */
let folder = '';
let runs = 0;
beforeEach(async () => {
  folder = join(root, String((runs += 1)));
  await mkdir(folder);
});

/**
 * A configuration in `folder`.
 *
 * @param {{ issuers?: string[], more?: string }} [what]
 */
async function configuration({ issuers = [ISSUER], more = '' } = {}) {
  const sections = issuers.map((url) => `[[issuers]]\nissuer = "${url}"\nclients = ["c"]\n`);
  const file = join(folder, 'nearhop.toml');
  await writeFile(
    file,
    `[[routes]]
pattern = "/api/*"
target = "api"
access = "public"
[api]
origin_secret = { env = "ORIGIN_SECRET" }
regions = [{ name = "eu-west-1", endpoint = "https://a.execute-api.eu-west-1.amazonaws.com" }]
${sections.join('')}${more}`,
  );
  return file;
}

/** @param {string} text */
async function keySetFile(text = KEY_SET) {
  const file = join(folder, 'keys.json');
  await writeFile(file, text);
  return file;
}

/** @param {string} dir */
async function carried(dir) {
  return JSON.parse(await readFile(join(dir, 'nearhop.json'), 'utf8'));
}

test('a folder, and a zip with what Lambda loads of it', async () => {
  const config = await configuration();
  const keys = await keySetFile();
  const out = join(folder, 'deep', 'bundle');
  const ran = await nearhop(['bundle', '--config', config, '--out', out, '--jwks', keys], ENV);
  assert.equal(ran.status, 0, ran.stderr);
  assert.deepEqual((await readdir(out)).sort(), NAMES.toSorted());
  const zipped = unzipSync(await readFile(`${out}.zip`));
  assert.deepEqual(Object.keys(zipped), LOADED);
  for (const name of LOADED) {
    assert.ok(Buffer.from(zipped[name]).equals(await readFile(join(out, name))), name);
  }
  const { origin_secret, key_sets, distances } = await carried(out);
  assert.deepEqual([origin_secret, key_sets], [SECRET, [KEY_SET]]);
  assert.ok(distances.length > 30);
  // The secret stands in them.
  for (const path of [join(out, 'nearhop.json'), join(out, 'nearhop.wasm'), `${out}.zip`]) {
    assert.equal((await stat(path)).mode & 0o077, 0, path);
  }
  assert.match(ran.stdout, /nearhop\.wasm +\d+\.\d kB/);
  assert.match(ran.stdout, /bundle\.zip +\d+\.\d kB, CodeSha256 \S{44}\n/);
  assert.ok(!(ran.stdout + ran.stderr).includes(SECRET));
  assert.deepEqual((await readdir(join(folder, 'deep'))).sort(), ['bundle', 'bundle.zip']);
});

test('Lambda can load it, with nothing beside it', async () => {
  const out = join(folder, 'bundle');
  await bundle({ config: await configuration(), out, fetchKeys: false, env: ENV });
  await rm(join(out, 'nearhop.json'));
  const { handler } = await import(pathToFileURL(join(out, 'index.mjs')).href);
  const request = {
    clientIp: '192.0.2.1',
    method: 'GET',
    uri: '/orders/17',
    querystring: '',
    headers: { accept: [{ key: 'Accept', value: 'text/html' }] },
  };
  const config = { eventType: 'viewer-request', requestId: 'r', distributionId: 'd' };
  const answer = await handler({ Records: [{ cf: { config, request } }] }, {});
  assert.equal(answer.uri, '/index.html');
});

test('what it loads is configured already, without the code for that and what panics say', async () => {
  const out = join(folder, 'bundle');
  await bundle({ config: await configuration(), out, fetchKeys: false, env: ENV });
  const bytes = await readFile(join(out, 'nearhop.wasm'));
  const module = new WebAssembly.Module(bytes);
  const names = WebAssembly.Module.exports(module).map(({ name }) => name);
  assert.ok(names.includes('cloudfront_start') && !names.includes('cloudfront_configure'), `${names}`);
  const hosts = WebAssembly.Module.imports(module).map((item) => item.module);
  assert.deepEqual([...new Set(hosts)].sort(), ['cloudfront', 'nearhop']);
  const whole = await readFile(new URL('../pkg/edge/nearhop_bg.wasm', import.meta.url));
  assert.ok(bytes.length < whole.length, `${bytes.length} bytes of ${whole.length}`);
  const panic = 'called `Option::unwrap()` on a `None` value';
  assert.ok(whole.includes(panic) && !bytes.includes(panic));
});

test('the same input gives the same bytes, wherever and whenever', async () => {
  const config = await configuration();
  const keys = await keySetFile();
  const zones = ['UTC', 'America/Sao_Paulo', 'Pacific/Auckland'];
  const archives = [];
  for (const [index, TZ] of zones.entries()) {
    const out = join(folder, `bundle${index}`);
    const args = ['bundle', '--json', '--config', config, '--out', out, '--jwks', keys];
    const { status, stdout } = await nearhop(args, { ...ENV, TZ });
    assert.equal(status, 0);
    const { ok, zip, sha256, bytes, files } = JSON.parse(stdout);
    assert.equal(ok, true);
    assert.deepEqual(files.map((/** @type {{ name: string }} */ { name }) => name), NAMES);
    archives.push({ sha256, size: bytes.zip, content: (await readFile(zip)).toString('base64') });
  }
  assert.deepEqual(archives[1], archives[0]);
  assert.deepEqual(archives[2], archives[0]);
});

test('an earlier bundle is replaced, anything else is not', async () => {
  const config = await configuration();
  const out = join(folder, 'bundle');
  const make = (more = {}) => bundle({ config, out, fetchKeys: false, env: ENV, ...more });
  await mkdir(out);
  await make();
  await make({ env: { ORIGIN_SECRET: `${SECRET}-new` } });
  assert.equal((await carried(out)).origin_secret, `${SECRET}-new`);

  await writeFile(join(out, 'notes.txt'), 'mine');
  await assert.rejects(make(), { kind: 'usage', message: /no bundle's \(notes\.txt\)/ });
  assert.equal(await readFile(join(out, 'notes.txt'), 'utf8'), 'mine');
  await rm(join(out, 'notes.txt'));
  await rm(join(out, 'nearhop.json'));
  await assert.rejects(make(), { kind: 'usage', message: /no bundle's/ });

  await assert.rejects(make({ out: config }), { kind: 'usage', message: /found a file/ });
  await mkdir(join(folder, 'blocked.zip'));
  await assert.rejects(make({ out: join(folder, 'blocked') }), { kind: 'usage', message: /no file/ });
  await assert.rejects(make({ out: join(config, 'below') }), { kind: 'outside' });
});

test('a failure leaves the earlier bundle as it was', async () => {
  const config = await configuration();
  const out = join(folder, 'bundle');
  await bundle({ config, out, fetchKeys: false, env: ENV });
  const before = await readFile(`${out}.zip`);
  for (const [args, env, status] of /** @type {const} */ ([
    [['--no-fetch'], { ORIGIN_SECRET: 'short' }, 1],
    [['--jwks', join(folder, 'no-such-file')], ENV, 2],
    [['--jwks-url', 'http://127.0.0.1:1/keys'], ENV, 3],
  ])) {
    const ran = await nearhop(['bundle', '--config', config, '--out', out, ...args], env);
    assert.equal(ran.status, status, ran.stderr);
    assert.deepEqual(await readFile(`${out}.zip`), before);
    assert.equal((await carried(out)).origin_secret, SECRET);
    assert.deepEqual((await readdir(folder)).sort(), ['bundle', 'bundle.zip', 'nearhop.toml']);
  }
});

test('the origin secret must be there, fit, and stay unsaid', async () => {
  const config = await configuration();
  for (const [env, told] of /** @type {const} */ ([
    [{}, /nearhop\.toml:6:25: api\.origin_secret\.env: found nothing in the environment variable/],
    [{ ORIGIN_SECRET: 'tell nobody, not even me' }, /found a value of another form/],
  ])) {
    const args = ['bundle', '--config', config, '--out', join(folder, 'b'), '--no-fetch'];
    const { status, stdout, stderr } = await nearhop(args, env);
    assert.equal(status, 1);
    assert.match(stderr, told);
    assert.ok(!(stdout + stderr).includes('tell nobody'));
  }
});

test('the key of pins must be there, fit, and stay unsaid', async () => {
  const config = await configuration({ more: '[api.pin]\nenv = "PIN_KEY"\n' });
  const out = join(folder, 'b');
  const run = (/** @type {Record<string, string>} */ env) =>
    nearhop(['bundle', '--config', config, '--out', out, '--no-fetch'], { ...ENV, ...env });
  for (const [env, told] of /** @type {const} */ ([
    [{}, /api\.pin\.env: found nothing in the environment variable PIN_KEY, allowed: 32 or more/],
    [{ PIN_KEY: 'thirty-one-characters-are-short' }, /pin\.env: found a value of another form/],
    [{ PIN_KEY: 'with a space inside, but long enough' }, /found a value of another form/],
  ])) {
    const { status, stdout, stderr } = await run(env);
    assert.equal(status, 1);
    assert.match(stderr, told);
    assert.ok(!Object.values(env).some((value) => (stdout + stderr).includes(value)));
  }
  const PIN_KEY = 'thirty-two-characters-will-do-it';
  const { status, stdout, stderr } = await run({ PIN_KEY });
  assert.equal(status, 0, stderr);
  assert.equal((await carried(out)).pin_key, PIN_KEY);
  assert.ok(!(stdout + stderr).includes(PIN_KEY));
});

test('the page for what is missing lies beside the configuration', async () => {
  const config = await configuration({ more: '[site]\nnot_found_page = "404.html"\n' });
  const make = () => bundle({ config, out: join(folder, 'b'), fetchKeys: false, env: ENV });
  await assert.rejects(make(), { kind: 'configuration', message: /404\.html/ });
  await writeFile(join(folder, '404.html'), '<h1>Größer als nichts</h1>');
  const { dir } = await make();
  assert.equal((await carried(dir)).not_found_page, '<h1>Größer als nichts</h1>');
  await writeFile(join(folder, '404.html'), 'x'.repeat(40_000));
  await assert.rejects(make(), { kind: 'configuration', message: /a file of 40000 bytes/ });
});

test('key sets are had per issuer, by URL or pool id', async () => {
  const config = await configuration({ issuers: [ISSUER, OTHER] });
  const keys = await keySetFile();
  const out = join(folder, 'b');
  const run = (/** @type {string[]} */ ...args) =>
    nearhop(['bundle', '--config', config, '--out', out, ...args], ENV);

  const named = await run('--no-fetch', '--jwks', `us-east-1_Example02=${keys}`);
  assert.equal(named.status, 0, named.stderr);
  assert.deepEqual((await carried(out)).key_sets, [null, KEY_SET]);
  const byUrl = await run('--jwks', `${ISSUER}=${keys}`, '--jwks', `us-east-1_Example02=${keys}`);
  assert.equal(byUrl.status, 0, byUrl.stderr);
  assert.deepEqual((await carried(out)).key_sets, [KEY_SET, KEY_SET]);

  for (const [args, told] of /** @type {const} */ ([
    [['--jwks', keys], /found no issuer named; allowed: ISSUER=… of https/],
    [['--jwks', `us-east-1_Nobody=${keys}`], /found the issuer "us-east-1_Nobody"/],
    [['--jwks', keys, '--jwks', keys], /--jwks is given twice for one issuer/],
    [['--jwks-url', `${OTHER}=http://keys.example.com/`], /allowed: https:/],
    [['--jwks-url', `${OTHER}=keys.json`], /found keys\.json; allowed: https:/],
  ])) {
    const { status, stderr } = await run('--no-fetch', ...args);
    assert.equal(status, 2, stderr);
    assert.match(stderr, told);
  }
});

test('a private key is never carried', async () => {
  const leaked = { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'k1' }] };
  const jwks = { '': await keySetFile(JSON.stringify(leaked)) };
  const out = join(folder, 'b');
  await assert.rejects(bundle({ config: await configuration(), out, jwks, env: ENV }), {
    kind: 'configuration',
    message: /holds the private key "k1"/,
  });
  assert.deepEqual((await readdir(folder)).sort(), ['keys.json', 'nearhop.toml']);
});

test('key sets are fetched, with care', async (t) => {
  /** @type {string[]} */
  const asked = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    if (path === '/keys') response.end(KEY_SET);
    else if (path === '/moved') response.writeHead(302, { location: '/keys' }).end();
    else if (path === '/large') response.end(`${KEY_SET}${' '.repeat(70_000)}`);
    else if (path === '/html') response.end('<html></html>');
    else if (path === '/binary') response.end(Buffer.from([0x7b, 0xff]));
    else if (path === '/stalls') response.write('{"keys":');
    else if (path !== '/silent') response.writeHead(404).end('no such thing');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  t.after(() => (server.closeAllConnections(), server.close()));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const config = await configuration();
  const fetchFrom = (/** @type {string} */ path, timeoutMs = 30_000) => {
    const jwksUrls = { [ISSUER]: `http://127.0.0.1:${port}${path}` };
    return bundle({ config, out: join(folder, 'b'), jwksUrls, timeoutMs, env: ENV });
  };

  const { dir } = await fetchFrom('/keys');
  const { key_sets, config: kept } = await carried(dir);
  assert.deepEqual(key_sets, [KEY_SET]);
  assert.equal(kept.issuers[0].jwks_url, `http://127.0.0.1:${port}/keys`);

  for (const [path, kind, told, timeoutMs] of /** @type {const} */ ([
    ['/moved', 'outside', /did not answer 200 \(redirects are not followed\)/],
    ['/nothing', 'outside', /did not answer 200/],
    ['/large', 'outside', /more than 65536 bytes/],
    ['/binary', 'outside', /failed/],
    ['/silent', 'outside', /did not answer within 0\.2 s/, 200],
    ['/stalls', 'outside', /did not answer within 0\.2 s/, 200],
    ['/html', 'configuration', /issuers\[0\]: found what is no key set/],
  ])) {
    await assert.rejects(fetchFrom(path, timeoutMs), { kind, message: told }, path);
  }
  assert.deepEqual(asked.filter((path) => path === '/keys').length, 1);

  const args = ['bundle', '--config', config, '--out', join(folder, 'c')];
  const url = `http://127.0.0.1:${port}/keys`;
  const shown = await nearhop([...args, '--jwks-url', url], ENV);
  assert.equal(shown.status, 0, shown.stderr);
  assert.equal(shown.stderr, `fetching the keys of ${ISSUER} from ${url}\n`);
  const before = asked.length;
  const unfetched = await nearhop([...args, '--jwks-url', url, '--no-fetch'], ENV);
  assert.equal(unfetched.status, 0);
  assert.equal(asked.length, before);
  assert.deepEqual((await carried(join(folder, 'c'))).key_sets, [null]);
});

/**
 * `nearhop explain`: what it says is what the edge does.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { explain } from '../js/cli/explain.js';
import { PIN_HEADER, signPin } from '../js/cli/pin.js';
import { baseEvent, Edge, load, NOW, token } from './edge.js';
import { nearhop } from './nearhop.js';

/** Every kind of stage that a configuration has. */
const TOML = `
[[routes]]
pattern = "/api/*"
target = "api"
access = "authenticated"

[[routes]]
pattern = "/api/open/*"
target = "api"
access = "public"

[[routes]]
pattern = "/api/europe/*"
target = "api"
access = "public"
regions = ["eu-west-1", "eu-central-1"]

[[routes]]
pattern = "/api/staff"
target = "api"
access = "authenticated"
groups = ["staff"]

[[issuers]]
user_pool = "us-east-1_Vectors01"
clients = ["web0client", "partner0client"]

[api]
strip_prefix = "/api"

[api.sticky]
by = "subject"

[api.residency]
claim = "custom:residency"
[[api.residency.sets]]
name = "EU"
countries = ["EU"]
regions = ["eu-west-1", "eu-central-1"]

[[api.rules]]
networks = ["198.51.100.0/24"]
regions = ["ap-northeast-1"]

[[api.rules]]
countries = ["BR"]
regions = ["us-east-1"]

[[api.regions]]
name = "us-east-1"
endpoint = "https://api1.execute-api.us-east-1.amazonaws.com/prod"

[[api.regions]]
name = "eu-west-1"
endpoint = "https://api2.execute-api.eu-west-1.amazonaws.com/prod"

[[api.regions]]
name = "eu-central-1"
endpoint = "https://api3.execute-api.eu-central-1.amazonaws.com/prod"
weight = 50

[[api.regions]]
name = "ap-northeast-1"
endpoint = "https://api4.execute-api.ap-northeast-1.amazonaws.com/prod"
`;

const folder = mkdtempSync(join(tmpdir(), 'nearhop-explain-'));
after(() => rmSync(folder, { recursive: true }));
const CONFIG = file('nearhop.toml', TOML);
const JWKS = fileURLToPath(new URL('vectors/jwks-1.json', import.meta.url));
const ASIDE = {
  ...{ jwksUrls: {}, discovery: {}, discoveryUrls: {} },
  ...{ fetchKeys: false, timeoutMs: 1_000, onProgress: () => {} },
};
const OFFLINE = { ...ASIDE, jwks: {} };

/**
 * @param {string} name
 * @param {string | object} content
 */
function file(name, content) {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

/** @param {Partial<import('../js/cli/explain.js').ExplainOptions>} options */
function explained(options) {
  const edge = 'eu-central-1';
  const usual = { config: CONFIG, url: '/api/open/x', now: NOW * 1_000, published: OFFLINE };
  return explain({ edge, ...usual, ...options });
}

/** @param {string[]} args */
async function json(...args) {
  const { status, stdout, stderr } = await nearhop(['explain', ...args, '--json']);
  assert.equal(status, 0, stdout + stderr);
  return JSON.parse(stdout);
}

test('the Region, the reason, the candidates and the stages of the command', async () => {
  const claims = file('claims.json', { sub: 'alice' });
  const told = await json(
    ...['--edge', 'eu-central-1', '--url', '/api/hello', '--country', 'BR', '--ip', '203.0.113.9'],
    ...['--claims', claims, '--down', 'eu-west-1'],
  );
  assert.equal(told.outcome, 'api');
  assert.equal(told.region, 'us-east-1');
  assert.equal(told.reason, 'ejected:eu-west-1');
  assert.deepEqual(told.order, ['us-east-1', 'ap-northeast-1', 'eu-west-1']);
  assert.deepEqual(told.candidates[0], {
    region: 'eu-west-1',
    ms: 26.86,
    measured: true,
    bias_ms: 0,
    score: 26.86,
    weight: 100,
    removed_by: null,
    moved_back_by: ['health'],
  });
  const health = told.stages.find((/** @type {any} */ { stage }) => stage === 'health');
  assert.deepEqual([health.regions, health.first], [['eu-west-1'], 'us-east-1']);
  const { ip, country, continent } = told.place;
  assert.deepEqual([ip, country, continent], ['203.0.113.9', 'BR', 'SA']);
  assert.equal(told.caller.subject, 'alice');
});

/**
 * What the same request gets at origin-request from the bundle itself.
 *
 * @type {{ name: string, options: Partial<import('../js/cli/explain.js').ExplainOptions>,
 *   reason: string }[]}
 */
const CASES = [
  { name: 'nearest', options: { edge: 'us-west-2' }, reason: 'rtt' },
  { name: 'fitted', options: { edge: 'ap-east-2' }, reason: 'distance' },
  { name: 'of an unknown edge', options: { edge: 'unknown' }, reason: 'default' },
  {
    name: 'of one with a viewer whose place is known',
    options: {
      edge: 'unknown',
      headers: ['CloudFront-Viewer-Latitude: 35.7', 'CloudFront-Viewer-Longitude: 139.7'],
    },
    reason: 'distance',
  },
  {
    name: "of a route's own",
    options: { edge: 'us-east-1', url: '/api/europe/x' },
    reason: 'route',
  },
  { name: 'by country', options: { country: 'BR' }, reason: 'rule:country=BR' },
  { name: 'by network', options: { ip: '198.51.100.7' }, reason: 'rule:network' },
  { name: 'resident', options: { edge: 'us-east-1', country: 'DE' }, reason: 'residency' },
  { name: 'by weight', options: { ip: '203.0.113.2' }, reason: 'weight' },
  {
    name: "the subject's own",
    options: { edge: 'sa-east-1', url: '/api/hello', token: token('access') },
    reason: 'sticky',
  },
  { name: 'the second leg', options: { edge: 'us-west-2', secondLeg: true }, reason: 'failover:2' },
];

test('the edge does as explained', async (t) => {
  const loaded = await load(t, { toml: TOML, keySets: ['jwks-1.json'] });
  for (const { name, options, reason } of CASES) {
    const told = await explained({ published: { ...OFFLINE, jwks: { '': JWKS } }, ...options });
    const edge = new Edge(loaded, { region: told.edge });
    const result = await edge.handle(eventOf(options));
    const header = (/** @type {string} */ field) => result.headers[field]?.[0].value;
    assert.deepEqual(
      [header('x-nearhop-region'), header('x-nearhop-reason')],
      [told.region, told.reason],
      name,
    );
    assert.equal(told.reason, reason, name);
    const { domainName, path } = result.origin.custom;
    assert.equal(told.destination, `https://${domainName}${path}${result.uri}`, name);
  }
});

/** @param {Partial<import('../js/cli/explain.js').ExplainOptions>} options */
function eventOf({ url = '/api/open/x', ip = '192.0.2.1', country, headers = [], ...options }) {
  const event = baseEvent('origin-request');
  const { request } = event.Records[0].cf;
  Object.assign(request, { uri: url, clientIp: ip });
  const fields = headers.map((field) => field.split(': '));
  if (country) fields.push(['CloudFront-Viewer-Country', country]);
  if (options.token) fields.push(['Authorization', `Bearer ${options.token}`]);
  for (const [key, value] of fields) request.headers[key.toLowerCase()] = [{ key, value }];
  if (options.secondLeg) {
    const leg = [{ key: 'x-nearhop-leg', value: '2' }];
    request.origin.custom.customHeaders['x-nearhop-leg'] = leg;
  }
  return event;
}

test('a token is verified as at the edge', async () => {
  const published = { ...OFFLINE, jwks: { '': JWKS } };
  const ask = { url: '/api/hello', published };
  const good = await explained({ ...ask, token: token('access') });
  assert.equal(good.outcome, 'api');
  assert.equal(good.caller?.subject, '5c2f8a10-3b1e-4d57-9a44-0e6f1d2c7b90');
  const [header, payload, signature] = token('access').split('.');
  const forged = `${header}.${payload}.${signature.replace(/^./, (c) => (c === 'A' ? 'B' : 'A'))}`;
  const bad = await explained({ ...ask, token: forged });
  assert.deepEqual([bad.refusal?.code, bad.region], ['token_signature', null]);
  const late = await explained({ ...ask, token: token('access'), now: (NOW + 86_400) * 1_000 });
  assert.equal(late.refusal?.code, 'token_expired');
  const keyless = await explained({ ...ask, token: token('access'), published: OFFLINE });
  assert.equal(keyless.refusal?.code, 'keys_unavailable');
  const other = await explained({ ...ask, url: '/api/staff', token: token('access') });
  assert.deepEqual([other.refusal?.status, other.refusal?.code], [403, 'group_required']);
});

test('claims are taken as verified, and must meet what the route asks', async () => {
  const ask = async (/** @type {object} */ claims, url = '/api/hello') =>
    explained({ url, claims: file('c.json', claims) });
  const eu = await ask({ sub: 'a', 'custom:residency': 'EU' });
  assert.equal(eu.caller?.residency, 'EU');
  const removed = eu.candidates.filter(({ removed_by: by }) => by === 'residency');
  const names = removed.map(({ region }) => region);
  assert.deepEqual(names.sort(), ['ap-northeast-1', 'us-east-1']);
  assert.equal((await ask({ sub: 'a', exp: 1, nbf: 9e9, iat: 9e9 })).outcome, 'api');
  assert.equal((await ask({ sub: 'a' }, '/api/staff')).refusal?.code, 'group_required');
  assert.equal((await ask({ 'cognito:groups': ['staff'] }, '/api/staff')).outcome, 'api');
  const elsewhere = await ask({ iss: 'https://idp.example.com', client_id: 'x', token_use: 'id' });
  assert.equal(elsewhere.outcome, 'api');
  assert.match(elsewhere.notes.join(), /iss = https:.*_Vectors01, token_use = access, client_id = web/);
  assert.deepEqual((await ask({ sub: 'a', client_id: 'partner0client' })).caller?.client, 'partner0client');
});

test('without a token it says so, and where whoever has one would go', async () => {
  const told = await explained({ url: '/api/hello' });
  assert.deepEqual([told.outcome, told.refusal?.code], ['refused', 'token_missing']);
  assert.notEqual(told.region, null);
});

test('where no Region is permitted, none is named', async () => {
  const control = file('control.json', { version: 1, disable: ['eu-west-1', 'eu-central-1'] });
  const told = await explained({ country: 'DE', control });
  assert.deepEqual([told.refusal?.status, told.refusal?.code], [503, 'no_region']);
  assert.deepEqual([told.region, told.order], [null, []]);
  assert.equal(told.stages.find(({ stage }) => stage === 'disabled')?.first, null);
});

test('a control document counts as at the edge', async () => {
  const document = { version: 1, drain: ['us-east-1'], weights: { 'eu-central-1': 0 } };
  const control = file('control.json', document);
  const told = await explained({ edge: 'us-east-1', control });
  assert.equal(told.reason, 'drained:us-east-1');
  assert.equal(told.candidates.find(({ region }) => region === 'eu-central-1')?.weight, 0);
  assert.match(told.notes.join('\n'), /\[api\.control\]/);
});

test('a pin counts where it is signed with the key', async () => {
  const config = file('pin.toml', `${TOML}\n[api.pin]\nenv = "PIN_KEY"\n`);
  const env = { PIN_KEY: 'k'.repeat(32) };
  const pin = await signPin({ config, region: 'ap-northeast-1', env });
  const ask = { config, headers: [`${PIN_HEADER}: ${pin}`], now: Date.now() };
  assert.equal((await explained({ ...ask, env })).reason, 'override');
  const other = { PIN_KEY: 'o'.repeat(32) };
  assert.notEqual((await explained({ ...ask, env: other })).reason, 'override');
});

test('at viewer-request a country is the viewer’s own word', async () => {
  const told = await explained({ country: 'BR', trigger: 'viewer-request', edge: 'eu-west-1' });
  assert.deepEqual([told.place?.country, told.reason], [null, 'rtt']);
  assert.match(told.notes.join('\n'), /W8/);
});

test('what is not for the API is explained too', async () => {
  const page = await explained({ url: 'https://app.example.com/orders/17?tab=1#top' });
  assert.deepEqual([page.outcome, page.destination], ['site', '/index.html']);
  assert.equal(page.route?.pattern, '*');
  const odd = await explained({ url: '/api/%2e%2e/x' });
  assert.deepEqual([odd.path, odd.refusal?.code], [null, 'path_ambiguous']);
});

test('people read it in lines', async () => {
  const { status, stdout, stderr } = await nearhop([
    ...['explain', '--config', CONFIG, '--edge', 'us-east-1', '--url', '/api/open/x'],
    ...['--country', 'DE', '--ip', '203.0.113.9'],
  ]);
  assert.deepEqual([status, stderr], [0, '']);
  assert.match(stdout, /^ {2}viewer +203\.0\.113\.9, DE in EU$/m);
  assert.match(stdout, /^ {2}us-east-1 +5\.3 ms {2}measured; removed by residency$/m);
  assert.match(stdout, /^ {2}residency +removed us-east-1, ap-northeast-1 +now first: eu-west-1$/m);
  assert.match(stdout, /^eu-west-1 because of residency$/m);
});

const CLAIMS = file('list.json', ['sub']);
const CONTROL = file('bad-control.json', { version: 1, drain: ['eu-west-9'] });

const HERE = ['--edge', 'eu-west-1', '--url', '/'];

for (const { args, told } of [
  { args: ['--url', '/api'], told: 'found no --edge' },
  { args: ['--edge', 'eu-west-1'], told: 'found no --url' },
  { args: ['--edge', 'eu-wset-1', '--url', '/'], told: 'did you mean "eu-west-1"?' },
  { args: ['--edge', 'eu-west-1', '--url', 'api/x'], told: '--url: found "api/x"' },
  { args: [...HERE, '--method', 'G T'], told: '--method: found "G T"' },
  { args: [...HERE, '--ip', '1.2.3'], told: '--ip: found "1.2.3"' },
  { args: [...HERE, '--country', 'BRA'], told: 'ISO 3166-1' },
  { args: [...HERE, '--header', 'x'], told: '--header: found "x"' },
  { args: [...HERE, '--down', 'eu-west-2'], told: "the API's Regions" },
  {
    args: [...HERE, '--trigger', 'origin-response'],
    told: 'allowed: viewer-request, origin-request',
  },
  { args: [...HERE, '--claims', 'none.json'], told: 'no file none.json' },
  { args: [...HERE, '--claims', CLAIMS], told: 'not an object' },
  { args: [...HERE, '--control', CONTROL], told: '--control: drain[0]: found' },
  {
    args: [...HERE, '--claims', CLAIMS, '--token', 'x'],
    told: 'found --token and --claims',
  },
]) {
  test(`usage: nearhop explain ${args.join(' ').replaceAll(folder, '…')}`, async () => {
    const { status, stdout, stderr } = await nearhop(['explain', '--config', CONFIG, ...args]);
    assert.equal(status, 2, stderr);
    assert.equal(stdout, '');
    assert.ok(stderr.startsWith('nearhop: ') && stderr.includes(told), stderr);
  });
}

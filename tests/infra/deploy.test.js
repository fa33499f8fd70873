/**
 * In which order things are deployed, who learns of what, and where the secret goes: with a
 * stand-in for the CDK's CLI, which writes down how it was called, and for AWS.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, afterEach, beforeEach, test } from 'node:test';
import { deploy } from '../../infra/deploy.js';
import { SIGN_IN, configurationWith } from './synthesized.js';

const SECRET = 'made-by-secrets-manager-0123456789';
const KEY = 'made-by-secrets-manager-for-sign-in-0123456789';
/** @type {Record<string, string>} */
const SECRETS = { 'nearhop/origin-secret': SECRET, 'nearhop/sign-in-key': KEY };
const OUTPUTS = {
  'nearhop-data': { UserPoolId: 'us-east-1_Real00001', UserPoolClientId: 'real0client' },
  'nearhop-api-us-east-1': { Endpoint: 'https://a1.execute-api.us-east-1.amazonaws.com' },
  'nearhop-api-eu-west-1': { Endpoint: 'https://b2.execute-api.eu-west-1.amazonaws.com' },
  'nearhop-api-ap-northeast-1': { Endpoint: 'https://c3.execute-api.ap-northeast-1.amazonaws.com' },
  'nearhop-edge': { SiteUrl: 'https://d111111abcdef8.cloudfront.net', SiteBucket: 'site-bucket' },
};
const APIS = ['nearhop-api-us-east-1', 'nearhop-api-eu-west-1', 'nearhop-api-ap-northeast-1'];

/** As the CDK's CLI is called; writes the outputs of the stacks that it is to deploy. */
const STAND_IN = `
import { appendFileSync, writeFileSync } from 'node:fs';
const args = process.argv.slice(2);
const { LOG, FAILS, OUTPUTS } = process.env;
const { NEARHOP_ORIGIN_SECRET: secret, NEARHOP_SIGN_IN_KEY: key } = process.env;
appendFileSync(LOG, JSON.stringify({ args, secret, key }) + '\\n');
if (FAILS && args.includes(FAILS)) {
  console.error('CREATE_FAILED: the limit is reached');
  process.exit(1);
}
const at = args.indexOf('--outputs-file');
const known = Object.entries(JSON.parse(OUTPUTS)).filter(([stack]) => args.includes(stack));
if (at > 0) writeFileSync(args[at + 1], JSON.stringify(Object.fromEntries(known)));
`;

/** @type {{ target: string | undefined, url: string | undefined, type: string | undefined }[]} */
let asked = [];
let secretStatus = 200;
const aws = createServer(async (request, response) => {
  const { headers, url } = request;
  const target = headers['x-amz-target'];
  asked.push({ target: String(target), url, type: headers['content-type'] });
  const body = await text(request);
  if (!target) response.end();
  else if (secretStatus === 200) {
    response.end(JSON.stringify({ SecretString: SECRETS[JSON.parse(body).SecretId] }));
  } else response.writeHead(secretStatus).end('{"__type":"com.amazonaws#AccessDeniedException"}');
});
await new Promise((resolve) => aws.listen(0, '127.0.0.1', () => resolve(undefined)));
const { port } = /** @type {import('node:net').AddressInfo} */ (aws.address());
after(async () => {
  aws.closeAllConnections();
  await new Promise((resolve) => aws.close(resolve));
});

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nearhop-deploy-test-'));
  await writeFile(join(folder, 'cdk.mjs'), STAND_IN);
  await writeFile(
    join(folder, 'nearhop.deploy.toml'),
    'site = "site"\n[logs]\nedge_regions = ["eu-west-2"]\n',
  );
  await mkdir(join(folder, 'site', 'img'), { recursive: true });
  await writeFile(join(folder, 'site', 'index.html'), '<!doctype html>');
  await writeFile(join(folder, 'site', 'app.js'), '');
  await writeFile(join(folder, 'site', 'img', 'a.svg'), '<svg/>');
  asked = [];
  secretStatus = 200;
});
afterEach(() => rm(folder, { recursive: true }));

/**
 * @param {import('../../infra/deploy.js').DeployOptions} [more]
 * @param {Record<string, string>} [env]
 */
function run(more, env) {
  return deploy({
    settings: join(folder, 'nearhop.deploy.toml'),
    outputs: join(folder, 'outputs.json'),
    outdir: join(folder, 'cdk.out'),
    cdk: join(folder, 'cdk.mjs'),
    quiet: true,
    ask: false,
    env: {
      PATH: process.env.PATH,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      LOG: join(folder, 'log'),
      OUTPUTS: JSON.stringify(OUTPUTS),
      ...env,
    },
    ...more,
  });
}

/** @returns {Promise<{ args: string[], secret?: string, key?: string }[]>} */
async function calls() {
  const log = await readFile(join(folder, 'log'), 'utf8');
  return log
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** @param {{ args: string[] }} call */
function stacks({ args }) {
  return args.filter((arg) => /^nearhop-(data|api|edge)/.test(arg));
}

test('data, then the Regions, then the edge, then those who waited for its address', async () => {
  const { siteUrl, outputs } = await run();
  assert.equal(siteUrl, OUTPUTS['nearhop-edge'].SiteUrl);
  assert.deepEqual(outputs, OUTPUTS);
  const said = await calls();
  assert.deepEqual(said.map(stacks), [
    ['nearhop-data'],
    [...APIS, 'nearhop-edge-logs-eu-west-2'],
    ['nearhop-edge'],
    ['nearhop-data', ...APIS],
  ]);
  assert.deepEqual(
    said.map(({ args }) => args.find((arg) => arg.startsWith('phase='))),
    ['phase=data', 'phase=regions', 'phase=edge', 'phase=regions'],
  );
  assert.deepEqual(JSON.parse(await readFile(join(folder, 'outputs.json'), 'utf8')), OUTPUTS);
});

test('a second time, nobody waits for the address', async () => {
  await run();
  await rm(join(folder, 'log'));
  await run();
  assert.deepEqual((await calls()).map(stacks).at(-1), ['nearhop-edge']);
});

test('the secret goes to the edge alone, by the environment', async () => {
  await run();
  const said = await calls();
  assert.deepEqual(
    said.map(({ secret }) => secret),
    [undefined, undefined, SECRET, undefined],
  );
  assert.ok(!JSON.stringify(said.map(({ args }) => args)).includes(SECRET));
  assert.ok(!(await readFile(join(folder, 'outputs.json'), 'utf8')).includes(SECRET));
});

test("the site's pages come last, with their types", async () => {
  await run();
  const puts = asked.filter(({ url }) => url?.startsWith('/site-bucket/'));
  assert.deepEqual(
    puts.map(({ url, type }) => `${url?.split('?')[0]} ${type}`),
    [
      '/site-bucket/app.js text/javascript; charset=utf-8',
      '/site-bucket/img/a.svg image/svg+xml; charset=utf-8',
      '/site-bucket/index.html text/html; charset=utf-8',
    ],
  );
});

test('the Regions are prepared when that is asked for', async () => {
  await run({ bootstrap: true, site: false });
  const [{ args }] = await calls();
  assert.deepEqual(args.slice(0, 4), [
    'bootstrap',
    'aws://unknown-account/us-east-1',
    'aws://unknown-account/eu-west-1',
    'aws://unknown-account/ap-northeast-1',
  ]);
  assert.deepEqual(
    asked.filter(({ url }) => url?.startsWith('/site-bucket')),
    [],
  );
});

test('a plane on this machine has no logs elsewhere, and its own key set', async () => {
  await run({
    plane: 'local',
    siteUrl: 'http://localhost:8080',
    jwksUrl: 'http://127.0.0.1:1/{pool}/jwks',
  });
  const said = await calls();
  assert.deepEqual(said.map(stacks), [['nearhop-data'], APIS, ['nearhop-edge']]);
  assert.ok(said[2].args.includes('jwks_url=http://127.0.0.1:1/us-east-1_Real00001/jwks'));
  assert.ok(said[0].args.includes('plane=local'));
});

test('what fails is said, and what was deployed is remembered', async () => {
  await assert.rejects(run({}, { FAILS: 'nearhop-api-eu-west-1' }), {
    kind: 'outside',
    message: /cdk deploy failed\. .* run this again\.\nCREATE_FAILED: the limit is reached$/,
  });
  const { 'nearhop-data': data } = OUTPUTS;
  const remembered = JSON.parse(await readFile(join(folder, 'outputs.json'), 'utf8'));
  assert.deepEqual(remembered, { 'nearhop-data': data });
});

test('without the secret there is no edge', async () => {
  secretStatus = 400;
  await assert.rejects(run(), {
    kind: 'outside',
    message: /^the secret nearhop\/origin-secret cannot be read \(400 AccessDeniedException\); /,
  });
  assert.equal((await calls()).length, 2);
});

/**
 * @param {object} [signIn]
 * @returns {Promise<string>} the path of a configuration
 */
async function configuredWith(signIn) {
  const file = join(folder, 'nearhop.toml');
  await writeFile(file, await configurationWith(signIn && { ...SIGN_IN, ...signIn }));
  return file;
}

test("sign-in's key goes to the edge alone, and only where there is sign-in", async () => {
  const keys = async () => (await calls()).map(({ key }) => key);
  await run({ config: await configuredWith({}) });
  assert.deepEqual(await keys(), [undefined, undefined, KEY, undefined]);
  assert.ok(!JSON.stringify((await calls()).map(({ args }) => args)).includes(KEY));
  assert.ok(!(await readFile(join(folder, 'outputs.json'), 'utf8')).includes(KEY));

  await rm(join(folder, 'log'));
  await run({ config: await configuredWith() });
  assert.deepEqual(await keys(), [undefined, undefined, undefined]);
});

test('an edge that names its origins is told of the one AWS chose, once', async () => {
  const config = await configuredWith({ origins: ['https://www.example.com'] });
  await run({ config });
  const said = (await calls()).map(stacks);
  assert.deepEqual(said.slice(2), [['nearhop-edge'], ['nearhop-data', ...APIS], ['nearhop-edge']]);
  assert.equal((await calls()).at(-1)?.key, KEY);
  await rm(join(folder, 'log'));
  await run({ config });
  assert.deepEqual((await calls()).map(stacks).slice(2), [['nearhop-edge']]);
});

test("without the app client's secret nothing goes on, and how to read it is said", async () => {
  const config = await configuredWith({ client_secret: { env: 'CLIENT_SECRET' } });
  const command = 'aws cognito-idp describe-user-pool-client --region us-east-1';
  const which = '--user-pool-id us-east-1_Real00001 --client-id real0client';
  const said = `^found no CLIENT_SECRET in the environment, .*\\n.*\\n {2}${command} ${which}`;
  await assert.rejects(run({ config }), { kind: 'configuration', message: new RegExp(said) });
  assert.deepEqual((await calls()).map(stacks), [['nearhop-data']]);
  await run({ config }, { CLIENT_SECRET: 'made-by-cognito' });
  assert.ok(!(await readFile(join(folder, 'log'), 'utf8')).includes('made-by-cognito'));
});

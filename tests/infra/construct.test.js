/**
 * NearhopDistribution in somebody else's CDK app.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { App, Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { checkTemplate } from '../../infra/checks/index.js';
import { NearhopDistribution } from '../../infra/distribution.js';
import { check } from '../../js/cli/tools.js';
import { propertiesOf } from './synthesized.js';

const bundle = await mkdtemp(join(tmpdir(), 'nearhop-construct-'));
after(() => rm(bundle, { recursive: true }));
await writeFile(join(bundle, 'index.mjs'), 'export const handler = async () => ({});\n');

/**
 * @param {string} text nearhop.toml
 * @param {Partial<import('../../infra/distribution.js').NearhopDistributionProps>} [more]
 * @param {string} [region]
 */
async function templateOf(text, more, region = 'us-east-1') {
  const checked = await check(text);
  assert.ok(checked.ok, JSON.stringify(checked));
  const app = new App({ analyticsReporting: false });
  const stack = new Stack(app, 'edge', { env: { region } });
  const site = new Bucket(stack, 'Site');
  const { report } = checked;
  new NearhopDistribution(stack, 'Nearhop', { bundle, report, site, ...more });
  return app.synth().getStackByName('edge').template;
}

const configOf = (/** @type {any} */ template) =>
  propertiesOf(template, 'AWS::CloudFront::Distribution')[0].DistributionConfig;

test('a site alone needs no API', async () => {
  const config = configOf(await templateOf('[site]\nviewer_request_attached = true\n'));
  assert.deepEqual(
    config.Origins.map((/** @type {any} */ { Id }) => Id),
    ['site'],
  );
  assert.deepEqual(
    config.CacheBehaviors.map((/** @type {any} */ { PathPattern }) => PathPattern),
    ['/_nearhop/*'],
  );
});

test('ten lines make a distribution in which nothing is found but the bucket', async () => {
  const template = await templateOf(`
[[routes]]
pattern = "/api/*"
target = "api"
access = "public"
[api]
regions = [{ name = "eu-west-1", endpoint = "https://a.execute-api.eu-west-1.amazonaws.com/prod" }]
`);
  const found = checkTemplate(template).map(({ rule }) => rule);
  assert.deepEqual(new Set(found), new Set(['private-bucket']));
});

test('P2: where nothing stands before the cache, who asks is part of the key', async () => {
  const guarded = `
[[routes]]
pattern = "/members/*"
target = "site"
access = "authenticated"
[[issuers]]
user_pool = "eu-west-1_Example01"
clients = ["c"]
cookies = ["session"]
`;
  const keyOf = async (/** @type {string} */ text) => {
    const [{ CachePolicyConfig }] = propertiesOf(
      await templateOf(text),
      'AWS::CloudFront::CachePolicy',
    );
    const { HeadersConfig, CookiesConfig } =
      CachePolicyConfig.ParametersInCacheKeyAndForwardedToOrigin;
    return [HeadersConfig.Headers, CookiesConfig.Cookies];
  };
  assert.deepEqual(await keyOf(guarded), [['sec-fetch-mode', 'authorization'], ['session']]);
  assert.deepEqual(await keyOf(`[site]\nviewer_request_attached = true\n${guarded}`), [
    undefined,
    undefined,
  ]);
});

test('cookies that an API is to see are forwarded', async () => {
  const text = `
[[routes]]
pattern = "/api/*"
target = "api"
access = "public"
cookies = "forward"
[api]
regions = [{ name = "eu-west-1", endpoint = "https://a.execute-api.eu-west-1.amazonaws.com" }]
`;
  const [{ OriginRequestPolicyConfig }] = propertiesOf(
    await templateOf(text),
    'AWS::CloudFront::OriginRequestPolicy',
  );
  assert.deepEqual(OriginRequestPolicyConfig.CookiesConfig, { CookieBehavior: 'all' });
});

test('where nothing stands before the site, paths are seen to behind the cache', async () => {
  const { LambdaFunctionAssociations } = configOf(await templateOf('')).DefaultCacheBehavior;
  assert.deepEqual(
    LambdaFunctionAssociations.map((/** @type {any} */ { EventType }) => EventType),
    ['origin-request', 'origin-response'],
  );
});

test('L3: another Region is refused with what to do', async () => {
  await assert.rejects(templateOf('', {}, 'eu-west-1'), {
    message:
      /in edge: found eu-west-1, allowed: us-east-1, .*\(rule L3\): env: \{ region: 'us-east-1' \}/,
  });
});

/** Of a session: the issuer's access tokens, and no others, unless said otherwise. */
const ISSUER = 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example01';
const WITH_API = `
[[routes]]
pattern = "/api/*"
target = "api"
access = "authenticated"
[api]
regions = [{ name = "eu-west-1", endpoint = "https://a.execute-api.eu-west-1.amazonaws.com" }]
[[issuers]]
user_pool = "eu-west-1_Example01"
clients = ["c"]
`;

/**
 * @param {object} signIn as the report has it
 * @param {string} [text] at the end of the configuration
 * @param {Partial<import('../../infra/distribution.js').NearhopDistributionProps>} [more]
 */
async function templateWithSignIn(signIn, text = '', more) {
  const checked = await check(WITH_API + text);
  assert.ok(checked.ok, JSON.stringify(checked));
  const said = { issuer: ISSUER, cookies: 'host-only', timeout_ms: 2_000, ...signIn };
  const report = /** @type {any} */ ({ ...checked.report, sign_in: said });
  return templateOf(WITH_API, { report, ...more });
}

test("origin-request sees the session's cookies, and not the refresh token", async () => {
  const cookiesOf = async (/** @type {object} */ signIn, /** @type {string} */ text) => {
    const template = await templateWithSignIn(signIn, text);
    const [{ OriginRequestPolicyConfig }] = propertiesOf(
      template,
      'AWS::CloudFront::OriginRequestPolicy',
    );
    return OriginRequestPolicyConfig.CookiesConfig;
  };
  const short = '[limits]\ntoken_bytes = 3800\n';
  assert.deepEqual(await cookiesOf({}, 'token_use = ["access", "id"]\n' + short), {
    CookieBehavior: 'whitelist',
    Cookies: ['__Host-nearhop-access'],
  });
  assert.deepEqual(await cookiesOf({}, 'token_use = ["id"]\n[limits]\ntoken_bytes = 3801\n'), {
    CookieBehavior: 'whitelist',
    Cookies: ['__Host-nearhop-id', '__Host-nearhop-id-1'],
  });
  const all = { CookieBehavior: 'all' };
  assert.deepEqual(await cookiesOf({ cookies: 'amplify' }, short), all);
  // Nine chunks and two more are over CloudFront's quota for one policy.
  const many = 'cookies = ["a", "b"]\n[limits]\ntoken_bytes = 32768\n';
  assert.deepEqual(await cookiesOf({}, many), all);
});

test('L1: who comes back from signing in is waited for, to the most there is', async () => {
  const timeout = async (/** @type {number} */ timeout_ms) => {
    const template = await templateWithSignIn({ timeout_ms });
    return propertiesOf(template, 'AWS::Lambda::Function')[0].Timeout;
  };
  assert.equal(await timeout(2_000), 9);
  assert.equal(await timeout(10_000), 25);
});

test('sign-in without viewer-request is refused', async () => {
  await assert.rejects(templateWithSignIn({}, '', { layout: 'origin-request' }), {
    message: /found \[sign_in\] with layout: 'origin-request', allowed: layout: 'viewer-request'/,
  });
});

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

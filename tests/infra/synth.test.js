/**
 * The templates in both layouts and both ways of routing.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { propertiesOf, synthesized } from './synthesized.js';

const DOMAIN = `[domain]
name = "app.example.com"
hosted_zone_id = "Z0123456789"
hosted_zone_name = "example.com"
`;
const REGIONS = ['us-east-1', 'eu-west-1', 'ap-northeast-1'];

const edge = await synthesized();
const dns = await synthesized(`
app = "shop"
account = "123456789012"
routing = "dns"
layout = "origin-request"
protect = false
price_class = "PriceClass_100"
${DOMAIN}
[waf]
web_acl_arn = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/shop/0a"
[alarms]
email = "ops@example.com"
[logs]
days = 90
edge_regions = ["us-east-1"]
`);

/**
 * @param {{ templates: Record<string, any> }} from
 * @param {string} stack
 * @param {string} type
 */
const of = ({ templates }, stack, type) => propertiesOf(templates[stack], type);
const distribution = (/** @type {any} */ from, /** @type {string} */ stack) =>
  of(from, stack, 'AWS::CloudFront::Distribution')[0].DistributionConfig;
const events = (/** @type {any} */ behavior) =>
  behavior.LambdaFunctionAssociations.map((/** @type {any} */ { EventType }) => EventType);
const behavior = (/** @type {any} */ config, /** @type {string} */ pattern) =>
  config.CacheBehaviors.find((/** @type {any} */ { PathPattern }) => PathPattern === pattern);

test('nothing is found in either', () => {
  assert.deepEqual([...edge.findings, ...dns.findings], []);
});

test('one stack for data, one for each Region, one for the edge, and logs where it runs', () => {
  const logs = (/** @type {any} */ { templates }) =>
    Object.keys(templates).filter((stack) => stack.includes('-edge-logs-'));
  assert.equal(logs(edge).length, 13);
  assert.deepEqual(logs(dns), ['shop-edge-logs-us-east-1']);
  const others = Object.keys(dns.templates).filter((stack) => !stack.includes('-edge-logs-'));
  assert.deepEqual(
    others.sort(),
    ['shop-data', 'shop-edge', ...REGIONS.map((r) => `shop-api-${r}`)].sort(),
  );
  const regions = new Map(edge.synthesized.templates.map(({ stack, region }) => [stack, region]));
  assert.equal(regions.get('nearhop-edge'), 'us-east-1');
  for (const region of REGIONS) assert.equal(regions.get(`nearhop-api-${region}`), region);
});

test('W3, L9: origin-request is where every API call goes by, and may be all', () => {
  const [both, single] = [distribution(edge, 'nearhop-edge'), distribution(dns, 'shop-edge')];
  const all = ['viewer-request', 'origin-request', 'origin-response'];
  assert.deepEqual(events(behavior(both, '/api/*')), all);
  assert.deepEqual(events(behavior(single, '/api/*')), ['origin-request']);
  // nearhop.toml says that viewer-request stands before the site, in either layout.
  for (const config of [both, single]) {
    assert.deepEqual(events(config.DefaultCacheBehavior), ['viewer-request', 'origin-response']);
    assert.deepEqual(events(behavior(config, '/_nearhop/*')), ['viewer-request', 'origin-request']);
  }
});

test('L3: one published version is at every trigger', () => {
  const { templates } = edge;
  const config = distribution(edge, 'nearhop-edge');
  const arns = [...config.CacheBehaviors, config.DefaultCacheBehavior].flatMap((each) =>
    each.LambdaFunctionAssociations.map(
      (/** @type {any} */ { LambdaFunctionARN }) => LambdaFunctionARN.Ref,
    ),
  );
  assert.equal(new Set(arns).size, 1);
  assert.equal(templates['nearhop-edge'].Resources[arns[0]].Type, 'AWS::Lambda::Version');
});

test('L1, L2, L4: the function is one that Lambda@Edge takes', () => {
  const [fn] = of(edge, 'nearhop-edge', 'AWS::Lambda::Function');
  assert.deepEqual([fn.Runtime, fn.MemorySize, fn.Timeout], ['nodejs24.x', 128, 5]);
  for (const property of ['Environment', 'VpcConfig', 'Layers', 'Architectures', 'TracingConfig']) {
    assert.equal(fn[property], undefined, property);
  }
});

test('F3, F4: a route that only reads has a second leg; one that writes has none', () => {
  const config = distribution(edge, 'nearhop-edge');
  const [group] = config.OriginGroups.Items;
  assert.deepEqual(group.FailoverCriteria.StatusCodes.Items, [502, 503, 504]);
  assert.equal(behavior(config, '/api/health').TargetOriginId, group.Id);
  assert.equal(behavior(config, '/api/*').TargetOriginId, 'api');
  const [first, second] = group.Members.Items.map((/** @type {any} */ { OriginId }) =>
    config.Origins.find((/** @type {any} */ { Id }) => Id === OriginId),
  );
  assert.equal(first.OriginCustomHeaders, undefined);
  assert.deepEqual(second.OriginCustomHeaders, [{ HeaderName: 'x-nearhop-leg', HeaderValue: '2' }]);
  assert.notEqual(first.DomainName, second.DomainName);
});

test('F6: a Region that does not answer is given up within seconds', () => {
  const origins = distribution(edge, 'nearhop-edge').Origins;
  for (const origin of origins.filter(
    (/** @type {any} */ { CustomOriginConfig }) => CustomOriginConfig,
  )) {
    assert.ok(origin.ConnectionAttempts * origin.ConnectionTimeout <= 4, origin.Id);
  }
});

test('R4, P1, P2: API calls are not cached, and bring tokens and no cookie that nobody needs', () => {
  const config = distribution(edge, 'nearhop-edge');
  const api = behavior(config, '/api/*');
  assert.equal(api.CachePolicyId, '4135ea2d-6df8-44a3-9df3-4b5a84be39ad');
  assert.equal(api.ViewerProtocolPolicy, 'https-only');
  assert.equal(api.AllowedMethods.length, 7);
  const [{ OriginRequestPolicyConfig: policy }] = of(
    edge,
    'nearhop-edge',
    'AWS::CloudFront::OriginRequestPolicy',
  );
  assert.deepEqual(policy.HeadersConfig, { HeaderBehavior: 'allExcept', Headers: ['host'] });
  assert.deepEqual(policy.CookiesConfig, { CookieBehavior: 'none' });
});

test('S1, S2: the site is private, signed for, and gets neither cookies nor tokens', () => {
  const config = distribution(edge, 'nearhop-edge');
  const site = config.Origins.find((/** @type {any} */ { Id }) => Id === 'site');
  assert.ok(site.OriginAccessControlId);
  assert.equal(config.DefaultCacheBehavior.OriginRequestPolicyId, undefined);
  assert.deepEqual(config.DefaultCacheBehavior.AllowedMethods, ['GET', 'HEAD', 'OPTIONS']);
  const statements = of(edge, 'nearhop-edge', 'AWS::S3::BucketPolicy').flatMap(
    ({ PolicyDocument }) => PolicyDocument.Statement,
  );
  const readers = statements.filter(
    ({ Effect, Action }) => Effect === 'Allow' && Action === 's3:GetObject',
  );
  assert.equal(readers.length, 1);
  assert.deepEqual(readers[0].Principal, { Service: 'cloudfront.amazonaws.com' });
  assert.ok(JSON.stringify(readers[0].Condition).includes(':distribution/'));
});

test('HSTS, and TLS 1.2 of 2021 at least under a name of our own', () => {
  const [{ ResponseHeadersPolicyConfig: policy }] = of(
    dns,
    'shop-edge',
    'AWS::CloudFront::ResponseHeadersPolicy',
  );
  assert.equal(
    policy.SecurityHeadersConfig.StrictTransportSecurity.AccessControlMaxAgeSec,
    63_072_000,
  );
  const config = distribution(dns, 'shop-edge');
  assert.equal(config.ViewerCertificate.MinimumProtocolVersion, 'TLSv1.2_2021');
  assert.deepEqual(config.Aliases, ['app.example.com']);
  assert.equal(config.PriceClass, 'PriceClass_100');
  assert.match(config.WebACLId, /:global\/webacl\/shop\//);
});

test('A3, A5: where Route 53 chooses, each Region has a record and a health check', () => {
  for (const region of REGIONS) {
    const stack = `shop-api-${region}`;
    const domains = of(dns, stack, 'AWS::ApiGatewayV2::DomainName').map(
      ({ DomainName }) => DomainName,
    );
    assert.deepEqual(
      domains.sort(),
      [`${region}.api.app.example.com`, 'api.app.example.com'].sort(),
    );
    const shared = of(dns, stack, 'AWS::Route53::RecordSet').filter(
      ({ SetIdentifier }) => SetIdentifier,
    );
    assert.deepEqual(
      shared.map(({ Type }) => Type),
      ['A', 'AAAA'],
    );
    for (const { Name, Region, HealthCheckId } of shared) {
      assert.deepEqual([Name, Region], ['api.app.example.com', region]);
      assert.ok(HealthCheckId);
    }
    const [{ HealthCheckConfig: check }] = of(dns, stack, 'AWS::Route53::HealthCheck');
    assert.equal(check.FullyQualifiedDomainName, `${region}.api.app.example.com`);
    assert.deepEqual(
      [check.ResourcePath, check.RequestInterval, check.FailureThreshold],
      ['/health', 10, 3],
    );
  }
  const config = distribution(dns, 'shop-edge');
  assert.equal(config.OriginGroups, undefined);
  assert.equal(
    config.Origins.find((/** @type {any} */ { Id }) => Id === 'api').DomainName,
    'api.app.example.com',
  );
});

test('A4: tokens are asked for but at /health, and the secret is read where it lies', () => {
  for (const region of REGIONS) {
    const stack = `nearhop-api-${region}`;
    const routes = of(edge, stack, 'AWS::ApiGatewayV2::Route').map(
      ({ RouteKey, AuthorizationType }) => `${RouteKey} ${AuthorizationType}`,
    );
    assert.deepEqual(routes.sort(), [
      'ANY / JWT',
      'ANY /{proxy+} JWT',
      'GET /health NONE',
      'HEAD /health NONE',
    ]);
    const [{ Environment }] = of(edge, stack, 'AWS::Lambda::Function');
    const { Variables } = Environment;
    assert.ok(JSON.stringify(Variables.ORIGIN_SECRET_ARN).includes(`secretsmanager:${region}:`));
    assert.equal(Variables.ORIGIN_SECRET, undefined);
    assert.equal(Variables.TABLE_NAME, 'nearhop');
  }
  const [api] = of(dns, 'shop-api-eu-west-1', 'AWS::ApiGatewayV2::Api');
  assert.equal(api.DisableExecuteApiEndpoint, true);
});

test('C1, C2: the authorizer knows the pool and its client', () => {
  const [{ JwtConfiguration }] = of(edge, 'nearhop-api-eu-west-1', 'AWS::ApiGatewayV2::Authorizer');
  assert.deepEqual(JwtConfiguration, {
    Audience: ['nearhopdemo0client'],
    Issuer: 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Nearhop01',
  });
});

test('C6: the client has the code flow, no secret, and comes back to the site', () => {
  const [client] = of(dns, 'shop-data', 'AWS::Cognito::UserPoolClient');
  assert.deepEqual(client.AllowedOAuthFlows, ['code']);
  assert.equal(client.GenerateSecret, false);
  assert.deepEqual(client.CallbackURLs, ['https://app.example.com/_nearhop/callback']);
  assert.ok(!client.ExplicitAuthFlows.includes('ALLOW_USER_PASSWORD_AUTH'));
});

test('the table has a replica in every Region, and stays unless told otherwise', () => {
  const [table] = of(edge, 'nearhop-data', 'AWS::DynamoDB::GlobalTable');
  assert.deepEqual(
    table.Replicas.map((/** @type {any} */ { Region }) => Region).sort(),
    [...REGIONS].sort(),
  );
  const policies = (/** @type {any} */ template) =>
    Object.values(/** @type {Record<string, any>} */ (template.Resources))
      .filter(({ Type }) => /GlobalTable|UserPool$|S3::Bucket$/.test(Type))
      .map(({ DeletionPolicy }) => DeletionPolicy);
  assert.deepEqual(new Set(policies(edge.templates['nearhop-data'])), new Set(['Retain']));
  assert.deepEqual(new Set(policies(dns.templates['shop-data'])), new Set(['Delete']));
});

test('alarms tell somebody of their own Region, if anybody', () => {
  const actions = (/** @type {any} */ from, /** @type {string} */ stack) =>
    of(from, stack, 'AWS::CloudWatch::Alarm').map(({ AlarmActions }) => AlarmActions?.length ?? 0);
  assert.deepEqual(actions(dns, 'shop-api-eu-west-1'), [1, 1, 1, 1]);
  assert.deepEqual(actions(dns, 'shop-edge'), [1, 1, 1, 1]);
  assert.deepEqual(actions(edge, 'nearhop-edge'), [0, 0, 0, 0]);
  const [subscription] = of(dns, 'shop-edge', 'AWS::SNS::Subscription');
  assert.deepEqual([subscription.Protocol, subscription.Endpoint], ['email', 'ops@example.com']);
});

test('access logs have no cookies and no queries, and end', () => {
  const [{ RecordFields }] = of(edge, 'nearhop-edge', 'AWS::Logs::Delivery');
  assert.ok(
    !RecordFields.some((/** @type {string} */ field) => /cookie|query|referer/i.test(field)),
  );
  const expirations = of(dns, 'shop-edge', 'AWS::S3::Bucket').flatMap(
    ({ LifecycleConfiguration }) =>
      LifecycleConfiguration?.Rules.map((/** @type {any} */ rule) => rule.ExpirationInDays) ?? [],
  );
  assert.deepEqual(expirations, [90]);
});

test('no secret stands in a template', () => {
  const all = JSON.stringify([edge.templates, dns.templates]);
  assert.ok(!all.includes('placeholder-for-'));
});

test('the command says what is a placeholder, and what is wrong', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nearhop-synth-'));
  const run = (/** @type {string[]} */ ...args) =>
    spawnSync(process.execPath, ['infra/synth.js', ...args], { encoding: 'utf8', timeout: 60_000 });
  try {
    const out = join(folder, 'cdk.out');
    const fine = run('--out', out);
    assert.equal(fine.status, 0, fine.stderr);
    assert.match(fine.stdout, /^18 templates in .*\n {2}nearhop-/);
    assert.match(fine.stdout, /have the names of nearhop\.toml/);
    assert.match(fine.stdout, /own\): nothing found\n$/);
    assert.ok((await readdir(out)).includes('manifest.json'));

    const settings = join(folder, 'd.toml');
    await writeFile(settings, 'layout = "viewer"\n');
    const wrong = run('--settings', settings, '--out', out);
    assert.equal(wrong.status, 1);
    assert.match(wrong.stderr, /d\.toml:1:1: layout: found "viewer", allowed: "viewer-request"/);
    assert.equal(run('--nonsense').status, 2);
  } finally {
    await rm(folder, { recursive: true });
  }
});

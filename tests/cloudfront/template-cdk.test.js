/**
 * What CDK synthesizes: a site in a bucket, an API, an origin group and functions at the edge.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { App, CfnOutput, Duration, Fn, Stack, Stage } from 'aws-cdk-lib';
import { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import {
  AllowedMethods,
  CachePolicy,
  Distribution,
  LambdaEdgeEventType,
  OriginRequestPolicy,
  ResponseHeadersPolicy,
  experimental,
} from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin, OriginGroup, S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { TemplateError, readTemplate } from '../../js/cloudfront/template/read.js';

const EAST = { account: '123456789012', region: 'us-east-1' };
const WEST = { account: '123456789012', region: 'eu-west-1' };
const RUNTIME = new Runtime('nodejs24.x');

/** @type {string} */
let folder;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'template-cdk-'));
  mkdirSync(join(folder, 'function'));
  writeFileSync(join(folder, 'function/index.mjs'), 'export const handler = async () => {};\n');
});

after(() => rmSync(folder, { recursive: true }));

/** @param {string} name */
function app(name) {
  return new App({ outdir: join(folder, name), analyticsReporting: false });
}

/**
 * @param {Stack} stack
 * @param {string} id
 */
function edgeFunction(stack, id) {
  return new LambdaFunction(stack, id, {
    code: Code.fromAsset(join(folder, 'function')),
    handler: 'index.handler',
    runtime: RUNTIME,
    timeout: Duration.seconds(5),
  });
}

/**
 * @param {import('constructs').Construct} scope
 * @param {string} id
 * @param {string} apiDomain
 * @param {string} [secondDomain]
 */
function siteStack(scope, id, apiDomain, secondDomain = 'second.example.com') {
  const stack = new Stack(scope, id, { env: EAST, crossRegionReferences: true });
  const bucket = S3BucketOrigin.withOriginAccessControl(new Bucket(stack, 'Bucket'));
  const api = new HttpOrigin(apiDomain, { customHeaders: { 'X-Leg': 'first' } });
  const second = new HttpOrigin(secondDomain, { connectionAttempts: 1 });
  const { currentVersion: functionVersion } = edgeFunction(stack, 'Router');
  new Distribution(stack, 'Site', {
    defaultRootObject: 'index.html',
    defaultBehavior: {
      origin: bucket,
      responseHeadersPolicy: ResponseHeadersPolicy.SECURITY_HEADERS,
    },
    additionalBehaviors: {
      '/api/*': {
        origin: api,
        allowedMethods: AllowedMethods.ALLOW_ALL,
        cachePolicy: CachePolicy.CACHING_DISABLED,
        originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
        edgeLambdas: [
          { eventType: LambdaEdgeEventType.ORIGIN_REQUEST, functionVersion, includeBody: true },
        ],
      },
      '/either/*': {
        origin: new OriginGroup({
          primaryOrigin: api,
          fallbackOrigin: second,
          fallbackStatusCodes: [500, 503],
        }),
        cachePolicy: new CachePolicy(stack, 'Cache', { defaultTtl: Duration.minutes(1) }),
      },
    },
  });
  return stack;
}

describe('a cdk.out folder', { timeout: 120_000 }, () => {
  /** @type {string} */
  let out;

  before(() => {
    const synthesized = app('one');
    const regional = new Stack(synthesized, 'Api', { env: WEST, crossRegionReferences: true });
    const { apiEndpoint } = new HttpApi(regional, 'Http');
    for (const env of [WEST, EAST]) {
      const names = new Stack(synthesized, `Names-${env.region}`, { env });
      const value = `${env.region}.example.com`;
      new CfnOutput(names, 'Domain', { value, exportName: 'SecondDomain' });
    }
    const apiDomain = Fn.select(2, Fn.split('/', apiEndpoint));
    siteStack(synthesized, 'Edge', apiDomain, Fn.importValue('SecondDomain'));
    out = synthesized.synth().directory;
  });

  it('gives its one distribution', async () => {
    const { distribution, functions, warnings } = await readTemplate(out);
    assert.deepEqual(warnings, []);
    assert.equal(distribution.defaultRootObject, 'index.html');
    const [api, either, standard] = distribution.behaviors;
    assert.deepEqual(
      [api?.pattern, either?.pattern, standard?.pattern],
      ['/api/*', '/either/*', '*'],
    );
    assert.equal(api?.originRequestPolicy?.name, 'AllViewerExceptHostHeader');
    assert.equal(either?.cachePolicy.defaultTtl, 60);
    assert.equal(standard?.cachePolicy.name, 'CachingOptimized');
    assert.equal(standard?.responseHeadersPolicy?.name, 'SecurityHeadersPolicy');
    const [[key, source] = assert.fail('no function')] = functions;
    assert.deepEqual(api?.functions, { 'origin-request': { function: key, includeBody: true } });
    assert.ok(existsSync(join(source.code, 'index.mjs')), source.code);
    assert.deepEqual([source.runtime, source.timeout], ['nodejs24.x', 5]);
  });

  it('F3: gives origin groups, whose members may be what its own Region exports', async () => {
    const { distribution } = await readTemplate(out);
    const [group = assert.fail('no group')] = distribution.groups.values();
    const members = group.members.map((id) => distribution.origins.get(id));
    assert.deepEqual(group.statuses, [500, 503]);
    assert.deepEqual(members[0]?.customHeaders, { 'X-Leg': 'first' });
    assert.deepEqual([members[1]?.domainName, members[1]?.connectionAttempts], [
      'us-east-1.example.com',
      1,
    ]);
  });

  it('S1: gives buckets that CloudFront signs for', async () => {
    const { distribution } = await readTemplate(out);
    const origin = distribution.origins.get(distribution.behaviors.at(-1)?.target ?? '');
    assert.deepEqual([origin?.kind, origin?.access, origin?.region], ['s3', 'oac', 'us-east-1']);
    assert.match(String(origin?.domainName), /^bucket[0-9a-f]+\.s3\.us-east-1\.amazonaws\.com$/);
  });

  it('finds what CDK carries from another Region', async () => {
    const { distribution } = await readTemplate(out);
    const origin = distribution.origins.get(distribution.behaviors[0]?.target ?? '');
    assert.match(
      String(origin?.domainName),
      /^http[0-9a-f]+\.execute-api\.eu-west-1\.amazonaws\.com$/,
    );
  });

  it('names the template in a fault', async () => {
    const error = await readTemplate(out, { parameters: { 'AWS::Region': 'eu-central-1' } }).then(
      () => assert.fail('taken'),
      (thrown) => thrown,
    );
    assert.ok(error instanceof TemplateError);
    assert.match(error.message, /Edge\.template\.json:\d+: Resources\.Site.*\(rule L3\)/);
  });

  it('has no stack of another name', async () => {
    await assert.rejects(
      readTemplate(out, { stack: 'Egde' }),
      /manifest\.json: found no stack "Egde"; allowed: one of .*Edge/,
    );
    const reading = readTemplate(out, { stack: 'Api' });
    await assert.rejects(reading, /found no distribution; allowed: an AWS/);
  });

  it('is told from other folders', async () => {
    await assert.rejects(readTemplate(folder), /found a folder without manifest\.json/);
  });
});

describe('stacks that share', { timeout: 120_000 }, () => {
  it('are chosen by name where several have a distribution, in stages too', async () => {
    const synthesized = app('stages');
    siteStack(new Stage(synthesized, 'Beta'), 'Edge', 'beta.example.com');
    siteStack(new Stage(synthesized, 'Live'), 'Edge', 'live.example.com');
    const { directory } = synthesized.synth();
    await assert.rejects(
      readTemplate(directory),
      /found distributions in Beta\/Edge, Live\/Edge; allowed: one of these stacks\./,
    );
    for (const stack of ['Live/Edge', 'Live-Edge']) {
      const { distribution } = await readTemplate(directory, { stack });
      const origin = distribution.origins.get(distribution.behaviors[0]?.target ?? '');
      assert.equal(origin?.domainName, 'live.example.com');
    }
  });

  it('L3: find a function in us-east-1 from a stack elsewhere', async () => {
    const synthesized = app('elsewhere');
    const stack = new Stack(synthesized, 'Site', { env: WEST });
    const fn = new experimental.EdgeFunction(stack, 'Greeter', {
      code: Code.fromAsset(join(folder, 'function')),
      handler: 'index.handler',
      runtime: RUNTIME,
    });
    new Distribution(stack, 'Distribution', {
      defaultBehavior: {
        origin: new HttpOrigin('www.example.com'),
        edgeLambdas: [
          { eventType: LambdaEdgeEventType.VIEWER_REQUEST, functionVersion: fn.currentVersion },
        ],
      },
    });
    const { functions } = await readTemplate(synthesized.synth().directory);
    const [source = assert.fail('no function')] = functions.values();
    assert.match(source.name, /Greeter/);
    assert.ok(existsSync(join(source.code, 'index.mjs')));
  });

  it('L3: find a version that CDK carries from one Region to another', async () => {
    const synthesized = app('carried');
    const east = new Stack(synthesized, 'East', { env: EAST, crossRegionReferences: true });
    const { currentVersion: functionVersion } = edgeFunction(east, 'Greeter');
    const west = new Stack(synthesized, 'West', { env: WEST, crossRegionReferences: true });
    new Distribution(west, 'Distribution', {
      defaultBehavior: {
        origin: new HttpOrigin('www.example.com'),
        edgeLambdas: [{ eventType: LambdaEdgeEventType.VIEWER_REQUEST, functionVersion }],
      },
    });
    const { functions } = await readTemplate(synthesized.synth().directory);
    assert.match([...functions.keys()].join(), /^Greeter/);
  });
});

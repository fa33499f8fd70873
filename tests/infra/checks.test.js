/**
 * Our own checks of a distribution and its functions: what we deploy passes, and each mistake that
 * CloudFormation, cfn-lint and cdk-nag let through is found.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkTemplate } from '../../infra/checks/index.js';
import { finds, one } from './broken.js';
import { synthesized } from './synthesized.js';

const { templates, findings } = await synthesized();
const good = templates['nearhop-edge'];

test('nothing is found in what we deploy', () => {
  assert.equal(Object.keys(templates).length, 18);
  assert.deepEqual(findings, []);
});

const config = (/** @type {any} */ template) =>
  one(template, 'AWS::CloudFront::Distribution').DistributionConfig;
const edgeFunction = (/** @type {any} */ template) => one(template, 'AWS::Lambda::Function');
const apiBehavior = (/** @type {any} */ template) =>
  config(template).CacheBehaviors.find((/** @type {any} */ each) => each.PathPattern === '/api/*');
const requestPolicy = (/** @type {any} */ template) =>
  one(template, 'AWS::CloudFront::OriginRequestPolicy').OriginRequestPolicyConfig;
const apiOrigin = (/** @type {any} */ template) =>
  config(template).Origins.find((/** @type {any} */ each) => each.Id === 'api');

finds(good, [
  [
    'E1: an event that is none',
    (t) =>
      (config(t).DefaultCacheBehavior.LambdaFunctionAssociations[0].EventType = 'viewer-requests'),
    /DefaultCacheBehavior\..*\[0\]\.EventType: found viewer-requests, allowed: viewer-.* \(E1\)/,
  ],
  [
    'a behavior whose origin is not there',
    (t) => (apiBehavior(t).TargetOriginId = 'apis'),
    /CacheBehaviors\[2\]\.TargetOriginId: found apis, allowed: .*\(origin-id\)/,
  ],
  [
    'L3: a function without a version',
    (t) => {
      const [logicalId] =
        Object.entries(t.Resources).find(([, { Type }]) => Type === 'AWS::Lambda::Function') ?? [];
      apiBehavior(t).LambdaFunctionAssociations[1].LambdaFunctionARN = {
        'Fn::GetAtt': [logicalId, 'Arn'],
      };
    },
    /\[1\]\.LambdaFunctionARN: found .*Lambda::Function\), allowed: a published .*\(L3\)/,
  ],
  [
    'L3: $LATEST by its ARN',
    (t) =>
      (apiBehavior(t).LambdaFunctionAssociations[0].LambdaFunctionARN =
        'arn:aws:lambda:us-east-1:123456789012:function:nearhop-edge:$LATEST'),
    /found .*\$LATEST .*\(L3\)/,
  ],
  [
    'L3: a version of another Region',
    (t) =>
      (apiBehavior(t).LambdaFunctionAssociations[0].LambdaFunctionARN =
        'arn:aws:lambda:eu-west-1:123456789012:function:nearhop-edge:3'),
    /found arn:aws:lambda:eu-west-1.*in us-east-1 \(L3\)/,
  ],
  [
    'L3: a role that Lambda@Edge may not take',
    (t) =>
      (one(t, 'AWS::IAM::Role').AssumeRolePolicyDocument.Statement[0].Principal.Service =
        'lambda.amazonaws.com'),
    /Role: found trust in lambda\.amazonaws\.com, allowed: .*edgelambda.*\(L3\)/,
  ],
  [
    'L1: a timeout beyond 30 s',
    (t) => (edgeFunction(t).Timeout = 60),
    /Timeout: found 60, allowed: at most 30 s \(L1\)/,
  ],
  [
    'L1: more memory at viewer-request',
    (t) => (edgeFunction(t).MemorySize = 256),
    /MemorySize: found 256, allowed: 128 MB at viewer events \(L1\)/,
  ],
  [
    'L2: environment variables',
    (t) => (edgeFunction(t).Environment = { Variables: { STAGE: 'prod' } }),
    /Environment: found .*STAGE.*, allowed: nothing at the edge \(L2\)/,
  ],
  ['L2: arm64', (t) => (edgeFunction(t).Architectures = ['arm64']), /Architectures.*\(L2\)/],
  ['L2: layers', (t) => (edgeFunction(t).Layers = ['arn:aws:lambda:…']), /Layers.*\(L2\)/],
  ['L2: a VPC', (t) => (edgeFunction(t).VpcConfig = { SubnetIds: [] }), /VpcConfig.*\(L2\)/],
  [
    'L2: X-Ray',
    (t) => (edgeFunction(t).TracingConfig = { Mode: 'Active' }),
    /TracingConfig.*\(L2\)/,
  ],
  [
    'L4: a runtime that Lambda@Edge lacks',
    (t) => (edgeFunction(t).Runtime = 'nodejs20.x'),
    /Runtime: found nodejs20\.x, allowed: nodejs22\.x, nodejs24\.x \(L4\)/,
  ],
  [
    'L7: two functions for one event',
    (t) =>
      (apiBehavior(t).LambdaFunctionAssociations[1].EventType =
        apiBehavior(t).LambdaFunctionAssociations[0].EventType),
    /EventType: found viewer-request again, allowed: one function for each event \(L7\)/,
  ],
  [
    'L7: a CloudFront Function beside Lambda@Edge at viewer events',
    (t) => (apiBehavior(t).FunctionAssociations = [{ EventType: 'viewer-response' }]),
    /FunctionAssociations: found both, .*\(L7\)/,
  ],
  [
    'L8: a VPC origin behind origin events',
    (t) => (apiOrigin(t).VpcOriginConfig = { VpcOriginId: 'vo_1' }),
    /VpcOriginConfig: found a VPC origin, .*\(L8\)/,
  ],
  [
    'F3: writes in front of an origin group',
    (t) => (apiBehavior(t).TargetOriginId = config(t).OriginGroups.Items[0].Id),
    /AllowedMethods: found DELETE, GET, .*, allowed: GET HEAD .* origin group \(F3\)/,
  ],
  [
    'F3: a group of one origin twice',
    (t) => (config(t).OriginGroups.Items[0].Members.Items[1].OriginId = 'api-first-leg'),
    /Members: found \{?.*api-first-leg.*, allowed: two different origins \(F3\)/,
  ],
  [
    'F3: a status that does not fail over',
    (t) => config(t).OriginGroups.Items[0].FailoverCriteria.StatusCodes.Items.push(401),
    /StatusCodes: found 502, 503, 504, 401, .*\(F3\)/,
  ],
  [
    'F6: more attempts than there are',
    (t) => (apiOrigin(t).ConnectionAttempts = 5),
    /ConnectionAttempts: found 5, allowed: 1 to 3 \(F6\)/,
  ],
  [
    'F6: a connection timeout out of range',
    (t) => (apiOrigin(t).ConnectionTimeout = 0),
    /ConnectionTimeout: found 0, allowed: 1 to 10 \(F6\)/,
  ],
  [
    'E6: an origin by its address',
    (t) => (apiOrigin(t).DomainName = '192.0.2.1'),
    /DomainName: found 192\.0\.2\.1, allowed: a DNS name.*\(E6\)/,
  ],
  [
    'E6: a path with / at its end',
    (t) => (apiOrigin(t).OriginPath = '/prod/'),
    /OriginPath.*\(E6\)/,
  ],
  [
    'E6: a port',
    (t) => (apiOrigin(t).CustomOriginConfig.HTTPSPort = 444),
    /HTTPSPort: found 444.*\(E6\)/,
  ],
  [
    'W10: 31 custom headers',
    (t) =>
      (apiOrigin(t).OriginCustomHeaders = Array.from({ length: 31 }, (_, index) => ({
        HeaderName: `x-${index}`,
        HeaderValue: 'v',
      }))),
    /OriginCustomHeaders: found 31, allowed: at most 30 \(W10\)/,
  ],
  [
    'W10: a value that is too long',
    (t) =>
      (apiOrigin(t).OriginCustomHeaders = [{ HeaderName: 'x-a', HeaderValue: 'v'.repeat(1_784) }]),
    /OriginCustomHeaders\[0\]: found x-a, .*\(W10\)/,
  ],
  [
    "W7: a custom header of CloudFront's own",
    (t) => (apiOrigin(t).OriginCustomHeaders = [{ HeaderName: 'X-Edge-Leg', HeaderValue: '2' }]),
    /OriginCustomHeaders\[0\]: found X-Edge-Leg, .*\(W7\)/,
  ],
  [
    'P2: authorization in a list of headers',
    (t) =>
      (requestPolicy(t).HeadersConfig = {
        HeaderBehavior: 'whitelist',
        Headers: ['Authorization'],
      }),
    /HeadersConfig\.Headers: found authorization, .*\(P2\)/,
  ],
  [
    'P2: an API that gets no tokens',
    (t) => delete apiBehavior(t).OriginRequestPolicyId,
    /OriginRequestPolicyId: found no authorization, .*\(P2\)/,
  ],
  [
    "A1: the viewer's host for API Gateway",
    (t) => (requestPolicy(t).HeadersConfig = { HeaderBehavior: 'allViewer' }),
    /OriginRequestPolicyId: found the viewer's host, .*\(A1\)/,
  ],
  [
    'A1: the managed policy that forwards all',
    (t) => (apiBehavior(t).OriginRequestPolicyId = '216adef6-5c7f-47e4-b989-5492eafa07d3'),
    /found the viewer's host, .*\(A1\)/,
  ],
  [
    'S1: a bucket without an access control',
    (t) => delete config(t).Origins[0].OriginAccessControlId,
    /OriginAccessControlId: found nothing, .*\(S1\)/,
  ],
  [
    'S3: an error page for every 404',
    (t) => (config(t).CustomErrorResponses = [{ ErrorCode: 404, ResponsePagePath: '/index.html' }]),
    /CustomErrorResponses\[0\]: found \/index\.html for every 404, .*\(S3\)/,
  ],
  [
    'methods that are no set of CloudFront',
    (t) => (apiBehavior(t).AllowedMethods = ['GET', 'POST']),
    /AllowedMethods: found GET, POST, .*\(methods\)/,
  ],
  [
    'plain HTTP',
    (t) => (apiBehavior(t).ViewerProtocolPolicy = 'allow-all'),
    /ViewerProtocolPolicy: found allow-all, .*\(https\)/,
  ],
  [
    'a pattern that is never reached',
    (t) => (config(t).CacheBehaviors[3].PathPattern = '/api/*'),
    /CacheBehaviors\[3\]\.PathPattern: found \/api\/\* behind \/api\/\*, .*\(path-pattern\)/,
  ],
]);

test('a version that another stack publishes is taken on trust', () => {
  const template = structuredClone(good);
  apiBehavior(template).LambdaFunctionAssociations[0].LambdaFunctionARN =
    'arn:aws:lambda:us-east-1:123456789012:function:other:12';
  assert.deepEqual(checkTemplate(template), []);
});

test('an empty template is as good as any', () => {
  assert.deepEqual(checkTemplate({}), []);
});

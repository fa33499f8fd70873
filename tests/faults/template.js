/**
 * The distribution that faults are tried on: a bucket, APIs in four Regions, reads that have a
 * second leg (rule F4), and the triggers that the CDK construct attaches (infra/distribution.js).
 */
import { ALL_METHODS, ALL_VIEWER_EXCEPT_HOST, CACHING_DISABLED } from '../cloudfront/serving.js';

/** The API's Regions: who serves, by which name. */
export const REGIONS = ['us-east-1', 'eu-west-1', 'eu-central-1', 'ap-northeast-1'];

/** Of them, those that residents of the EU may be served by. */
export const EU = ['eu-west-1', 'eu-central-1'];

/** @param {string} region */
export const hostOf = (region) => `api.${region}.example.com`;

const SITE = ['viewer-request', 'origin-response'];
const API = ['viewer-request', 'origin-request', 'origin-response'];
const SIGN_IN = ['viewer-request', 'origin-request'];
const READS = ['GET', 'HEAD', 'OPTIONS'];
const FAILOVER = [502, 503, 504];

/**
 * @param {number} readTimeout seconds until CloudFront gives up on an API that says nothing
 * @returns {object} a CloudFormation template
 */
export function templateOf(readTimeout) {
  const bucket = { S3OriginConfig: {}, OriginAccessControlId: 'E1A2B3C4D5E6F7' };
  const [first, second] = REGIONS.map(hostOf);
  const custom = customWith(readTimeout);
  const leg = [{ HeaderName: 'x-nearhop-leg', HeaderValue: '2' }];
  return {
    Resources: {
      Site: {
        Type: 'AWS::CloudFront::Distribution',
        Properties: {
          DistributionConfig: {
            Enabled: true,
            Origins: [
              { Id: 'site', DomainName: 'site.s3.us-east-1.amazonaws.com', ...bucket },
              { Id: 'api', DomainName: first, ...custom },
              { Id: 'api-2', DomainName: second, ...custom, OriginCustomHeaders: leg },
            ],
            OriginGroups: { Quantity: 1, Items: [group('either', 'api', 'api-2')] },
            DefaultCacheBehavior: behavior('site', SITE),
            CacheBehaviors: [
              { PathPattern: '/api/read/*', ...behavior('either', API, READS) },
              { PathPattern: '/api/*', ...behavior('api', API) },
              { PathPattern: '/_nearhop/*', ...behavior('site', SIGN_IN) },
            ],
          },
        },
      },
      Edge: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          FunctionName: 'edge',
          Runtime: 'nodejs24.x',
          Handler: 'index.handler',
          Timeout: 20,
          Role: 'arn:aws:iam::000000000000:role/edge',
          Code: { ZipFile: '' },
        },
      },
      EdgeVersion: {
        Type: 'AWS::Lambda::Version',
        Properties: { FunctionName: { Ref: 'Edge' } },
      },
    },
  };
}

/** @param {number} readTimeout */
function customWith(readTimeout) {
  const config = { OriginProtocolPolicy: 'https-only', OriginReadTimeout: readTimeout };
  return { CustomOriginConfig: config, ConnectionAttempts: 1, ConnectionTimeout: 1 };
}

/**
 * @param {string} Id
 * @param {string[]} members ids of origins
 */
function group(Id, ...members) {
  return {
    Id,
    FailoverCriteria: { StatusCodes: { Quantity: FAILOVER.length, Items: FAILOVER } },
    Members: { Quantity: 2, Items: members.map((OriginId) => ({ OriginId })) },
  };
}

/**
 * @param {string} target
 * @param {string[]} triggers
 * @param {string[]} [methods]
 */
function behavior(target, triggers, methods = ALL_METHODS) {
  return {
    TargetOriginId: target,
    ViewerProtocolPolicy: 'redirect-to-https',
    AllowedMethods: methods,
    CachePolicyId: CACHING_DISABLED,
    OriginRequestPolicyId: ALL_VIEWER_EXCEPT_HOST,
    LambdaFunctionAssociations: triggers.map((EventType) => ({
      EventType,
      LambdaFunctionARN: { Ref: 'EdgeVersion' },
    })),
  };
}

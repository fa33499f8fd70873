/**
 * The distribution the tests of sign-in run behind: the triggers that the CDK construct attaches
 * (infra/distribution.js). Everything the viewer sends is forwarded, so that nothing but Nearhop
 * keeps cookies from the origins.
 */
import { ALL_METHODS, ALL_VIEWER_EXCEPT_HOST, CACHING_DISABLED } from '../cloudfront/serving.js';

const SITE = ['viewer-request', 'origin-response'];
const API = ['viewer-request', 'origin-request', 'origin-response'];
const SIGN_IN = ['viewer-request', 'origin-request'];

/** @returns {object} a CloudFormation template */
export function templateOf() {
  const custom = { CustomOriginConfig: { OriginProtocolPolicy: 'https-only' } };
  const bucket = { S3OriginConfig: {}, OriginAccessControlId: 'E1A2B3C4D5E6F7' };
  return {
    Resources: {
      Site: {
        Type: 'AWS::CloudFront::Distribution',
        Properties: {
          DistributionConfig: {
            Enabled: true,
            Origins: [
              { Id: 'site', DomainName: 'site.s3.us-east-1.amazonaws.com', ...bucket },
              { Id: 'api', DomainName: 'api.example.com', ...custom },
            ],
            DefaultCacheBehavior: behavior('site', SITE),
            CacheBehaviors: [
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

/**
 * @param {string} target
 * @param {string[]} triggers
 */
function behavior(target, triggers) {
  return {
    TargetOriginId: target,
    ViewerProtocolPolicy: 'redirect-to-https',
    AllowedMethods: ALL_METHODS,
    CachePolicyId: CACHING_DISABLED,
    OriginRequestPolicyId: ALL_VIEWER_EXCEPT_HOST,
    LambdaFunctionAssociations: triggers.map((EventType) => ({
      EventType,
      LambdaFunctionARN: { Ref: 'EdgeVersion' },
    })),
  };
}

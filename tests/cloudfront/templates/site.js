/**
 * A template to break in one place: a bucket and an API, a function at viewer-request, an origin
 * group, and a policy of each kind.
 */

/**
 * @typedef {Record<string, any>} Json
 * @typedef {object} Parts the places that tests change
 * @property {Json} template
 * @property {Json} resources
 * @property {Json} config `DistributionConfig`
 * @property {Json} api an origin
 * @property {Json} bucket an origin
 * @property {Json} group
 * @property {Json} standard `DefaultCacheBehavior`
 * @property {Json} behavior `CacheBehaviors[0]`
 * @property {Json} fn properties of the function
 * @property {Json} cache `CachePolicyConfig`
 * @property {Json} forward `OriginRequestPolicyConfig`
 * @property {Json} answer `ResponseHeadersPolicyConfig`
 */

export const CACHING_DISABLED = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad';
export const ALL_VIEWER = '216adef6-5c7f-47e4-b989-5492eafa07d3';

/** @returns {Parts} new each time */
export function site() {
  const api = {
    Id: 'api',
    DomainName: 'api.example.com',
    OriginCustomHeaders: [{ HeaderName: 'X-Leg', HeaderValue: 'first' }],
    CustomOriginConfig: { OriginProtocolPolicy: 'https-only' },
  };
  const bucket = {
    Id: 'bucket',
    DomainName: { 'Fn::GetAtt': ['Bucket', 'RegionalDomainName'] },
    OriginAccessControlId: { Ref: 'Access' },
    S3OriginConfig: {},
  };
  const group = {
    Id: 'either',
    FailoverCriteria: { StatusCodes: { Quantity: 2, Items: [500, 503] } },
    Members: { Quantity: 2, Items: [{ OriginId: 'bucket' }, { OriginId: 'api' }] },
  };
  const standard = {
    TargetOriginId: 'either',
    ViewerProtocolPolicy: 'redirect-to-https',
    CachePolicyId: { Ref: 'Cache' },
    LambdaFunctionAssociations: [
      { EventType: 'viewer-request', LambdaFunctionARN: { Ref: 'FnVersion' } },
    ],
  };
  const behavior = {
    PathPattern: '/api/*',
    TargetOriginId: 'api',
    ViewerProtocolPolicy: 'https-only',
    AllowedMethods: ['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'POST', 'DELETE'],
    CachePolicyId: CACHING_DISABLED,
    OriginRequestPolicyId: { Ref: 'Forward' },
    ResponseHeadersPolicyId: { Ref: 'Answer' },
  };
  const config = {
    Enabled: true,
    Origins: [api, bucket],
    OriginGroups: { Quantity: 1, Items: [group] },
    DefaultCacheBehavior: standard,
    CacheBehaviors: [behavior],
  };
  const fn = {
    Code: { ZipFile: 'exports.handler = async (event) => event.Records[0].cf.request;' },
    Handler: 'index.handler',
    Runtime: 'nodejs24.x',
    Timeout: 5,
    Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
  };
  const cache = {
    Name: 'cache',
    MinTTL: 1,
    DefaultTTL: 60,
    MaxTTL: 600,
    ParametersInCacheKeyAndForwardedToOrigin: {
      EnableAcceptEncodingGzip: true,
      HeadersConfig: { HeaderBehavior: 'whitelist', Headers: ['Accept-Language'] },
      CookiesConfig: { CookieBehavior: 'none' },
      QueryStringsConfig: { QueryStringBehavior: 'all' },
    },
  };
  const forward = {
    Name: 'forward',
    HeadersConfig: { HeaderBehavior: 'allExcept', Headers: ['Host'] },
    CookiesConfig: { CookieBehavior: 'whitelist', Cookies: ['session'] },
    QueryStringsConfig: { QueryStringBehavior: 'all' },
  };
  const answer = {
    Name: 'answer',
    CustomHeadersConfig: { Items: [{ Header: 'X-Robots-Tag', Value: 'none', Override: true }] },
    RemoveHeadersConfig: { Items: [{ Header: 'X-Powered-By' }] },
    SecurityHeadersConfig: { ContentTypeOptions: { Override: 'true' } },
    ServerTimingHeadersConfig: { Enabled: true, SamplingRate: 50 },
  };
  const resources = {
    Site: resource('AWS::CloudFront::Distribution', { DistributionConfig: config }),
    Bucket: resource('AWS::S3::Bucket', {}),
    Access: resource('AWS::CloudFront::OriginAccessControl', {
      OriginAccessControlConfig: {
        Name: 'access',
        OriginAccessControlOriginType: 's3',
        SigningBehavior: 'always',
        SigningProtocol: 'sigv4',
      },
    }),
    Fn: resource('AWS::Lambda::Function', fn),
    FnVersion: resource('AWS::Lambda::Version', { FunctionName: { Ref: 'Fn' } }),
    Role: resource('AWS::IAM::Role', { AssumeRolePolicyDocument: trust() }),
    Cache: resource('AWS::CloudFront::CachePolicy', { CachePolicyConfig: cache }),
    Forward: resource('AWS::CloudFront::OriginRequestPolicy', {
      OriginRequestPolicyConfig: forward,
    }),
    Answer: resource('AWS::CloudFront::ResponseHeadersPolicy', {
      ResponseHeadersPolicyConfig: answer,
    }),
  };
  const template = { Resources: resources };
  return {
    template,
    resources,
    config,
    api,
    bucket,
    group,
    standard,
    behavior,
    fn,
    cache,
    forward,
    answer,
  };
}

/**
 * @param {string} type
 * @param {Json} properties
 * @returns {Json}
 */
export function resource(type, properties) {
  return { Type: type, Properties: properties };
}

/**
 * @param {string[]} [services]
 * @returns {Json} a role's trust
 */
export function trust(services = ['lambda.amazonaws.com', 'edgelambda.amazonaws.com']) {
  return { Statement: [{ Effect: 'Allow', Principal: { Service: services } }] };
}

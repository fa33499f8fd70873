/**
 * The distribution, its behaviors and their policies: what a template may not say of them.
 */
import { describeFaults } from './templates/faults.js';
import { ALL_VIEWER } from './templates/site.js';

/** @typedef {import('./templates/site.js').Parts} Parts */
/** @typedef {import('./templates/faults.js').Fault} Fault */

/** @type {Fault[]} */
const DISTRIBUTION = [
  {
    name: 'a default root object without a slash',
    change: ({ config }) => (config.DefaultRootObject = '/index.html'),
    at: 'DefaultRootObject',
    found: '"/index.html"',
  },
  {
    name: 'an error that has a page',
    change: ({ config }) => (config.CustomErrorResponses = [{ ErrorCode: 401 }]),
    at: 'CustomErrorResponses[0].ErrorCode',
    found: '401',
  },
  {
    name: 'a status for an error page',
    change: ({ config }) =>
      (config.CustomErrorResponses = [{ ErrorCode: 404, ResponsePagePath: '/404.html' }]),
    at: 'CustomErrorResponses[0]',
    found: 'ResponsePagePath alone',
  },
  {
    name: 'an enabled distribution',
    change: ({ config }) => (config.Enabled = false),
    at: 'Enabled',
    found: 'false',
  },
];

/** @type {Fault[]} */
const BEHAVIORS = [
  {
    name: 'a target that is there',
    change: ({ behavior }) => (behavior.TargetOriginId = 'apis'),
    at: 'CacheBehaviors[0].TargetOriginId',
    found: '"apis"',
    allowed: 'api, bucket, either',
  },
  {
    name: "one of CloudFront's three sets of methods",
    change: ({ behavior }) => (behavior.AllowedMethods = ['GET', 'POST']),
    at: 'CacheBehaviors[0].AllowedMethods',
    found: 'GET, POST',
    allowed: 'GET, HEAD or GET, HEAD, OPTIONS or GET, HEAD, OPTIONS, PUT, PATCH, POST, DELETE',
  },
  {
    name: 'cached methods that are allowed',
    change: ({ standard }) => (standard.CachedMethods = ['GET', 'HEAD', 'OPTIONS']),
    at: 'DefaultCacheBehavior.CachedMethods',
    found: 'a list of 3',
  },
  {
    name: 'no writes among cached methods',
    change: ({ behavior }) => (behavior.CachedMethods = behavior.AllowedMethods),
    at: 'CacheBehaviors[0].CachedMethods',
    found: 'POST',
  },
  ...['/a b', '/ä', '/a#b', '/a%20', '', `/${'a'.repeat(255)}`].map((pattern) => ({
    name: `${JSON.stringify(pattern.slice(0, 8))} (${pattern.length}) is no path pattern`,
    change: (/** @type {Parts} */ { behavior }) => (behavior.PathPattern = pattern),
    at: 'CacheBehaviors[0].PathPattern',
    found: pattern.slice(0, 8),
    allowed: '1 to 255',
  })),
  {
    name: 'a pattern once, with or without its slash',
    change: ({ config, behavior }) =>
      config.CacheBehaviors.push({ ...behavior, PathPattern: 'api/*' }),
    at: 'CacheBehaviors[1].PathPattern',
    found: '"api/*" again',
  },
  {
    name: 'a protocol policy of viewers',
    change: ({ standard }) => delete standard.ViewerProtocolPolicy,
    at: 'DefaultCacheBehavior.ViewerProtocolPolicy',
    found: 'nothing',
  },
  {
    name: 'a cache policy',
    change: ({ standard }) => delete standard.CachePolicyId,
    at: 'DefaultCacheBehavior.CachePolicyId',
    found: 'nothing',
    allowed: 'CachePolicyId or ForwardedValues',
  },
  {
    name: 'a cache policy that is there',
    change: ({ standard }) => (standard.CachePolicyId = '00000000-0000-0000-0000-000000000000'),
    at: 'DefaultCacheBehavior.CachePolicyId',
    found: '00000000',
  },
  {
    name: 'an origin request policy in its own place',
    change: ({ standard }) => (standard.CachePolicyId = ALL_VIEWER),
    at: 'DefaultCacheBehavior.CachePolicyId',
    found: ALL_VIEWER,
  },
  {
    name: 'policies or ForwardedValues',
    change: ({ standard }) => (standard.ForwardedValues = { QueryString: false }),
    at: 'DefaultCacheBehavior.CachePolicyId.Ref',
    found: 'CachePolicyId beside ForwardedValues',
  },
];

/** @type {Fault[]} */
const POLICIES = [
  ...['Authorization', 'accept-encoding'].map((name) => ({
    rule: 'P2',
    name: `an origin request policy does not name ${name}`,
    change: (/** @type {Parts} */ { forward }) =>
      (forward.HeadersConfig = { HeaderBehavior: 'whitelist', Headers: ['Accept', name] }),
    at: 'OriginRequestPolicyConfig.HeadersConfig.Headers[1]',
    found: JSON.stringify(name),
  })),
  {
    rule: 'W8',
    name: "allViewerAndWhitelistCloudFront names CloudFront's headers only",
    change: ({ forward }) =>
      (forward.HeadersConfig = {
        HeaderBehavior: 'allViewerAndWhitelistCloudFront',
        Headers: ['CloudFront-Viewer-Country', 'Accept'],
      }),
    at: 'HeadersConfig.Headers[1]',
    found: '"Accept"',
  },
  {
    name: 'lifetimes in order',
    change: ({ cache }) => (cache.MinTTL = 61),
    at: 'CachePolicyConfig',
    found: 'MinTTL 61, DefaultTTL 60',
  },
  {
    name: 'nothing in the key of a policy that caches nothing',
    change: ({ cache }) => Object.assign(cache, { MinTTL: 0, DefaultTTL: 0, MaxTTL: 0 }),
    at: 'ParametersInCacheKeyAndForwardedToOrigin',
    found: 'MaxTTL of 0',
  },
  ...['Cookie', 'X-Real-IP', 'x-edge-location', 'Accept-Encoding'].map((name) => ({
    name: `${name} is not in the cache key`,
    change: (/** @type {Parts} */ { cache }) => {
      const { HeadersConfig: headers } = cache.ParametersInCacheKeyAndForwardedToOrigin;
      headers.Headers = [name];
    },
    at: 'HeadersConfig.Headers[0]',
    found: JSON.stringify(name),
  })),
  {
    name: 'no Host in the cache key of a bucket',
    change: ({ standard, cache }) => {
      standard.TargetOriginId = 'bucket';
      cache.ParametersInCacheKeyAndForwardedToOrigin.HeadersConfig.Headers = ['Host'];
    },
    at: 'DefaultCacheBehavior',
    found: 'Host in the cache key',
  },
  {
    name: 'names where names are asked for',
    change: ({ forward }) => delete forward.CookiesConfig.Cookies,
    at: 'OriginRequestPolicyConfig.CookiesConfig',
    found: 'whitelist without names',
  },
  {
    name: 'no names where none are asked for',
    change: ({ forward }) => (forward.QueryStringsConfig.QueryStrings = ['q']),
    at: 'OriginRequestPolicyConfig.QueryStringsConfig',
    found: 'all with 1 names',
  },
  {
    name: "none of CloudFront's own headers removed from answers",
    change: ({ answer }) => answer.RemoveHeadersConfig.Items.push({ Header: 'X-Cache' }),
    at: 'RemoveHeadersConfig.Items[1].Header',
    found: '"X-Cache"',
  },
  {
    name: 'an override said for each header of an answer',
    change: ({ answer }) => delete answer.CustomHeadersConfig.Items[0].Override,
    at: 'CustomHeadersConfig.Items[0].Override',
    found: 'nothing',
  },
  {
    name: 'a sampling rate in percent',
    change: ({ answer }) => (answer.ServerTimingHeadersConfig.SamplingRate = 101),
    at: 'SamplingRate',
    found: '101',
  },
  {
    name: 'an origin in CORS',
    change: ({ answer }) => (answer.CorsConfig = {}),
    at: 'CorsConfig.AccessControlAllowOrigins.Items',
    found: 'nothing',
  },
];

describeFaults('a distribution', DISTRIBUTION);
describeFaults('a behavior', BEHAVIORS);
describeFaults('a policy', POLICIES);

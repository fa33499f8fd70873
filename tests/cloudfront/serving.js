/**
 * What the tests of a whole distribution share: a template around functions written in the test,
 * served, and asked as viewers ask.
 */
import { startCloudFront } from '../../js/cloudfront/server.js';
import { ask } from '../local/world.js';
import { httpServer } from './origin-servers.js';
import { folder, until } from './running.js';

/**
 * @typedef {import('../../js/cloudfront/distribution.js').EventType} EventType
 * @typedef {import('../../js/cloudfront/trace/record.js').TraceRecord} TraceRecord
 * @typedef {import('../local/world.js').Asked} Asked
 * @typedef {import('../local/world.js').Answer} Answer
 * @typedef {import('./running.js').Test} Test
 * @typedef {Record<string, any>} Json
 *
 * @typedef {object} Setup
 * @property {Partial<Record<EventType, string>>} [at] body of the function at each trigger, with
 *   `request`, `response`, `config`, `event` and `context`
 * @property {string} [before] code of the module, in front of them
 * @property {Record<string, string | Buffer>} [files] of the bucket, origin `site`
 * @property {import('node:http').RequestListener | string} [api] origin `api`, or its URL
 * @property {import('node:http').RequestListener | string} [spare] origin `spare`; with it there is
 *   a group `either` of `api` and `spare`, which is the default behavior's target
 * @property {number[]} [failover] statuses that the group fails over on
 * @property {boolean} [includeBody]
 * @property {Json} [cache] `CachePolicyConfig` of the default behavior; caching is disabled unless
 *   given
 * @property {Json | string} [forward] `OriginRequestPolicyConfig`, or the id of a managed one
 * @property {Json} [answers] `ResponseHeadersPolicyConfig`
 * @property {Json} [standard] changes to `DefaultCacheBehavior`
 * @property {Json[]} [behaviors] further behaviors; what they leave out is the default one's
 * @property {Json} [config] changes to `DistributionConfig`
 * @property {Json} [origin] changes to the custom origins
 * @property {Record<string, import('../../js/cloudfront/origins/origins.js').Server>} [origins]
 *   what stands for further ones
 * @property {Json} [bucket] changes to the S3 origin
 * @property {Json} [fn] changes to the function's properties
 * @property {Partial<import('../../js/cloudfront/server.js').Options>} [options]
 */

export const API = 'api.example.com';
export const SPARE = 'spare.example.com';
export const BUCKET = 'site.s3.us-east-1.amazonaws.com';

/** Managed policies (rule P1). */
export const CACHING_DISABLED = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad';
export const ALL_VIEWER = '216adef6-5c7f-47e4-b989-5492eafa07d3';
export const ALL_VIEWER_EXCEPT_HOST = 'b689b0a8-53d0-40ab-baf2-68738e2966ac';

export const ALL_METHODS = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'POST', 'DELETE'];

/** Changes nothing, at each trigger. */
export const PASS = {
  'viewer-request': 'return request;',
  'origin-request': 'return request;',
  'origin-response': 'return response;',
  'viewer-response': 'return response;',
};

/**
 * A distribution, closed when the test is over.
 *
 * @param {Test} test
 * @param {Setup} [setup]
 */
export async function distribution(test, setup = {}) {
  const { at = {}, before, options } = setup;
  const origins = await serversOf(test, setup);
  const cloudFront = await startCloudFront({
    template: templateOf(setup),
    functions: Object.keys(at).length > 0 ? { Edge: codeOf(test, at, before) } : {},
    origins,
    // Other Node versions are for tests of functions.
    nodes: { 'nodejs24.x': process.execPath },
    ...options,
  });
  test.after(cloudFront.close);
  const { url, traces } = cloudFront;
  const asked = (/** @type {string} */ path, /** @type {Asked} */ how = {}) => ask(url, path, how);
  return {
    cloudFront,
    url,
    ask: asked,
    /** Asks, and waits for the trace. @type {(path: string, how?: Asked) => Promise<Traced>} */
    async trace(path, how = {}) {
      const answer = await asked(path, how);
      const id = String(answer.headers['x-amz-cf-id']);
      await until(() => traces.get(id) !== undefined, `a trace of ${path}`);
      const record = /** @type {TraceRecord} */ (traces.get(id));
      return { answer, record, ran: ranIn(record), steps: stepsOf(record) };
    },
  };
}

/**
 * @typedef {object} Traced
 * @property {Answer} answer
 * @property {TraceRecord} record
 * @property {string[]} ran triggers whose function ran, in order
 * @property {string[]} steps triggers, origins by their id and the cache's state, in order
 */

/**
 * @param {TraceRecord} record
 * @returns {string[]}
 */
export function ranIn({ steps }) {
  return steps.flatMap((step) =>
    step.kind === 'function' && step.skipped === null ? [step.trigger] : [],
  );
}

/**
 * @param {TraceRecord} record
 * @returns {string[]}
 */
export function stepsOf({ steps }) {
  return steps.map((step) => {
    if (step.kind === 'cache') return step.state;
    if (step.kind === 'origin') return step.id;
    return step.skipped === null ? step.trigger : `(${step.trigger})`;
  });
}

/**
 * @param {Test} test
 * @param {Partial<Record<EventType, string>>} at
 * @param {string} [before]
 * @returns {string} a folder
 */
function codeOf(test, at, before = '') {
  const bodies = Object.entries(at).map(
    ([trigger, body]) =>
      `'${trigger}': async ({ request, response, config, event, context }) => { ${body} },`,
  );
  const source = `
    ${before}
    const at = { ${bodies.join('\n')} };
    export async function handler(event, context) {
      const { cf } = event.Records[0];
      return at[cf.config.eventType]({ ...cf, event, context });
    }`;
  return folder(test, { 'index.mjs': source });
}

/**
 * @param {Test} test
 * @param {Setup} setup
 */
async function serversOf(test, { files, api, spare, origins }) {
  /** @type {Record<string, import('../../js/cloudfront/origins/origins.js').Server>} */
  const servers = { ...origins };
  if (files) servers.site = folder(test, files);
  for (const [id, given] of Object.entries({ api, spare })) {
    if (given) servers[id] = typeof given === 'string' ? given : await httpServer(test, given);
  }
  return servers;
}

/**
 * @param {Setup} setup
 * @returns {Json}
 */
export function templateOf(setup) {
  const { at = {}, includeBody = false, failover = [500, 502, 503, 504] } = setup;
  const triggers = Object.keys(at);
  const custom = { CustomOriginConfig: { OriginProtocolPolicy: 'https-only' }, ...setup.origin };
  const bucket = { S3OriginConfig: {}, OriginAccessControlId: 'E1A2B3C4D5E6F7', ...setup.bucket };
  const target = setup.spare ? 'either' : setup.api ? 'api' : 'site';
  const standard = {
    TargetOriginId: target,
    ViewerProtocolPolicy: 'redirect-to-https',
    // With an origin group, CloudFront takes these only.
    AllowedMethods: setup.spare ? ALL_METHODS.slice(0, 3) : ALL_METHODS,
    CachePolicyId: setup.cache ? { Ref: 'Cache' } : CACHING_DISABLED,
    ...(typeof setup.forward === 'string' && { OriginRequestPolicyId: setup.forward }),
    ...(typeof setup.forward === 'object' && { OriginRequestPolicyId: { Ref: 'Forward' } }),
    ...(setup.answers && { ResponseHeadersPolicyId: { Ref: 'Answers' } }),
    LambdaFunctionAssociations: associations(triggers, includeBody),
    ...setup.standard,
  };
  const group = {
    Id: 'either',
    FailoverCriteria: { StatusCodes: { Quantity: failover.length, Items: failover } },
    Members: { Quantity: 2, Items: [{ OriginId: 'api' }, { OriginId: 'spare' }] },
  };
  const config = {
    Enabled: true,
    Origins: [
      { Id: 'site', DomainName: BUCKET, ...bucket },
      { Id: 'api', DomainName: API, ...custom },
      { Id: 'spare', DomainName: SPARE, ...custom },
    ],
    ...(setup.spare && { OriginGroups: { Quantity: 1, Items: [group] } }),
    DefaultCacheBehavior: standard,
    CacheBehaviors: (setup.behaviors ?? []).map((behavior) => ({ ...standard, ...behavior })),
    ...setup.config,
  };
  const site = resource('Distribution', { DistributionConfig: config });
  return { Resources: { Site: site, ...resourcesOf(setup) } };
}

/** @param {Setup} setup */
function resourcesOf({ at = {}, cache, forward, answers, fn }) {
  const policies = {
    ...(cache && { Cache: resource('CachePolicy', { CachePolicyConfig: cachePolicy(cache) }) }),
    ...(typeof forward === 'object' && {
      Forward: resource('OriginRequestPolicy', {
        OriginRequestPolicyConfig: { Name: 'forward', ...forward },
      }),
    }),
    ...(answers && {
      Answers: resource('ResponseHeadersPolicy', {
        ResponseHeadersPolicyConfig: { Name: 'answers', ...answers },
      }),
    }),
  };
  return { ...policies, ...(Object.keys(at).length > 0 && edgeResources(fn)) };
}

/**
 * The edge function and its version.
 *
 * @param {Json} [changes] to the function's properties
 * @returns {Json} resources
 */
export function edgeResources(changes) {
  const properties = {
    FunctionName: 'edge',
    Runtime: 'nodejs24.x',
    Handler: 'index.handler',
    Timeout: 5,
    Role: 'arn:aws:iam::000000000000:role/edge',
    Code: { ZipFile: '' },
    ...changes,
  };
  return {
    Edge: { Type: 'AWS::Lambda::Function', Properties: properties },
    EdgeVersion: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'Edge' } } },
  };
}

/**
 * What attaches the edge function to a behavior.
 *
 * @param {string[]} triggers
 * @param {boolean} [includeBody]
 * @returns {Json[]}
 */
export function associations(triggers, includeBody = false) {
  return triggers.map((EventType) => ({
    EventType,
    LambdaFunctionARN: { Ref: 'EdgeVersion' },
    ...(includeBody && EventType.endsWith('-request') && { IncludeBody: true }),
  }));
}

/**
 * @param {Json} changes
 * @returns {Json}
 */
function cachePolicy({ ParametersInCacheKeyAndForwardedToOrigin: parameters, ...changes }) {
  return {
    Name: 'cache',
    MinTTL: 0,
    DefaultTTL: 60,
    MaxTTL: 600,
    ParametersInCacheKeyAndForwardedToOrigin: {
      EnableAcceptEncodingGzip: false,
      HeadersConfig: { HeaderBehavior: 'none' },
      CookiesConfig: { CookieBehavior: 'none' },
      QueryStringsConfig: { QueryStringBehavior: 'all' },
      ...parameters,
    },
    ...changes,
  };
}

/**
 * @param {string} type of CloudFront's, without `AWS::CloudFront::`
 * @param {Json} properties
 * @returns {Json}
 */
export function resource(type, properties) {
  return { Type: `AWS::CloudFront::${type}`, Properties: properties };
}

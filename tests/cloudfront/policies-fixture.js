/**
 * A behavior, an origin and requests for tests of policies.
 */
import { MANAGED } from '../../js/cloudfront/policies/managed.js';
import { viewerFrom } from '../../js/cloudfront/place/viewer.js';

/**
 * @typedef {import('../../js/cloudfront/distribution.js').Behavior} Behavior
 * @typedef {import('../../js/cloudfront/distribution.js').CachePolicy} CachePolicy
 * @typedef {import('../../js/cloudfront/distribution.js').Origin} Origin
 * @typedef {import('../../js/cloudfront/distribution.js').OriginRequestPolicy} OriginRequestPolicy
 * @typedef {import('../../js/cloudfront/distribution.js').Selection} Selection
 * @typedef {import('../../js/cloudfront/headers.js').HeaderMap} HeaderMap
 * @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest
 */

/** @type {Selection} */
export const NONE = Object.freeze({ behavior: 'none', names: [] });

export const DISTRIBUTION = { domainName: 'd111111abcdef8.cloudfront.net' };

/** A viewer in Frankfurt with a documentation address (RFC 5737). */
export const VIEWER = viewerFrom(
  { pop: 'FRA', ip: '192.0.2.2' },
  { ip: '127.0.0.1', port: 46532, httpVersion: '2.0', userAgent: 'curl/8.5.0', headerNames: [] },
);

/** @type {Origin} */
export const API = {
  id: 'api',
  kind: 'custom',
  domainName: 'api.example.test',
  path: '',
  customHeaders: {},
  connectionAttempts: 3,
  connectionTimeout: 10,
  readTimeout: 30,
  keepaliveTimeout: 5,
  responseCompletionTimeout: undefined,
  protocolPolicy: 'https-only',
  httpPort: 80,
  httpsPort: 443,
  sslProtocols: ['TLSv1.2'],
  access: 'none',
  region: undefined,
};

/**
 * @param {string} name
 * @returns {any} the managed policy of any kind of that name
 */
export function managed(name) {
  const all = Object.values(MANAGED).flatMap((policies) => [...policies.values()]);
  return all.find((policy) => policy.name === name);
}

/**
 * @param {Partial<CachePolicy>} [cachePolicy] beyond CachingDisabled
 * @param {Partial<OriginRequestPolicy>} [originRequestPolicy] beyond one that forwards nothing;
 *   none if left out
 * @param {Partial<Behavior>} [more]
 * @returns {Behavior}
 */
export function behavior(cachePolicy = {}, originRequestPolicy, more = {}) {
  /** @type {OriginRequestPolicy} */
  const nothing = {
    name: 'test',
    headers: { behavior: 'none', names: [] },
    cookies: NONE,
    queryStrings: NONE,
  };
  return {
    pattern: '*',
    target: 'api',
    viewerProtocolPolicy: 'allow-all',
    methods: ['GET', 'HEAD', 'OPTIONS', 'PUT', 'POST', 'PATCH', 'DELETE'],
    cachedMethods: ['GET', 'HEAD'],
    compress: false,
    cachePolicy: { ...managed('CachingDisabled'), ...cachePolicy },
    originRequestPolicy: originRequestPolicy && { ...nothing, ...originRequestPolicy },
    responseHeadersPolicy: undefined,
    functions: {},
    ...more,
  };
}

/**
 * @param {Record<string, string>} [headers]
 * @param {Partial<CloudFrontRequest>} [more]
 * @returns {CloudFrontRequest}
 */
export function request(headers = {}, more = {}) {
  return {
    clientIp: '192.0.2.2',
    headers: headerMap(headers),
    method: 'GET',
    querystring: '',
    uri: '/',
    ...more,
  };
}

/**
 * @param {Record<string, string>} headers
 * @returns {HeaderMap}
 */
export function headerMap(headers) {
  return Object.fromEntries(
    Object.entries(headers).map(([key, value]) => [key.toLowerCase(), [{ key, value }]]),
  );
}

/**
 * @param {HeaderMap} headers
 * @returns {Record<string, string>} by the keys of the entries
 */
export function plain(headers) {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, entries]) =>
      entries.map(({ key, value }) => [key ?? name, value]),
    ),
  );
}

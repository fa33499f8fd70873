/**
 * CloudFront's events (rules E1–E6, E11), as text: each request gets objects of its own out of it,
 * as Lambda makes them of what it receives.
 */
import { customOrigin } from '../tests/events/origins.js';

/** The cookie that the session's access token is in (docs/sign-in.md). */
const ACCESS = '__Host-nearhop-access';

/** Bytes of a long cookie header, the token included. */
const LONG = 5_000;

/** The API's first Region. */
const API = 'nearhop001.execute-api.us-east-1.amazonaws.com';

const CONFIG = {
  distributionDomainName: 'd111111abcdef8.cloudfront.net',
  distributionId: 'EDFDVBD6EXAMPLE',
  requestId: '4TyzHTaYWb1GX1qTfsHhEqV6HUDd_BzoBZnwfnvQc_1oF26ClkoUSEQ==',
};

/** What a browser sends. */
const OF_VIEWER = {
  host: 'd111111abcdef8.cloudfront.net',
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)',
  accept: '*/*',
  'accept-encoding': 'gzip, deflate, br',
  'accept-language': 'en-GB,en;q=0.9',
  'sec-fetch-site': 'same-origin',
  referer: 'https://app.example.com/',
};

/** What CloudFront makes of it on the way to an origin. */
const OF_CLOUDFRONT = {
  host: API,
  'accept-encoding': 'gzip',
  via: '2.0 2afae0d44e2540f472c0635ab62c232b.cloudfront.net (CloudFront)',
  'x-forwarded-for': '203.0.113.178',
  'cloudfront-viewer-country': 'DE',
  'cloudfront-viewer-latitude': '50.11000',
  'cloudfront-viewer-longitude': '8.68000',
};

/**
 * An event of the trigger viewer-request.
 *
 * @param {Record<string, string>} headers beside a browser's own
 * @param {string} [uri]
 * @returns {string} JSON
 */
export function viewerRequest(headers, uri = '/api/hello') {
  return event('viewer-request', { ...OF_VIEWER, ...headers }, uri, {});
}

/**
 * An event of the trigger origin-request, whose origin is the API's first Region.
 *
 * @param {Record<string, string>} headers beside those CloudFront forwards
 * @param {string} [uri]
 * @returns {string} JSON
 */
export function originRequest(headers, uri = '/api/hello') {
  const all = { ...OF_VIEWER, ...OF_CLOUDFRONT, ...headers };
  return event('origin-request', all, uri, { origin: customOrigin(API, '/prod') });
}

/** @param {string} token */
export function bearer(token) {
  return { authorization: `Bearer ${token}` };
}

/**
 * A cookie header of LONG bytes, with the token in the midst of others.
 *
 * @param {string} token
 * @param {string} [name] of the token's cookie
 */
export function longCookie(token, name = ACCESS) {
  const own = `${name}=${token}`;
  const each = Math.floor((LONG - own.length) / 8) - 'other-0=; '.length;
  const others = Array.from({ length: 8 }, (_, i) => `other-${i}=${'x'.repeat(each)}`);
  return { cookie: [...others.slice(0, 4), own, ...others.slice(4)].join('; ') };
}

/**
 * @param {string} eventType
 * @param {Record<string, string>} headers
 * @param {string} uri
 * @param {{ origin?: ReturnType<typeof customOrigin> }} more
 */
function event(eventType, headers, uri, more) {
  const entries = Object.entries(headers).map(([key, value]) => [key, [{ key, value }]]);
  const request = {
    clientIp: '203.0.113.178',
    headers: Object.fromEntries(entries),
    method: 'GET',
    querystring: '',
    uri,
    ...more,
  };
  return JSON.stringify({ Records: [{ cf: { config: { ...CONFIG, eventType }, request } }] });
}

/**
 * Requests as they come in all day, by which scripts/halves.js sees what of the edge's module every
 * instance needs: pages and their files, API calls with a token in a header or a cookie, refusals,
 * and what CloudFront asks at the other triggers. Signing in, what issuers and operators publish and
 * whatever else comes now and then is not among them.
 */
import { readFile } from 'node:fs/promises';

import { resolve } from '../js/cli/tools.js';
import { imports } from '../js/handler/handler.mjs';
import { BROWSER, NAVIGATION } from '../tests/events/browser.js';
import { S3_ORIGIN, customOrigin } from '../tests/events/origins.js';
import { createHandler } from '../worker/js/worker.mjs';

/**
 * @typedef {object} Setting
 * @property {Buffer} config  nearhop.json
 * @property {any[]} events  for one instance, in their order
 */

/** @returns {Promise<Setting[]>} */
export async function settings() {
  return Promise.all(
    [
      { toml: 'nearhop.toml', cookie: '__Host-nearhop-access' },
      { toml: 'scripts/ordinary.toml', cookie: 'session' },
    ].map(async ({ toml, cookie }) => ({
      config: await configuration(toml),
      events: [
        ...pages(cookie),
        ...calls(cookie),
        ...crowd(),
        ...refused(cookie),
        ...atOrigin(cookie),
        ...answers(),
      ],
    })),
  );
}

/** Unix seconds. */
const NOW = 1_790_000_000;

/**
 * Has one instance answer events.
 *
 * @param {Uint8Array} snapshot
 * @param {any[]} events
 * @param {WebAssembly.Imports} more  what it imports beside the handler's
 * @throws {Error} where one is answered 500
 */
export async function answerAll(snapshot, events, more) {
  let said = '';
  const handler = createHandler({
    module: new WebAssembly.Module(snapshot),
    imports: (memory) => {
      const { nearhop } = imports(memory);
      return { nearhop: { ...nearhop, verify_rs256: () => 1 }, ...more };
    },
    region: 'eu-central-1',
    now: () => NOW * 1_000,
    log: (line) => (said = line),
    get: () => Promise.reject(new Error('nothing is fetched here')),
  });
  for (const event of events) {
    const result = /** @type {any} */ (await handler(structuredClone(event)));
    if (result.status !== '500') continue;
    const { config, request } = event.Records[0].cf;
    throw new Error(`${config.eventType} of ${request.uri} is answered 500: ${said}`);
  }
}

/** @param {string} toml  the file's path in the project */
async function configuration(toml) {
  const text = await readFile(new URL(`../${toml}`, import.meta.url), 'utf8');
  const keySet = JSON.stringify({ keys: [KEY] });
  const resolved = await resolve(text, {
    origin_secret: 'what-the-api-knows-the-edge-by',
    not_found_page: '<!doctype html><title>Not found</title>',
    pin_key: null,
    places: null,
    key_sets: [keySet, keySet],
    jwks_urls: [null, null],
    control_urls: null,
    sign_in_key: 'what-seals-the-visits-of-a-browser',
    client_secrets: [null],
    discovery: [null, null],
    sign_in_origins: null,
    sign_in_domain: null,
  });
  if (!resolved.ok) throw new Error(`${toml}: ${resolved.diagnostics.map((each) => each.message)}`);
  return Buffer.from(resolved.bundle);
}

/** Of 2,048 bits. Nobody has its other half: every signature counts here. */
const KEY = {
  kid: 'ordinary',
  kty: 'RSA',
  alg: 'RS256',
  use: 'sig',
  n: Buffer.alloc(256, 0xc5).toString('base64url'),
  e: 'AQAB',
};

/** What a browser sends that loads a page on its own, and what a program sends. */
const FIRST_PAGE = { ...NAVIGATION, 'sec-fetch-site': 'none', 'upgrade-insecure-requests': '1' };
const PROGRAM = { 'user-agent': 'curl/8.5.0', accept: '*/*' };

/** @param {string} cookie  the name of one that carries a token */
function pages(cookie) {
  const page = (/** @type {string} */ uri, /** @type {Headers} */ headers) =>
    eventOf('viewer-request', uri, headers);
  const signedIn = { cookie: cookies(cookie, token()) };
  /** @type {Headers[]} */
  const loads = [
    FIRST_PAGE,
    { accept: 'text/html', 'sec-fetch-dest': 'document' },
    { accept: 'text/html' },
    { ...FIRST_PAGE, cookie: 'theme=dark; consent=1' },
    { ...FIRST_PAGE, ...signedIn },
    PROGRAM,
    {},
  ];
  const paths = ['/', '/orders/17', '/orders/17/', '/caf%C3%A9/1', '/index.html', '/notes'];
  const files = ['/app.js', '/assets/logo-3f2a9c.svg', '/favicon.ico', '/site.webmanifest'];
  return [
    ...loads.flatMap((headers) => paths.slice(0, 5).map((uri) => page(uri, headers))),
    ...files.map((uri) => page(uri, { ...BROWSER, 'sec-fetch-mode': 'no-cors' })),
    ...files.map((uri) => page(uri, { ...BROWSER, ...signedIn })),
    page('/notes/17', { ...FIRST_PAGE, ...signedIn }),
  ];
}

/** Each first by a token not seen before. @param {string} cookie */
function calls(cookie) {
  const claims = [
    {},
    { sub: 'b', 'cognito:groups': ['staff', 'ops'], 'cognito:username': 'b' },
    { sub: 'c', scope: 'openid reports/read', 'cognito:groups': ['staff'], device_key: 'd' },
  ];
  const paths = ['/api/hello', '/api/orders/17', '/api/reports/2026'];
  const sent = [
    ...claims.map((each) => bearer(token(each))),
    ...claims.map((each) => ({ cookie: cookies(cookie, token({ ...each, jti: 'other' })) })),
  ];
  return [BROWSER, PROGRAM].flatMap((by) =>
    [...sent, ...sent].flatMap((credentials, at) => [
      eventOf('viewer-request', paths[at % 3], { ...by, ...credentials }),
      eventOf('viewer-request', paths[at % 3], { ...by, ...credentials, ...FORM }, POST),
    ]),
  ).concat(
    eventOf('viewer-request', '/api/health', PROGRAM),
    eventOf('viewer-request', '/api/hello', { ...BROWSER, ...bearer(token()), ...SPOOFED }),
    ...[{}, bearer(token())].map((credentials) =>
      eventOf('viewer-request', '/api/embed/1', { ...BROWSER, ...ELSEWHERE, ...credentials }),
    ),
    eventOf('viewer-request', '/api/embed/1', { ...BROWSER, ...PREFLIGHT }, { method: 'OPTIONS' }),
  );
}

/** More callers than one instance remembers, and what its memory grows by. */
function crowd() {
  return Array.from({ length: 3_000 }, (_, n) =>
    eventOf('viewer-request', '/api/hello', { ...BROWSER, ...bearer(token({ jti: `of ${n}` })) }),
  );
}

const FORM = { 'content-type': 'application/json', 'content-length': '11' };
const POST = { method: 'POST', querystring: 'page=2&sort=name%20asc' };
const SPOOFED = { 'x-nearhop-subject': 'somebody', 'x-forwarded-for': '192.0.2.1' };
const ELSEWHERE = { origin: 'https://partner.example.com', 'sec-fetch-site': 'cross-site' };
const PREFLIGHT = {
  ...ELSEWHERE,
  'access-control-request-method': 'GET',
  'access-control-request-headers': 'authorization',
};

/** @param {string} cookie */
function refused(cookie) {
  const expired = token({ iat: NOW - 7_200, exp: NOW - 3_600 });
  const sent = [
    {},
    ...[expired, token({ client_id: 'another0client' }), 'a.b.c', 'x'.repeat(900)].flatMap((text) => [
      bearer(text),
      { cookie: cookies(cookie, text) },
    ]),
  ];
  return [BROWSER, PROGRAM].flatMap((by) =>
    sent.map((credentials) => eventOf('viewer-request', '/api/hello', { ...by, ...credentials })),
  );
}

/** @param {string} cookie */
function atOrigin(cookie) {
  const staff = { 'cognito:groups': ['staff', 'ops', 'auditors', 'readers', 'writers'] };
  /** @type {Headers[]} */
  const sent = [
    {},
    bearer(token()),
    bearer(token({ ...staff, scope: 'reports/read' })),
    { cookie: cookies(cookie, token({ ...staff, sub: 'b' })) },
  ];
  return [
    ...[OF_CLOUDFRONT, { ...OF_CLOUDFRONT, ...WHERE }].flatMap((headers) =>
      ['/api/hello', '/api/hello', '/api/reports/2026', '/api/health'].flatMap((uri) =>
        sent.map((credentials) =>
          eventOf('origin-request', uri, { ...headers, ...credentials }, { origin: API }),
        ),
      ),
    ),
    ...['/index.html', '/app.js', '/orders/17', '/docs/'].map((uri) =>
      eventOf('origin-request', uri, OF_CLOUDFRONT, { origin: S3_ORIGIN }),
    ),
  ];
}

/** What CloudFront sends to an origin, and says of the viewer where it is asked to. */
const OF_CLOUDFRONT = {
  'user-agent': 'Amazon CloudFront',
  via: '2.0 2afae0d44e2540f472c0635ab62c232b.cloudfront.net (CloudFront)',
  'x-forwarded-for': '203.0.113.178',
  'accept-encoding': 'br,gzip',
};
const WHERE = {
  'cloudfront-viewer-country': 'DE',
  'cloudfront-viewer-latitude': '50.11000',
  'cloudfront-viewer-longitude': '8.68000',
};

const API = customOrigin('nearhop001.execute-api.us-east-1.amazonaws.com', '/prod');

function answers() {
  const by = (/** @type {string} */ trigger, /** @type {{}} */ origin) =>
    ['200', '304', '403', '404', '502', '503'].flatMap((status) =>
      ['/index.html', '/app.js', '/api/hello', '/hello'].map((uri) => {
        const event = eventOf(trigger, uri, OF_CLOUDFRONT, origin);
        event.Records[0].cf.response = { ...ANSWER, status };
        return event;
      }),
    );
  return [
    ...by('origin-response', { origin: S3_ORIGIN }),
    ...by('origin-response', { origin: API }),
    ...by('viewer-response', {}),
  ];
}

/**
 * An access token of a user pool (rule C1), which nobody signed.
 *
 * @param {Record<string, unknown>} [claims]  beside the usual ones, or in their place
 */
function token(claims) {
  const header = { kid: KEY.kid, alg: 'RS256' };
  const payload = {
    sub: '4f1c2d3e-0000-4000-8000-00000000000a',
    iss: 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Nearhop01',
    client_id: 'nearhopdemo0client',
    origin_jti: '5d8f0a7e-0000-4000-8000-00000000000b',
    event_id: '77a1e9c4-0000-4000-8000-00000000000c',
    token_use: 'access',
    scope: 'aws.cognito.signin.user.admin openid email profile',
    auth_time: NOW - 600,
    iat: NOW - 600,
    exp: NOW + 3_000,
    jti: '0b9c1d2e-0000-4000-8000-00000000000d',
    username: 'a user',
    ...claims,
  };
  const parts = [JSON.stringify(header), JSON.stringify(payload), Buffer.alloc(256, 1)];
  return parts.map((part) => Buffer.from(part).toString('base64url')).join('.');
}

/** @param {string} text */
function bearer(text) {
  return { authorization: `Bearer ${text}` };
}

/** @param {string} name @param {string} value */
function cookies(name, value) {
  return `theme=dark; ${name}=${value}; seen=${'x'.repeat(200)}`;
}

/** @typedef {Record<string, string>} Headers */

/**
 * @param {string} eventType
 * @param {string} uri
 * @param {Headers} headers
 * @param {{ method?: string, querystring?: string, origin?: any }} [more]  of the request
 * @returns {any}
 */
function eventOf(eventType, uri, headers, more) {
  const request = {
    clientIp: '203.0.113.178',
    headers: fields({ host: 'd111111abcdef8.cloudfront.net', ...headers }),
    method: 'GET',
    querystring: '',
    uri,
    ...more,
  };
  const config = {
    distributionDomainName: 'd111111abcdef8.cloudfront.net',
    distributionId: 'EDFDVBD6EXAMPLE',
    eventType,
    requestId: '4TyzHTaYWb1GX1qTfsHhEqV6HUDd_BzoBZnwfnvQc_1oF26ClkoUSEQ==',
  };
  return { Records: [{ cf: { config, request } }] };
}

/** @param {Headers} headers  as an event holds them (rule E2) */
function fields(headers) {
  return Object.fromEntries(
    Object.entries(headers).map(([key, value]) => [key, [{ key, value }]]),
  );
}

const ANSWER = {
  statusDescription: 'as it was',
  headers: fields({
    'content-type': 'text/html',
    date: 'Mon, 21 Sep 2026 14:13:20 GMT',
    etag: '"5d8f0a7e"',
    server: 'AmazonS3',
    'last-modified': 'Mon, 21 Sep 2026 10:00:00 GMT',
  }),
};

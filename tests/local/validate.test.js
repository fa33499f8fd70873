/**
 * What a function may return: for each rule, returned objects that break it.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { validate } from '../../js/cloudfront/validate.js';
import { customOrigin } from './world.js';

/**
 * @typedef {import('../../js/cloudfront/behaviors.js').EventType} EventType
 * @typedef {(returned: any) => any} Change changes what the event held, or gives another value
 */

const HEADERS = {
  host: [{ key: 'Host', value: 'app.example.test' }],
  accept: [{ key: 'Accept', value: '*/*' }],
  authorization: [{ key: 'Authorization', value: 'Bearer SECRET-TOKEN' }],
  'content-length': [{ key: 'Content-Length', value: '3' }],
  'if-none-match': [{ key: 'If-None-Match', value: '"1"' }],
  via: [{ key: 'Via', value: '1.1 x' }],
};
const REQUEST = {
  clientIp: '192.0.2.1',
  headers: HEADERS,
  method: 'POST',
  querystring: 'x=1',
  uri: '/api/hello',
};
const S3 = {
  s3: {
    authMethod: 'none',
    customHeaders: {},
    domainName: 'b.s3.us-east-1.amazonaws.com',
    path: '',
    region: 'us-east-1',
  },
};
const RESPONSE = {
  status: '200',
  statusDescription: 'OK',
  headers: {
    'content-type': [{ key: 'Content-Type', value: 'text/html' }],
    via: [{ key: 'Via', value: '1.1 origin' }],
  },
};

/** What each event holds. */
const SENT = {
  'viewer-request': { request: REQUEST },
  'origin-request': { request: { ...REQUEST, origin: customOrigin('a.example.test') } },
  'origin-response': {
    request: { ...REQUEST, origin: customOrigin('a.example.test') },
    response: RESPONSE,
  },
};
const V = 'viewer-request';
const Q = 'origin-request';
const R = 'origin-response';
/** A generated response. */
const made = (/** @type {object} */ fields) => () => ({ status: '200', ...fields });
/** Sets one of the fields of `origin.custom`. */
const origin = (/** @type {object} */ fields) => (/** @type {any} */ request) => {
  Object.assign(request.origin.custom, fields);
};
/** Sets a header. */
const header =
  (/** @type {string} */ name, /** @type {unknown} */ value = 'x') =>
  (/** @type {any} */ returned) => {
    returned.headers[name] = [{ value }];
  };
/** Sets a custom header of the origin. */
const originHeader = (/** @type {string} */ name, /** @type {string} */ value = 'x') =>
  origin({ customHeaders: { [name]: [{ value }] } });
const many = (/** @type {number} */ count, /** @type {string} */ value) =>
  origin({
    customHeaders: Object.fromEntries(
      Array.from({ length: count }, (_, i) => [`x-${i}`, [{ value }]]),
    ),
  });

/** @type {[string, EventType, string, Change][]} */
const FORBIDDEN = [
  ['F1', V, 'nothing', () => null],
  ['F1', V, 'text', () => 'request'],
  ['F1', Q, 'a list', () => []],
  ['F1', R, 'nothing', () => null],
  ['W1', V, 'another method', (r) => void (r.method = 'GET')],
  ['W1', Q, 'another method', (r) => void (r.method = 'GET')],
  ['W1', Q, 'another client', (r) => void (r.clientIp = '192.0.2.2')],
  ['W1', V, 'no client', (r) => void delete r.clientIp],
  ['E2', V, 'a uri without a slash', (r) => void (r.uri = 'api')],
  ['E2', V, 'no uri', (r) => void delete r.uri],
  ['E2', V, 'a uri with the query in it', (r) => void (r.uri = '/a?b')],
  ['E2', Q, 'no querystring', (r) => void delete r.querystring],
  ['E3', V, 'no headers', (r) => void delete r.headers],
  ['E3', V, 'a header that is text', (r) => void (r.headers.a = 'x')],
  ['E3', V, 'a header that is an object', (r) => void (r.headers.a = { value: 'x' })],
  ['E3', V, 'a header of no entries', (r) => void (r.headers.a = [])],
  ['E3', V, 'a name in capitals', (r) => void (r.headers.Abc = [{ value: 'x' }])],
  ['E3', V, 'a name with a space', (r) => void (r.headers['a b'] = [{ value: 'x' }])],
  ['E3', Q, 'a key of another header', (r) => void (r.headers.a = [{ key: 'B', value: 'x' }])],
  ['E3', Q, 'a value that is a number', header('a', 1)],
  ['E3', Q, 'a value with a line break', header('a', 'x\r\ny: z')],
  ['E3', Q, 'a value outside Latin-1', header('a', '東京')],
  [
    'E4',
    V,
    'a body without Include Body',
    (r) => void (r.body = { action: 'replace', data: '', encoding: 'text' }),
  ],
  ['W3', V, 'an origin at viewer-request', (r) => void (r.origin = customOrigin('a.example.test'))],
  ['W4', V, 'another Host', header('host')],
  ['W4', V, 'no Host', (r) => void delete r.headers.host],
  ['W4', V, 'another Content-Length', header('content-length', '4')],
  ['W4', V, 'a Transfer-Encoding', header('transfer-encoding', 'chunked')],
  ['W4', V, 'another Via', header('via')],
  ['W4', V, 'a CDN-Loop', header('cdn-loop')],
  ['W5', Q, 'an Accept-Encoding', header('accept-encoding', 'br')],
  ['W5', Q, 'no If-None-Match', (r) => void delete r.headers['if-none-match']],
  ['W5', Q, 'a second Via', (r) => void r.headers.via.push({ value: 'x' })],
  ['W5', Q, 'another Content-Length', header('content-length', '4')],
  ['W6', R, 'no Via', (r) => void delete r.headers.via],
  ['W6', R, 'a Transfer-Encoding', header('transfer-encoding', 'chunked')],
  ['W7', V, 'X-Edge-*', header('x-edge-location')],
  ['W7', V, 'X-Amz-Cf-*', header('x-amz-cf-id')],
  ['W7', Q, 'Connection', header('connection')],
  ['W7', Q, 'X-Forwarded-Proto', header('x-forwarded-proto')],
  ['W7', R, 'X-Cache', header('x-cache')],
  ['W7', V, 'Upgrade on a generated response', made({ headers: { upgrade: [{ value: 'h2c' }] } })],
  ['W7', Q, 'Keep-Alive to the origin', originHeader('keep-alive')],
  ['W8', V, 'CloudFront-Viewer-Country', header('cloudfront-viewer-country', 'BR')],
  ['W9', V, 'a URL of 8,193 characters', (r) => void (r.uri = `/${'x'.repeat(8_188)}`)],
  ['W9', V, 'a space in the path', (r) => void (r.uri = '/a b')],
  ['W9', V, 'a # in the query', (r) => void (r.querystring = 'a#b')],
  ['W9', Q, 'a line break in the query', (r) => void (r.querystring = 'a\nb')],
  ['W9', Q, 'more than 32,768 bytes', header('a', 'x'.repeat(32_700))],
  ['E5', Q, 'no origin', (r) => void delete r.origin],
  ['E5', Q, 'two origins', (r) => void Object.assign(r.origin, S3)],
  ['E5', Q, 'an origin of no kind', (r) => void (r.origin = {})],
  ['E5', Q, 'an origin of another kind', (r) => void (r.origin = { vpc: {} })],
  ['E6', Q, 'an IPv4 address', origin({ domainName: '192.0.2.1' })],
  ['E6', Q, 'an IPv6 address', origin({ domainName: '::1' })],
  ['E6', Q, 'a port in the name', origin({ domainName: 'a.example.test:443' })],
  ['E6', Q, 'a name of 254 characters', origin({ domainName: `${'a.'.repeat(125)}test` })],
  ['E6', Q, 'an empty name', origin({ domainName: '' })],
  ['E6', Q, 'a URL for a name', origin({ domainName: 'https://a.example.test' })],
  ['E6', Q, 'a path with a slash at its end', origin({ path: '/prod/' })],
  ['E6', Q, 'a path without a slash', origin({ path: 'prod' })],
  ['E6', Q, 'a path of 256 characters', origin({ path: `/${'x'.repeat(255)}` })],
  ['E6', Q, 'port 22', origin({ port: 22 })],
  ['E6', Q, 'port 1023', origin({ port: 1_023 })],
  ['E6', Q, 'a port that is text', origin({ port: '443' })],
  ['E6', Q, 'protocol ws', origin({ protocol: 'ws' })],
  ['E6', Q, 'readTimeout 0', origin({ readTimeout: 0 })],
  ['E6', Q, 'readTimeout 121', origin({ readTimeout: 121 })],
  ['E6', Q, 'no keepaliveTimeout', origin({ keepaliveTimeout: undefined })],
  ['E6', Q, 'an unknown TLS version', origin({ sslProtocols: ['TLSv1.3'] })],
  ['E6', Q, 'no customHeaders', origin({ customHeaders: undefined })],
  [
    'E7',
    Q,
    'an unknown authMethod',
    (r) => void (r.origin = { s3: { ...S3.s3, authMethod: 'oac' } }),
  ],
  [
    'E7',
    Q,
    'an S3 path with a slash at its end',
    (r) => void (r.origin = { s3: { ...S3.s3, path: '/a/' } }),
  ],
  ['E8', Q, 'a custom header that is a request header', originHeader('authorization')],
  ['W10', Q, '31 custom headers', many(31, 'x')],
  ['W10', Q, 'a name of 257 characters', originHeader('x'.repeat(257))],
  ['W10', Q, 'a value of 1,784 characters', originHeader('x-a', 'x'.repeat(1_784))],
  ['W10', Q, 'more than 10,240 characters in all', many(8, 'x'.repeat(1_500))],
  ['G1', V, 'a status that is a number', made({ status: 200 })],
  ['G1', V, 'status 199', made({ status: '199' })],
  ['G1', Q, 'status 600', made({ status: '600' })],
  ['G1', R, 'no status', (r) => void delete r.status],
  ['G1', Q, 'a body that is an object', made({ body: {} })],
  ['G1', Q, 'an unknown bodyEncoding', made({ body: 'x', bodyEncoding: 'utf8' })],
  ['G1', Q, 'a body that is not base64', made({ body: 'x!', bodyEncoding: 'base64' })],
  ['G1', V, 'a statusDescription of two lines', made({ statusDescription: 'a\nb' })],
  ['G2', V, 'more than 40 KB at viewer-request', made({ body: 'x'.repeat(40_961) })],
  ['G2', Q, 'more than 1 MB at origin-request', made({ body: 'x'.repeat(1_048_577) })],
  [
    'G2',
    V,
    'headers and body of more than 40 KB',
    made({ body: 'x'.repeat(40_960), headers: { a: [{ value: 'x' }] } }),
  ],
  ['G3', V, 'a 204 with a body', made({ status: '204', body: 'x' })],
  [
    'W4',
    V,
    'a Content-Length on a generated response',
    made({ headers: { 'content-length': [{ value: '0' }] } }),
  ],
];

/** @type {[string, EventType, string, Change][]} */
const ALLOWED = [
  ...[V, Q, R].map(
    (type) =>
      /** @type {[string, EventType, string, Change]} */ ([
        'E10',
        type,
        'what the event held',
        () => undefined,
      ]),
  ),
  [
    'W2',
    V,
    'another uri and query',
    (r) => void Object.assign(r, { uri: '/index.html', querystring: '' }),
  ],
  ['E3', V, 'a header without a key', header('x-nearhop-region', 'eu-west-1')],
  ['E3', V, 'a header removed', (r) => void delete r.headers.authorization],
  ['E10', Q, 'a field nobody knows', (r) => void (r.newer = { from: 'AWS' })],
  ['E10', Q, 'a field of the origin nobody knows', origin({ responseCompletionTimeout: 30 })],
  [
    'W3',
    Q,
    'another origin and Host',
    (r) => {
      Object.assign(r.origin.custom, {
        domainName: 'b.execute-api.eu-west-1.amazonaws.com',
        path: '/prod',
      });
      r.headers.host = [{ key: 'Host', value: 'b.execute-api.eu-west-1.amazonaws.com' }];
    },
  ],
  ['E5', Q, 'S3 in place of custom', (r) => void (r.origin = S3)],
  [
    'E6',
    Q,
    'the outermost values',
    origin({ port: 1_024, path: '', readTimeout: 120, keepaliveTimeout: 1 }),
  ],
  [
    'W10',
    Q,
    'a secret in customHeaders',
    originHeader('x-nearhop-origin-secret', 'x'.repeat(1_783)),
  ],
  ['W10', Q, '30 custom headers', many(30, 'x')],
  ['G1', V, 'a response of status alone', made({})],
  ['G2', V, '40 KB', made({ body: 'x'.repeat(40_960) })],
  ['G2', Q, '1 MB', made({ body: 'x'.repeat(1_048_576) })],
  ['G1', Q, 'a base64 body', made({ body: 'eA==', bodyEncoding: 'base64' })],
  ['G3', V, 'a 204 without a body', made({ status: '204' })],
  [
    'G1',
    R,
    'another status and body',
    (r) => void Object.assign(r, { status: '404', body: 'gone' }),
  ],
  ['W6', R, 'another Content-Type', header('content-type', 'text/plain')],
];

/**
 * @param {EventType} type
 * @param {Change} change
 */
function returnedBy(type, change) {
  const sent = /** @type {any} */ (structuredClone(SENT[type]));
  const own = sent.response ?? sent.request;
  const other = change(own);
  return other === undefined ? own : other;
}

describe('a function may not return', () => {
  for (const [rule, type, what, change] of FORBIDDEN) {
    it(`${rule} at ${type}: ${what}`, () => {
      const returned = returnedBy(type, change);
      assert.throws(
        () => validate(type, /** @type {any} */ (SENT[type]), returned),
        (/** @type {any} */ error) => {
          assert.equal(error.rule, rule, error.page());
          assert.equal(error.status, 502);
          assert.equal(error.reason, 'LambdaValidationError');
          assert.match(error.page(), new RegExp(`rule +${rule}\n`));
          assert.doesNotMatch(error.page(), /SECRET-TOKEN/);
          return true;
        },
      );
    });
  }
});

describe('a function may return', () => {
  for (const [rule, type, what, change] of ALLOWED) {
    it(`${rule} at ${type}: ${what}`, () => {
      const returned = returnedBy(type, change);
      const kind = 'status' in returned ? 'response' : 'request';
      assert.deepEqual(validate(type, /** @type {any} */ (SENT[type]), returned), {
        [kind]: returned,
      });
    });
  }
});

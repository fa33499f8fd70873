/**
 * What origin-request may return as the origin: for each rule, origins that break it and origins
 * that only just do not.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { validate } from '../../js/cloudfront/validate/index.js';
import { allowed, forbidden, sent, set } from './validating.js';

const Q = 'origin-request';

const S3 = {
  authMethod: 'none',
  customHeaders: {},
  domainName: 'b.s3.us-east-1.amazonaws.com',
  path: '',
  region: 'us-east-1',
};
const s3 = (/** @type {object} */ fields) => set({ origin: { s3: { ...S3, ...fields } } });

/** Sets fields of `origin.custom`. */
const custom = (/** @type {object} */ fields) => (/** @type {any} */ request) => {
  Object.assign(request.origin.custom, fields);
};
const customHeader = (/** @type {string} */ name, /** @type {string} */ value = 'SECRET-TOKEN') =>
  custom({ customHeaders: { [name]: [{ value }] } });
const many = (/** @type {number} */ count, /** @type {string} */ value) => {
  const names = Array.from({ length: count }, (_, index) => `x-${index}`);
  return custom({ customHeaders: Object.fromEntries(names.map((name) => [name, [{ value }]])) });
};

describe('a returned origin', () => {
  forbidden([
    ['E5', Q, 'no origin', (r) => void delete r.origin],
    ['E5', Q, 'two origins', (r) => void (r.origin.s3 = S3)],
    ['E5', Q, 'an origin of no kind', set({ origin: {} })],
    ['E5', Q, 'an origin of another kind', set({ origin: { vpc: {} } })],
    ['E5', Q, 'an origin without fields', set({ origin: { custom: null } })],
    ['E6', Q, 'an IPv4 address', custom({ domainName: '192.0.2.1' })],
    ['E6', Q, 'an IPv6 address', custom({ domainName: '::1' })],
    ['E6', Q, 'a port in the name', custom({ domainName: 'a.example.test:443' })],
    ['E6', Q, 'a name of 254 characters', custom({ domainName: `${'a.'.repeat(125)}test` })],
    ['E6', Q, 'an empty name', custom({ domainName: '' })],
    ['E6', Q, 'a URL for a name', custom({ domainName: 'https://a.example.test' })],
    ['E6', Q, 'a path with a slash at its end', custom({ path: '/prod/' })],
    ['E6', Q, 'a path without a slash', custom({ path: 'prod' })],
    ['E6', Q, 'a path of 256 characters', custom({ path: `/${'x'.repeat(255)}` })],
    [
      'E6',
      Q,
      'port 22',
      custom({ port: 22 }),
      'E6: origin-request returned 22 as request.origin.custom.port',
    ],
    ['E6', Q, 'port 1023', custom({ port: 1_023 })],
    ['E6', Q, 'a port that is text', custom({ port: '443' })],
    ['E6', Q, 'protocol ws', custom({ protocol: 'ws' })],
    ['E6', Q, 'readTimeout 0', custom({ readTimeout: 0 })],
    ['E6', Q, 'readTimeout 121', custom({ readTimeout: 121 })],
    ['E6', Q, 'no keepaliveTimeout', custom({ keepaliveTimeout: undefined })],
    ['E6', Q, 'keepaliveTimeout 1.5', custom({ keepaliveTimeout: 1.5 })],
    ['E6', Q, 'an unknown TLS version', custom({ sslProtocols: ['TLSv1.3'] })],
    ['E6', Q, 'no TLS version', custom({ sslProtocols: [] })],
    ['E6', Q, 'no customHeaders', custom({ customHeaders: undefined })],
    ['E7', Q, 'an unknown authMethod', s3({ authMethod: 'oac' })],
    ['E7', Q, 'an S3 path with a slash at its end', s3({ path: '/a/' })],
    ['E7', Q, 'no bucket name', s3({ domainName: undefined })],
    [
      'E7',
      Q,
      'an origin access identity without a Region',
      s3({ authMethod: 'origin-access-identity', region: undefined }),
    ],
    ['E7', Q, 'a Region that is a number', s3({ region: 1 })],
    ['E7', Q, 'a readTimeout of 0 at S3', s3({ readTimeout: 0 })],
    [
      'E8',
      Q,
      'a custom header that is a request header',
      customHeader('authorization'),
      'E8: origin-request set authorization in request.headers and in customHeaders',
    ],
    ['E3', Q, 'a custom header in capitals', customHeader('X-A')],
    ['W7', Q, 'Keep-Alive as a custom header', customHeader('keep-alive')],
    ['W10', Q, '31 custom headers', many(31, 'x')],
    ['W10', Q, 'a custom header of 257 characters', customHeader('x'.repeat(257))],
    ['W10', Q, 'a custom value of 1,784 characters', customHeader('x-a', 'x'.repeat(1_784))],
    ['W10', Q, 'more than 10,240 characters in all', many(8, 'x'.repeat(1_500))],
  ]);

  allowed([
    [
      'W3',
      Q,
      'another origin and Host',
      (r) => {
        const name = 'b.execute-api.eu-west-1.amazonaws.com';
        Object.assign(r.origin.custom, { domainName: name, path: '/v1' });
        r.headers.host = [{ key: 'Host', value: name }];
      },
    ],
    ['E5', Q, 'S3 in place of custom', s3({})],
    ['E6', Q, 'the least values', custom({ port: 80, path: '', readTimeout: 1 })],
    ['E6', Q, 'the greatest values', custom({ port: 65_535, keepaliveTimeout: 120 })],
    [
      'E6',
      Q,
      'every TLS version',
      custom({ sslProtocols: ['TLSv1.2', 'TLSv1.1', 'TLSv1', 'SSLv3'] }),
    ],
    ['E7', Q, 'S3 without a Region, if nothing is signed', s3({ region: undefined })],
    ['E7', Q, 'an origin access identity', s3({ authMethod: 'origin-access-identity' })],
    ['E7', Q, 'S3 with the newer readTimeout', s3({ readTimeout: 120 })],
    ['E10', Q, 'a field of the origin nobody knows', custom({ responseCompletionTimeout: 30 })],
    ['W10', Q, 'a custom value of 1,783 characters', customHeader('x-a', 'x'.repeat(1_783))],
    ['W10', Q, 'a custom header of 256 characters', customHeader('x'.repeat(256))],
    ['W10', Q, '30 custom headers', many(30, 'x')],
  ]);

  it('E7: origin-request may return the bucket that the event held, without a Region too', () => {
    const { request } = sent(Q);
    request.origin = { s3: { ...S3, authMethod: 'origin-access-identity', region: '' } };
    assert.deepEqual(validate(Q, { request }, structuredClone(request)), { request });
  });
});

/**
 * What a function may return at viewer-request and origin-request, but for the origin: for each
 * rule, requests that break it and requests that only just do not.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { validate } from '../../js/cloudfront/validate/index.js';
import { allowed, forbidden, header, sent, set, without } from './validating.js';

const V = 'viewer-request';
const Q = 'origin-request';

describe('a returned request', () => {
  forbidden([
    ['F1', V, 'nothing', () => null, 'F1: viewer-request returned null'],
    ['F1', V, 'text', () => 'request'],
    ['F1', Q, 'a list', () => []],
    ['F1', Q, 'the event', (r) => ({ Records: [{ cf: { request: r } }] })],
    [
      'W1',
      V,
      'another method',
      set({ method: 'GET' }),
      'W1: viewer-request changed read-only method',
    ],
    ['W1', Q, 'another method', set({ method: 'GET' })],
    ['W1', Q, 'another client', set({ clientIp: '192.0.2.2' })],
    ['W1', V, 'no client', (r) => void delete r.clientIp],
    ['E2', V, 'a uri without a slash', set({ uri: 'api' })],
    [
      'E2',
      V,
      'no uri',
      (r) => void delete r.uri,
      'E2: viewer-request returned nothing as request.uri',
    ],
    ['E2', V, 'a uri with the query in it', set({ uri: '/a?b' })],
    ['E2', Q, 'no querystring', (r) => void delete r.querystring],
    ['E3', V, 'no headers', (r) => void delete r.headers],
    ['E3', V, 'a header that is text', (r) => void (r.headers.a = 'x')],
    ['E3', V, 'a header that is an object', (r) => void (r.headers.a = { value: 'x' })],
    ['E3', V, 'a header of no entries', (r) => void (r.headers.a = [])],
    ['E3', V, 'a name in capitals', header('Abc')],
    ['E3', V, 'a name with a space', header('a b')],
    ['E3', V, 'a name with a line break', header('a\nb')],
    ['E3', V, 'an entry that is text', (r) => void (r.headers.a = ['x'])],
    ['E3', Q, 'a key of another header', (r) => void (r.headers.a = [{ key: 'B', value: 'x' }])],
    [
      'E3',
      Q,
      'a value that is a number',
      header('a', 1),
      'E3: origin-request returned a number as request.headers.a[0].value',
    ],
    ['E3', Q, 'a value with a line break', header('a', 'x\r\ny: z')],
    ['E3', Q, 'a value outside Latin-1', header('a', '東京')],
    ['W3', V, 'an origin', set({ origin: {} }), 'W3: viewer-request set the origin'],
    [
      'W4',
      V,
      'another Host',
      header('host'),
      'W4: viewer-request changed read-only header Host',
    ],
    ['W4', V, 'no Host', without('host'), 'W4: viewer-request deleted read-only header Host'],
    ['W4', V, 'another Content-Length', header('content-length', '4')],
    [
      'W4',
      V,
      'a Transfer-Encoding',
      header('transfer-encoding', 'chunked'),
      'W4: viewer-request added read-only header Transfer-Encoding',
    ],
    ['W4', V, 'another Via', header('via')],
    ['W4', V, 'a CDN-Loop', header('cdn-loop')],
    ['W5', Q, 'an Accept-Encoding', header('accept-encoding', 'br')],
    ['W5', Q, 'a CDN-Loop', header('cdn-loop')],
    ['W5', Q, 'another Content-Length', header('content-length', '4')],
    ['W5', Q, 'an If-Modified-Since', header('if-modified-since')],
    ['W5', Q, 'no If-None-Match', without('if-none-match')],
    ['W5', Q, 'an If-Range', header('if-range')],
    ['W5', Q, 'an If-Unmodified-Since', header('if-unmodified-since')],
    ['W5', Q, 'a Transfer-Encoding', header('transfer-encoding')],
    ['W5', Q, 'a second Via', (r) => void r.headers.via.push({ value: 'x' })],
    [
      'W7',
      V,
      'X-Edge-*',
      header('x-edge-location'),
      'W7: viewer-request added disallowed header X-Edge-Location',
    ],
    ['W7', V, 'X-Amz-Cf-*', header('x-amz-cf-id')],
    ['W7', Q, 'Connection', header('connection')],
    ['W7', Q, 'X-Forwarded-Proto', header('x-forwarded-proto')],
    ['W8', V, 'CloudFront-Viewer-Country', header('cloudfront-viewer-country', 'BR')],
    ['W9', V, 'a URL of 8,193 characters', set({ uri: `/${'x'.repeat(8_188)}` })],
    ['W9', V, 'a space in the path', set({ uri: '/a b' })],
    ['W9', V, 'a # in the query', set({ querystring: 'a#b' })],
    ['W9', Q, 'a line break in the query', set({ querystring: 'a\nb' })],
    ['W9', Q, 'more than 32,768 bytes', header('a', 'x'.repeat(32_700))],
    ['E4', V, 'a body without Include Body', set({ body: { action: 'read-only' } })],
  ]);

  allowed([
    ['E10', V, 'what the event held', () => undefined],
    ['E10', Q, 'what the event held', () => undefined],
    ['E10', V, 'a field nobody knows', set({ newer: { from: 'AWS' } })],
    ['E10', Q, 'a field nobody knows', set({ newer: { from: 'AWS' } })],
    ['W2', V, 'another uri and query', set({ uri: '/index.html', querystring: '' })],
    ['W2', Q, 'another uri and query', set({ uri: '/index.html', querystring: 'a=%20' })],
    ['E3', V, 'a header without a key', header('x-nearhop-region', 'eu-west-1')],
    ['E3', V, 'a header deleted', without('authorization')],
    ['E3', Q, 'a header of two entries', (r) => void r.headers.accept.push({ value: 'a/b' })],
    ['W4', V, 'Host with its key in another case', (r) => void (r.headers.host[0].key = 'HOST')],
    ['W5', Q, 'another Host', header('host', 'b.example.test')],
    ['W8', Q, 'CloudFront-Viewer-Country', header('cloudfront-viewer-country', 'BR')],
    ['W9', V, 'a URL of 8,192 characters', set({ uri: `/${'x'.repeat(8_187)}` })],
  ]);

  it('W8: viewer-request may return a CloudFront-* header that the viewer sent', () => {
    const parts = sent(V);
    parts.request.headers['cloudfront-viewer-country'] = [{ value: 'BR' }];
    assert.deepEqual(validate(V, parts, parts.request), { request: parts.request });
  });

  it('E1: changes of config are not part of what is accepted', () => {
    const { request } = sent(V);
    const config = { eventType: Q, distributionId: 'OTHER' };
    const returned = validate(V, { request, ...{ config } }, request);
    assert.deepEqual(Object.keys(returned), ['request']);
    assert.throws(() => validate(V, { request }, { ...request, origin: {} }), { rule: 'W3' });
  });
});

describe('a body returned with Include Body', () => {
  const body = (/** @type {object} */ fields) => (/** @type {any} */ request) => {
    Object.assign(request.body, fields);
  };
  const replace = (/** @type {'text'|'base64'} */ encoding, /** @type {unknown} */ data) =>
    body({ action: 'replace', encoding, data });

  forbidden(
    [
      ['E4', V, 'a body that is text', set({ body: 'abc' })],
      ['E4', V, 'an unknown action', body({ action: 'append' })],
      ['E4', Q, 'no action', body({ action: undefined })],
      [
        'E4',
        V,
        'another inputTruncated',
        body({ inputTruncated: true }),
        'E4: viewer-request changed read-only body.inputTruncated',
      ],
      ['E4', V, 'an unknown encoding', body({ action: 'replace', encoding: 'utf8' })],
      ['E4', Q, 'data that are an object', replace('text', {})],
      ['E4', Q, 'data that are not base64', replace('base64', 'YWJj!')],
      ['E4', Q, 'base64 without padding', replace('base64', 'YQ')],
      ['G6', V, '40,961 bytes of text', replace('text', 'x'.repeat(40_961))],
      ['G6', V, '40 KB of text in fewer characters', replace('text', 'é'.repeat(20_481))],
      ['G6', V, 'more than 53.2 KB of base64', replace('base64', 'YWJj'.repeat(13_620))],
      ['G6', Q, '1,048,577 bytes of text', replace('text', 'x'.repeat(1_048_577))],
      ['G6', Q, 'more than 1.33 MB of base64', replace('base64', 'YWJj'.repeat(348_652))],
    ],
    { includeBody: true },
  );

  allowed(
    [
      ['E4', V, 'the body of the event', () => undefined],
      ['E4', V, 'no body, which leaves it as it is', (r) => void delete r.body],
      ['E4', Q, 'a body of text', replace('text', 'a=1&b=é')],
      ['E4', Q, 'an empty body', replace('text', '')],
      ['E4', V, 'no inputTruncated', body({ inputTruncated: undefined })],
      ['E4', V, 'any data with read-only: they do not count', body({ data: '!', encoding: 'x' })],
      ['G6', V, '40 KB of text', replace('text', 'x'.repeat(40_960))],
      ['G6', V, '53.2 KB of base64', replace('base64', 'YWJj'.repeat(13_619))],
      ['G6', Q, '1 MB of text', replace('text', 'x'.repeat(1_048_576))],
      ['G6', Q, '1.33 MB of base64', replace('base64', 'YWJj'.repeat(348_651))],
    ],
    { includeBody: true },
  );

  forbidden([['E4', V, 'a truncated body as whole', body({ inputTruncated: false })]], {
    includeBody: true,
    truncated: true,
  });
  allowed([['E4', V, 'another body for a truncated one', replace('text', 'whole')]], {
    includeBody: true,
    truncated: true,
  });

  it('E4: the option says whether there is Include Body, not the event', () => {
    const parts = sent(V, { includeBody: true });
    const { request } = sent(V);
    const own = { ...request, body: { action: 'replace', encoding: 'text', data: 'x' } };
    const off = { includeBody: false };
    assert.throws(() => validate(V, parts, own, off), { rule: 'E4' });
    assert.deepEqual(validate(V, { request }, own, { includeBody: true }), { request: own });
  });
});

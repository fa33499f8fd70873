/**
 * What a function may return as a response, generated or changed: for each rule, responses that
 * break it and responses that only just do not.
 */
import { describe } from 'node:test';
import { allowed, forbidden, header, made, set, without } from './validating.js';

const V = 'viewer-request';
const Q = 'origin-request';
const R = 'origin-response';
const S = 'viewer-response';

describe('a generated response', () => {
  forbidden([
    [
      'G1',
      V,
      'a status that is a number',
      made({ status: 200 }),
      'G1: viewer-request returned 200 as response.status',
    ],
    ['G1', V, 'status 199', made({ status: '199' })],
    ['G1', Q, 'status 600', made({ status: '600' })],
    ['G1', V, 'a statusDescription of two lines', made({ statusDescription: 'a\nb' })],
    ['G1', Q, 'a body that is an object', made({ body: {} })],
    ['G1', Q, 'an unknown bodyEncoding', made({ body: 'x', bodyEncoding: 'utf8' })],
    ['G1', Q, 'a body that is not base64', made({ body: 'x!', bodyEncoding: 'base64' })],
    ['G2', V, 'more than 40 KB', made({ body: 'x'.repeat(40_961) })],
    [
      'G2',
      V,
      'headers and body of more than 40 KB',
      made({ body: 'x'.repeat(40_960), headers: { a: [{ value: 'x' }] } }),
    ],
    ['G2', V, '40 KB in fewer characters', made({ body: 'é'.repeat(20_481) })],
    ['G2', Q, 'more than 1 MB', made({ body: 'x'.repeat(1_048_577) })],
    [
      'G3',
      V,
      'a 204 with a body',
      made({ status: '204', body: 'x' }),
      'G3: viewer-request returned a 204 with a body',
    ],
    ['E3', Q, 'headers that are a list', made({ headers: [] })],
    ['W4', V, 'a Content-Length', made({ headers: { 'content-length': [{ value: '0' }] } })],
    ['W5', Q, 'a Content-Length', made({ headers: { 'content-length': [{ value: '0' }] } })],
    ['W7', V, 'Upgrade', made({ headers: { upgrade: [{ value: 'h2c' }] } })],
  ]);

  allowed([
    ['G1', V, 'a response of status alone', made({})],
    ['G1', Q, 'status 599', made({ status: '599' })],
    ['G1', Q, 'a base64 body', made({ body: 'eA==', bodyEncoding: 'base64' })],
    ['G2', V, '40 KB', made({ body: 'x'.repeat(40_960) })],
    ['G2', Q, '1 MB', made({ body: 'x'.repeat(1_048_576) })],
    ['G3', V, 'a 204 without a body', made({ status: '204', body: '' })],
    ['E10', V, 'a field nobody knows', made({ newer: 1 })],
  ]);
});

describe('a changed response', () => {
  forbidden([
    ['F1', R, 'nothing', () => null],
    ['F1', S, 'nothing', () => null],
    ['E9', R, 'no status', (r) => void delete r.status],
    ['E9', R, 'a status that is a number', set({ status: 200 })],
    ['E9', R, 'the request', () => ({ uri: '/', headers: {} })],
    ['E9', S, 'a statusDescription of two lines', set({ statusDescription: 'a\nb' })],
    ['W6', R, 'no Via', without('via'), 'W6: origin-response deleted read-only header Via'],
    ['W6', R, 'a Transfer-Encoding', header('transfer-encoding', 'chunked')],
    [
      'W6',
      S,
      'another status',
      set({ status: '404' }),
      'W6: viewer-response changed read-only status',
    ],
    ['W6', S, 'a Warning', header('warning')],
    ['W6', S, 'another Via', header('via')],
    ['W6', S, 'no Content-Length', without('content-length')],
    ['W6', S, 'a Content-Encoding', header('content-encoding', 'gzip')],
    ['W6', S, 'a Transfer-Encoding', header('transfer-encoding', 'chunked')],
    ['W7', R, 'X-Cache', header('x-cache')],
    ['W7', S, 'X-Cache', header('x-cache')],
    ['G1', R, 'a body that is not base64', set({ body: 'x!', bodyEncoding: 'base64' })],
    ['G2', R, 'more than 1 MB', set({ body: 'x'.repeat(1_048_576) })],
    ['G2', S, 'more than 40 KB', header('x-long', 'x'.repeat(40_960))],
  ]);

  allowed([
    ['E10', R, 'what the event held', () => undefined],
    ['E10', S, 'what the event held', () => undefined],
    ['E10', S, 'a field nobody knows', set({ newer: 1 })],
    ['E9', R, 'another status and body', set({ status: '404', body: 'gone' })],
    ['E9', R, 'no statusDescription', (r) => void delete r.statusDescription],
    ['W6', R, 'another Content-Length', header('content-length', '4')],
    ['W6', R, 'another Content-Type', header('content-type', 'text/plain')],
    ['W6', S, 'no Set-Cookie', without('set-cookie')],
    ['W6', S, 'a header of its own', header('strict-transport-security', 'max-age=1')],
    ['G2', R, 'a body of almost 1 MB', set({ body: 'x'.repeat(1_048_000) })],
  ]);
});

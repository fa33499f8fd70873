/**
 * What a function changed, in words.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { diff, inWords } from '../../js/cloudfront/trace/diff.js';

/**
 * @param {unknown} before
 * @param {unknown} after
 */
const words = (before, after) => diff(before, after).map(inWords);
const headers = (/** @type {Record<string, object[]>} */ map) => ({ headers: map });

describe('a difference', () => {
  it('of fields and of headers', () => {
    const before = {
      uri: '/a',
      headers: { host: [{ key: 'Host', value: 'a.test' }], 'x-gone': [{ value: '1' }] },
      origin: { custom: { domainName: 'a.test', port: 443, sslProtocols: ['TLSv1.2'] } },
    };
    const after = {
      uri: '/b',
      headers: { host: [{ key: 'host', value: 'b.test' }], 'x-new': [{ value: '2' }] },
      origin: { custom: { domainName: 'b.test', port: 80, sslProtocols: ['TLSv1.1', 'TLSv1.2'] } },
    };
    assert.deepEqual(words(before, after), [
      'uri: /a → /b',
      'headers.host: a.test → b.test',
      '- headers.x-gone: 1',
      'origin.custom.domainName: a.test → b.test',
      'origin.custom.port: 443 → 80',
      'origin.custom.sslProtocols: ["TLSv1.2"] → ["TLSv1.1","TLSv1.2"]',
      '+ headers.x-new: 2',
    ]);
  });

  it("of an origin's kind is one of each of its fields", () => {
    const before = { origin: { custom: { domainName: 'a.test' } } };
    const after = { origin: { s3: { domainName: 'b.test', region: 'eu-west-1' } } };
    assert.deepEqual(words(before, after), [
      '- origin.custom.domainName: a.test',
      '+ origin.s3.domainName: b.test',
      '+ origin.s3.region: eu-west-1',
    ]);
  });

  it('of headers with several values names the values', () => {
    const cookies = (/** @type {string[]} */ ...values) =>
      headers({ 'set-cookie': values.map((value) => ({ value })) });
    assert.deepEqual(words(cookies('a=1', 'b=2'), cookies('b=2', 'c=3')), [
      '- headers.set-cookie: a=1',
      '+ headers.set-cookie: c=3',
    ]);
    assert.deepEqual(words(cookies('a=1'), cookies('a=1', 'a=1')), ['+ headers.set-cookie: a=1']);
    assert.deepEqual(words(cookies('a=1', 'b=2'), cookies('b=2', 'a=1')), []);
  });

  it('is none where only the case of names or the key differs (rule E3)', () => {
    const before = headers({ host: [{ key: 'Host', value: 'a' }], 'x-none': [] });
    assert.deepEqual(words(before, headers({ Host: [{ value: 'a' }] })), []);
  });

  it('is of origin custom headers by name', () => {
    const before = { origin: { custom: { customHeaders: {} } } };
    const after = { origin: { custom: { customHeaders: { 'x-leg': [{ value: '2' }] } } } };
    assert.deepEqual(words(before, after), ['+ origin.custom.customHeaders.x-leg: 2']);
  });

  it('tells empty from absent', () => {
    assert.deepEqual(words({ querystring: 'a=1' }, { querystring: '' }), [
      'querystring: a=1 → empty',
    ]);
    assert.deepEqual(words({ querystring: 'a=1' }, {}), ['- querystring: a=1']);
  });

  it('shows in place of the values what it is given for them', () => {
    const shown = { before: { uri: '…' }, after: { uri: '…' } };
    assert.deepEqual(diff({ uri: '/a' }, { uri: '/b' }, shown).map(inWords), [
      'uri: … → another, …',
    ]);
    assert.deepEqual(diff({ uri: '/a' }, { uri: '/a' }, shown), []);
  });

  it('is of anything a function may return', () => {
    for (const odd of [null, undefined, 7, 'x', [], { headers: null }, { headers: { a: 1 } }]) {
      assert.ok(Array.isArray(diff({ uri: '/a' }, odd)));
    }
    assert.deepEqual(words({}, { headers: { host: 'a.test' } }), ['+ headers.host: a.test']);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answerFrom, updatedHeaders, validators } from '../../js/cloudfront/cache/conditional.js';

const ETAG = '"one"';
const MODIFIED = 'Sun, 15 Mar 2026 12:00:00 GMT';
const BEFORE = 'Sun, 15 Mar 2026 11:59:59 GMT';
const AFTER = 'Sun, 15 Mar 2026 12:00:01 GMT';

const STORED = {
  etag: ETAG,
  'last-modified': MODIFIED,
  date: AFTER,
  'content-type': 'text/plain',
  'content-length': '100',
};

/**
 * Request headers and what they are answered with, by the steps of RFC 9110 section 13.2.2: each
 * header is tried alone, then where an earlier one overrules it.
 *
 * @type {[Record<string, string>, number][]}
 */
const PRECONDITIONS = [
  [{}, 200],
  [{ 'if-match': '"one"' }, 200],
  [{ 'if-match': '"two", "one"' }, 200],
  [{ 'if-match': '*' }, 200],
  [{ 'if-match': '"two"' }, 412],
  [{ 'if-match': 'W/"one"' }, 412],
  [{ 'if-unmodified-since': MODIFIED }, 200],
  [{ 'if-unmodified-since': BEFORE }, 412],
  [{ 'if-unmodified-since': 'yesterday' }, 200],
  [{ 'if-match': '"one"', 'if-unmodified-since': BEFORE }, 200],
  [{ 'if-none-match': '"one"' }, 304],
  [{ 'if-none-match': 'W/"one"' }, 304],
  [{ 'if-none-match': '"a,b", "one"' }, 304],
  [{ 'if-none-match': '*' }, 304],
  [{ 'if-none-match': '"two"' }, 200],
  [{ 'if-none-match': 'one' }, 200],
  [{ 'if-modified-since': MODIFIED }, 304],
  [{ 'if-modified-since': AFTER }, 304],
  [{ 'if-modified-since': BEFORE }, 200],
  [{ 'if-modified-since': 'yesterday' }, 200],
  [{ 'if-none-match': '"two"', 'if-modified-since': AFTER }, 200],
  [{ 'if-match': '"two"', 'if-none-match': '"one"' }, 412],
  [{ 'if-match': '"one"', 'if-none-match': '"one"' }, 304],
  [{ 'if-unmodified-since': BEFORE, 'if-modified-since': AFTER }, 412],
  [{ range: 'bytes=0-9' }, 206],
  [{ 'if-none-match': '"one"', range: 'bytes=0-9' }, 304],
  [{ 'if-match': '"two"', range: 'bytes=0-9' }, 412],
  [{ 'if-range': '"one"', range: 'bytes=0-9' }, 206],
  [{ 'if-range': '"two"', range: 'bytes=0-9' }, 200],
  [{ 'if-range': 'W/"one"', range: 'bytes=0-9' }, 200],
  [{ 'if-range': MODIFIED, range: 'bytes=0-9' }, 206],
  [{ 'if-range': AFTER, range: 'bytes=0-9' }, 200],
  [{ 'if-range': 'one', range: 'bytes=0-9' }, 200],
  [{ 'if-range': '"two"', range: 'bytes=500-' }, 200],
];

describe('preconditions in the order of RFC 9110 section 13.2.2', () => {
  for (const [request, status] of PRECONDITIONS) {
    it(`${JSON.stringify(request)} → ${status}`, () => {
      assert.equal(answer(request).status, status);
    });
  }

  it('HEAD gets the same, but no part', () => {
    for (const [request, status] of PRECONDITIONS) {
      const expected = status === 206 ? 200 : status;
      assert.equal(answer(request, { method: 'HEAD' }).status, expected, JSON.stringify(request));
    }
  });

  it('an answer without an ETag ignores If-Match and If-None-Match', () => {
    const stored = { 'last-modified': MODIFIED };
    assert.equal(answer({ 'if-match': '"two"' }, { stored }).status, 200);
    assert.equal(answer({ 'if-none-match': '*' }, { stored }).status, 200);
    const both = { 'if-none-match': '"two"', 'if-modified-since': MODIFIED };
    assert.equal(answer(both, { stored }).status, 304);
  });

  it('a weak ETag is no match for If-Match or If-Range', () => {
    const stored = { ...STORED, etag: 'W/"one"' };
    assert.equal(answer({ 'if-match': 'W/"one"' }, { stored }).status, 412);
    const part = { 'if-range': 'W/"one"', range: 'bytes=0-9' };
    assert.equal(answer(part, { stored }).status, 200);
    assert.equal(answer({ 'if-none-match': '"one"' }, { stored }).status, 304);
  });

  it('a date is no strong validator if the answer was made within its second', () => {
    const part = { 'if-range': MODIFIED, range: 'bytes=0-9' };
    assert.equal(answer(part, { stored: { ...STORED, date: MODIFIED } }).status, 200);
    const { date: _date, ...undated } = STORED;
    assert.equal(answer(part, { stored: undated }).status, 200);
  });

  it('errors, redirects and answers to OPTIONS have no conditions and no parts', () => {
    const request = { 'if-none-match': '"one"', range: 'bytes=0-9' };
    for (const status of [301, 404, 503]) {
      assert.equal(answer(request, { status }).status, status);
    }
    assert.equal(answer(request, { method: 'OPTIONS' }).status, 200);
  });
});

/**
 * Range and the bytes of 100 it stands for; undefined for the whole object.
 *
 * @type {[string, [number, number] | 'unsatisfiable' | undefined][]}
 */
const RANGES = [
  ['bytes=0-9', [0, 10]],
  ['bytes=90-', [90, 100]],
  ['bytes=90-200', [90, 100]],
  ['bytes=99-99', [99, 100]],
  ['bytes=-10', [90, 100]],
  ['bytes=-200', [0, 100]],
  ['Bytes=0-0', [0, 1]],
  ['bytes=100-', 'unsatisfiable'],
  ['bytes=100-200', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=9-0', undefined],
  ['bytes=200-100', undefined],
  ['bytes=-', undefined],
  ['bytes=a-b', undefined],
  ['bytes=-1-2', undefined],
  ['bytes=0-9,20-29', undefined],
  ['bytes=20-29,0-9', undefined],
  ['lines=0-9', undefined],
  ['', undefined],
];

describe('ranges (RFC 9110 section 14)', () => {
  for (const [range, expected] of RANGES) {
    it(`${JSON.stringify(range)} of 100 bytes`, () => {
      const { status, range: found, headers } = answer({ range });
      if (expected === undefined) {
        assert.equal(status, 200);
        assert.equal(found, undefined);
        assert.equal(headers['content-length'][0].value, '100');
      } else if (expected === 'unsatisfiable') {
        assert.equal(status, 416);
        assert.equal(headers['content-range'][0].value, 'bytes */100');
        assert.equal(headers['content-length'], undefined);
      } else {
        assert.equal(status, 206);
        assert.deepEqual(found, expected);
        const [start, end] = expected;
        assert.equal(headers['content-range'][0].value, `bytes ${start}-${end - 1}/100`);
        assert.equal(headers['content-length'][0].value, String(end - start));
      }
    });
  }

  it('an empty object satisfies none', () => {
    for (const range of ['bytes=0-', 'bytes=-5']) {
      assert.equal(answer({ range }, { size: 0 }).status, 416);
    }
  });

  it('an answer whose size is not known is sent whole', () => {
    assert.equal(answer({ range: 'bytes=0-9' }, { size: undefined }).status, 200);
  });
});

it('a 304 keeps what says how to use the stored body, not what describes one', () => {
  const stored = { ...STORED, 'cache-control': 'max-age=9', 'x-a': '1', vary: 'accept-encoding' };
  const { headers } = answer({ 'if-none-match': ETAG }, { stored });
  const expected = ['etag', 'last-modified', 'date', 'cache-control', 'x-a', 'vary'].sort();
  assert.deepEqual(Object.keys(headers).sort(), expected);
});

it('Age is the time since the origin made the answer', () => {
  const head = { status: 200, headers: map({ age: '5' }), age: () => 65 };
  assert.deepEqual(answerFrom(head, {}, 'GET').headers.age, [{ key: 'Age', value: '65' }]);
  assert.deepEqual(head.headers.age, [{ key: 'age', value: '5' }]);
});

describe('asking the origin', () => {
  /** @type {any} */
  const behavior = {
    cachePolicy: { cookies: { behavior: 'none', names: [] } },
    originRequestPolicy: undefined,
  };
  const withCookies = {
    ...behavior,
    originRequestPolicy: { cookies: { behavior: 'all', names: [] } },
  };
  /** @param {Record<string, string>} stored */
  const asked = (stored, forwarding = behavior, status = 200) =>
    Object.fromEntries(
      Object.entries(validators({ status, headers: map(stored) }, forwarding)).map(
        ([name, [{ value }]]) => [name, value],
      ),
    );

  it('with the validators that the answer has', () => {
    const both = { 'if-none-match': ETAG, 'if-modified-since': MODIFIED };
    assert.deepEqual(asked(STORED), both);
    assert.deepEqual(asked({ etag: ETAG }), { 'if-none-match': ETAG });
    assert.deepEqual(asked({ 'last-modified': MODIFIED }), { 'if-modified-since': MODIFIED });
    assert.deepEqual(asked({}), {});
  });

  it('without, about an error, after Vary: *, or where cookies are forwarded', () => {
    assert.deepEqual(asked(STORED, behavior, 404), {});
    assert.deepEqual(asked({ ...STORED, vary: '*' }), {});
    assert.deepEqual(asked(STORED, withCookies), {});
  });
});

it('a 304 updates headers, but for those of the body (RFC 9111 section 3.2)', () => {
  const stored = map({ ...STORED, age: '7', 'x-a': '1', 'cache-control': 'max-age=1' });
  const changed = { 'cache-control': 'max-age=2', 'x-b': '2' };
  const fresh = map({ ...changed, 'content-length': '0', etag: ETAG });
  assert.deepEqual(values(updatedHeaders(stored, fresh)), {
    ...STORED,
    'x-a': '1',
    ...changed,
  });
  const weak = updatedHeaders(map({ etag: 'W/"one"' }), map({ etag: '"one"' }));
  assert.deepEqual(values(weak), { etag: 'W/"one"' });
});

/**
 * @param {Record<string, string>} request
 * @param {{ stored?: Record<string, string>, method?: string, status?: number, size?: number }}
 *   [at]
 */
function answer(request, at = {}) {
  const { stored = STORED, method = 'GET', status = 200 } = at;
  const size = 'size' in at ? at.size : 100;
  return answerFrom({ status, headers: map(stored), size }, map(request), method);
}

/** @param {Record<string, string>} headers */
function map(headers) {
  const entries = Object.entries(headers).map(([name, value]) => [name, [{ key: name, value }]]);
  return Object.fromEntries(entries);
}

/** @param {import('../../js/cloudfront/headers.js').HeaderMap} headers */
function values(headers) {
  return Object.fromEntries(
    Object.entries(headers).map(([name, entries]) => [name, entries[0].value]),
  );
}

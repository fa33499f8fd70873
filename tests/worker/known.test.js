// Header names and fields that both sides know by number: whatever was known before, events are read and
// outcomes carried out as if nothing were.

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';

import { buildUnruly, eventOf, requestFor, start } from './load.js';

/** @type {import('./load.js').Built} */
let built;
/** @type {ReturnType<typeof start>} */
let handle;
before(async () => {
  built = await buildUnruly();
  handle = start(built);
});

/**
 * Sends values of `x-in`, which come back as `out`.
 *
 * @param {string[]} values
 * @param {string} [out]
 * @param {Record<string, string>} [others]  headers
 */
async function copied(values, out = 'x-out', others = {}) {
  const headers = { ...fields(others), 'x-in': values.map((value) => ({ key: 'X-In', value })) };
  const { result } = await handle(copying(out, headers));
  assert.equal(result.querystring, String(Object.keys(others).length + values.length));
  return { values: result.headers[out]?.map((/** @type {any} */ { value }) => value), result };
}

/** @param {string} out @param {object} headers */
function copying(out, headers) {
  return eventOf('viewer-request', (cf) => {
    Object.assign(cf.request, { uri: '/copy', querystring: out, headers });
  });
}

/** @param {Record<string, string>} named */
function fields(named) {
  return Object.fromEntries(
    Object.entries(named).map(([key, value]) => [key, [{ key, value }]]),
  );
}

describe('a field of outcomes', () => {
  it('is the same at each event, and another where its value is another', async () => {
    for (const value of ['a', 'a', 'b', 'b', 'a', '', '', 'a b', 'a b', '0', '0']) {
      assert.deepEqual((await copied([value])).values, [value]);
    }
  });

  it('keeps its values apart, however many it has', async () => {
    for (const values of [['a', 'b'], ['a', 'b'], ['b', 'a'], ['a'], ['a', 'a'], ['b', 'b', 'a']]) {
      assert.deepEqual((await copied(values)).values, values);
    }
  });

  it('is an object of its own at each event: a caller may write to it', async () => {
    const [first, second] = [await copied(['a']), await copied(['a'])];
    first.result.headers['x-out'][0].value = 'written';
    first.result.headers['x-out'].push({ key: 'x-out', value: 'added' });
    assert.deepEqual(second.result.headers['x-out'], [{ key: 'x-out', value: 'a' }]);
    assert.deepEqual((await copied(['a'])).values, ['a']);
  });

  it('is not mixed up with another, though there are more than are known', async () => {
    for (let round = 0; round < 3; round += 1) {
      for (let i = 0; i < 100; i += 1) {
        const out = `x-out-${i}`;
        const value = `${i + (i % 3 === 0 ? round : 0)}`;
        assert.deepEqual((await copied([value], out)).values, [value]);
      }
    }
  });

  it('may be long, and outside ASCII', async () => {
    for (const value of ['é', 'é', 'ü', 'x'.repeat(256), 'y'.repeat(257), 'é'.repeat(3_000)]) {
      assert.deepEqual((await copied([value])).values, [value]);
      assert.deepEqual((await copied([value])).values, [value]);
    }
  });

  it('is forgotten with its instance', async () => {
    handle = start(built);
    assert.deepEqual((await copied(['a'])).values, ['a']);
    assert.equal((await handle(requestFor('/trap/panic'))).result.status, '500');
    assert.deepEqual((await copied(['b'], 'x-other')).values, ['b']);
    assert.deepEqual((await copied(['a'])).values, ['a']);
    handle = start(built);
    assert.deepEqual((await copied(['c'])).values, ['c']);
  });
});

describe("a name of an event's headers", () => {
  it('is read rightly, though more names come than are known', async () => {
    for (let round = 0; round < 2; round += 1) {
      for (let i = 0; i < 400; i += 20) {
        const others = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`x-${i + n}`, 'v']));
        const { values, result } = await copied([`${i}`], 'x-out', others);
        assert.deepEqual(values, [`${i}`]);
        for (const name in others) assert.equal(result.headers[name][0].value, 'v');
      }
    }
  });

  for (const name of ['X-In', 'x-\u00c9', '']) {
    it(`E3: ${JSON.stringify(name)} is judged each time it comes`, async () => {
      const isRefused = name !== 'x-\u00c9';
      for (let round = 0; round < 3; round += 1) {
        const { result } = await handle(copying('x-out', fields({ [name]: 'v' })));
        assert.equal(result.status, isRefused ? '500' : undefined);
      }
      assert.deepEqual((await copied(['a'])).values, ['a']);
    });
  }

  it('may be one that objects have', async () => {
    for (const name of ['constructor', '__proto__', 'hasownproperty']) {
      for (let round = 0; round < 2; round += 1) {
        const headers = JSON.parse(`{"${name}":[{"key":"${name}","value":"v"}]}`);
        const { result } = await handle(copying('x-out', headers));
        assert.equal(result.querystring, '1');
      }
    }
  });
});

describe('long values', () => {
  const long = (/** @type {string} */ text) => text.repeat(2_500);

  for (const [name, values] of Object.entries({
    'a long one': [long('a')],
    'several': [long('a'), long('b'), 'c', long('d')],
    'short ones around it': ['a', long('b'), 'c'],
    'outside ASCII': [long('é'), 'ü', long('a')],
    'outside ASCII before it': ['ü', long('a')],
  })) {
    it(`cross whole: ${name}`, async () => {
      assert.deepEqual((await copied(values)).values, values);
      assert.deepEqual((await copied(values, 'x-out', { host: 'h', via: 'v' })).values, values);
    });
  }
});

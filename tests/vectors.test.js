/**
 * The shared vectors through real bundles: the same expectations as tests/vectors.rs, and the same
 * results to the last field, though the Rust of tests/vectors.rs reads its configuration when it
 * starts, and a bundle's function begins with a memory in which that was done. tests/vectors/README.md says how they are written.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { Edge, ORIGIN_SECRET, baseEvent, load, parse, read, token, withTokens } from './edge.js';

/**
 * @typedef {object} Vector
 * @property {string} name
 * @property {string} [case] the cases it holds, such as `kid/empty`, before the test's name
 * @property {number} [at]
 * @property {string} [edge]
 * @property {any} event
 * @property {string | null} [fetched]
 * @property {any} expect
 *
 * @typedef {{ name: string, result: any, log: string | null }} Native
 */

for (const file of readdirSync(new URL('vectors/', import.meta.url)).sort()) {
  if (file.endsWith('.vectors.json')) describe(file, () => family(file));
}

describe('a secret in the log or in a body', () => {
  const event = eventOf({
    uri: '/',
    headers: { authorization: 'Bearer {token access}', cookie: 'a=12345678; b=short' },
  });
  const signature = token('access').split('.')[2];
  for (const secret of [signature, '12345678', ORIGIN_SECRET]) {
    it(`is found: ${secret.slice(0, 10)}`, () => {
      assert.throws(() => checkSecrets(event, { body: '' }, [`refused ${secret}!`]));
      assert.throws(() => checkSecrets(event, { body: `no: ${secret}` }, []));
    });
  }
  it('is not found where there is none', () => checkSecrets(event, { body: 'short' }, ['refused']));
});

/** @param {string} file */
function family(file) {
  /** @type {{ configuration: string, key_sets?: (string | null)[], vectors: Vector[] }} */
  const { configuration, key_sets: keySets, vectors } = parse(`vectors/${file}`);
  /** @type {import('./edge.js').Loaded} */
  let loaded;
  /** @type {Native[]} */
  let native;
  /** @type {(() => void)[]} */
  const ends = [];
  after(() => ends.forEach((end) => end()));
  before(async () => {
    const suite = { after: (/** @type {() => void} */ end) => ends.push(end) };
    loaded = await load(suite, { toml: read(`vectors/${configuration}`), keySets });
    native = nativeResults(file, vectors);
  });
  vectors.forEach((vector, index) => {
    it(vector.case ? `${vector.case}: ${vector.name}` : vector.name, async () => {
      const { edge: region = 'us-east-1', at, event: given, fetched, expect } = vector;
      const edge = new Edge(loaded, { region });
      if (at) edge.now = at * 1_000;
      if (fetched) edge.fetch = async () => Buffer.from(read(`vectors/${fetched}`));
      const event = eventOf(given);
      const result = await edge.handle(structuredClone(event));
      check(expect, result, edge.fetches);
      checkSecrets(event, result, edge.lines);
      const { result: nativeResult, log } = native[index];
      assert.deepEqual(result, nativeResult, 'native Rust and WebAssembly differ');
      assert.equal(edge.lines.at(-1) ?? null, log, 'native Rust and WebAssembly log differently');
    });
  });
}

/**
 * What tests/vectors.rs left of the same vectors.
 *
 * @param {string} file
 * @param {Vector[]} vectors
 * @returns {Native[]}
 */
function nativeResults(file, vectors) {
  const advice = 'run cargo test --features tools --test vectors first';
  let native;
  try {
    native = parse(`../target/vectors/${file}`);
  } catch (error) {
    throw new Error(`there are no native results to compare with: ${advice}`, { cause: error });
  }
  const names = (/** @type {{ name: string }[]} */ list) => list.map(({ name }) => name);
  assert.deepEqual(names(native), names(vectors), `the native results are older: ${advice}`);
  return native;
}

/**
 * The documented event of the trigger with the vector's values in it.
 *
 * @param {any} given
 */
function eventOf({ trigger = 'viewer-request', headers, origin, response, ...given }) {
  const event = baseEvent(trigger);
  const { cf } = event.Records[0];
  const names = { method: 'method', uri: 'uri', querystring: 'querystring', client_ip: 'clientIp' };
  for (const [from, to] of Object.entries(names)) {
    if (from in given) cf.request[to] = given[from];
  }
  setHeaders(cf.request.headers, headers);
  if (origin) cf.request.origin = origin;
  if (response?.status) cf.response.status = response.status;
  if (response) setHeaders(cf.response.headers, response.headers);
  return event;
}

/**
 * @param {Record<string, { key: string, value: string }[]>} headers
 * @param {Record<string, string | string[] | null>} [given]
 */
function setHeaders(headers, given = {}) {
  for (const [key, value] of Object.entries(given)) {
    delete headers[key];
    if (value === null) continue;
    headers[key] = [value].flat().map((text) => ({ key, value: withTokens(text) }));
  }
}

/**
 * @param {any} expect
 * @param {any} result
 * @param {number} found fetches
 */
function check({ fetches = 0, status, error, headers = {}, forward, ...unknown }, result, found) {
  assert.deepEqual(unknown, {}, 'not a thing to expect');
  assert(status !== undefined || forward !== undefined, 'expects neither status nor forward');
  assert.equal(found, fetches, 'fetches');
  if (status !== undefined) assert.equal(result.status, String(status));
  if (error !== undefined) assert.equal(JSON.parse(result.body).error, error);
  for (const [name, value] of Object.entries(headers)) {
    const values = (result.headers[name] ?? []).map((/** @type {any} */ field) => field.value);
    assert.deepEqual(values, value === null ? [] : [value].flat(), `header ${name}`);
  }
  if (forward) {
    const { origin = {}, ...fields } = forward;
    const isGenerated = !('clientIp' in result) && 'bodyEncoding' in result;
    assert.equal(isGenerated, 'body' in fields, 'is generated');
    for (const [name, value] of Object.entries(fields)) assert.deepEqual(result[name], value, name);
    for (const [part, value] of Object.entries(origin)) {
      assert.deepEqual(result.origin.custom[part], value, `origin.${part}`);
    }
  }
}

/**
 * No secret of the event, nor the origin secret, stands in the log or in a generated body. A part
 * of a token is as secret as the whole.
 *
 * @param {any} event
 * @param {any} result
 * @param {string[]} lines
 */
function checkSecrets(event, result, lines) {
  const { headers } = event.Records[0].cf.request;
  const values = ['authorization', 'cookie'].flatMap((name) =>
    (headers[name] ?? []).map((/** @type {any} */ field) => field.value),
  );
  const parts = values.flatMap((value) => value.split(/[ ;=,."]/));
  const secrets = [...parts.filter((part) => part.length >= 8), ORIGIN_SECRET];
  for (const [place, text] of [
    ['the log', lines.join('\n')],
    ['the body', typeof result.body === 'string' ? result.body : ''],
  ]) {
    const secret = secrets.find((part) => text.includes(part));
    assert.equal(secret, undefined, `${place} holds a secret`);
  }
}

/**
 * Events for the handler, as CloudFront sends them and as it never would; and what an answer must
 * be all the same.
 */
import assert from 'node:assert/strict';
import { baseEvent, withTokens } from '../edge.js';

export const TRIGGERS = ['viewer-request', 'origin-request', 'origin-response', 'viewer-response'];

/**
 * An event of a trigger with other values in its request.
 *
 * @param {string} trigger
 * @param {Record<string, any>} request `headers` by name: a text, a list of texts, or null to leave
 *   one out; the rest as in the event
 */
export function eventOf(trigger, { headers = {}, ...request }) {
  const event = baseEvent(trigger);
  const { cf } = event.Records[0];
  Object.assign(cf.request, request);
  setHeaders(cf.request.headers, headers);
  return event;
}

/**
 * @param {Record<string, { key: string, value: string }[]>} fields
 * @param {Record<string, string | string[] | null>} headers
 */
export function setHeaders(fields, headers) {
  for (const [key, value] of Object.entries(headers)) {
    delete fields[key];
    if (value === null) continue;
    fields[key] = [value].flat().map((text) => ({
      key,
      value: withTokens(text),
    }));
  }
}

/**
 * That an answer made by the function is one CloudFront takes (rules G1, G2, G3, G4, E3), from
 * whatever event.
 *
 * @param {any} answer
 * @param {string} [where]
 */
export function isSound(answer, where) {
  assert.equal(typeof answer, 'object', where);
  assert.match(answer.status, /^[2-5]\d\d$/, where);
  assert.equal(answer.headers['cache-control'][0].value, 'no-store', where);
  let size = Buffer.byteLength(answer.body ?? '');
  for (const [name, fields] of Object.entries(answer.headers)) {
    assert.match(name, /^[a-z0-9-]+$/, where);
    assert(Array.isArray(fields) && fields.length > 0, where);
    for (const { key, value } of fields) {
      assert.equal(key, name, where);
      assert.match(value, /^[ -~]*$/, where);
      size += name.length + value.length;
    }
  }
  assert(size <= 40_000, `${where}: ${size} bytes`);
  if (answer.status === '204') assert.equal(answer.body, undefined, where);
  const known = ['status', 'statusDescription', 'headers', 'body', 'bodyEncoding'];
  assert.deepEqual(Object.keys(answer).filter((name) => !known.includes(name)), [], where);
}

/** What may stand where something else should, `MISSING` for nothing at all. */
export const MISSING = Symbol('missing');
export const OTHER_VALUES = [
  MISSING,
  null,
  undefined,
  7,
  NaN,
  true,
  '',
  'x',
  'x\ny',
  '東京\u{1f5fc}\ud800',
  ...TRIGGERS,
  [],
  [null],
  [[]],
  {},
  { x: { y: {} } },
  [{ key: 'X', value: 'x' }],
  [{ key: 'X' }],
  () => 'x',
];

/**
 * Every place in an event, the event itself excepted.
 *
 * @param {any} value
 * @param {string[]} [above]
 * @returns {string[][]}
 */
export function places(value, above = []) {
  const below =
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([name, inner]) => places(inner, [...above, name]))
      : [];
  return above.length === 0 ? below : [above, ...below];
}

/**
 * The event with another value at a place.
 *
 * @param {any} whole
 * @param {string[]} place
 * @param {unknown} value
 */
export function broken(whole, place, value) {
  const event = structuredClone(whole);
  let holder = event;
  for (const name of place.slice(0, -1)) holder = holder[name];
  const name = /** @type {string} */ (place.at(-1));
  if (value === MISSING) delete holder[name];
  else holder[name] = value;
  return event;
}

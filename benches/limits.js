/**
 * What is left of a row when nothing is decided: its events are taken into WebAssembly as ever, an
 * outcome lies ready there, and is carried out. No core of ours could cost less.
 *
 * @typedef {import('./rounds.js').Row} Row
 * @typedef {import('./children/load.js').Handler} Handler
 */
import { deepStrictEqual } from 'node:assert';
import binaryen from 'binaryen';

import { createHandler } from '../worker/js/worker.mjs';
import { REGION, load } from './children/load.js';

/** The rows whose limit is shown, by the limit's name. */
const OF = {
  limit_repeat: 'repeat',
  limit_repeat_cookie: 'repeat_cookie',
  limit_origin_request: 'origin_request',
  limit_static: 'static',
  limit_refusal: 'refusal',
};

/**
 * Those limits; and `limit_first_seen`, a known token's request after a signature check of its own.
 *
 * @param {Record<string, Row>} rows Nearhop's
 * @param {Row} floor
 * @param {string} dir Nearhop's bundle
 * @returns {Promise<Record<string, Row>>}
 * @throws {Error} where one answers otherwise than Nearhop
 */
export async function limits(rows, floor, dir) {
  const entries = Object.entries(OF).map(async ([limit, name]) => {
    const request = await undecided(rows[name], dir);
    return [limit, { ...rows[name], request }];
  });
  const { repeat } = rows;
  return {
    ...Object.fromEntries(await Promise.all(entries)),
    limit_first_seen: {
      requests: floor.requests,
      inputs: (count) => {
        const signed = floor.inputs(count);
        return repeat.inputs(count).map((event, at) => ({ event, signed: signed[at] }));
      },
      request({ event, signed }) {
        floor.request(signed);
        return repeat.request(event);
      },
    },
  };
}

/**
 * A handler for a row's event and no other.
 *
 * @param {Row} row
 * @param {string} dir
 * @returns {Promise<Handler>}
 */
async function undecided({ inputs }, dir) {
  let log = '';
  const handler = await load(dir, { log: (/** @type {string} */ line) => (log = line) });
  const [event, asked, sent] = inputs(3);
  const result = await handler(asked);
  const lines = outcomeOf(sent.Records[0].cf.request, result, log);
  const ready = createHandler({ module: answering(lines), region: REGION, log: () => {} });
  for (const given of [event, structuredClone(sent)]) deepStrictEqual(await ready(given), result);
  return ready;
}

/**
 * The lines of an outcome (worker/src/wire.rs): as an instance first writes it, and from then on, when
 * fields and origins cross by their numbers.
 *
 * @param {any} sent the event's request
 * @param {any} result
 * @param {string} log
 * @returns {[string, string]}
 */
function outcomeOf(sent, result, log) {
  const answers = 'status' in result;
  const before = answers ? {} : sent.headers;
  const fields = Object.entries(result.headers)
    .filter(([key, [{ value }]]) => before[key]?.[0].value !== value)
    .map(([key, [{ value }]], at) => [`${answers ? '+' : '='}${numbered(at)}`, `${key} ${value}`]);
  const begins = [answers ? 'R' : 'F', ...(log ? [`l${log}`] : [])];
  if (answers) begins.push(`s${result.status} ${result.statusDescription}`);
  if (!answers && result.uri !== sent.uri) begins.push(`u${result.uri}`);
  if (result.origin) {
    const { protocol, port, domainName, path } = result.origin.custom;
    fields.push([`o${numbered(0)}`, `${protocol} ${port} ${domainName} ${path}`]);
  }
  const ends = answers ? ['t', result.body] : [''];
  const first = [...begins, ...fields.map((parts) => parts.join('')), ...ends].join('\n');
  return [first, [...begins, ...fields.map(([number]) => number), ...ends].join('\n')];
}

/** @param {number} at */
const numbered = (at) => String.fromCharCode(0x30 + at);

/**
 * A worker whose outcome is the first of two, and then always the second.
 *
 * @param {[string, string]} outcomes
 */
function answering(outcomes) {
  const [first, then] = outcomes.map((text) => Buffer.from(text));
  const data = (/** @type {Buffer} */ bytes) =>
    [...bytes].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');
  const [atFirst, atThen, input] = [8, 4_096, 65_536];
  const made = binaryen.parseText(`(module
    (memory (export "memory") 16)
    (data (i32.const ${atFirst}) "${data(first)}")
    (data (i32.const ${atThen}) "${data(then)}")
    (global $names (mut i32) (i32.const -1))
    (global $events (mut i32) (i32.const 0))
    (func (export "cloudfront_input") (param i32) (result i32) (i32.const ${input}))
    (func (export "cloudfront_start") (param i32 i64))
    (func (export "cloudfront_name") (param i32) (result i32)
      (global.set $names (i32.add (global.get $names) (i32.const 1)))
      (global.get $names))
    (func (export "cloudfront_handle") (param i32 i32 f64 i32) (result i32)
      (global.set $events (i32.add (global.get $events) (i32.const 1)))
      (select (i32.const ${first.length}) (i32.const ${then.length})
        (i32.eq (global.get $events) (i32.const 1))))
    (func (export "cloudfront_output") (result i32)
      (select (i32.const ${atFirst}) (i32.const ${atThen})
        (i32.eq (global.get $events) (i32.const 1)))))`);
  const module = new WebAssembly.Module(made.emitBinary());
  made.dispose();
  return module;
}

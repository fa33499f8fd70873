/**
 * What is left of a row when nothing is decided.
 *
 * `limit_…` is what JavaScript does: events are taken into WebAssembly as ever, where an outcome lies
 * ready, and that is carried out. `crossing_…` is a worker of the crate cloudfront-worker that decides
 * nothing: in WebAssembly the event is read and the outcome made, checked and written (benches/undecided).
 *
 * @typedef {import('./rounds.js').Row} Row
 * @typedef {import('./children/load.js').Handler} Handler
 *
 * @typedef {object} Outcome  of a row's events, always the same
 * @property {any} result
 * @property {string} [log]
 * @property {number} [status]  of an answer; without one, the request goes on
 * @property {string} [uri]
 * @property {[name: string, value: string][]} fields
 * @property {{ protocol: string, port: number, domainName: string, path: string }} [origin]
 * @property {string} [body]
 */
import { deepStrictEqual } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import binaryen from 'binaryen';

import { createHandler } from '../worker/js/worker.mjs';
import { REGION, load } from './children/load.js';

/** The rows whose limits are shown. */
const LIMITED = ['repeat', 'repeat_cookie', 'origin_request', 'static', 'refusal'];

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
  const undecided = buildUndecided();
  /** @type {Record<string, Row>} */
  const made = {};
  for (const name of LIMITED) {
    const row = rows[name];
    const outcome = await outcomeOf(row, dir);
    const config = Buffer.from(JSON.stringify(outcome));
    const crossing = await agreeing({ module: undecided, config }, row, outcome);
    const limit = await agreeing({ module: answering(linesOf(outcome)) }, row, outcome);
    made[`crossing_${name}`] = { ...row, request: crossing };
    made[`limit_${name}`] = { ...row, request: limit };
  }
  const { repeat } = rows;
  return {
    ...made,
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

/** The worker of benches/undecided. */
function buildUndecided() {
  const root = new URL('../', import.meta.url);
  execFileSync('scripts/build', ['undecided'], { cwd: fileURLToPath(root), stdio: 'pipe' });
  return new WebAssembly.Module(readFileSync(new URL('pkg/undecided/undecided_bg.wasm', root)));
}

/**
 * A worker's handler, which has answered two of a row's events as Nearhop does.
 *
 * @param {import('../worker/js/worker.mjs').WorkerOptions} options
 * @param {Row} row
 * @param {Outcome} outcome
 * @returns {Promise<Handler>}
 */
async function agreeing(options, { inputs }, { result }) {
  const handler = createHandler({ ...options, region: REGION, log: () => {} });
  for (const event of inputs(2)) deepStrictEqual(await handler(event), result);
  return handler;
}

/**
 * What Nearhop does with a row's events.
 *
 * @param {Row} row
 * @param {string} dir
 * @returns {Promise<Outcome>}
 */
async function outcomeOf({ inputs }, dir) {
  /** @type {string | undefined} */
  let log;
  const handler = await load(dir, { log: (/** @type {string} */ line) => (log = line) });
  const [asked, { Records }] = inputs(2);
  /** @type {any} */
  const result = await handler(asked);
  const { request } = Records[0].cf;
  const answers = 'status' in result;
  const before = answers ? {} : request.headers;
  const all = Object.entries(/** @type {Record<string, [{ value: string }]>} */ (result.headers));
  const fields = all.map(([key, [{ value }]]) => /** @type {[string, string]} */ ([key, value]));
  return {
    result,
    log,
    status: answers ? Number(result.status) : undefined,
    uri: !answers && result.uri !== request.uri ? result.uri : undefined,
    fields: fields.filter(([key, value]) => before[key]?.[0].value !== value),
    origin: result.origin?.custom,
    body: result.body,
  };
}

/**
 * The lines of an outcome (worker/src/wire.rs): as an instance first writes it, and from then on, when
 * fields and origins cross by their numbers.
 *
 * @param {Outcome} outcome
 * @returns {[string, string]}
 */
function linesOf({ result, log, status, uri, fields, origin, body }) {
  const known = fields.map(([key, value], at) => [
    `${status ? '+' : '='}${numbered(at)}`,
    `${key} ${value}`,
  ]);
  if (origin) {
    const { protocol, port, domainName, path } = origin;
    known.push([`o${numbered(0)}`, `${protocol} ${port} ${domainName} ${path}`]);
  }
  const begins = [status ? 'R' : 'F', ...(log ? [`l${log}`] : [])];
  if (status) begins.push(`s${status} ${result.statusDescription}`);
  if (uri) begins.push(`u${uri}`);
  const ends = body === undefined ? [''] : ['t', body];
  const first = [...begins, ...known.map((parts) => parts.join('')), ...ends].join('\n');
  return [first, [...begins, ...known.map(([number]) => number), ...ends].join('\n')];
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

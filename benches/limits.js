/**
 * What no code of ours in WebAssembly could go below, by measurement: two of the rows, without what
 * is decided for them.
 *
 * @typedef {import('./rounds.js').Row} Row
 */
import binaryen from 'binaryen';

import { createHandler } from '../worker/js/worker.mjs';
import { REGION } from './children/load.js';

/**
 * @param {object} rows
 * @param {Row} rows.page
 * @param {Row} rows.repeat
 * @param {Row} floor
 * @returns {Record<'limit_page' | 'limit_first_seen', Row>}
 */
export function limits({ page, repeat }, floor) {
  return {
    limit_page: { ...page, request: undecided('F\nu/index.html\n') },
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
 * A handler that takes events into a WebAssembly instance as Nearhop's does, and carries out an
 * outcome that is there already (worker/src/wire.rs).
 *
 * @param {string} outcome
 */
function undecided(outcome) {
  const bytes = [...Buffer.from(outcome)].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`);
  const text = `(module
    (memory (export "memory") 16)
    (data (i32.const 8) "${bytes.join('')}")
    (global $names (mut i32) (i32.const 0))
    (func (export "cloudfront_input") (param i32) (result i32) (i32.const 1024))
    (func (export "cloudfront_output") (result i32) (i32.const 8))
    (func (export "cloudfront_start") (param i32 i64))
    (func (export "cloudfront_name") (param i32) (result i32)
      (global.set $names (i32.add (global.get $names) (i32.const 1)))
      (global.get $names))
    (func (export "cloudfront_handle") (param i32 i32 f64 i32) (result i32)
      (i32.const ${bytes.length})))`;
  const made = binaryen.parseText(text);
  const module = new WebAssembly.Module(made.emitBinary());
  made.dispose();
  return createHandler({ module, region: REGION, log: () => {} });
}

#!/usr/bin/env node
/**
 * Takes out of a worker what it does not need once it has been configured (worker/js/snapshot.mjs):
 * all that only `cloudfront_configure` reaches, and what panics say. At the edge nobody hears it: a
 * panic is a trap either way, and the handler answers 500.
 *
 *   scripts/lean.js LINKED FULL LEAN
 *
 *   LINKED   what the linker wrote, with --emit-relocs and names
 *   FULL     to write: the same without what is for linkers only
 *   LEAN     to write: with nothing in the place of what was taken out. All that is left keeps its
 *            place in memory and in the table
 */
import { readFileSync, writeFileSync } from 'node:fs';

import {
  Reader,
  SECTION,
  UNUSED_DATA,
  bodyOf,
  moduleOf,
  unsigned,
} from '../worker/js/sections.mjs';
import { PUSHED_ADDRESS, PUSHED_SLOT, isFunction, readLinked } from './linked.js';

/**
 * @typedef {import('./linked.js').Linked} Linked
 * @typedef {import('./linked.js').Func} Func
 * @typedef {import('./linked.js').Datum} Datum
 * @typedef {Func | Datum} Node
 */

/** What worker.mjs calls in an instance that has been configured. */
const CONFIGURED = ['handle', 'input', 'name', 'output', 'record', 'start'];

/** Functions of Rust's library that never return, and a module of nothing else. */
const NEVER_RETURN = [
  'core::panicking',
  'core::option::unwrap_failed',
  'core::option::expect_failed',
  'core::result::unwrap_failed',
  'core::slice::index::slice_index_fail',
  'core::str::slice_error_fail',
  'alloc::raw_vec::handle_error',
  'alloc::alloc::handle_alloc_error',
].map((path) => path.split('::').map((part) => part.length + part).join(''));

/**
 * How serde and maxminddb would write a floating-point number into a message, 24 kB in all. At the
 * edge their messages go nowhere but to a log; serde_json has a way of its own.
 */
const FLOAT_IN_MESSAGE = /WithDecimalPoint.*Display.*3fmt/;

/** Formatting: its arguments point to functions, but live no longer than the statement. */
const FORMATTING = /4core3fmt|core\.\.fmt\.\./;

/** Instructions, and bodies of functions: without locals. 0 is what Rust has for Ok(()). */
const [UNREACHABLE, END, CALL, LOCAL_GET, I32_CONST] = [0x00, 0x0b, 0x10, 0x20, 0x41];
const TRAPS = Buffer.of(0, UNREACHABLE, END);
const WRITES_NOTHING = Buffer.of(0, I32_CONST, 0, END);

main(process.argv.slice(2));

/** @param {string[]} paths */
function main([from, full, lean]) {
  const linked = readLinked(readFileSync(from));
  writeFileSync(full, moduleOf(linked.sections.filter(isForEngines)));
  writeFileSync(lean, leanOf(linked));
}

/** Or for wasm-opt. @param {import('../worker/js/sections.mjs').Section} section */
function isForEngines({ id, name }) {
  return id !== SECTION.custom || name === 'name' || name === 'target_features';
}

/** @param {Linked} linked */
function leanOf({ sections, functions, data, exported }) {
  const panics = named(functions, (name) => NEVER_RETURN.some((path) => name.includes(path)));
  const floats = named(functions, (name) => FLOAT_IN_MESSAGE.test(name));
  const code = bodyOf(sections, SECTION.code);
  for (const { name, end } of panics) {
    if (code[end - 2] !== UNREACHABLE) throw new Error(`${name} seems to return`);
  }
  const isEmptied = (/** @type {Func} */ each) => panics.has(each) || floats.has(each);
  const needs = (/** @type {Node} */ node) =>
    node.references
      .filter(({ type, at }) => type !== PUSHED_ADDRESS || !isForPanic(code, at, functions, panics))
      .map(({ target }) => target);
  const reach = (/** @type {Node[]} */ roots) =>
    reached(roots, (node) => (isFunction(node) && isEmptied(node) ? [] : needs(node)));

  const configured = CONFIGURED.map((name) => entry(exported, name));
  const used = reach([...configured, ...callable(reach([entry(exported, 'configure')]))]);
  const bodies = functions.filter(({ end }) => end > 0).map((each) => {
    if (floats.has(each)) return WRITES_NOTHING;
    return used.has(each) && !panics.has(each) ? code.subarray(each.start, each.end) : TRAPS;
  });
  const [trap] = panics;
  const inTable = (/** @type {number} */ index) =>
    used.has(functions[index]) ? index : trap.index;
  /** @type {Record<number, (body: Buffer) => Buffer>} */
  const rewritten = {
    [SECTION.code]: () =>
      vector(bodies.map((body) => Buffer.concat([unsigned(body.length), body]))),
    [SECTION.element]: (body) => elements(body, inTable),
  };
  const unused = data.filter((datum) => !used.has(datum)).map(({ address, size }) =>
    Buffer.concat([unsigned(address), unsigned(size)]),
  );
  return moduleOf([
    ...sections
      .filter(isForEngines)
      .map(({ id, name, body }) => ({ id, name, body: rewritten[id]?.(body) ?? body })),
    { id: SECTION.custom, name: UNUSED_DATA, body: vector(unused) },
  ]);
}

/**
 * @param {Func[]} functions
 * @param {(name: string) => boolean} isWanted
 * @returns {Set<Func>}
 */
function named(functions, isWanted) {
  const found = functions.filter(({ name, end }) => end > 0 && isWanted(name));
  if (found.length === 0) throw new Error(`no function is named as ${isWanted} asks`);
  return new Set(found);
}

/** @param {Linked['exported']} exported @param {string} name */
function entry(exported, name) {
  const found = exported.get(`cloudfront_${name}`);
  if (!found) throw new Error(`the module does not export cloudfront_${name}`);
  return found;
}

/**
 * Whether an address is pushed for a call that never returns, with other constants and locals at
 * most between the two: it is where the source of a panic is told, or what it says.
 *
 * @param {Buffer} code
 * @param {number} at
 * @param {Func[]} functions
 * @param {Set<Func>} panics
 */
function isForPanic(code, at, functions, panics) {
  const reader = new Reader(code, at);
  let next = I32_CONST;
  while (next === I32_CONST || next === LOCAL_GET) {
    reader.unsigned();
    next = reader.byte();
  }
  return next === CALL && panics.has(functions[reader.unsigned()]);
}

/**
 * @param {Node[]} roots
 * @param {(node: Node) => Node[]} needs
 * @returns {Set<Node>}
 */
function reached(roots, needs) {
  const found = new Set(roots);
  // A set's iteration meets what is added meanwhile.
  for (const node of found) for (const other of needs(node)) found.add(other);
  return found;
}

/**
 * What was configured may have kept any function whose address was taken meanwhile, by itself or in
 * a table of methods.
 *
 * @param {Set<Node>} nodes  what configuring reaches
 */
function callable(nodes) {
  return [...nodes].flatMap((node) => {
    const targets = node.references
      .filter(({ type }) => !isFunction(node) || type === PUSHED_SLOT)
      .flatMap(({ target }) => (isFunction(target) ? [target] : []));
    return isFunction(node) ? targets.filter(({ name }) => !FORMATTING.test(name)) : targets;
  });
}

/**
 * @param {Buffer} body  of the element section
 * @param {(index: number) => number} change
 */
function elements(body, change) {
  const reader = new Reader(body);
  const [count, kind] = [reader.unsigned(), reader.unsigned()];
  // i32.const FIRST end
  const start = [reader.byte(), reader.unsigned(), reader.byte()];
  if (count !== 1 || kind !== 0 || start[0] !== I32_CONST || start[2] !== END) {
    throw new Error('the table is filled in a way that is not known here');
  }
  const head = body.subarray(0, reader.at);
  return Buffer.concat([head, vector(reader.list(() => unsigned(change(reader.unsigned()))))]);
}

/** @param {Buffer[]} items */
function vector(items) {
  return Buffer.concat([unsigned(items.length), ...items]);
}

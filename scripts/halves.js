#!/usr/bin/env node
/**
 * Parts a configured worker in two: the functions that every instance enters, and the rest, which is
 * loaded when one of it is first called. An engine checks all code of a module when it loads it, so
 * what is seldom needed should not be in the module that each cold start loads.
 *
 *   scripts/halves.js FULL LEAN FIRST REST
 *
 *   FULL    the worker with all that configuring needs
 *   LEAN    the same without that (scripts/lean.js)
 *   FIRST   to write: what of LEAN is entered by the requests of scripts/ordinary.js
 *   REST    to write: the other functions
 *
 * Which are entered is seen, not guessed. Whatever was not seen is done all the same, only later.
 *
 * FIRST has the memory, the tables and the globals; REST imports them. Each calls the other through
 * a table of its own, CROSSING: in the place of a function that is in the other stands one that calls
 * its slot. FIRST imports `cloudfront.load`, which is to instantiate REST (worker/js/instance.mjs):
 * that fills its slots.
 */
import { readFileSync, writeFileSync } from 'node:fs';

import binaryen from 'binaryen';

import { Reader, SECTION, bodyOf, moduleOf, sectionsOf } from '../worker/js/sections.mjs';
import { snapshot } from '../worker/js/snapshot.mjs';
import { FEATURES } from './features.js';
import { answerAll, settings } from './ordinary.js';

/**
 * Bytes. A function no longer than this comes along with what calls it: it costs less there than
 * loading the rest for it would.
 */
const SHORT = 200;

/** Names within a module, where Binaryen calls what has no name by its number. */
const [CROSSING, ENTERED, LOAD, LOADED, DEMAND] = [
  'crossing', 'entered', 'load', 'loaded', 'demand',
];

/** What REST imports from FIRST: its memory and globals under the names they have there. */
const [HOST, FROM, TABLE_EXPORT, CROSSING_EXPORT] = ['cloudfront', 'first', 'table', 'crossing'];

/**
 * @typedef {import('binaryen').default.Module} Module
 * @typedef {import('binaryen').default.FunctionInfo} Func
 *
 * @typedef {object} Parts
 * @property {Func[]} inFirst
 * @property {Func[]} inRest
 * @property {Set<string>} calledByFirst  names, those in its tables and its exports too
 * @property {Set<string>} calledByRest
 */

await main(process.argv.slice(2));

/** @param {string[]} paths */
async function main([full, lean, first, rest]) {
  const bytes = readFileSync(lean);
  const parts = partsOf(bytes, await enteredIn(bytes, readFileSync(full)));
  writeFileSync(first, firstOf(bytes, parts));
  writeFileSync(rest, restOf(bytes, parts));
}

/**
 * @param {Buffer} lean
 * @param {Buffer} full
 * @returns {Promise<Set<string>>} names of functions
 */
async function enteredIn(lean, full) {
  const module = read(lean);
  const functions = definedIn(module);
  module.addFunctionImport(ENTERED, FROM, ENTERED, binaryen.i32, binaryen.none);
  functions.forEach(({ name, params, results, vars, body }, at) => {
    const entering = module.call(ENTERED, [module.i32.const(at)], binaryen.none);
    module.removeFunction(name);
    module.addFunction(name, params, results, vars, module.block(null, [entering, body], results));
  });
  const observed = written(module);

  /** @type {Set<string>} */
  const entered = new Set();
  const enter = (/** @type {number} */ at) => entered.add(functions[at].name);
  for (const { config, events } of await settings()) {
    const configured = snapshot({ module: full, lean: observed, config });
    await answerAll(configured, events, { [FROM]: { [ENTERED]: enter } });
  }
  return entered;
}

/**
 * @param {Buffer} lean
 * @param {Set<string>} entered
 * @returns {Parts}
 */
function partsOf(lean, entered) {
  const module = read(lean);
  const functions = definedIn(module);
  const calls = callsIn(module);
  const roots = [
    ...exportsOf(module).map(({ value }) => value),
    ...segmentsOf(module).flatMap(({ data }) => data),
  ];
  module.dispose();
  const calledBy = (/** @type {Iterable<string>} */ names) =>
    new Set([...names].flatMap((name) => calls.get(name) ?? []));

  const sizes = sizesOf(lean);
  const near = calledBy(entered);
  const isFirst = (/** @type {string} */ name, /** @type {number} */ at) =>
    entered.has(name) || (sizes[at] <= SHORT && near.has(name));
  const [inFirst, inRest] = [true, false].map((wanted) =>
    functions.filter(({ name }, at) => isFirst(name, at) === wanted),
  );
  const [byFirst, byRest] = [inFirst, inRest].map((some) => calledBy(some.map(({ name }) => name)));
  for (const root of roots) byFirst.add(root);
  return { inFirst, inRest, calledByFirst: byFirst, calledByRest: byRest };
}

/** The slots of CROSSING: REST's functions, then FIRST's. @param {Parts} parts */
function slotsOf({ inFirst, inRest, calledByFirst, calledByRest }) {
  const toRest = inRest.filter(({ name }) => calledByFirst.has(name)).map(({ name }) => name);
  const toFirst = inFirst.filter(({ name }) => calledByRest.has(name)).map(({ name }) => name);
  const all = [...toRest, ...toFirst];
  return { toRest, toFirst, size: all.length, of: new Map(all.map((name, slot) => [name, slot])) };
}

/**
 * @param {Buffer} lean
 * @param {Parts} parts
 */
function firstOf(lean, parts) {
  const module = read(lean);
  const slots = slotsOf(parts);
  const demand = () => module.call(DEMAND, [], binaryen.none);
  for (const func of parts.inRest) {
    module.removeFunction(func.name);
    if (!parts.calledByFirst.has(func.name)) continue;
    const body = module.block(null, [demand(), crossing(module, func, slots)], func.results);
    module.addFunction(func.name, func.params, func.results, [], body);
  }
  withoutImports(module, parts.calledByFirst);

  module.addFunctionImport(LOAD, HOST, LOAD, binaryen.none, binaryen.none);
  module.addGlobal(LOADED, binaryen.i32, true, module.i32.const(0));
  const load = module.block(null, [
    module.call(LOAD, [], binaryen.none),
    module.global.set(LOADED, module.i32.const(1)),
  ]);
  const isLoaded = module.global.get(LOADED, binaryen.i32);
  const unlessLoaded = module.if(module.i32.eqz(isLoaded), load);
  module.addFunction(DEMAND, binaryen.none, binaryen.none, [], unlessLoaded);

  for (const { name } of globalsOf(module)) {
    if (name !== LOADED) module.addGlobalExport(name, `global${name}`);
  }
  module.addTableExport(onlyTable(module), TABLE_EXPORT);
  module.addTable(CROSSING, slots.size, slots.size);
  module.addTableExport(CROSSING, CROSSING_EXPORT);
  fill(module, slots.toFirst, slots.toRest.length);
  return without(written(module), 'target_features');
}

/**
 * @param {Buffer} lean
 * @param {Parts} parts
 */
function restOf(lean, parts) {
  const module = read(lean);
  const slots = slotsOf(parts);
  for (const func of parts.inFirst) {
    module.removeFunction(func.name);
    if (!parts.calledByRest.has(func.name)) continue;
    const { name, params, results } = func;
    module.addFunction(name, params, results, [], crossing(module, func, slots));
  }
  withoutImports(module, parts.calledByRest);
  for (const { name } of exportsOf(module)) module.removeExport(name);
  for (const { name } of segmentsOf(module)) module.removeElementSegment(name);

  for (const { name, type, mutable } of globalsOf(module)) {
    module.addGlobalImport(name, FROM, `global${name}`, type, mutable);
  }
  // What is there already becomes the import.
  module.addMemoryImport('0', FROM, 'memory');
  module.addTableImport(onlyTable(module), FROM, TABLE_EXPORT);
  module.addTable(CROSSING, slots.size, slots.size);
  module.addTableImport(CROSSING, FROM, CROSSING_EXPORT);
  fill(module, slots.toRest, 0);
  const bytes = without(written(module));
  // That nothing is left of the data, and of what refers to it by number.
  new WebAssembly.Module(bytes);
  return bytes;
}

/**
 * A call of a function that is in the other part, with the arguments one of its type was given.
 *
 * @param {Module} module
 * @param {Func} func
 * @param {ReturnType<typeof slotsOf>} slots
 */
function crossing(module, { name, params, results }, slots) {
  const slot = module.i32.const(/** @type {number} */ (slots.of.get(name)));
  const given = binaryen.expandType(params).map((type, at) => module.local.get(at, type));
  return module.call_indirect(CROSSING, slot, given, params, results);
}

/**
 * @param {Module} module
 * @param {string[]} names  of functions for CROSSING
 * @param {number} start  the first one's slot
 */
function fill(module, names, start) {
  module.addActiveElementSegment(CROSSING, CROSSING, names, module.i32.const(start));
}

/**
 * Each kind of function that is imported costs a cold start some code.
 *
 * @param {Module} module
 * @param {Set<string>} called
 */
function withoutImports(module, called) {
  for (const { name, base } of functionsIn(module)) {
    if (base && !called.has(name)) module.removeFunction(name);
  }
}

/**
 * Without the custom sections named, or without all, and the data they are about.
 *
 * @param {Buffer} bytes
 * @param {string[]} names
 */
function without(bytes, ...names) {
  const data = [SECTION.data, SECTION.dataCount];
  const goes = (/** @type {import('../worker/js/sections.mjs').Section} */ { id, name }) =>
    names.length > 0 ? names.includes(name) : id === SECTION.custom || data.includes(id);
  return moduleOf(sectionsOf(bytes).filter((section) => !goes(section)));
}

/** @param {Buffer} bytes */
function read(bytes) {
  const module = binaryen.readBinary(bytes);
  module.setFeatures(FEATURES);
  return module;
}

/** @param {Module} module  which is gone then */
function written(module) {
  const bytes = Buffer.from(module.emitBinary());
  module.dispose();
  return bytes;
}

/** @param {Module} module */
function functionsIn(module) {
  return listOf(module.getNumFunctions(), (at) =>
    binaryen.getFunctionInfo(module.getFunctionByIndex(at)),
  );
}

/** In the order of the code section. @param {Module} module */
function definedIn(module) {
  return functionsIn(module).filter(({ base }) => !base);
}

/** @param {Module} module */
function exportsOf(module) {
  return listOf(module.getNumExports(), (at) => binaryen.getExportInfo(module.getExportByIndex(at)));
}

/** @param {Module} module */
function segmentsOf(module) {
  return listOf(module.getNumElementSegments(), (at) =>
    binaryen.getElementSegmentInfo(module.getElementSegmentByIndex(at)),
  );
}

/** @param {Module} module */
function globalsOf(module) {
  return listOf(module.getNumGlobals(), (at) => binaryen.getGlobalInfo(module.getGlobalByIndex(at)));
}

/** @param {Module} module */
function onlyTable(module) {
  if (module.getNumTables() !== 1) throw new Error('the module has not one table');
  return binaryen.getTableInfo(module.getTableByIndex(0)).name;
}

/**
 * The functions that each function calls by name. Binaryen tells it in its text alone.
 *
 * @param {Module} module
 */
function callsIn(module) {
  const [, ...functions] = module.emitText().split(/^ \(func \$/m);
  /** @type {Map<string, string[]>} */
  const calls = new Map();
  for (const text of functions) {
    const called = [...text.matchAll(/\((?:return_)?call \$([^\s()]+)/g)].map(([, name]) => name);
    calls.set(text.slice(0, text.search(/[\s()]/)), called);
  }
  return calls;
}

/** Of the functions, in the order of the code section. @param {Buffer} bytes */
function sizesOf(bytes) {
  const code = new Reader(bodyOf(sectionsOf(bytes), SECTION.code));
  return code.list(() => code.bytes(code.unsigned()).length);
}

/**
 * @template T
 * @param {number} length
 * @param {(at: number) => T} item
 */
function listOf(length, item) {
  return Array.from({ length }, (_, at) => item(at));
}

/**
 * What refers to what in a WebAssembly module, as the linker said with --emit-relocs: its tables of
 * symbols and of relocations (WebAssembly tool conventions, Linking.md).
 */
import { Reader, SECTION, bodyOf, sectionsOf, segmentsOf } from '../worker/js/sections.mjs';

/**
 * Something the linker placed, and what it refers to.
 *
 * @typedef {object} Func
 * @property {number} index
 * @property {string} name  mangled; of an import too
 * @property {number} start  of its body within the code section; of an import 0, as is `end`
 * @property {number} end
 * @property {Reference[]} references
 *
 * @typedef {object} Datum
 * @property {number} address
 * @property {number} size
 * @property {number} start  within the data section
 * @property {number} end
 * @property {Reference[]} references
 *
 * @typedef {object} Reference
 * @property {number} at  within the section, where the linker wrote it
 * @property {number} type  of relocation
 * @property {Func | Datum} target
 *
 * @typedef {object} Linked
 * @property {import('../worker/js/sections.mjs').Section[]} sections
 * @property {Func[]} functions  by index, imports first
 * @property {Datum[]} data  by address; none lies in another
 * @property {Map<string, Func>} exported
 */

/** Types of relocations: to a function, to its slot in the table, to data, and to neither. */
const CALL = 0;
const SLOTS = [1, 2];
const ADDRESSES = [3, 4, 5];
const OTHERS = [6, 7, 20];

/** A slot and an address that code pushes as constants. */
export const PUSHED_SLOT = 1;
export const PUSHED_ADDRESS = 4;

/** Kinds of symbols, and flags. */
const [FUNCTION, DATA, SECTION_SYMBOL] = [0, 1, 3];
const [UNDEFINED, EXPLICIT_NAME] = [0x10, 0x40];
const SYMBOL_TABLE = 8;

/**
 * @param {Uint8Array} module
 * @returns {Linked}
 * @throws {Error} where it was linked without --emit-relocs, or holds what is not known here
 */
export function readLinked(module) {
  const sections = sectionsOf(module);
  const functions = functionsOf(sections);
  const { symbols, data } = symbolsOf(sections, functions);
  const bodies = functions.filter(({ end }) => end > 0);
  refer(sections, 'reloc.CODE', symbols, bodies);
  refer(sections, 'reloc.DATA', symbols, data);
  return { sections, functions, data, exported: exportsOf(sections, functions) };
}

/**
 * @param {Func | Datum} node
 * @returns {node is Func}
 */
export function isFunction(node) {
  return 'index' in node;
}

/** @param {import('../worker/js/sections.mjs').Section[]} sections */
function functionsOf(sections) {
  /** @type {Func[]} */
  const functions = [];
  const imports = new Reader(bodyOf(sections, SECTION.import));
  imports.list(() => {
    const name = `${imports.text()}.${imports.text()}`;
    if (imports.byte() !== 0) throw new Error(`${name} is an import of no function`);
    imports.unsigned();
    functions.push({ index: functions.length, name, start: 0, end: 0, references: [] });
  });
  const code = new Reader(bodyOf(sections, SECTION.code));
  code.list(() => {
    const size = code.unsigned();
    const start = code.at;
    code.bytes(size);
    functions.push({ index: functions.length, name: '', start, end: start + size, references: [] });
  });
  const names = new Reader(bodyOf(sections, SECTION.custom, 'name'));
  while (names.at < names.source.length) {
    const [kind, part] = [names.byte(), new Reader(names.bytes(names.unsigned()))];
    if (kind === 1) part.list(() => (functions[part.unsigned()].name = part.text()));
  }
  return functions;
}

/**
 * @param {import('../worker/js/sections.mjs').Section[]} sections
 * @param {Func[]} functions
 */
function symbolsOf(sections, functions) {
  const segments = segmentsOf(bodyOf(sections, SECTION.data));
  /** @type {(Func | Datum | undefined)[]} */
  let symbols = [];
  const linking = new Reader(bodyOf(sections, SECTION.custom, 'linking'));
  linking.unsigned();
  while (linking.at < linking.source.length) {
    const [kind, part] = [linking.byte(), new Reader(linking.bytes(linking.unsigned()))];
    if (kind === SYMBOL_TABLE) symbols = part.list(() => symbol(part, functions, segments));
  }
  if (symbols.length === 0) throw new Error('the module was linked without --emit-relocs');
  return merge(symbols);
}

/**
 * @param {Reader} reader
 * @param {Func[]} functions
 * @param {ReturnType<typeof segmentsOf>} segments
 * @returns {Func | Datum | undefined} undefined: neither
 */
function symbol(reader, functions, segments) {
  const [kind, flags] = [reader.byte(), reader.unsigned()];
  if (kind === SECTION_SYMBOL) return void reader.unsigned();
  if (kind !== DATA) {
    const index = reader.unsigned();
    if (!(flags & UNDEFINED) || flags & EXPLICIT_NAME) reader.text();
    return kind === FUNCTION ? functions[index] : undefined;
  }
  reader.text();
  if (flags & UNDEFINED) return undefined;
  const segment = segments[reader.unsigned()];
  const [offset, size] = [reader.unsigned(), reader.unsigned()];
  if (segment === undefined || size === 0) return undefined;
  const start = segment.start + offset;
  return { address: segment.address + offset, size, start, end: start + size, references: [] };
}

/**
 * Data that share bytes are one: the linker lets a text be the end of another.
 *
 * @param {(Func | Datum | undefined)[]} symbols
 */
function merge(symbols) {
  const placed = symbols.flatMap((each) => (each === undefined || isFunction(each) ? [] : [each]));
  placed.sort((a, b) => a.address - b.address);
  /** @type {Map<Func | Datum | undefined, Datum>} */
  const merged = new Map();
  /** @type {Datum[]} */
  const data = [];
  for (const each of placed) {
    let last = data[data.length - 1];
    if (!last || last.end <= each.start) data.push((last = { ...each }));
    last.end = Math.max(last.end, each.end);
    last.size = last.end - last.start;
    merged.set(each, last);
  }
  return { symbols: symbols.map((each) => merged.get(each) ?? each), data };
}

/**
 * Adds to each of `sources` what it refers to.
 *
 * @param {import('../worker/js/sections.mjs').Section[]} sections
 * @param {string} name  of the section of relocations
 * @param {(Func | Datum | undefined)[]} symbols
 * @param {(Func | Datum)[]} sources  in the order of where they start
 */
function refer(sections, name, symbols, sources) {
  const reader = new Reader(bodyOf(sections, SECTION.custom, name));
  reader.unsigned();
  let source = 0;
  reader.list(() => {
    const [type, at, target] = [reader.byte(), reader.unsigned(), symbols[reader.unsigned()]];
    if (ADDRESSES.includes(type)) reader.unsigned(); // how far into it
    else if (![CALL, ...SLOTS, ...OTHERS].includes(type)) {
      throw new Error(`${name} has a relocation of type ${type}, which is not known here`);
    }
    while (sources[source]?.end <= at) source += 1;
    if (!(sources[source]?.start <= at)) throw new Error(`${name} is not in order`);
    if (target && !OTHERS.includes(type)) sources[source].references.push({ at, type, target });
  });
}

/**
 * @param {import('../worker/js/sections.mjs').Section[]} sections
 * @param {Func[]} functions
 */
function exportsOf(sections, functions) {
  /** @type {Map<string, Func>} */
  const exported = new Map();
  const reader = new Reader(bodyOf(sections, SECTION.export));
  reader.list(() => {
    const [name, kind, index] = [reader.text(), reader.byte(), reader.unsigned()];
    if (kind === 0) exported.set(name, functions[index]);
  });
  return exported;
}

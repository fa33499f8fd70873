#!/usr/bin/env node
/**
 * What a request costs in numbers that are the same at each run: WebAssembly instructions that the
 * edge module executes, and allocations that the same code makes natively. Beside each stands how it
 * differs from benches/counts/baseline.json.
 *
 *   npm run -s counts [-- --json] [-- --write]
 *
 *   --json    for programs
 *   --write   what is found becomes the baseline
 *
 * More allocations than the baseline's are a failure: the exit code is 1. More instructions are only
 * shown, since another compiler may need more for the same.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

import { bundle } from '../js/cli/bundle.js';
import { imports } from '../js/handler/handler.mjs';
import { Head, recordOf } from '../worker/js/head.mjs';
import { snapshot } from '../worker/js/snapshot.mjs';
import { createHandler } from '../worker/js/worker.mjs';
import { EDGE, KEY_SET, NOW, cases, configuration } from './counts/cases.js';
import { Counter, counting } from './counts/instructions.js';

/**
 * @typedef {import('./counts/cases.js').Case} Case
 * @typedef {import('./counts/cases.js').Setting} Setting
 * @typedef {{ instructions: number, allocations: number, bytes: number }} Count
 * @typedef {{ toolchain: string, counts: Record<string, Count> }} Baseline
 */

/** Per cent more instructions from which on a line is marked. */
const MARGIN = 2;

/**
 * The edge module with all it needs to be configured, and what of it every instance loads
 * (scripts/build). The rest is not there: a case that entered it would be answered 500.
 */
const WHOLE = 'pkg/edge/nearhop_bg.wasm';
const FIRST = 'pkg/edge/nearhop_first.wasm';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const root = fileURLToPath(new URL('..', import.meta.url));
const baselineFile = join(root, 'benches/counts/baseline.json');
const run = promisify(execFile);

const found = { toolchain: await toolchain(), counts: await count() };
if (values.write) await writeFile(baselineFile, `${JSON.stringify(found, null, 2)}\n`);
const baseline = /** @type {Baseline} */ (JSON.parse(await readFile(baselineFile, 'utf8')));
const rows = compare(found.counts, baseline.counts);
process.stdout.write(values.json ? `${JSON.stringify({ ...found, rows }, null, 2)}\n` : text());
process.exitCode = rows.some(({ failed }) => failed) ? 1 : 0;

/** What compiled the module, and what optimised it. */
async function toolchain() {
  const { stdout } = await run('rustc', ['--version']);
  const { devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  return `${stdout.trim()}, Binaryen ${devDependencies.binaryen}`;
}

/** @returns {Promise<Record<string, Count>>} */
async function count() {
  const folder = await mkdtemp(join(tmpdir(), 'nearhop-counts-'));
  try {
    const prepared = await prepare(folder);
    const allocations = await countAllocations(prepared);
    /** @type {Record<string, Count>} */
    const counts = {};
    for (const each of prepared) {
      const instructions = await countInstructions(each);
      counts[each.name] = { instructions, ...allocations[each.name] };
    }
    return counts;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @typedef {Case & { config: string, module: WebAssembly.Module }} Prepared */

/**
 * The cases with the configurations they run under.
 *
 * @param {string} folder
 * @returns {Promise<Prepared[]>}
 */
async function prepare(folder) {
  const module = await readFile(join(root, WHOLE));
  const lean = counting(await readFile(join(root, FIRST)));
  /** @type {Map<string, Promise<{ config: string, module: WebAssembly.Module }>>} */
  const made = new Map();
  const make = async (/** @type {Setting} */ setting, /** @type {string} */ name) => {
    const config = await bundled(setting, join(folder, name));
    const bytes = snapshot({ module, lean, config: Buffer.from(config) });
    return { config, module: new WebAssembly.Module(bytes) };
  };
  return Promise.all(
    cases().map(async (each) => {
      const name = Object.values(each.setting).join('-');
      if (!made.has(name)) made.set(name, make(each.setting, name));
      return { ...each, .../** @type {any} */ (await made.get(name)) };
    }),
  );
}

/**
 * @param {Setting} setting
 * @param {string} base  of the files to write
 * @returns {Promise<string>} nearhop.json
 */
async function bundled(setting, base) {
  await writeFile(`${base}.toml`, await configuration(setting));
  const jwks = { '': fileURLToPath(KEY_SET) };
  const { dir } = await bundle({ config: `${base}.toml`, out: base, jwks, env: {} });
  return readFile(join(dir, 'nearhop.json'), 'utf8');
}

/**
 * @param {Prepared} prepared
 * @returns {Promise<number>}
 */
async function countInstructions({ name, module, before, event, expected }) {
  const once = async () => {
    const counter = new Counter();
    const handler = createHandler({
      module,
      imports: (memory) => ({ ...imports(memory), ...counter.imports }),
      region: EDGE,
      now: () => NOW,
      log: () => {},
    });
    for (const each of before) await handler(structuredClone(each));
    /** @type {any} */
    let result;
    const made = structuredClone(event);
    const counted = await counter.count(async () => (result = await handler(made)));
    if (!expected(result)) throw new Error(`${name}: answered ${JSON.stringify(result)}`);
    return counted;
  };
  const [first, second] = [await once(), await once()];
  if (first !== second) throw new Error(`${name}: ${first} instructions, then ${second}`);
  return first;
}

/**
 * @param {Prepared[]} prepared
 * @returns {Promise<Record<string, Omit<Count, 'instructions'>>>}
 */
async function countAllocations(prepared) {
  const input = prepared.map(({ name, config, before, event }) => ({
    name,
    bundle: config,
    region: EDGE,
    now: NOW,
    before: before.map(valuesOf),
    counted: valuesOf(event),
  }));
  const cargo = ['run', '--quiet', '--features', 'tools', '--example', 'allocations'];
  const running = run('cargo', cargo, { cwd: root, maxBuffer: 2 ** 24 });
  running.child.stdin?.end(JSON.stringify(input));
  return JSON.parse((await running).stdout);
}

/**
 * @param {Record<string, Count>} counts
 * @param {Record<string, Count>} before
 */
function compare(counts, before) {
  return Object.entries(counts).map(([name, now]) => {
    const then = before[name];
    const percent = then ? (now.instructions / then.instructions - 1) * 100 : 0;
    const more = then ? now.allocations - then.allocations : 0;
    const marks = { slower: percent > MARGIN, failed: more > 0 };
    return { name, ...now, baseline: then, percent, more, ...marks };
  });
}

function text() {
  const lines = rows.map(({ name, instructions, allocations, bytes, ...row }) =>
    [
      name.padEnd(40),
      instructions.toLocaleString('en').padStart(9),
      row.baseline ? `${signed(row.percent, 1)} %`.padStart(9) : '      new',
      String(allocations).padStart(11),
      row.baseline ? signed(row.more, 0).padStart(4) : ' new',
      bytes.toLocaleString('en').padStart(8),
      row.failed ? '  <- MORE ALLOCATIONS' : row.slower ? '  <- MORE INSTRUCTIONS' : '',
    ]
      .join(' ')
      .trimEnd(),
  );
  const same = baseline.toolchain === found.toolchain;
  return [
    'A request in the edge module, and how it differs from benches/counts/baseline.json:',
    same ? found.toolchain : `${found.toolchain}; the baseline's: ${baseline.toolchain}`,
    '',
    `${'instructions'.padStart(50)}${'allocations'.padStart(22)}${'bytes'.padStart(14)}`,
    ...lines,
    ...(rows.some(({ failed }) => failed)
      ? ['', 'If that is meant: npm run -s counts -- --write, and say why in the commit.']
      : []),
    '',
  ].join('\n');
}

/**
 * @param {number} number
 * @param {number} digits
 */
function signed(number, digits) {
  const text = number.toFixed(digits);
  return Number(text) > 0 ? `+${text}` : text.replace('-', '−');
}

/** The values of a head, each name written out. @param {unknown} event */
function valuesOf(event) {
  const { before = [], text: last, lengths } = new Head(recordOf(event), { numberOf: () => -1 });
  const text = before.join('') + last;
  let at = 0;
  return lengths.map((length) => text.slice(at, (at += length)));
}
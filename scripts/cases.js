#!/usr/bin/env node
/**
 * The cases that hostile input and faults are known for, and what shows that each is held:
 * tests/cases.json joined with the tests that name a case. A case's id is its family's name and its
 * own, such as `kid/empty`; it stands
 *
 *   in Node     at the beginning of a test's name: `kid/empty: …`, or `kid/empty, kid/path: …`
 *   in vectors  in `case`, from where it comes into the name (tests/vectors/README.md)
 *   in Rust     in the documentation of a test: `/// Cases: kid/empty, kid/path.`
 *
 *   scripts/cases.js                 runs those tests and prints the table
 *   scripts/cases.js --json          one JSON document on stdout
 *   scripts/cases.js --counts        a line for each family
 *   scripts/cases.js --from FOLDER   takes the results from node.tap and rust.log in that folder
 *
 * Exit status: 0 if each case has tests, all of them pass, and every case that a test names is in
 * tests/cases.json, else 1.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT, marked, run, runMarked } from './marked-tests.js';

/** A case's id, as a test's name begins with it. */
const ID = '[a-z0-9-]+/[a-z0-9-]+';

/**
 * @typedef {{ name: string, ok: boolean, skipped: boolean }} Test
 *
 * @typedef {object} Variant
 * @property {string} id
 * @property {string} what
 * @property {Test[]} tests
 *
 * @typedef {object} Family
 * @property {string} of `tokens`, `requests` or `regions`
 * @property {string} name
 * @property {string} reason what happened, somewhere, without it
 * @property {Variant[]} variants
 */

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    counts: { type: 'boolean' },
    from: { type: 'string' },
  },
});
const families = readFamilies();
const variants = new Map(families.flatMap((each) => each.variants.map((it) => [it.id, it])));
const inRust = markedInRust();
const { tap, log } = values.from ? readResults(values.from) : await runTests();
const unknown = assign([...marked(tap, ID), ...resultsOfRust(log)]);
if (values.json) process.stdout.write(`${JSON.stringify({ families }, null, 2)}\n`);
else process.stdout.write(values.counts ? counts() : table());
const problems = [...unknown, ...[...variants.values()].flatMap(problemOf)];
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exitCode = problems.length > 0 ? 1 : 0;

/** @returns {Family[]} */
function readFamilies() {
  const rooms = JSON.parse(readFileSync(`${ROOT}tests/cases.json`, 'utf8'));
  return Object.entries(rooms).flatMap(([of, room]) =>
    Object.entries(room).map(([name, { reason, variants: given }]) => ({
      of,
      name,
      reason,
      variants: Object.entries(given).map(([own, what]) => ({
        id: `${name}/${own}`,
        what,
        tests: [],
      })),
    })),
  );
}

/** @returns {Map<string, string[]>} the ids in the documentation of Rust's tests, by function */
function markedInRust() {
  const found = new Map();
  for (const file of ['src', 'tests', 'worker'].flatMap((folder) => filesIn(folder, '.rs'))) {
    /** @type {string[]} */
    let ids = [];
    for (const line of readFileSync(`${ROOT}${file}`, 'utf8').split('\n')) {
      const [, list] = /^\s*\/\/\/ Cases: (.+?)\.?$/.exec(line) ?? [];
      if (list) ids.push(...list.split(', '));
      const [, name] = /^\s*fn (\w+)/.exec(line) ?? [];
      if (!name || ids.length === 0) continue;
      found.set(name, [...(found.get(name) ?? []), ...ids]);
      ids = [];
    }
  }
  return found;
}

/**
 * @param {string} folder
 * @param {string} ending
 * @returns {string[]}
 */
function filesIn(folder, ending) {
  return readdirSync(`${ROOT}${folder}`, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return filesIn(path, ending);
    return entry.name.endsWith(ending) ? [path] : [];
  });
}

/** @param {string} folder */
function readResults(folder) {
  const [tap, log] = ['node.tap', 'rust.log'].map((file) => {
    const path = join(folder, file);
    if (existsSync(path)) return readFileSync(path, 'utf8');
    process.stderr.write(`there is no ${path}: npm test leaves one in target/test-logs\n`);
    return process.exit(1);
  });
  return { tap, log };
}

/** Rust goes first: vectors are compared with what it leaves of them. */
async function runTests() {
  process.stderr.write('running the tests that name a case …\n');
  const cargo = ['test', '--workspace', '--features', 'nearhop/tools', '--no-fail-fast'];
  const log = await run('cargo', [...cargo, '--', 'every_vector', ...inRust.keys()]);
  const beginning = new RegExp(`['"\`](?:${families.map(({ name }) => name).join('|')})/`);
  const files = filesIn('tests', '.test.js').filter((file) =>
    beginning.test(readFileSync(`${ROOT}${file}`, 'utf8')),
  );
  return { tap: await runMarked(files, ID), log };
}

/**
 * @param {string} text what `cargo test` wrote
 * @returns {import('./marked-tests.js').Marked[]}
 */
function resultsOfRust(text) {
  const results = [...text.matchAll(/^test (\S+) \.\.\. (ok|FAILED|ignored)/gm)];
  return results.flatMap(([, name, result]) => {
    const ids = inRust.get(name.split('::').at(-1) ?? '');
    if (!ids) return [];
    return [{ name, ids, ok: result !== 'FAILED', skipped: result === 'ignored' }];
  });
}

/**
 * Gives each case its tests.
 *
 * @param {import('./marked-tests.js').Marked[]} tests
 * @returns {string[]} what is wrong with the names
 */
function assign(tests) {
  return tests.flatMap(({ ids, ...test }) =>
    ids.flatMap((id) => {
      const variant = variants.get(id);
      variant?.tests.push(test);
      return variant ? [] : [`${test.name}: there is no case ${id} in tests/cases.json`];
    }),
  );
}

/**
 * @param {Variant} variant
 * @returns {string[]}
 */
function problemOf({ id, what, tests }) {
  const failed = tests.filter(({ ok, skipped }) => !ok && !skipped).map(({ name }) => name);
  if (failed.length > 0) return [`${id}: these tests fail: ${failed.join(' · ')}`];
  if (tests.some(isPassed)) return [];
  return [`${id} (${what}): no test that ran names it`];
}

/** @param {Test} test */
function isPassed({ ok, skipped }) {
  return ok && !skipped;
}

/**
 * How many tests passed, one of several cases once, and how many of the cases they hold.
 *
 * @param {Variant[]} list
 */
function sumOf(list) {
  const tests = new Set(list.flatMap((variant) => variant.tests.filter(isPassed)));
  const held = list.filter((variant) => problemOf(variant).length === 0).length;
  return { tests: tests.size, held, of: list.length };
}

function table() {
  const rows = families.map((family) => {
    const { tests, held, of } = sumOf(family.variants);
    const lines = family.variants.map(({ id, what, tests: list }) => {
      const passed = list.filter(isPassed).length;
      const all = passed === list.length ? `${passed}` : `${passed} of ${list.length}`;
      return `  ${id.padEnd(36)} ${all.padStart(4)}  ${what}`;
    });
    const head = `${family.of}: ${family.name}, ${held} of ${of} cases held by ${tests} tests`;
    return `${head}\n  ${family.reason}\n${lines.join('\n')}\n`;
  });
  return `${rows.join('\n')}\n${total()}`;
}

function counts() {
  const rows = families.map((family) => {
    const { tests, held, of } = sumOf(family.variants);
    const columns = [`${family.of}: ${family.name}`.padEnd(32), `${held} of ${of}`.padStart(9)];
    return `${columns.join('')} cases${`${tests}`.padStart(7)} tests`;
  });
  return `${rows.join('\n')}\n${total()}`;
}

function total() {
  const { tests, held, of } = sumOf([...variants.values()]);
  return `${families.length} families: ${held} of ${of} cases held by ${tests} tests\n`;
}

#!/usr/bin/env node
/**
 * The platform's rules and what shows that the local CloudFront keeps them: docs/rules.md joined
 * with the tests whose names begin with a rule's id.
 *
 *   scripts/rules.js                 runs those tests and prints the table
 *   scripts/rules.js --json          one JSON document on stdout
 *   scripts/rules.js --from FILE     takes the results from a TAP file in place of running the tests
 *   scripts/rules.js --markdown      prints what docs/rules-tests.md is to hold
 *
 * Exit status: 0 if each rule that is enforced or shown has tests, all of them pass, and those that
 * docs/rules-tests.md names are among them, else 1.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ROOT, marked, runMarked } from './marked-tests.js';

/** Folders of tests/ that have such tests. */
const SUITES = ['api', 'cloudfront', 'infra', 'local'];

/** A rule's id, as a test's name begins with it. */
const ID = '[A-Z][0-9]+';

/**
 * @typedef {object} Rule
 * @property {string} id
 * @property {string} fact
 * @property {string} here `enforced`, `shown`, or `not applicable: …`
 * @property {{ name: string, ok: boolean, skipped: boolean }[]} tests
 */

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    markdown: { type: 'boolean' },
    from: { type: 'string' },
  },
});
const tap = values.from ? readFileSync(values.from, 'utf8') : await runTests();
const rules = join(readRules(), marked(tap, ID));
if (values.json) process.stdout.write(`${JSON.stringify({ rules }, null, 2)}\n`);
else process.stdout.write(values.markdown ? markdown(rules) : table(rules));
const unproven = rules.filter(isUnproven);
for (const { id, here, tests } of unproven) {
  const failed = tests.filter(({ ok }) => !ok).map(({ name }) => name);
  const why = failed.length > 0 ? `these tests fail: ${failed.join(' · ')}` : 'it has no test';
  process.stderr.write(`${id} is said to be ${here}, and ${why}\n`);
}
const misnamed = values.markdown ? [] : namedInDocs().filter(isUnknown);
for (const { id, name } of misnamed) {
  process.stderr.write(
    `docs/rules-tests.md: ${id}: no test that passes is called "${name}"; write it anew with --markdown\n`,
  );
}
process.exitCode = unproven.length + misnamed.length > 0 ? 1 : 0;

/** @returns {Rule[]} */
function readRules() {
  const page = readFileSync(`${ROOT}docs/rules.md`, 'utf8');
  const rows = [...page.matchAll(/^\| ([A-Z]\d+) \| (.*) \| ([^|]*) \|$/gm)];
  return rows.map(([, id, fact, here]) => ({ id, fact, here, tests: [] }));
}

/** @returns {Promise<string>} TAP */
function runTests() {
  process.stderr.write('running the tests that name a rule …\n');
  return runMarked(testFiles(), ID);
}

function testFiles() {
  return SUITES.flatMap((suite) =>
    readdirSync(`${ROOT}tests/${suite}`)
      .filter((name) => name.endsWith('.test.js'))
      .map((name) => `tests/${suite}/${name}`),
  );
}

/**
 * @param {Rule[]} list
 * @param {import('./marked-tests.js').Marked[]} tests
 */
function join(list, tests) {
  for (const { ids, ...test } of tests) {
    for (const rule of list) if (ids.includes(rule.id)) rule.tests.push(test);
  }
  return list;
}

/** @param {Rule} rule */
function isUnproven({ here, tests }) {
  if (here.startsWith('not applicable')) return false;
  const run = tests.filter(({ skipped }) => !skipped);
  return run.length === 0 || run.some(({ ok }) => !ok);
}

/** @returns {{ id: string, name: string }[]} the tests that docs/rules-tests.md names */
function namedInDocs() {
  const page = readFileSync(`${ROOT}docs/rules-tests.md`, 'utf8');
  return [...page.matchAll(/^\| ([A-Z]\d+) \| \w+ \| \d+ \| (.*) \|$/gm)].map(([, id, name]) => ({
    id,
    name: name.replaceAll('\\|', '|'),
  }));
}

/** @param {{ id: string, name: string }} named */
function isUnknown({ id, name }) {
  const rule = rules.find((each) => each.id === id);
  return !rule?.tests.some((test) => test.ok && !test.skipped && test.name === name);
}

/** @param {Rule[]} list */
function markdown(list) {
  const rows = list.map(({ id, here, tests }) => {
    const passed = tests.filter(({ ok, skipped }) => ok && !skipped);
    if (here.startsWith('not applicable')) return `| ${id} | – | | ${here} |`;
    return `| ${id} | ${here} | ${passed.length} | ${passed[0]?.name.replaceAll('|', '\\|') ?? ''} |`;
  });
  return `# Rules and their tests

Which of the platform's facts ([rules.md](rules.md)) the local CloudFront keeps, and what shows it: the
tests whose names begin with the rule's id. Written by \`npm run -s rules -- --markdown\`; that the
tests named here pass is checked with each whole run. \`npm run -s rules -- --json\` lists all of them.

| id | here | tests | the first of them |
|---|---|---|---|
${rows.join('\n')}
`;
}

/** @param {Rule[]} list */
function table(list) {
  const lines = list.map(({ id, here, tests }) => {
    const passed = tests.filter(({ ok, skipped }) => ok && !skipped).length;
    const [first] = tests;
    const rest = tests.length > 1 ? ` (and ${tests.length - 1} more)` : '';
    const shown = first ? `${passed} of ${tests.length}  ${first.name}${rest}` : '';
    return `${id.padEnd(4)} ${here.padEnd(11)} ${shown}`.trimEnd();
  });
  const proven = list.filter(({ here }) => !here.startsWith('not applicable')).length;
  const counted = list.reduce((sum, { tests }) => sum + tests.length, 0);
  return `${lines.join('\n')}\n\n${proven} of ${list.length} rules are kept here, shown by ${counted} tests\n`;
}

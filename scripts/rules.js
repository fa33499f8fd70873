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
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Folders of tests/ that have such tests. */
const SUITES = ['api', 'cloudfront', 'infra', 'local'];

/** The name of a test that shows a rule: `W4: …`, or several, `F3, F4: …`. */
const NAME = /^((?:[A-Z]\d+)(?:, [A-Z]\d+)*): (.+)$/;

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
const rules = join(readRules(), testsOf(tap));
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
  const page = readFileSync(`${root}/docs/rules.md`, 'utf8');
  const rows = [...page.matchAll(/^\| ([A-Z]\d+) \| (.*) \| ([^|]*) \|$/gm)];
  return rows.map(([, id, fact, here]) => ({ id, fact, here, tests: [] }));
}

/** @returns {Promise<string>} TAP */
function runTests() {
  process.stderr.write('running the tests that name a rule …\n');
  const args = ['--test', '--test-reporter=tap', '--test-name-pattern=/^[A-Z][0-9]+[:,]/'];
  const child = spawn(process.execPath, [...args, ...testFiles()], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => void (text += chunk));
    child.once('error', reject).once('close', () => resolve(text));
  });
}

function testFiles() {
  return SUITES.flatMap((suite) =>
    readdirSync(`${root}/tests/${suite}`)
      .filter((name) => name.endsWith('.test.js'))
      .map((name) => `tests/${suite}/${name}`),
  );
}

/**
 * @param {string} text TAP
 * @returns {{ name: string, ids: string[], ok: boolean, skipped: boolean }[]}
 */
function testsOf(text) {
  const results = [...text.matchAll(/^ *(not )?ok \d+ - (.*?)( # (?:SKIP|TODO)\b.*)?$/gm)];
  return results.flatMap(([, not, name, directive]) => {
    const [, ids] = NAME.exec(name) ?? [];
    if (!ids) return [];
    return [{ name, ids: ids.split(', '), ok: !not, skipped: directive !== undefined }];
  });
}

/**
 * @param {Rule[]} list
 * @param {ReturnType<typeof testsOf>} tests
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
  const page = readFileSync(`${root}/docs/rules-tests.md`, 'utf8');
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

/**
 * What scripts/cases.js makes of the results of a run.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from './edge.js';

const SCRIPT = fileURLToPath(new URL('../scripts/cases.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'nearhop-cases-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Every case there is. */
const IDS = Object.values(parse('cases.json')).flatMap((room) =>
  Object.entries(room).flatMap(([family, { variants }]) =>
    Object.keys(variants).map((name) => `${family}/${name}`),
  ),
);
const [FIRST, SECOND, ...OTHERS] = IDS;

/** A line of TAP. */
const passed = (/** @type {string} */ id) => `ok 1 - ${id}: a test\n`;

describe('the table of cases', () => {
  it('is whole where each case has a test that passes', async () => {
    const { code, stdout } = await cases(IDS.map(passed).join(''));
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`: ${IDS.length} of ${IDS.length} cases held by`));
  });

  it('counts a test once that names several', async () => {
    const { stdout } = await cases(`ok 1 - ${IDS.join(', ')}: a test\n`);
    assert.match(stdout, /cases held by 1 tests\n$/);
  });

  /** @type {[string, string, RegExp][]} */
  const wanting = [
    ['has no test', passed(SECOND), /^\S+ \(.*\): no test that ran names it\n$/],
    ['fails', passed(SECOND) + `not ${passed(FIRST)}`, /^\S+: these tests fail: .*: a test\n$/],
    ['fails once', IDS.map(passed).join('') + `not ${passed(FIRST)}`, /: these tests fail: /],
    [
      'was skipped',
      `${passed(SECOND)}ok 1 - ${FIRST}: a test # SKIP\n`,
      /: no test that ran names it\n$/,
    ],
    [
      'does not exist',
      `${IDS.map(passed).join('')}ok 1 - kid/of-nobody: a test\n`,
      /^kid\/of-nobody: a test: there is no case kid\/of-nobody in tests\/cases.json\n$/,
    ],
  ];
  for (const [what, tap, expected] of wanting) {
    it(`is not whole where a case ${what}`, async () => {
      const { code, stderr } = await cases(OTHERS.map(passed).join('') + tap);
      assert.equal(code, 1);
      assert.match(stderr, expected);
    });
  }

  it('takes results of Rust by what the documentation of a test says', async () => {
    const id = 'verdict-cache/million';
    const rest = IDS.filter((each) => each !== id).map(passed).join('');
    const name = 'token::tests::remembered::a_million_distinct_tokens_take_as_many_places_as_there_are';
    assert.equal((await cases(rest)).code, 1);
    assert.equal((await cases(rest, `test ${name} ... ok\n`)).code, 0);
    assert.equal((await cases(rest, `test ${name} ... FAILED\n`)).code, 1);
    assert.equal((await cases(rest, `test ${name} ... ignored\n`)).code, 1);
  });
});

/**
 * @param {string} tap
 * @param {string} [log] of cargo test
 * @returns {Promise<{ code: number, stdout: string, stderr: string }>}
 */
function cases(tap, log = '') {
  writeFileSync(join(folder, 'node.tap'), tap);
  writeFileSync(join(folder, 'rust.log'), log);
  return new Promise((resolve) => {
    const args = [SCRIPT, '--counts', '--from', folder];
    execFile(process.execPath, args, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

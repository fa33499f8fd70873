/**
 * `scripts/faults` and `scripts/load` as command lines.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * @param {string} program
 * @param {string[]} argv
 */
function ran(program, ...argv) {
  const child = spawnSync(process.execPath, [program, ...argv], { cwd: ROOT, encoding: 'utf8' });
  return { code: child.status, stdout: child.stdout, stderr: child.stderr };
}

describe('the command lines of faults and load', () => {
  /** @type {[string, string[], RegExp][]} */
  const wrong = [
    ['tests/faults/main.js', ['--only', 'region,moon'], /--only has "moon"; allowed: issuer-down, /],
    ['tests/faults/main.js', ['--seed', '0'], /--seed is "0"; allowed: 1 to 999999999/],
    ['tests/load/main.js', ['--requests', '99'], /--requests is "99"; allowed: 100 to 999999999/],
    ['tests/load/main.js', ['--request', '1'], /--request.*\n.*scripts\/load --help/s],
  ];
  for (const [program, argv, why] of wrong) {
    it(`${program} ${argv.join(' ')} is exit code 2, and nothing on stdout`, () => {
      const { code, stdout, stderr } = ran(program, ...argv);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, why);
    });
  }

  it('both have --help', () => {
    for (const program of ['tests/faults/main.js', 'tests/load/main.js']) {
      const { code, stdout } = ran(program, '--help');
      assert.equal(code, 0);
      assert.match(stdout, /--seed N/);
    }
  });
});

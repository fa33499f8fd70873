/**
 * Tests that say in their names what they show: `W4: …`, `F3, F4: …`, `kid/empty: …`.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * @typedef {object} Marked
 * @property {string} name all of it, the ids included
 * @property {string[]} ids
 * @property {boolean} ok
 * @property {boolean} skipped
 */

/**
 * The tests of a run whose names begin with ids.
 *
 * @param {string} tap what Node's TAP reporter wrote
 * @param {string} id how an id looks, as the source of a regular expression
 * @returns {Marked[]}
 */
export function marked(tap, id) {
  const ids = new RegExp(`^(${id}(?:, ${id})*): `);
  const results = [...tap.matchAll(/^ *(not )?ok \d+ - (.*?)( # (?:SKIP|TODO)\b.*)?$/gm)];
  return results.flatMap(([, not, name, directive]) => {
    const [, list] = ids.exec(name) ?? [];
    if (!list) return [];
    return [{ name, ids: list.split(', '), ok: !not, skipped: directive !== undefined }];
  });
}

/**
 * Runs the tests of some files whose names begin with such an id.
 *
 * @param {string[]} files relative to the repository's folder
 * @param {string} id as above
 * @returns {Promise<string>} TAP
 */
export function runMarked(files, id) {
  const args = ['--test', '--test-reporter=tap', `--test-name-pattern=^${id}[:,]`];
  return run(process.execPath, [...args, ...files]);
}

/**
 * Runs a program in the repository's folder; what it says on stderr is shown as it comes.
 *
 * @param {string} program
 * @param {string[]} args
 * @returns {Promise<string>} stdout, however it ended
 */
export function run(program, args) {
  const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => void (text += chunk));
    child.once('error', reject).once('close', () => resolve(text));
  });
}

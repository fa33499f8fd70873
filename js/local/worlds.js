/**
 * Which worlds with a user pool run, for other command lines: a file for each, readable by its
 * owner alone.
 */
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRunning } from './run-folder.js';

/**
 * @typedef {object} Announced
 * @property {string} url of the local CloudFront
 * @property {import('./plane/users.js').Pool} [pool]
 * @property {import('./users.js').User[]} [users]
 */

/**
 * @param {string} state
 * @param {Announced} world
 * @returns {Promise<() => Promise<void>>} takes it back
 */
export async function announce(state, { url, pool, users }) {
  const folder = join(state, 'worlds');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${process.pid}.json`);
  await writeFile(file, JSON.stringify({ url, pool, users }), { mode: 0o600 });
  return () => rm(file, { force: true });
}

/**
 * The world that started last and still runs.
 *
 * @param {string} state
 * @returns {Promise<Announced | undefined>}
 */
export async function latestWorld(state) {
  const folder = join(state, 'worlds');
  const names = await readdir(folder).catch(() => /** @type {string[]} */ ([]));
  const files = names.map((name) => join(folder, name));
  for (const file of files.filter((each) => !isOfRunning(each))) await rm(file, { force: true });
  const dated = await Promise.all(
    files.filter(isOfRunning).map(async (file) => ({ file, at: (await stat(file)).mtimeMs })),
  );
  const [latest] = dated.sort((a, b) => b.at - a.at);
  return latest && JSON.parse(await readFile(latest.file, 'utf8'));
}

/** @param {string} file */
function isOfRunning(file) {
  return isRunning(Number(/(\d+)\.json$/.exec(file)?.[1] ?? Number.NaN));
}

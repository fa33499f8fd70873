/**
 * Memory held after requests with distinct tokens, each in a process of its own that mints none.
 */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { spread } from './rounds.js';

const MEMORY = fileURLToPath(new URL('./children/memory.js', import.meta.url));
const run = promisify(execFile);

/**
 * @param {string} dir Nearhop's bundle
 * @param {string[]} tokens as many as the last mark
 * @param {string} folder
 * @param {object} options
 * @param {number[]} options.marks how many requests before a look
 * @param {number} options.rounds
 * @returns {Promise<{ requests: number, overBare: Spread, overReading: Spread }[]>} for each mark,
 *   megabytes (10^6 bytes) over a Node that does nothing, and over one that reads the same tokens and
 *   makes the same events
 */
export async function memory(dir, tokens, folder, { marks, rounds }) {
  const file = join(folder, 'tokens');
  await writeFile(file, `${tokens.join('\n')}\n`);
  /** @type {{ reading: number[], ours: number[] }[]} */
  const taken = [];
  for (let round = 0; round < rounds; round += 1) {
    const { rss: reading } = await resident('-', file, marks);
    const { rss: ours } = await resident(dir, file, marks);
    taken.push({ reading, ours });
  }
  return marks.map((requests, i) => ({
    requests,
    overBare: spread(taken.map(({ reading, ours }) => (ours[i + 1] - reading[0]) / 1e6)),
    overReading: spread(taken.map(({ reading, ours }) => (ours[i + 1] - reading[i + 1]) / 1e6)),
  }));
}

/**
 * The same in the long run, of tokens that nobody signed (unsigned.js).
 *
 * @param {string} dir Nearhop's bundle
 * @param {string} kid of the key that tokens are signed with
 * @param {object} options
 * @param {number[]} options.marks
 * @param {number} options.rounds
 * @returns {Promise<{ requests: number, ours: Spread, reading: Spread, webAssembly: Spread }[]>} for
 *   each mark, megabytes: the resident sets of Nearhop and of a Node that makes the same events, each
 *   over what it began with, and what WebAssembly has of the first
 */
export async function lasting(dir, kid, { marks, rounds }) {
  /** @type {{ reading: Resident, ours: Resident }[]} */
  const taken = [];
  for (let round = 0; round < rounds; round += 1) {
    const reading = await resident('-', `unsigned:${kid}`, marks);
    taken.push({ reading, ours: await resident(dir, `unsigned:${kid}`, marks) });
  }
  const grown = (/** @type {Resident} */ { rss }, /** @type {number} */ i) =>
    (rss[i + 1] - rss[0]) / 1e6;
  return marks.map((requests, i) => ({
    requests,
    ours: spread(taken.map(({ ours }) => grown(ours, i))),
    reading: spread(taken.map(({ reading }) => grown(reading, i))),
    webAssembly: spread(taken.map(({ ours }) => ours.webAssembly[i] / 1e6)),
  }));
}

/**
 * @typedef {import('./rounds.js').Spread} Spread
 * @typedef {{ rss: number[], webAssembly: number[] }} Resident bytes: `rss` at the beginning and at
 *   each mark, `webAssembly` at each mark
 */

/**
 * @param {string} dir
 * @param {string} tokens a file, or `unsigned:KID`
 * @param {number[]} marks
 * @returns {Promise<Resident>}
 */
async function resident(dir, tokens, marks) {
  const { stdout } = await run(process.execPath, [MEMORY, dir, tokens, ...marks.map(String)]);
  return JSON.parse(stdout);
}

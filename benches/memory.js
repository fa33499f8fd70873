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
 * @returns {Promise<{ requests: number, overBare: import('./rounds.js').Spread,
 *   overReading: import('./rounds.js').Spread }[]>} for each mark, megabytes (10^6 bytes) over
 *   a Node that does nothing, and over one that reads the same tokens and makes the same events
 */
export async function memory(dir, tokens, folder, { marks, rounds }) {
  const file = join(folder, 'tokens');
  await writeFile(file, `${tokens.join('\n')}\n`);
  /** @type {{ reading: number[], ours: number[] }[]} */
  const taken = [];
  for (let round = 0; round < rounds; round += 1) {
    const reading = await resident('-', file, marks);
    taken.push({ reading, ours: await resident(dir, file, marks) });
  }
  return marks.map((requests, i) => ({
    requests,
    overBare: spread(taken.map(({ reading, ours }) => (ours[i + 1] - reading[0]) / 1e6)),
    overReading: spread(taken.map(({ reading, ours }) => (ours[i + 1] - reading[i + 1]) / 1e6)),
  }));
}

/**
 * @param {string} dir
 * @param {string} file
 * @param {number[]} marks
 * @returns {Promise<number[]>} bytes, at the beginning and at each mark
 */
async function resident(dir, file, marks) {
  const { stdout } = await run(process.execPath, [MEMORY, dir, file, ...marks.map(String)]);
  return JSON.parse(stdout);
}

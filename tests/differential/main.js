/**
 * Differential fuzzing for as long as one likes; scripts/differential says how it is called.
 *
 * @typedef {import('./judge.js').Counts} Counts
 * @typedef {import('./run.js').Report} Report
 *
 * @typedef {object} Wanted
 * @property {number} seed
 * @property {number} chunks at most
 * @property {number} seconds at most
 * @property {number} threads
 *
 * @typedef {object} Result
 * @property {string} date of the run, YYYY-MM-DD
 * @property {number} seed
 * @property {number} seconds it took
 * @property {Counts} counts
 * @property {Report[]} reports counterexamples
 * @property {object[]} keySets what verifies the tokens of `reports`
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { noCounts, sum } from './judge.js';
import { CHUNK } from './mutants.js';
import { makePools, seededKeys } from './pools.js';
import { markdown } from './table.js';

const { json, ...wanted } = readArguments();
const result = await run(wanted);
process.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : markdown(result));
process.exitCode = result.reports.length > 0 ? 1 : 0;

/** @param {Wanted} wanted @returns {Promise<Result>} */
async function run({ seed, chunks, seconds, threads }) {
  progress(`seed ${seed}\n`);
  const begun = performance.now();
  const elapsed = () => (performance.now() - begun) / 1_000;
  const keys = seededKeys(seed);
  let next = 0;
  let counts = noCounts();
  /** @type {Report[]} */
  const reports = [];
  let shown = 0;
  let isOver = false;
  process.once('SIGINT', () => (isOver = true)); // what there is by then is still told
  const take = () => {
    isOver ||= next >= chunks || elapsed() >= seconds || reports.length > 0;
    return isOver ? undefined : next++;
  };
  const done = (/** @type {{ counts: Counts, reports: Report[] }} */ ran) => {
    counts = sum(counts, ran.counts);
    reports.push(...ran.reports);
    if (elapsed() - shown < (process.stderr.isTTY ? 1 : 30)) return;
    shown = elapsed();
    const rate = Math.round(counts.mutants / shown);
    const { mutants, accepted } = counts;
    const so = `${mutants} mutants in ${Math.round(shown)} s (${rate}/s), ${accepted} accepted`;
    progress(process.stderr.isTTY ? `\r${so} ` : `${so}\n`);
  };
  await Promise.all(Array.from({ length: threads }, () => thread({ seed, keys }, take, done)));
  if (process.stderr.isTTY) progress('\n');
  return {
    date: new Date().toISOString().slice(0, 10),
    seed,
    seconds: Math.round(elapsed()),
    counts,
    reports,
    keySets: makePools(keys).map(({ issuer, set }) => ({ issuer, ...set })),
  };
}

/**
 * A thread's whole life.
 *
 * @param {object} data
 * @param {() => number | undefined} take the next chunk's number, if there is one
 * @param {(ran: any) => void} done
 * @returns {Promise<void>}
 */
function thread(data, take, done) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('worker.js', import.meta.url), { workerData: data });
    worker.on('message', (message) => {
      if (message !== 'ready') done(message);
      worker.postMessage(take() ?? null);
    });
    worker.on('error', reject);
    worker.on('exit', () => resolve());
  });
}

/** @returns {Wanted & { json: boolean }} */
function readArguments() {
  const number = { type: /** @type {const} */ ('string') };
  try {
    const { values } = parseArgs({
      options: {
        seconds: number,
        mutations: number,
        seed: number,
        threads: number,
        json: { type: 'boolean' },
      },
    });
    const most = values.mutations ?? (values.seconds ? '1e15' : '1e6');
    return {
      seed: whole('--seed', values.seed ?? `${randomInt(2 ** 31)}`, 2 ** 31),
      chunks: Math.ceil(whole('--mutations', most, 1e15) / CHUNK),
      seconds: whole('--seconds', values.seconds ?? '1e9', 1e9),
      threads: whole('--threads', values.threads ?? '2', 64),
      json: values.json ?? false,
    };
  } catch (error) {
    progress(`differential: ${error instanceof Error ? error.message : error}\n`);
    process.exit(2);
  }
}

/** @param {string} option @param {string} text @param {number} most */
function whole(option, text, most) {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0 && number <= most) return number;
  throw new Error(`${option} ${text}: a whole number from 1 to ${most} is allowed`);
}

/** @param {string} text */
function progress(text) {
  process.stderr.write(text);
}

/**
 * A chunk of a run: its mutants judged, counted, and what must not be reported.
 *
 * @typedef {import('./judge.js').Counts} Counts
 * @typedef {import('./judge.js').Judge} Judge
 * @typedef {import('./mutants.js').Mutant} Mutant
 * @typedef {import('./pools.js').Original} Original
 *
 * @typedef {object} Report a counterexample, and all that it takes to see it elsewhere
 * @property {string} fault
 * @property {string} detail
 * @property {string} family what was changed (see Mutant)
 * @property {number} seed
 * @property {number} chunk
 * @property {number} mutant its number in the chunk
 * @property {string} token the least that shows it
 * @property {string} header of it, as text
 * @property {string} payload
 * @property {string} found the token as it was generated
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Edge, load } from '../edge.js';
import { signedUnder } from '../vectors/mint/pool.js';
import { count, findingOf, noCounts } from './judge.js';
import { mutants } from './mutants.js';
import { shrink } from './shrink.js';

/** Counterexamples a chunk reports at most; it ends with the last. */
const MOST = 3;

/**
 * The bundle of tests/vectors/nearhop.toml, with the pools' own keys.
 *
 * @param {{ after: (end: () => void) => void }} test its files are gone when it is over
 * @param {import('./pools.js').Settings[]} pools
 */
export async function makeEdge(test, pools) {
  const folder = mkdtempSync(join(tmpdir(), 'nearhop-differential-'));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  const keySets = pools.map(({ set }, index) => {
    const file = join(folder, `${index}.json`);
    writeFileSync(file, JSON.stringify(set));
    return pathToFileURL(file).href;
  });
  // For a `kid` that is in neither set, it asks the issuer.
  const get = async (/** @type {{ url: string }} */ { url }) => {
    const pool = pools.find(({ issuer }) => url.startsWith(`${issuer}/`));
    if (!pool) throw new Error(`fetches ${url}, which is no issuer's key set`);
    return Buffer.from(JSON.stringify(pool.set));
  };
  return new Edge(await load(test, { keySets }), { get });
}

/**
 * @param {Judge} judge
 * @param {Original[]} originals
 * @param {number} seed
 * @param {number} chunk
 * @returns {Promise<{ counts: Counts, reports: Report[] }>}
 */
export async function runChunk(judge, originals, seed, chunk) {
  const counts = noCounts();
  /** @type {Report[]} */
  const reports = [];
  let number = 0;
  for (const mutant of mutants(seed, chunk, originals)) {
    const verdict = await judge.judge(mutant.token);
    count(counts, mutant.token, verdict);
    const finding = findingOf(mutant.token, verdict);
    if (finding) {
      reports.push({ ...(await reportOf(judge, mutant, finding)), seed, chunk, mutant: number });
    }
    if (reports.length >= MOST) break;
    number += 1;
  }
  return { counts, reports };
}

/**
 * @param {Judge} judge
 * @param {Mutant} mutant
 * @param {import('./judge.js').Finding} finding
 */
async function reportOf(judge, mutant, { fault, detail }) {
  const shows = async (/** @type {string} */ token) =>
    findingOf(token, await judge.judge(token))?.fault === fault;
  const token = await least(mutant, shows);
  const [header, payload] = token.split('.').map((text) => `${Buffer.from(text, 'base64')}`);
  return { fault, detail, family: mutant.family, token, header, payload, found: mutant.token };
}

/**
 * @param {Mutant} mutant
 * @param {(token: string) => Promise<boolean>} shows
 * @returns {Promise<string>}
 */
async function least({ token, parts }, shows) {
  if (!parts) return `${await shrink(Buffer.from(token), (smaller) => shows(`${smaller}`))}`;
  const { key } = parts;
  const payload = await shrink(parts.payload, (smaller) =>
    shows(signedUnder(parts.header, key, smaller)),
  );
  const header = await shrink(parts.header, (smaller) => shows(signedUnder(smaller, key, payload)));
  return signedUnder(header, key, payload);
}

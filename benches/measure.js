/**
 * One run of the benchmark, from making the bundle to the report.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';

import { agree } from './agreement.js';
import { load } from './children/load.js';
import { coldStarts, packPeers, starts } from './cold.js';
import { growth } from './growth.js';
import { installPeers } from './install.js';
import { limits } from './limits.js';
import { lasting, memory } from './memory.js';
import { interleave } from './rounds.js';
import { HEAVY, nearhopRows, peerRows } from './rows.js';
import { throttle } from './throttle.js';
import { mintMany } from './tokens.js';
import { bundled, floorOf, peers, userPool } from './verifiers.js';

/**
 * How much is measured.
 *
 * @typedef {object} Extent
 * @property {number} rounds samples of each row
 * @property {number} warmUp rounds before
 * @property {number} cold starts of each kind
 * @property {number} throttled starts of each kind on a fraction of a core
 * @property {number[]} marks requests after which memory is looked at
 * @property {number} memory processes for it
 * @property {number[]} lasting requests after which it is looked at in the long run; none: not at all
 * @property {number} seen distinct tokens that the growth of the remembered is measured with; 0 for
 *   none of the growth
 */

/** @type {Record<'full' | 'quick', Extent>} */
export const EXTENTS = {
  full: {
    rounds: 25,
    warmUp: 5,
    cold: 21,
    throttled: 7,
    marks: [10_000, 30_000],
    memory: 5,
    lasting: [1_000, 10_000, 30_000, 100_000, 300_000],
    seen: 1_000_000,
  },
  quick: {
    rounds: 7,
    warmUp: 3,
    cold: 7,
    throttled: 0,
    marks: [10_000],
    memory: 1,
    lasting: [],
    seen: 0,
  },
};

/** What `only` can name beside the rows of rows.js. */
export const PARTS = ['peers', 'cold', 'zip', 'rss', 'growth', 'throttled'];

/** A Lambda of 128 MB: a whole vCPU is had at 1,769 MB (Lambda's guide, "Configure memory"). */
export const FRACTION = 128 / 1_769;

/** @typedef {Awaited<ReturnType<typeof measure>>} Report */

/**
 * @param {Extent} extent
 * @param {object} [options]
 * @param {string[]} [options.only] rows and PARTS; all if left out
 * @param {(line: string) => void} [options.progress]
 * @throws {Error} where verifiers disagree about a token, or a request is not answered as it should
 *   be
 */
export async function measure(extent, { only, progress = () => {} } = {}) {
  const wanted = (/** @type {string} */ part) => only === undefined || only.includes(part);
  const folder = await mkdtemp(join(tmpdir(), 'nearhop-bench-'));
  try {
    const versions = installPeers(progress);
    progress('bundling');
    const keys = join(folder, 'keys');
    const pool = await userPool(keys);
    const built = await bundled(pool, folder);
    const [handler, others] = [await load(built.dir), await peers(pool)];
    const agreed = await agree(keys, handler, others);

    const [access, id] = await tokensFor(extent, wanted, keys, progress);
    const run = { extent, wanted, progress, folder, pool, built };
    const rows = await hotRows(run, handler, wanted('peers') ? others : [], { access, id });
    const packed = await packPeers(pool, folder);
    const all = starts(built.dir, packed, { access: access.slice(0, 60), id }, pool.client);
    return {
      date: new Date().toISOString().slice(0, 10),
      machine: `${cpus()[0].model.trim()}, ${cpus().length} cores`,
      versions: { nearhop: ownVersion(), node: process.version, ...versions },
      rounds: extent.rounds,
      agreed,
      rows,
      zip: wanted('zip') ? zipped(built, packed) : undefined,
      cold: wanted('cold') ? await cold(run, all) : undefined,
      throttled: await throttled(run, all),
      rss: wanted('rss') ? await resident(run, access) : undefined,
      rssLasting: wanted('rss') ? await residentLong(run) : undefined,
      growth: await grown(run),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * @typedef {object} Run
 * @property {Extent} extent
 * @property {(part: string) => boolean} wanted
 * @property {(line: string) => void} progress
 * @property {string} folder
 * @property {import('./verifiers.js').UserPool} pool
 * @property {import('../js/cli/bundle.js').Built} built
 */

/**
 * As many as are used: three rows take tokens that nobody has seen.
 *
 * @param {Extent} extent
 * @param {Run['wanted']} wanted
 * @param {string} keys
 * @param {Run['progress']} progress
 */
async function tokensFor({ rounds, warmUp, marks }, wanted, keys, progress) {
  const forRows = 1 + 3 * (rounds + warmUp) * HEAVY;
  const count = Math.max(forRows, wanted('rss') ? (marks.at(-1) ?? 0) : 0);
  const onProgress = (/** @type {number} */ done) =>
    progress(`minting tokens: ${done} of ${count}`);
  const access = await mintMany(keys, 'access', count, onProgress);
  return [access, await mintMany(keys, 'id', HEAVY)];
}

/**
 * @param {Run} run
 * @param {import('./children/load.js').Handler} handler
 * @param {import('./verifiers.js').Peer[]} others
 * @param {Record<import('../js/local/pool.js').TokenUse, string[]>} tokens
 */
async function hotRows({ extent, wanted, progress, pool, built }, handler, others, tokens) {
  const floor = floorOf(pool, tokens.access, HEAVY);
  const nearhop = nearhopRows(handler, tokens.access);
  const all = { ...nearhop, ...(await limits(nearhop, floor, built.dir)) };
  const own = Object.entries(all).filter(([key]) => wanted(key));
  /** @type {Record<string, import('./rounds.js').Row>} */
  const rows = Object.fromEntries(own);
  for (const peer of others) {
    const { first_seen, repeat } = peerRows(peer, tokens[peer.use]);
    rows[`${peer.name}: first_seen`] = first_seen;
    rows[`${peer.name}: repeat`] = repeat;
  }
  const onRound = (/** @type {number} */ round) =>
    progress(`requests: ${round < 0 ? 'warming up' : `round ${round + 1} of ${extent.rounds}`}`);
  return interleave(rows, floor, { ...extent, onRound });
}

/**
 * @param {Run['built']} built
 * @param {Awaited<ReturnType<typeof packPeers>>} packed
 */
function zipped({ bytes, dir, files }, packed) {
  const loaded = files.filter(({ name }) => !name.endsWith('.json'));
  return {
    nearhop: bytes.zip,
    parts: loaded.map(({ name, bytes: whole }) => ({
      name,
      bytes: whole,
      deflated: deflateRawSync(readFileSync(join(dir, name)), { level: 9 }).length,
    })),
    peers: Object.entries(packed).map(([name, { zip, gzip }]) => ({ name, zip, gzip })),
  };
}

/**
 * @param {Run} run
 * @param {ReturnType<typeof starts>} all
 */
function cold({ extent, progress, folder }, all) {
  const rounds = extent.cold;
  const onRound = (/** @type {number} */ round) =>
    progress(`cold starts: round ${round + 1} of ${rounds}`);
  // The first event alone: what comes after is for `throttled`.
  const firsts = Object.entries(all).map(([name, { module, events }]) => [
    name,
    { module, events: events.slice(0, 1) },
  ]);
  return coldStarts(Object.fromEntries(firsts), folder, { rounds, onRound });
}

/**
 * @param {Run} run
 * @param {ReturnType<typeof starts>} all
 */
async function throttled({ extent, wanted, progress, folder }, all) {
  if (extent.throttled === 0 || !wanted('throttled')) return undefined;
  const held = await throttle(FRACTION);
  if ('impossible' in held) return { fraction: FRACTION, impossible: held.impossible };
  const onRound = (/** @type {number} */ round) =>
    progress(`fraction of a core: round ${round + 1} of ${extent.throttled}`);
  try {
    const options = { rounds: extent.throttled, wrap: held.wrap, onRound };
    return { fraction: FRACTION, by: held.by, starts: await coldStarts(all, folder, options) };
  } finally {
    await held.end();
  }
}

/**
 * @param {Run} run
 * @param {string[]} tokens
 */
function resident({ extent, progress, folder, built }, tokens) {
  progress(`memory: ${extent.memory} × ${extent.marks.at(-1)} requests`);
  return memory(built.dir, tokens, folder, { marks: extent.marks, rounds: extent.memory });
}

/** @param {Run} run */
async function residentLong({ extent, progress, pool, built }) {
  const { lasting: marks, memory: rounds } = extent;
  if (marks.length === 0) return undefined;
  progress(`memory: ${rounds} × ${marks.at(-1)} requests`);
  return lasting(built.dir, pool.accessKid, { marks, rounds });
}

/** @param {Run} run */
async function grown({ extent, wanted, progress, folder, pool }) {
  if (extent.seen === 0 || !wanted('growth')) return undefined;
  return growth(pool, folder, extent, progress);
}

function ownVersion() {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;
}

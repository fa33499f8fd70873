/**
 * Whatever token the bundle accepts, three independent libraries accept, and read the same out of;
 * what it refuses and they accept, it refuses for a known reason. `scripts/differential` does the
 * same for as long as one likes; docs/hostile.md has what its last long run came to.
 *
 * NEARHOP_SEED=N repeats a run.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { Judge, count, findingOf, noCounts, sum } from './differential/judge.js';
import { makeLibraries } from './differential/libraries.js';
import { CHUNK, mutants } from './differential/mutants.js';
import { makeOriginals, makePools, seededKeys } from './differential/pools.js';
import { makeEdge, runChunk } from './differential/run.js';
import { shrink } from './differential/shrink.js';
import { signedUnder } from './vectors/mint/pool.js';

/** Of CHUNK mutants each. */
const CHUNKS = 6;

const seed = Number(process.env.NEARHOP_SEED ?? randomInt(2 ** 31));
const pools = makePools(seededKeys(seed));
const originals = makeOriginals(pools);
const libraries = makeLibraries(pools);

/** @type {import('./edge.js').Edge} */
let edge;
/** @type {Judge} */
let judge;
/** @type {(() => void)[]} */
const ends = [];
after(() => ends.forEach((end) => end()));
before(async () => {
  edge = await makeEdge({ after: (end) => ends.push(end) }, pools);
  judge = new Judge(edge, libraries);
});

it('differential/accepted-by-all: no more than by each, and no less without a reason', async () => {
  let counts = noCounts();
  for (let chunk = 0; chunk < CHUNKS; chunk += 1) {
    const ran = await runChunk(judge, originals, seed, chunk);
    assert.deepEqual(ran.reports, [], `NEARHOP_SEED=${seed}`);
    counts = sum(counts, ran.counts);
  }
  assert.equal(counts.mutants, CHUNKS * CHUNK);
  // Too few of a kind would show nothing.
  const told = `NEARHOP_SEED=${seed}: ${JSON.stringify(counts)}`;
  assert(counts.accepted > counts.mutants / 50, told);
  assert(Object.values(counts.libraries).every((accepted) => accepted >= counts.accepted), told);
  for (const code of ['malformed', 'algorithm', 'signature', 'expired', 'client', 'use']) {
    assert(counts.refused[`token_${code}`] > 0, told);
  }
  assert(Object.keys(counts.stricter).length > 10, told);
});

it('and everybody accepts what is mutated', async () => {
  for (const { header, key, claims } of originals) {
    const token = signedUnder(header, key, claims);
    const verdict = await judge.judge(token);
    assert(verdict.told, verdict.refusal);
    assert.equal(findingOf(token, verdict), undefined);
  }
});

it('has the same mutants for the same seed and chunk, and others for others', () => {
  const digest = (/** @type {number} */ of, /** @type {number} */ chunk) => {
    const hash = createHash('sha256');
    for (const { token } of mutants(of, chunk, originals)) hash.update(`${token}\n`);
    return hash.digest('hex');
  };
  const once = digest(seed, 1);
  assert.equal(digest(seed, 1), once, `NEARHOP_SEED=${seed}`);
  assert.notEqual(digest(seed, 2), once);
  assert.notEqual(digest(seed + 1, 1), once);
});

describe('a difference is seen', () => {
  const isSound = libraries.jose;

  it('where a library refuses what the bundle accepts, with the least of it', async () => {
    const strict = new Judge(edge, {
      strict: async (token) => {
        const claims = await isSound(token);
        if ('jti' in claims) throw new Error('no jti');
        return claims;
      },
    });
    const { reports } = await runChunk(strict, originals, seed, 0);
    const said = reports.find(({ family }) => family === 'said');
    const { fault, detail, token, payload } = said ?? reports[0];
    assert.equal(fault, 'accepted, and strict refuses it');
    assert.equal(detail, 'no jti');
    assert(findingOf(token, await strict.judge(token)));
    assert(!said || !('origin_jti' in JSON.parse(payload)), 'nothing else is left in it');
  });

  it('where a library reads something else', async () => {
    const other = new Judge(edge, {
      other: async (token) => ({ ...(await isSound(token)), sub: 'someone else' }),
    });
    const [{ key, header, claims }] = originals;
    const token = signedUnder(header, key, claims);
    const finding = findingOf(token, await other.judge(token));
    assert.equal(finding?.fault, 'accepted, and other reads something else');
  });

  it('where a library accepts what the bundle refuses for no known reason', async () => {
    const lenient = new Judge(edge, { lenient: async () => ({}) });
    const [{ key, header, claims }] = originals;
    const token = `${signedUnder(header, key, claims).slice(0, -8)}AAAAAAAA`;
    const verdict = await lenient.judge(token);
    const finding = findingOf(token, verdict);
    assert.equal(finding?.fault, 'token_signature without a known reason, and lenient accepts it');
    const counts = noCounts();
    count(counts, token, verdict);
    assert.deepEqual(counts.stricter, { 'token_signature, unexplained': { any: 1, lenient: 1 } });
  });

  it('in as few bytes as show it', async () => {
    const holds = async (/** @type {Buffer} */ bytes) => /a.*b/s.test(`${bytes}`);
    assert.equal(`${await shrink(Buffer.from('xxaxxxxxbxxx'), holds)}`, 'ab');
  });
});

describe('scripts/differential', () => {
  const run = (/** @type {string[]} */ ...args) =>
    spawnSync(process.execPath, ['tests/differential/main.js', ...args], { encoding: 'utf8' });

  it('tells what a seed comes to', () => {
    const { status, stdout } = run('--mutations', '1', '--seed', '5', '--json');
    assert.equal(status, 0, stdout);
    const { seed: of, counts, reports } = JSON.parse(stdout);
    assert.deepEqual([of, counts.mutants, reports], [5, CHUNK, []]);
    assert.equal(counts.accepted + sumOf(counts.refused), CHUNK);
  });

  it('refuses arguments that are none', () => {
    for (const args of [['--mutations', '0'], ['--seconds', 'x'], ['--seed', '1.5'], ['--sed']]) {
      const { status, stdout, stderr } = run(...args);
      assert.deepEqual([status, stdout], [2, '']);
      assert(stderr.includes(args[0]), stderr);
    }
  });
});

/** @param {Record<string, number>} numbers */
function sumOf(numbers) {
  return Object.values(numbers).reduce((one, other) => one + other, 0);
}

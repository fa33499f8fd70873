/**
 * The mutants of a run. It is cut into chunks, each decided by the seed and its number alone, so
 * that it is the same however many threads share it.
 *
 * @typedef {import('./pools.js').Original} Original
 * @typedef {import('./random.js').Random} Random
 *
 * @typedef {object} Mutant
 * @property {'said' | 'spelled' | 'otherwise signed' | 'altered'} family what was changed: what the
 *   token says, how it spells that (both signed after), how it is signed, or its text afterwards
 * @property {string} token
 * @property {{ header: Buffer, payload: Buffer, key: Original['key'] }} [parts] of `said`
 */
import { createHash } from 'node:crypto';
import { signedUnder } from '../vectors/mint/pool.js';
import { mutateSegments, mutateToken } from './mutate.js';
import { generator } from './random.js';
import { signOtherwise, spell } from './spell.js';

/** Mutants in a chunk. */
export const CHUNK = 2_000;

/** How many of the last signed ones are altered, beside the originals. */
const RECENT = 16;

/**
 * @param {number} seed
 * @param {number} chunk
 * @param {Original[]} originals
 * @returns {Generator<Mutant>} CHUNK of them
 */
export function* mutants(seed, chunk, originals) {
  const random = generator(createHash('sha256').update(`${seed}/${chunk}`).digest().readUInt32LE());
  const sound = originals.map(({ header, key, claims }) => signedUnder(header, key, claims));
  /** @type {string[]} */
  const recent = [];
  for (let n = 0; n < CHUNK; n += 1) {
    if (random.chance(0.75)) {
      const others = [...sound, ...recent];
      yield { family: 'altered', token: mutateToken(random.pick(others), random, others) };
      continue;
    }
    const mutant = signed(random.pick(originals), originals, random);
    recent.push(mutant.token);
    if (recent.length > RECENT) recent.shift();
    yield mutant;
  }
}

/**
 * @param {Original} original
 * @param {Original[]} originals
 * @param {Random} random
 * @returns {Mutant}
 */
function signed(original, originals, random) {
  const said = mutateSegments(original, random);
  const header = Buffer.from(said.header);
  const payload = Buffer.from(said.payload);
  const key = random.chance(0.02) ? random.pick(originals).key : original.key;
  if (random.chance(0.7)) {
    const parts = { header, payload, key };
    return { family: 'said', token: signedUnder(header, key, payload), parts };
  }
  // Half of them say what the original said, so that nothing else is wrong with them.
  const isSound = random.chance(0.5);
  const sound = [original.header, original.claims].map((part) => Buffer.from(JSON.stringify(part)));
  const bytes = isSound ? sound : [header, payload];
  return random.chance(0.7)
    ? { family: 'spelled', token: spell(bytes[0], bytes[1], key, random) }
    : { family: 'otherwise signed', token: signOtherwise(original, bytes[1], random) };
}

/**
 * The least of a counterexample: whatever can be left out of it is.
 */

/** How often a smaller one is tried. */
const TRIES = 4_000;

/**
 * @param {Buffer} bytes
 * @param {(smaller: Buffer) => Promise<boolean>} holds whether it is a counterexample still
 * @returns {Promise<Buffer>}
 */
export async function shrink(bytes, holds) {
  let least = bytes;
  let tries = TRIES;
  for (let size = Math.ceil(least.length / 2); size > 0; size = Math.floor(size / 2)) {
    for (let at = 0; at < least.length && tries > 0; tries -= 1) {
      const smaller = Buffer.concat([least.subarray(0, at), least.subarray(at + size)]);
      if (await holds(smaller)) least = smaller;
      else at += size;
    }
  }
  return least;
}

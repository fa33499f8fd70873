/**
 * Numbers that look random and are the same whenever the seed is (xorshift32).
 *
 * @typedef {ReturnType<typeof generator>} Random
 */

/** @param {number} seed */
export function generator(seed) {
  let state = seed >>> 0 || 1;
  /** Below `limit`. @param {number} limit */
  const below = (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % limit;
  };
  return {
    below,
    /** Whether something happens that does with this probability. @param {number} probability */
    chance: (probability) => below(10_000) < probability * 10_000,
    /** @type {<T>(list: readonly T[]) => T} */
    pick: (list) => list[below(list.length)],
  };
}

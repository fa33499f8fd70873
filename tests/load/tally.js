/**
 * What became of all requests, by their kind.
 */

/**
 * @typedef {import('../faults/judge.js').Judged} Judged
 * @typedef {Record<'p50'|'p90'|'p99'|'p99.9'|'max', number>} Percentiles milliseconds
 *
 * @typedef {object} Row
 * @property {number} sent
 * @property {number} well
 * @property {number} lost to the Region that failed, while it did
 * @property {number} refused otherwise than usual, who had no right
 * @property {Percentiles} ms
 */

/** @typedef {{ verdicts: Judged['verdict'][], ms: number[] }} Counted */

export class Tally {
  /** @type {Map<string, Counted>} */
  #kinds;
  /** @type {Counted} */
  #all = { verdicts: [], ms: [] };

  /** @param {string[]} kinds in the order in which they are told */
  constructor(kinds) {
    this.#kinds = new Map(kinds.map((kind) => [kind, { verdicts: [], ms: [] }]));
  }

  /**
   * @param {string} kind
   * @param {Judged['verdict']} verdict
   * @param {number} ms
   */
  count(kind, verdict, ms) {
    for (const counted of [this.#all, this.#kinds.get(kind)]) {
      counted?.verdicts.push(verdict);
      counted?.ms.push(ms);
    }
  }

  /** @returns {Record<string, Row>} of the kinds that came; `all` is the last */
  rows() {
    const came = [...this.#kinds].filter(([, { ms }]) => ms.length > 0);
    const rows = came.map(([kind, counted]) => [kind, rowOf(counted)]);
    return Object.fromEntries([...rows, ['all', rowOf(this.#all)]]);
  }
}

/**
 * @param {Counted} counted
 * @returns {Row}
 */
function rowOf({ verdicts, ms }) {
  const of = (/** @type {Judged['verdict']} */ wanted) =>
    verdicts.filter((verdict) => verdict === wanted).length;
  const counts = { sent: ms.length, well: of('well'), lost: of('lost'), refused: of('refused') };
  return { ...counts, ms: percentilesOf(ms) };
}

/**
 * By the nearest rank.
 *
 * @param {number[]} values at least one
 * @returns {Percentiles}
 */
export function percentilesOf(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (/** @type {number} */ share) =>
    sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), 'p99.9': at(0.999), max: at(1) };
}

/**
 * Rows of requests, measured round by round.
 */

/** Requests of one row in one round. */
export const REQUESTS = 300;

/** @typedef {() => Promise<number>} Row  runs REQUESTS requests; milliseconds taken */

/**
 * @param {(event: any) => Promise<any>} handler
 * @param {() => any[] | Promise<any[]>} make  makes the events, outside the time taken
 * @returns {Row}
 */
export function handling(handler, make) {
  return async () => time(handler, await make());
}

/**
 * @param {(event: any) => Promise<any>} handler
 * @param {() => any} make
 * @returns {Row}
 */
export function repeating(handler, make) {
  return handling(handler, () => Array.from({ length: REQUESTS }, make));
}

/**
 * @param {(event: any) => Promise<any>} handler
 * @param {any[]} events
 */
async function time(handler, events) {
  const start = performance.now();
  for (const each of events) await handler(each);
  return performance.now() - start;
}

/**
 * Each round runs every row once, so that whatever the machine does besides falls on all alike.
 * @param {Record<string, Row>} rows
 * @param {number} rounds
 * @returns {Promise<Record<string, number[]>>} microseconds per request
 */
export async function interleave(rows, rounds) {
  /** @type {Record<string, number[]>} */
  const times = Object.fromEntries(Object.keys(rows).map((name) => [name, []]));
  const warmUp = 5;
  for (let i = 0; i < rounds + warmUp; i += 1) {
    if (process.stderr.isTTY) process.stderr.write(`\rround ${Math.max(0, i - warmUp + 1)} of ${rounds} `);
    for (const [name, row] of Object.entries(rows)) {
      const took = await row();
      if (i >= warmUp) times[name].push((took * 1_000) / REQUESTS);
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\r');
  return times;
}

/** @param {number[]} numbers */
export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** @param {number} number */
export function round(number) {
  return Math.round(number * 100) / 100;
}

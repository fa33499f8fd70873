/**
 * Samples of requests, taken round by round, each as a ratio to a floor sampled just before and
 * just after it.
 *
 * Every round takes one sample of every row, so that whatever the machine does besides falls on all
 * alike. Young garbage is collected before a sample and its floor's. A full collection there would
 * have V8 throw away code optimised for objects of which none is alive just then: pages took twice
 * as long after one.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
/** @type {(options: { type: 'minor' }) => void} */
const collectGarbage = runInNewContext('gc');

/**
 * Inputs made at once. An event at the edge is as young as can be when it is handled, and is
 * dropped right after: many, made beforehand, would be old by then, and cost the garbage collector what no
 * event does.
 */
const AT_ONCE = 20;

/**
 * @typedef {object} Row
 * @property {number} requests in one sample
 * @property {(count: number) => any[]} inputs of so many requests, made before time is taken
 * @property {(input: any) => unknown} request
 * @property {boolean} [sync] whether nothing is to be awaited
 *
 * @typedef {object} Spent by one request, in microseconds
 * @property {number} cpu user and system time of all the process's threads
 * @property {number} wall
 *
 * @typedef {object} Sample
 * @property {Spent} us
 * @property {Spent} floor the mean of the two samples beside it, in microseconds
 *
 * @typedef {object} Spread
 * @property {number} median
 * @property {number} q1 the lower quartile
 * @property {number} q3 the upper quartile
 *
 * @typedef {object} Summary
 * @property {Spread} cpu × floor
 * @property {Spread} wall × floor
 * @property {Spent} us medians
 *
 * @typedef {object} Rounds
 * @property {number} rounds
 * @property {number} warmUp rounds before, which count for nothing
 * @property {(round: number) => void} [onRound] told before each round; below 0 while warming up
 */

/**
 * @template {string} Name
 * @param {Record<Name, Row>} rows
 * @param {Row} floor
 * @param {Rounds} rounds
 * @returns {Promise<Record<Name, Summary>>}
 */
export async function interleave(rows, floor, { rounds, warmUp, onRound = () => {} }) {
  const names = /** @type {Name[]} */ (Object.keys(rows));
  const samples = names.map(() => /** @type {Sample[]} */ ([]));
  for (let round = -warmUp; round < rounds; round += 1) {
    onRound(round);
    for (const [i, name] of names.entries()) {
      const sample = await bracketed(rows[name], floor);
      if (round >= 0) samples[i].push(sample);
    }
  }
  const entries = names.map((name, i) => [name, summary(samples[i])]);
  return Object.fromEntries(entries);
}

/**
 * @param {Row} row
 * @param {Row} floor
 * @returns {Promise<Sample>}
 */
async function bracketed(row, floor) {
  collectGarbage({ type: 'minor' });
  const before = await sampled(floor);
  const us = await sampled(row);
  const after = await sampled(floor);
  const mean = { cpu: (before.cpu + after.cpu) / 2, wall: (before.wall + after.wall) / 2 };
  return { us, floor: mean };
}

/**
 * @param {Row} row
 * @returns {Promise<Spent>}
 */
async function sampled({ requests, inputs, request, sync = false }) {
  const spent = { cpu: 0, wall: 0 };
  for (let left = requests; left > 0; left -= AT_ONCE) {
    const batch = inputs(Math.min(AT_ONCE, left));
    const start = performance.now();
    const cpu = process.cpuUsage();
    if (sync) for (const input of batch) request(input);
    else for (const input of batch) await request(input);
    const { user, system } = process.cpuUsage(cpu);
    spent.wall += (performance.now() - start) * 1_000;
    spent.cpu += user + system;
  }
  return { cpu: spent.cpu / requests, wall: spent.wall / requests };
}

/** @param {Sample[]} samples */
function summary(samples) {
  const ratio = (/** @type {keyof Spent} */ kind) =>
    spread(samples.map(({ us, floor }) => us[kind] / floor[kind]));
  const us = (/** @type {keyof Spent} */ kind) =>
    round(spread(samples.map((sample) => sample.us[kind])).median);
  return { cpu: ratio('cpu'), wall: ratio('wall'), us: { cpu: us('cpu'), wall: us('wall') } };
}

/**
 * @param {number[]} numbers at least one
 * @returns {Spread} rounded
 */
export function spread(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const at = (/** @type {number} */ part) => {
    const place = part * (sorted.length - 1);
    const [low, high] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
    return round(low + (high - low) * (place % 1));
  };
  return { median: at(0.5), q1: at(0.25), q3: at(0.75) };
}

/** @param {number} number to three places */
export function round(number) {
  return Math.round(number * 1_000) / 1_000;
}

/**
 * A steady, bounded flow of requests, and what became of each.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { judge } from './judge.js';
import { requestOf } from './kinds.js';

/**
 * @typedef {import('./kinds.js').Kind} Kind
 *
 * @typedef {object} Sent times are milliseconds of `performance.now`
 * @property {number} at when it was sent
 * @property {number} until when it was answered
 * @property {Kind} kind
 * @property {string} edge
 * @property {import('./judge.js').Judged['status']} status
 * @property {import('./judge.js').Judged['verdict']} verdict
 * @property {string} [why]
 * @property {string | undefined} region that served it
 * @property {string | undefined} leak a secret that was in the answer of a request that failed
 *
 * @typedef {object} Options
 * @property {import('./send.js').Sender} sender
 * @property {import('../differential/random.js').Random} random
 * @property {number} rate requests per second
 * @property {(text: string) => boolean} leaks whether a text has a secret in it
 */

/** Requests under way, at most: a slow machine is asked less, and what hangs does not pile up. */
const MOST = 32;
/** An answer that takes longer than this many milliseconds is late. */
const LATE = 5_000;

export class Flow {
  #options;
  /** @type {Map<Promise<void>, number>} when each request under way was sent */
  #pending = new Map();
  /** @type {Promise<void> | undefined} */
  #running;
  #isStopped = false;

  /** What is sent; may be changed at any time. @type {Kind[]} */
  kinds = [];
  /** @type {Sent[]} */
  sent = [];

  /** @param {Options} options */
  constructor(options) {
    this.#options = options;
  }

  /** @param {Kind[]} kinds */
  start(kinds) {
    this.kinds = kinds;
    this.#running = this.#run();
  }

  /** Sends nothing more, and waits for what is under way. */
  async stop() {
    this.#isStopped = true;
    await this.#running;
    await Promise.all(this.#pending.keys());
  }

  /** @returns {Sent[]} all so far, and forgets them */
  take() {
    return this.sent.splice(0);
  }

  /**
   * When the last request was sent that is counted, if there is one; also one that is late and
   * still unanswered.
   *
   * @param {(sent: Sent) => boolean} counts
   * @returns {number}
   */
  lastOf(counts) {
    const late = [...this.#pending.values()].filter((at) => performance.now() - at > LATE);
    const found = this.sent.filter(counts).map(({ at }) => at);
    return Math.max(-Infinity, ...late, ...found);
  }

  async #run() {
    const { rate, random } = this.#options;
    const began = performance.now();
    for (let count = 0; !this.#isStopped; count += 1) {
      const bag = this.kinds.flatMap((kind) => Array(kind.weight).fill(kind));
      if (this.#pending.size < MOST) {
        const at = performance.now();
        const one = this.#send(random.pick(bag), at).finally(() => this.#pending.delete(one));
        this.#pending.set(one, at);
      }
      await pause(Math.max(0, began + (count + 1) * (1_000 / rate) - performance.now()));
    }
  }

  /**
   * @param {Kind} kind
   * @param {number} at
   */
  async #send(kind, at) {
    const { sender, random, leaks } = this.#options;
    const request = requestOf(kind, random);
    const outcome = await sender.send(request);
    const { hasRight } = kind;
    const judged = judge({ hasRight, expected: request.expected }, outcome);
    const answer = 'answer' in outcome ? outcome.answer : undefined;
    const region = answer?.headers['x-nearhop-region'];
    const all = answer && judged.verdict !== 'well' ? JSON.stringify(answer) : '';
    this.sent.push({
      ...{ at, until: at + outcome.ms, kind, edge: request.edge, ...judged },
      region: region === undefined ? undefined : String(region),
      leak: leaks(all) ? `in an answer to ${kind.name}` : undefined,
    });
  }
}

/**
 * Many requests of all kinds at several edge Regions; a Region's API is killed after the first
 * third, and started again after the second. Each answer is checked.
 */
import { generator } from '../differential/random.js';
import { judge } from '../faults/judge.js';
import { callsOf, requestOf, visitsOf } from '../faults/kinds.js';
import { makePeople, signInSome } from '../faults/people.js';
import { FAILING } from '../faults/scenarios.js';
import { Sender } from '../faults/send.js';
import { Memory, grownIn } from './memory.js';
import { startSystem } from './system.js';
import { Tally } from './tally.js';

/**
 * @typedef {object} Options
 * @property {number} requests
 * @property {number} seed
 * @property {number} [users] of each sort of token; 500 if left out
 * @property {(share: number, perSecond: number) => void} [onProgress]
 *
 * @typedef {object} Report
 * @property {number} requests
 * @property {number} seed
 * @property {number} seconds
 * @property {number} per_second
 * @property {Record<string, import('./tally.js').Row>} kinds
 * @property {{ region: string, from: number, until: number }} failing seconds of the run
 * @property {import('./memory.js').Growth[]} memory
 * @property {string[]} wrong what must not be: none in a good run
 */

/** Requests under way at a time: somewhat more than there are environments to serve them. */
const AT_ONCE = 8;
const VISITORS = 8;
const SAMPLE_MS = 1_000;

/**
 * @param {Options} options
 * @returns {Promise<Report>}
 */
export async function runLoad({ users = 500, onProgress = () => {}, ...options }) {
  /** @type {Set<string>} */
  const secrets = new Set();
  /** @type {string[]} */
  const leaks = [];
  const onLines = (/** @type {string[]} */ lines) =>
    void leaks.push(...lines.flatMap((line) => leakIn(line, secrets)));
  const system = await startSystem(onLines);
  const sender = new Sender(system.ready.url);
  try {
    const kinds = await everybody(system.ready, users, secrets);
    const load = new Load({ ...options, system, sender, kinds, onProgress });
    const report = await load.run();
    const strays = await system.close();
    const { wrong } = report;
    return { ...report, wrong: [...wrong, ...grownIn(report), ...leaks, ...strays] };
  } finally {
    sender.close();
    await system.close();
  }
}

class Load {
  #options;
  #random;
  #tally;
  #memory;
  #sent = 0;
  #began = performance.now();
  #failing = { region: FAILING, from: Infinity, until: Infinity };
  /** Within that: when nothing at all was there. */
  #dead = { from: Infinity, until: Infinity };
  /** @type {string[]} */
  #wrong = [];

  /**
   * @param {Required<Omit<Options, 'users'>> & { system: import('./system.js').System,
   *   sender: Sender, kinds: import('../faults/kinds.js').Kind[] }} options
   */
  constructor(options) {
    this.#options = options;
    this.#random = generator(options.seed);
    this.#tally = new Tally(options.kinds.map(({ name }) => name));
    this.#memory = new Memory(options.system.pid);
  }

  /** @returns {Promise<Report>} */
  async run() {
    const { requests, seed, kinds, onProgress } = this.#options;
    const bag = kinds.flatMap((kind) => Array(kind.weight).fill(kind));
    const timer = setInterval(() => {
      const share = this.#sent / requests;
      this.#memory.sample(share);
      onProgress(share, this.#sent / this.#seconds());
    }, SAMPLE_MS);
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, () => this.#work(bag)));
    } finally {
      clearInterval(timer);
    }
    const seconds = this.#seconds();
    return {
      ...{ requests, seed, seconds, per_second: requests / seconds, kinds: this.#tally.rows() },
      ...{ failing: this.#failing, memory: this.#memory.growth(), wrong: this.#wrong },
    };
  }

  /** @param {import('../faults/kinds.js').Kind[]} bag */
  async #work(bag) {
    const { requests } = this.#options;
    while (this.#sent < requests) {
      this.#sent += 1;
      // Only this one waits for it.
      if (this.#sent === Math.ceil(requests / 3)) await this.#kill();
      if (this.#sent === Math.ceil((requests * 2) / 3)) await this.#start();
      await this.#ask(this.#random.pick(bag));
    }
  }

  async #kill() {
    this.#failing.from = this.#seconds();
    await this.#options.system.wish({ killed: FAILING });
    this.#dead.from = this.#seconds();
  }

  async #start() {
    this.#dead.until = this.#seconds();
    await this.#options.system.wish({ started: FAILING });
    this.#failing.until = this.#seconds();
  }

  /** @param {import('../faults/kinds.js').Kind} kind */
  async #ask(kind) {
    const request = requestOf(kind, this.#random);
    const from = this.#seconds();
    const outcome = await this.#options.sender.send(request);
    const until = this.#seconds();
    const { hasRight } = kind;
    const judged = judge({ hasRight, expected: request.expected }, outcome);
    this.#tally.count(kind.name, judged.verdict, outcome.ms);
    const { verdict, why = '' } = judged;
    if (verdict === 'broken' || (verdict !== 'well' && !this.#mayBeLost(kind, from, until))) {
      this.#wrong.push(`${kind.name}: ${why}`);
    }
    const region = 'answer' in outcome && outcome.answer.headers['x-nearhop-region'];
    const wasDead = from > this.#dead.from && until < this.#dead.until;
    if (verdict === 'well' && region === FAILING && wasDead) {
      this.#wrong.push(`${kind.name}: served by ${FAILING}, which was dead`);
    }
  }

  /**
   * While a Region fails it may cost what is asked of its API, but for reads that are tried twice.
   *
   * @param {import('../faults/kinds.js').Kind} kind
   * @param {number} from seconds
   * @param {number} until
   */
  #mayBeLost({ hasRight, name }, from, until) {
    const isPage = name.startsWith('page') || name.startsWith('start');
    const hasLeg = name.includes('second leg');
    const met = until >= this.#failing.from && from <= this.#failing.until;
    return met && hasRight && !isPage && !hasLeg;
  }

  #seconds() {
    return (performance.now() - this.#began) / 1_000;
  }
}

/**
 * Kinds of requests, by many users and some visitors who signed in.
 *
 * @param {import('./server.js').Ready} ready
 * @param {number} users
 * @param {Set<string>} secrets is given what must not be read in any log
 */
async function everybody({ url, keys, secrets: configured }, users, secrets) {
  const people = await makePeople(keys, users);
  const visitors = await signInSome({ url }, keys.access, VISITORS);
  for (const secret of [...configured, ...people.secrets, ...visitors.secrets]) secrets.add(secret);
  // Each refresh is the issuer's work, not the edge's.
  const visits = visitsOf(visitors).filter(({ name }) => name !== 'refresh');
  return [...callsOf(people), ...visits];
}

/**
 * @param {string} line
 * @param {Set<string>} secrets
 * @returns {string[]} what is to be said of it, without the secret
 */
function leakIn(line, secrets) {
  const words = line.match(/[\w-]{20,}/g) ?? [];
  const found = words.filter((word) => secrets.has(word));
  return found.map((word) => `a secret in the log: ${line.replace(word, '…')}`);
}

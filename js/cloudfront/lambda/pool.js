/**
 * The execution environments of one function in one edge Region: started on demand up to a number,
 * each serving one invocation at a time (rule L5).
 */
import { Environment } from './environment.js';
import { failure } from './failure.js';

/**
 * @typedef {import('./functions.js').Invocation} Invocation
 *
 * @typedef {Omit<import('./environment.js').EnvironmentOptions, 'id'|'taskRoot'|'onIdle'|'onGone'>
 *   & { key: string, code: import('./code.js').FunctionCode, instances: number }} PoolOptions
 *
 * @typedef {object} Waiter
 * @property {(environment: Environment | Promise<Environment>) => void} resolve
 * @property {(reason: import('./failure.js').FunctionFailure) => void} reject
 */

export class Pool {
  #options;
  #started = 0;
  #closed = false;
  /** @type {Set<Environment>} */
  #environments = new Set();
  /** @type {Environment[]} the one used last at the end */
  #idle = [];
  /** @type {Waiter[]} the first come at the beginning */
  #waiting = [];
  /** @type {Set<Environment>} to be ended once they have answered */
  #retired = new Set();

  /** @param {PoolOptions} options */
  constructor(options) {
    this.#options = options;
    this.key = options.key;
    this.region = options.region;
  }

  /**
   * @param {string} payload the event as JSON
   * @param {import('./environment.js').Circumstances} circumstances
   * @returns {Promise<Invocation>}
   * @throws {import('./failure.js').FunctionFailure}
   */
  async invoke(payload, circumstances) {
    const environment = await this.#claim();
    return environment.run(payload, circumstances);
  }

  /** @returns {number} how many environments are ended, at once or when they have answered */
  recycle() {
    for (const environment of this.#environments) this.#retired.add(environment);
    for (const environment of this.#idle.splice(0)) {
      void environment.end(failure('The environment is recycled.'));
    }
    return this.#environments.size;
  }

  /** Ends the environments; what is under way or waits fails. */
  async close() {
    this.#closed = true;
    const reason = () => failure('The distribution is closing.');
    for (const { reject } of this.#waiting.splice(0)) reject(reason());
    await Promise.all([...this.#environments].map((environment) => environment.end(reason())));
  }

  /** @returns {Promise<Environment>} one that is for the caller alone until it is idle again */
  async #claim() {
    const environment = this.#idle.pop();
    if (environment) return environment;
    if (this.#environments.size < this.#options.instances) return this.#start();
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  async #start() {
    const environment = new Environment({
      ...this.#options,
      id: `${this.region}#${(this.#started += 1)}`,
      onIdle: () => this.#onIdle(environment),
      onGone: () => this.#onGone(environment),
    });
    this.#environments.add(environment);
    await environment.start(this.#options.code);
    return environment;
  }

  /** @param {Environment} environment */
  #onIdle(environment) {
    if (this.#retired.has(environment)) {
      void environment.end(failure('The environment is recycled.'));
      return;
    }
    const waiter = this.#waiting.shift();
    if (waiter) waiter.resolve(environment);
    else this.#idle.push(environment);
  }

  /** @param {Environment} environment */
  #onGone(environment) {
    this.#environments.delete(environment);
    this.#retired.delete(environment);
    this.#idle = this.#idle.filter((other) => other !== environment);
    if (this.#closed) return;
    this.#waiting.shift()?.resolve(this.#start());
  }
}

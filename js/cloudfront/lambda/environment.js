/**
 * One execution environment: a process that loads the function once and answers one event after
 * the other, until it crashes, is too slow, takes too much memory or is ended.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { FunctionFailure, failure } from './failure.js';
import { Log } from './log.js';
import { commandFor, peakMemoryMb, signal } from './process.js';
import { RuntimeApi } from './runtime-api.js';
import { reservedVariables } from './variables.js';

/** Lambda's guide gives the init phase 10 s. */
const INIT_LIMIT_MS = 10_000;
const WATCH_MS = 100;
const CANNOT_LOAD = 'The function cannot be loaded.';

/**
 * @typedef {import('./functions.js').Invocation} Invocation
 *
 * @typedef {object} EnvironmentOptions
 * @property {string} id
 * @property {import('../distribution.js').FunctionSource} source
 * @property {string} region
 * @property {number} timeoutMs
 * @property {string} node program
 * @property {string | undefined} ric path of aws-lambda-ric's index.mjs
 * @property {boolean} disturbable whether traps and clock skew will be asked for
 * @property {() => void} onIdle is called when it can take the next event
 * @property {() => void} onGone is called once, when its process has ended
 *
 * @typedef {object} Circumstances of one invocation
 * @property {'trap'|'crash'|'hang'} [fault]
 * @property {number} clockSkewMs
 *
 * @typedef {object} Current the invocation being served, or just answered
 * @property {string} id
 * @property {number} startedAt
 * @property {boolean} isAnswered
 * @property {NodeJS.Timeout} limit runs on until the environment asks for its next event
 * @property {NodeJS.Timeout} watch
 * @property {(invocation: Invocation) => void} resolve
 * @property {(reason: FunctionFailure) => void} reject
 */

export class Environment {
  #options;
  #api;
  #log = new Log();
  /** @type {number | undefined} milliseconds, until the first invocation has told them */
  #initMs;
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #child;
  /** @type {Promise<unknown> | undefined} */
  #exited;
  /** @type {{ resolve: () => void, reject: (reason: FunctionFailure) => void } | undefined} */
  #starting;
  /** @type {Current | undefined} */
  #current;
  /** @type {FunctionFailure | undefined} why it was ended, once it is */
  #ended;
  #isGone = false;

  /** @param {EnvironmentOptions} options */
  constructor(options) {
    this.#options = options;
    this.#api = new RuntimeApi({
      next: () => this.#onNext(),
      response: (id, text) => this.#onResponse(id, text),
      error: (id, cause) => this.#onError(id, cause),
    });
  }

  /**
   * Starts the process and waits until it asks for its first event.
   *
   * @param {import('./code.js').FunctionCode} code
   * @throws {FunctionFailure} the environment is gone then
   */
  async start(code) {
    try {
      const [taskRoot, address] = await Promise.all([code.folder(), this.#api.listen()]);
      if (this.#ended) throw this.#ended;
      const startedAt = performance.now();
      this.#spawn(taskRoot, address);
      await this.#firstNext();
      this.#initMs = performance.now() - startedAt;
    } catch (error) {
      const reason = error instanceof FunctionFailure ? error : failure(CANNOT_LOAD, `${error}`);
      const told = Object.assign(reason, this.#facts());
      await this.end(told);
      throw told;
    }
  }

  /**
   * Has the function answer one event. The environment must be idle.
   *
   * @param {string} payload
   * @param {Circumstances} circumstances
   * @returns {Promise<Invocation>}
   * @throws {FunctionFailure}
   */
  async run(payload, { fault, clockSkewMs }) {
    if (this.#ended) throw this.#ended;
    const { timeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      const id = randomUUID();
      const limit = setTimeout(() => {
        void this.end(failure(`The function did not answer within ${timeoutMs} ms.`));
      }, timeoutMs);
      const watch = setInterval(() => this.#watch(), WATCH_MS);
      const startedAt = performance.now();
      this.#current = { id, startedAt, isAnswered: false, limit, watch, resolve, reject };
      if (fault === 'hang') return;
      if (fault === 'crash') {
        void this.end(failure('The function crashed.', 'on command'));
        return;
      }
      signal(this.#child, 'SIGCONT');
      this.#api.deliver(payload, this.#headers(id, clockSkewMs, fault === 'trap'));
    });
  }

  /**
   * Ends the process, frozen or not.
   *
   * @param {FunctionFailure} reason what becomes of an invocation under way
   */
  async end(reason) {
    this.#ended ??= reason;
    signal(this.#child, 'SIGKILL');
    await this.#exited;
    await this.#leave();
  }

  /**
   * @param {string} taskRoot
   * @param {string} address
   */
  #spawn(taskRoot, address) {
    const { source, region, node, ric, disturbable } = this.#options;
    const { command, args } = commandFor({ node, memory: source.memory, ric, disturbable });
    this.#child = spawn(command, args, {
      cwd: taskRoot,
      env: reservedVariables({ source, region, taskRoot, address }),
      stdio: ['ignore', this.#log.fd, this.#log.fd],
      // A process group of its own: what the function starts is frozen and ended with it.
      detached: true,
    });
    this.#exited = once(this.#child, 'exit').then(
      ([code, name]) => this.#onExit(name ? `signal ${name}` : `exit code ${code}`),
      (error) => this.#onExit(String(error)),
    );
  }

  async #firstNext() {
    const limit = setTimeout(() => {
      void this.end(failure(`The function did not load within ${INIT_LIMIT_MS} ms.`));
    }, INIT_LIMIT_MS);
    try {
      await new Promise((/** @type {(value?: undefined) => void} */ resolve, reject) => {
        this.#starting = { resolve, reject };
      });
    } finally {
      clearTimeout(limit);
      this.#starting = undefined;
    }
  }

  /**
   * @param {string} id
   * @param {number} clockSkewMs
   * @param {boolean} trap
   * @returns {Record<string, string>} of the Runtime API's answer to `next`
   */
  #headers(id, clockSkewMs, trap) {
    const { source, timeoutMs } = this.#options;
    const deadline = Math.round(Date.now() + timeoutMs + clockSkewMs);
    const arn = `arn:aws:lambda:us-east-1:000000000000:function:${source.name}:1`;
    return {
      'lambda-runtime-aws-request-id': id,
      'lambda-runtime-deadline-ms': String(deadline),
      'lambda-runtime-invoked-function-arn': arn,
      ...(clockSkewMs !== 0 && { 'nearhop-clock-skew-ms': String(clockSkewMs) }),
      ...(trap && { 'nearhop-trap': '1' }),
    };
  }

  /** The process asks for its next event: it has nothing more to do with the one before. */
  #onNext() {
    if (this.#starting) {
      this.#starting.resolve();
      return;
    }
    if (!this.#current) return;
    signal(this.#child, 'SIGSTOP');
    this.#fail(failure('The function gave no answer.'));
    clearTimeout(this.#current.limit);
    this.#current = undefined;
    if (!this.#ended) this.#options.onIdle();
  }

  /**
   * @param {string} id
   * @param {string} text
   * @returns {boolean} whether it is the invocation under way
   */
  #onResponse(id, text) {
    const current = this.#current;
    if (current?.id !== id || current.isAnswered) return false;
    try {
      const returned = JSON.parse(text);
      if (!this.#watch()) current.resolve({ returned, ...this.#answer(current) });
    } catch (error) {
      this.#fail(failure('The function answered something else than JSON.', `${error}`));
    }
    return true;
  }

  /**
   * @param {string | undefined} id undefined for an error while loading
   * @param {string} cause
   * @returns {boolean} whether it is the invocation under way
   */
  #onError(id, cause) {
    if (id === undefined) {
      this.#starting?.reject(failure(CANNOT_LOAD, cause));
      return this.#starting !== undefined;
    }
    if (this.#current?.id !== id || this.#current.isAnswered) return false;
    this.#fail(failure('The function threw an exception.', cause));
    return true;
  }

  /** @param {string} how */
  #onExit(how) {
    const crashed = how.startsWith('signal') ? 'crashed' : 'ended its process';
    this.#ended ??= failure(`The function ${crashed}.`, how);
    this.#starting?.reject(this.#ended);
    this.#fail(this.#ended);
    clearTimeout(this.#current?.limit);
    return this.#leave();
  }

  async #leave() {
    if (!this.#isGone) {
      this.#isGone = true;
      this.#log.close();
      this.#options.onGone();
    }
    await this.#api.close();
  }

  /** @returns {boolean} whether the environment had to be ended for its memory */
  #watch() {
    this.#log.trim();
    const { memory } = this.#options.source;
    const used = this.#memoryMb();
    if (used === undefined || used <= memory) return false;
    const cause = `${Math.ceil(used)} MB`;
    const reason = failure(`The function used more than its ${memory} MB of memory.`, cause);
    this.#fail(reason);
    void this.end(reason);
    return true;
  }

  /**
   * Answers the invocation under way, unless it has been.
   *
   * @param {FunctionFailure} reason
   */
  #fail(reason) {
    const current = this.#current;
    if (!current || current.isAnswered) return;
    current.reject(Object.assign(reason, this.#answer(current)));
  }

  /**
   * What there is to tell of an invocation, whether it succeeds or fails.
   *
   * @param {Current} current
   */
  #answer(current) {
    const ms = performance.now() - current.startedAt;
    clearInterval(current.watch);
    current.isAnswered = true;
    const initMs = this.#initMs;
    this.#initMs = undefined;
    return { ms, initMs, ...this.#facts() };
  }

  #facts() {
    return { logs: this.#log.take(), instance: this.#options.id, memoryMb: this.#memoryMb() };
  }

  #memoryMb() {
    return this.#child?.pid === undefined ? undefined : peakMemoryMb(this.#child.pid);
  }
}

/**
 * Lambda@Edge functions, run as Lambda runs them: each execution environment is a process of its
 * own that speaks Lambda's Runtime API, knows only the variables that Lambda reserves, is frozen
 * between invocations (rule L6) and is ended when it takes too long or too much memory.
 *
 * Where Linux's /proc and setpriv(1) are missing, environments are not frozen and only the
 * JavaScript heap is limited; `onWarning` says so.
 */
import { FunctionCode } from './code.js';
import { FunctionFailure, failure } from './failure.js';
import { Pool } from './pool.js';
import { canFreeze } from './process.js';

/**
 * @typedef {import('../distribution.js').FunctionSource} FunctionSource
 * @typedef {import('../distribution.js').EventType} EventType
 *
 * @typedef {object} Faults what goes wrong on command
 * @property {(name: string, region: string, eventType: EventType) =>
 *   { kind: 'throttle'|'trap'|'crash'|'hang' } | undefined} invocation asked once for each
 *   invocation, with the function's name
 * @property {number} clockSkewMs what the functions' clocks are ahead
 *
 * @typedef {object} Options
 * @property {Map<string, FunctionSource>} functions
 * @property {number} [instances] most environments for a function in one edge Region; further
 *   invocations wait in order of arrival (rule L5)
 * @property {Record<string, string>} [nodes] the Node program for each runtime (`nodejs24.x`); the
 *   one that runs this if left out
 * @property {string} [ric] path of `index.mjs` of aws-lambda-ric, AWS's own runtime client, to run
 *   in place of `bootstrap.js`; it knows nothing of the fault `trap` and of clock skew
 * @property {number} [timeoutMs] limit for every function whose own is longer
 * @property {Faults} [faults]
 * @property {(text: string) => void} [onWarning] is told once of each difference from Lambda;
 *   `process.emitWarning` if left out
 *
 * @typedef {object} Invocation
 * @property {unknown} returned what the handler returned, through JSON as at Lambda
 * @property {number} ms from the event sent to the response received
 * @property {number | undefined} initMs from the start of the process until it asked for its
 *   first event; only for a cold start
 * @property {string} instance the environment: `eu-west-1#2` is the second one started there
 * @property {string[]} logs lines written to standard output and error; what was written while
 *   the environment started comes first
 * @property {number | undefined} memoryMb most that the environment has held so far, where known
 */

export class EdgeFunctions {
  /** @type {Map<string, Pool>} by function and edge Region */
  #pools = new Map();
  /** @type {Map<string, FunctionCode>} */
  #codes = new Map();
  /** @type {Set<string>} */
  #warned = new Set();
  #closed = false;
  #options;

  /**
   * @param {Options} options
   * @throws {TypeError} if a function cannot run here: no such file, a zip over 50 MB (rule L1), a
   *   runtime other than Node's
   */
  constructor(options) {
    this.#options = options;
    for (const [key, source] of options.functions) {
      this.#codes.set(key, new FunctionCode(key, source));
    }
    if (!canFreeze()) {
      this.#warn('Functions are not frozen between invocations (L6): it takes Linux and setpriv.');
    }
  }

  /**
   * @param {string} key of the function
   * @param {string} region the edge Region: `AWS_REGION` inside
   * @param {object} event
   * @returns {Promise<Invocation>}
   * @throws {FunctionFailure} rule F1: 503 `LambdaExecutionError`, or `LambdaLimitExceeded` when
   *   throttled
   */
  async invoke(key, region, event) {
    if (this.#closed) throw failure('The distribution is closing.');
    const source = this.#source(key);
    const fault = this.#options.faults?.invocation(source.name, region, eventTypeOf(event));
    if (fault?.kind === 'throttle') {
      const message = 'The function has more requests than it may serve at a time.';
      throw new FunctionFailure('LambdaLimitExceeded', message);
    }
    const clockSkewMs = this.#options.faults?.clockSkewMs ?? 0;
    if (this.#options.ric && (fault?.kind === 'trap' || clockSkewMs !== 0)) {
      throw new TypeError('aws-lambda-ric cannot trap or shift its clock: leave out `ric`');
    }
    return this.#pool(key, region).invoke(JSON.stringify(event), {
      fault: fault?.kind,
      clockSkewMs,
    });
  }

  /**
   * Ends environments, as Lambda does now and then; the next invocation starts a new one, with the
   * code as it is by then. One that serves an invocation is ended when it has answered.
   *
   * @param {{ name?: string, region?: string }} [which] name or key of a function, an edge Region;
   *   all if left out
   * @returns {number} how many environments
   */
  recycle({ name, region } = {}) {
    const isNamed = (/** @type {string} */ key) =>
      name === undefined || name === key || name === this.#source(key).name;
    for (const [key, code] of this.#codes) if (isNamed(key)) code.renew();
    return [...this.#pools.values()]
      .filter((pool) => isNamed(pool.key) && (region === undefined || region === pool.region))
      .reduce((count, pool) => count + pool.recycle(), 0);
  }

  /** Ends all environments and removes the copies of the code; what is under way fails. */
  async close() {
    this.#closed = true;
    await Promise.all([...this.#pools.values()].map((pool) => pool.close()));
    await Promise.all([...this.#codes.values()].map((code) => code.remove()));
  }

  /**
   * @param {string} key
   * @returns {FunctionSource}
   */
  #source(key) {
    const source = this.#options.functions.get(key);
    if (source) return source;
    const known = [...this.#options.functions.keys()].join(', ') || '(none)';
    throw new TypeError(`no function "${key}"; there are: ${known}`);
  }

  /**
   * @param {string} key
   * @param {string} region
   */
  #pool(key, region) {
    const id = JSON.stringify([key, region]);
    let pool = this.#pools.get(id);
    if (!pool) {
      const { instances = 1, timeoutMs = Infinity, ric, faults } = this.#options;
      const source = this.#source(key);
      pool = new Pool({
        key,
        source,
        code: /** @type {FunctionCode} */ (this.#codes.get(key)),
        region,
        instances,
        timeoutMs: Math.min(source.timeout * 1_000, timeoutMs),
        node: this.#node(source.runtime),
        ric,
        disturbable: faults !== undefined,
      });
      this.#pools.set(id, pool);
    }
    return pool;
  }

  /**
   * @param {string} runtime
   * @returns {string}
   */
  #node(runtime) {
    const node = this.#options.nodes?.[runtime];
    if (node) return node;
    const [major] = process.versions.node.split('.');
    if (runtime !== `nodejs${major}.x`) this.#warn(`${runtime} runs on Node ${major} here.`);
    return process.execPath;
  }

  /** @param {string} text */
  #warn(text) {
    if (this.#warned.has(text)) return;
    this.#warned.add(text);
    const { onWarning = (line) => process.emitWarning(line) } = this.#options;
    onWarning(text);
  }
}

/**
 * @param {any} event
 * @returns {EventType}
 */
function eventTypeOf(event) {
  return event.Records?.[0]?.cf?.config?.eventType;
}

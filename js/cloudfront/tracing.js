/**
 * How the traces of one distribution begin and end.
 */
import { Trace } from './trace/trace.js';

/**
 * @typedef {import('./trace/record.js').TraceRecord} TraceRecord
 */

export class Tracing {
  #traces;
  #secrets;
  #onTrace;

  /**
   * @param {object} options
   * @param {import('./trace/traces.js').Traces} options.traces where they are kept
   * @param {boolean} options.secrets whether they hold tokens, cookies and secrets
   * @param {(record: TraceRecord) => void} options.onTrace what it throws becomes a warning of the
   *   process
   */
  constructor({ traces, secrets, onTrace }) {
    this.#traces = traces;
    this.#secrets = secrets;
    this.#onTrace = onTrace;
  }

  /**
   * @param {ConstructorParameters<typeof Trace>[0]} facts
   * @returns {Trace}
   */
  start(facts) {
    return new Trace({ ...facts, secrets: this.#secrets });
  }

  /** @param {Trace} trace */
  finish({ record }) {
    this.#traces.add(record);
    try {
      this.#onTrace(record);
    } catch (error) {
      process.emitWarning(/** @type {Error} */ (error));
    }
  }
}

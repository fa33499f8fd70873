/**
 * The traces of the last requests.
 */

/**
 * @typedef {import('./record.js').TraceRecord} TraceRecord
 */

/** Keeps the last traces, and tells whoever wants to know of each new one. */
export class Traces {
  #keep;
  /** @type {Map<string, TraceRecord>} oldest first */
  #records = new Map();
  /** @type {Set<(record: TraceRecord) => void>} */
  #subscribers = new Set();

  /** @param {{ keep?: number }} [options] how many; 500 unless said */
  constructor({ keep = 500 } = {}) {
    this.#keep = keep;
  }

  /** @param {TraceRecord} record of a request that ended */
  add(record) {
    this.#records.set(record.id, record);
    for (const id of this.#records.keys()) {
      if (this.#records.size <= this.#keep) break;
      this.#records.delete(id);
    }
    for (const tell of this.#subscribers) tell(record);
  }

  /** @param {string} id */
  get(id) {
    return this.#records.get(id);
  }

  /** @returns {TraceRecord[]} the oldest first */
  list() {
    return [...this.#records.values()];
  }

  clear() {
    this.#records.clear();
  }

  /**
   * @param {(record: TraceRecord) => void} tell is called with each trace to come
   * @returns {() => void} ends it
   */
  subscribe(tell) {
    // One function may subscribe twice: each has a subscription of its own.
    const own = (/** @type {TraceRecord} */ record) => tell(record);
    this.#subscribers.add(own);
    return () => void this.#subscribers.delete(own);
  }
}

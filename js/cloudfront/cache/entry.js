/**
 * One stored answer.
 */
import { createReadStream, openSync } from 'node:fs';
import { Readable } from 'node:stream';
import { byteLength } from '../headers.js';
import { ageOf } from './lifetime.js';

/**
 * @typedef {import('../headers.js').HeaderMap} HeaderMap
 *
 * @typedef {'GET' | 'HEAD' | 'OPTIONS'} CachedMethod
 *
 * @typedef {object} Facts
 * @property {string} key
 * @property {CachedMethod} method of the request that it answered
 * @property {string} path with the query strings that the key has: what invalidations name
 * @property {number} status
 * @property {string} statusDescription
 * @property {HeaderMap} headers
 * @property {number} storedAt when the origin's answer arrived, or was last found unchanged, in
 *   milliseconds since 1970
 * @property {number} ttlMs milliseconds that it is fresh from then on
 * @property {number} size bytes of the body
 * @property {string | undefined} file that holds the body; undefined if the body is empty
 * @property {number} [extendedTo] milliseconds since 1970; see `Cache.extend`
 */

/** Never changes: an update makes a new one, and what a caller does to `headers` stays outside. */
export class Entry {
  #facts;
  #now;

  /**
   * @param {Facts} facts
   * @param {() => number} now
   */
  constructor(facts, now) {
    this.#facts = facts;
    this.#now = now;
  }

  get key() {
    return this.#facts.key;
  }

  get method() {
    return this.#facts.method;
  }

  get path() {
    return this.#facts.path;
  }

  get status() {
    return this.#facts.status;
  }

  get statusDescription() {
    return this.#facts.statusDescription;
  }

  /** A copy: what is done to one viewer's answer must not reach another's. */
  get headers() {
    return structuredClone(this.#facts.headers);
  }

  get storedAt() {
    return this.#facts.storedAt;
  }

  get ttlMs() {
    return this.#facts.ttlMs;
  }

  get size() {
    return this.#facts.size;
  }

  get file() {
    return this.#facts.file;
  }

  /** What it takes of the cache's `maxBytes`: the body, and what is kept in memory beside it. */
  get bytes() {
    const { key, path, headers, size } = this.#facts;
    return size + byteLength(headers) + 2 * (key.length + path.length);
  }

  /**
   * Whole seconds since the origin made the answer, for `Age` (RFC 9111 section 4.2.3): those that
   * the origin's own `Age` named, and those spent here.
   */
  age() {
    const resident = Math.max(0, this.#now() - this.#facts.storedAt);
    return ageOf(this.#facts.headers) + Math.floor(resident / 1_000);
  }

  /** Whether it can be used without asking the origin. */
  fresh() {
    const { extendedTo = 0 } = this.#facts;
    return this.#now() < Math.max(this.#expiry(), extendedTo);
  }

  /** Milliseconds since it expired; 0 while it has not. An extension does not count. */
  staleFor() {
    return Math.max(0, this.#now() - this.#expiry());
  }

  /**
   * The body, or a part of it. Ask for it in the same turn as for the entry: once open it can be
   * read to its end whatever happens to the entry. What is not read is to be destroyed.
   *
   * @param {number} [start] first byte
   * @param {number} [end] byte after the last
   * @returns {Readable}
   * @throws {Error} if the entry was purged, evicted or replaced since it was looked up
   */
  body(start = 0, end = this.size) {
    const { file, key } = this.#facts;
    if (file === undefined || start >= end) return Readable.from([]);
    try {
      return createReadStream(file, { fd: openSync(file, 'r'), start, end: end - 1 });
    } catch (cause) {
      throw new Error(`the stored body of ${key} is gone: look the entry up again`, { cause });
    }
  }

  /**
   * @param {Partial<Facts>} changes
   * @returns {Entry}
   */
  with(changes) {
    return new Entry({ ...this.#facts, ...changes }, this.#now);
  }

  #expiry() {
    return this.#facts.storedAt + this.#facts.ttlMs;
  }
}

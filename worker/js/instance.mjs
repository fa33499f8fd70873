/**
 * A worker started in WebAssembly, and the memory it is given events in.
 *
 * @typedef {import('./worker.mjs').WorkerOptions} WorkerOptions
 * @typedef {import('./worker.mjs').Validators} Validators
 */

import { Head, NOTHING, bytesOf } from './head.mjs';
import { Known, Names, parseField, parseOrigin } from './known.mjs';
import { Outcome } from './outcome.mjs';

/** A worker in one WebAssembly instance, whose traps its methods throw. */
export class Instance {
  /** Of what this instance was given; another one knows nothing of it. @type {Validators} */
  validators = new Map();
  known = { fields: new Known(parseField), origins: new Known(parseOrigin) };
  #memory = NOTHING;
  #numbers = new DataView(NOTHING.buffer);
  #input = 0;
  #capacity = 0;
  #body = NOTHING;
  #names = new Names((name) => this.#learn(name));
  /** @type {import('./types.js').Exports} */
  #exports;

  /** @param {WorkerOptions} options */
  constructor({ module, rest, glue, config, region, imports }) {
    const needed = WebAssembly.Module.imports(module).map((item) => item.module);
    const glueName = needed.find((name) => name.endsWith('_bg.js'));
    /** @type {WebAssembly.Imports} */
    const host = {
      ...(glueName && glue && { [glueName]: /** @type {any} */ (glue) }),
      cloudfront: {
        /** @param {number} into */
        read_body: (into) => this.#body.copy(this.#view(), into >>> 0),
        /**
         * Node loads its Web Crypto when it is first asked for.
         *
         * @param {number} at
         * @param {number} length
         */
        random: (at, length) => {
          const start = at >>> 0;
          globalThis.crypto.getRandomValues(this.#view().subarray(start, start + length));
        },
        /** Instantiated, the rest puts its functions into a table that it shares with the first. */
        load: () => {
          if (!rest) throw new Error('the rest of the worker was not given');
          new WebAssembly.Instance(rest(), { ...host, first: instance.exports });
        },
      },
      ...imports?.(() => this.#view()),
    };
    const instance = new WebAssembly.Instance(module, host);
    this.#exports = /** @type {any} */ (instance.exports);
    glue?.__wbg_set_wasm?.(instance.exports);
    this.#exports.__wbindgen_start?.();

    if (this.#exports.cloudfront_configure) this.#configure(config ?? NOTHING);
    const name = Buffer.from(region ?? process.env.AWS_REGION ?? '');
    this.#write(name);
    this.#exports.cloudfront_start(name.length, seed());
  }

  /** Not for a snapshot: it begins with what came of this. @param {Uint8Array} config */
  #configure(config) {
    this.#write(config);
    const reason = this.#exports.cloudfront_configure?.(config.length) ?? 0;
    this.#capacity = 0;
    if (reason > 0) {
      const at = this.#exports.cloudfront_output() >>> 0;
      throw new Error(`the worker cannot start: ${this.#view().utf8Slice(at, at + reason)}`);
    }
  }

  /**
   * @param {any} cf  the event's only record
   * @param {number} now  milliseconds since 1970
   * @throws {import('./head.mjs').MalformedEvent}
   */
  handle(cf, now) {
    const head = new Head(cf, this.#names);
    const { before, text, body } = head;
    const count = head.lengths.length;
    let size = text.length;
    if (before) for (const piece of before) size += piece.length;
    // Up to three bytes a UTF-16 code unit.
    this.#reserve(count * 4 + size * 3);
    const start = this.#input + count * 4;
    let end = start;
    if (before) for (const piece of before) end += this.#memory.utf8Write(piece, end);
    end += this.#memory.utf8Write(text, end);
    const length = end - start;
    const lengths = length === size ? head.lengths : bytesOf(head);
    for (let i = 0; i < count; i += 1) {
      this.#numbers.setUint32(this.#input + i * 4, lengths[i], true);
    }
    this.#body = body;
    const written = this.#exports.cloudfront_handle(count, length, now, body.length);
    const at = this.#exports.cloudfront_output() >>> 0;
    return new Outcome(this.#view(), at, written, this.known);
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} tag
   * @param {number} fault  0, one of FAULT in worker.mjs, or a status other than 200
   * @param {number} now
   * @returns {string} a line for the log, or nothing
   */
  record(bytes, tag, fault, now) {
    this.#write(bytes);
    const size = this.#exports.cloudfront_record(bytes.length, tag, fault, now);
    const at = this.#exports.cloudfront_output() >>> 0;
    return this.#view().utf8Slice(at, at + size).replaceAll('\n', ' ');
  }

  /**
   * Growing a memory, even by nothing, detaches every view of it. wasm-bindgen's glue keeps one and
   * takes another only when that is detached: it would go on reading this memory for the next
   * instance.
   */
  discard() {
    this.#exports.memory.grow(0);
  }

  /** @param {string} name */
  #learn(name) {
    const bytes = Buffer.from(name);
    this.#write(bytes);
    return this.#exports.cloudfront_name(bytes.length);
  }

  /** @param {Uint8Array} bytes */
  #write(bytes) {
    this.#reserve(bytes.length);
    this.#memory.set(bytes, this.#input);
  }

  /** @param {number} length */
  #reserve(length) {
    if (length > this.#capacity) {
      this.#input = this.#exports.cloudfront_input(length) >>> 0;
      this.#capacity = length;
    }
    this.#view();
  }

  /** The instance's memory. Growing detaches the buffer an earlier view looked into. */
  #view() {
    if (this.#memory.length === 0) {
      const { buffer } = this.#exports.memory;
      this.#memory = Buffer.from(buffer);
      this.#numbers = new DataView(buffer);
    }
    return this.#memory;
  }
}

/**
 * Differs from instance to instance, and no client can know it. Loading `node:crypto` for a number
 * that need not be secret would cost every cold start some milliseconds.
 */
function seed() {
  const word = () => BigInt(Math.floor(Math.random() * 2 ** 32));
  return (word() << 32n) | word();
}

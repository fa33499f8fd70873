/**
 * A worker started in WebAssembly, and the memory it is given events in.
 *
 * @typedef {import('./worker.mjs').WorkerOptions} WorkerOptions
 * @typedef {import('./worker.mjs').Validators} Validators
 * @typedef {import('./head.mjs').Head} Head
 */

import { NOTHING } from './head.mjs';
import { Outcome } from './outcome.mjs';

/** A worker in one WebAssembly instance, whose traps its methods throw. */
export class Instance {
  /** Of what this instance was given; another one knows nothing of it. @type {Validators} */
  validators = new Map();
  #memory = NOTHING;
  #numbers = new DataView(NOTHING.buffer);
  #input = 0;
  #capacity = 0;
  #body = NOTHING;
  /** @type {import('./types.js').Exports} */
  #exports;

  /** @param {WorkerOptions} options */
  constructor({ module, glue, config, region, imports }) {
    const needed = WebAssembly.Module.imports(module).map((item) => item.module);
    const glueName = needed.find((name) => name.endsWith('_bg.js'));
    const instance = new WebAssembly.Instance(module, {
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
      },
      ...imports?.(() => this.#view()),
    });
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
   * @param {Head} head
   * @param {number} now  milliseconds since 1970
   */
  handle(head, now) {
    const { text, parts, body } = head;
    const count = parts.length;
    // Up to three bytes a UTF-16 code unit.
    this.#reserve(count * 4 + text.length * 3);
    const length = this.#memory.utf8Write(text, this.#input + count * 4);
    const isAscii = length === text.length;
    for (let i = 0; i < count; i += 1) {
      const bytes = isAscii ? parts[i].length : Buffer.byteLength(parts[i]);
      this.#numbers.setUint32(this.#input + i * 4, bytes, true);
    }
    this.#body = body;
    const size = this.#exports.cloudfront_handle(count, length, now, body.length);
    return new Outcome(this.#view(), this.#exports.cloudfront_output() >>> 0, size);
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

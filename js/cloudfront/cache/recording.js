/**
 * A body on its way to the viewer, written to a file as it passes.
 */
import { open, rm } from 'node:fs/promises';
import { Transform } from 'node:stream';

/**
 * Relays every byte, no faster than the viewer takes it. The file is kept only if the body came
 * whole and the viewer took all of it, where the length is known all before its last piece ("Canceled requests" and "Dropped TCP connections" in
 * "Request and response behavior for custom origins"). A file that cannot be written, or that would
 * grow too large, costs the viewer nothing: the body is relayed and not kept.
 */
export class Recording extends Transform {
  #file;
  #limit;
  #expected;
  #onKept;
  /** @type {import('node:fs/promises').FileHandle | undefined} */
  #handle;
  /** @type {Promise<void> | undefined} */
  #opening;
  #size = 0;
  /** @type {'keeping' | 'given up' | 'whole' | 'kept'} */
  #state = 'keeping';

  /**
   * @param {string} file to be created
   * @param {object} options
   * @param {number} options.limit largest body to keep, in bytes
   * @param {number | undefined} options.expected bytes that the origin announced
   * @param {(size: number) => void} options.onKept is called when the file is whole and the viewer
   *   has all of it, before the viewer's stream ends
   */
  constructor(file, { limit, expected, onKept }) {
    super();
    this.#file = file;
    this.#limit = limit;
    this.#expected = expected;
    this.#onKept = onKept;
    this.once('end', () => this.#keep());
  }

  /**
   * Stops writing and removes the file, unless it is kept already. The body is still relayed. Never
   * throws: what cannot be removed goes with its folder.
   */
  async giveUp() {
    if (this.#state === 'kept') return;
    this.#state = 'given up';
    await this.#opening?.catch(() => {});
    await this.#closeFile().catch(() => {});
    await rm(this.#file, { force: true }).catch(() => {});
  }

  /**
   * @override
   * @param {() => void} callback
   */
  _construct(callback) {
    this.#opening = this.#open();
    this.#opening.catch(() => this.giveUp()).then(callback);
  }

  /**
   * @override
   * @param {Buffer} chunk
   * @param {string} _encoding
   * @param {(error: null, chunk: Buffer) => void} callback
   */
  _transform(chunk, _encoding, callback) {
    this.#write(chunk)
      .catch(() => this.giveUp())
      .then(() => callback(null, chunk));
  }

  /**
   * @override
   * @param {() => void} callback
   */
  _flush(callback) {
    this.#complete().catch(() => this.giveUp()).then(callback);
  }

  /**
   * @override
   * @param {Error | null} error
   * @param {(error: Error | null) => void} callback
   */
  _destroy(error, callback) {
    this.giveUp().then(() => callback(error));
  }

  async #open() {
    if (this.#state === 'keeping') this.#handle = await open(this.#file, 'wx', 0o600);
  }

  /** @param {Buffer} chunk */
  async #write(chunk) {
    this.#size += chunk.length;
    if (this.#state !== 'keeping') return;
    if (this.#size > this.#limit) return this.giveUp();
    await this.#handle?.appendFile(chunk);
    // A viewer that knows the length takes the answer as over with its last byte, and may ask again
    // at once: by then it is kept.
    if (this.#size !== this.#expected) return;
    await this.#complete();
    this.#keep();
  }

  async #complete() {
    await this.#closeFile();
    const isWhole = this.#expected === undefined || this.#expected === this.#size;
    if (!isWhole) await this.giveUp();
    else if (this.#state === 'keeping') this.#state = 'whole';
  }

  #keep() {
    if (this.#state !== 'whole') return;
    this.#state = 'kept';
    this.#onKept(this.#size);
  }

  async #closeFile() {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }
}

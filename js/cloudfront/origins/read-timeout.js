/**
 * CloudFront's patience with an origin: how long it waits for the head of an answer, and from one
 * packet of it to the next (rule F6). It runs only while CloudFront waits for the origin, not while
 * it waits for the viewer.
 */
export class ReadTimeout {
  #ms;
  #onTimeout;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  #over = false;

  /**
   * @param {number} seconds
   * @param {() => void} onTimeout
   */
  constructor(seconds, onTimeout) {
    this.#ms = seconds * 1_000;
    this.#onTimeout = onTimeout;
  }

  /** CloudFront waits for the origin, from now. */
  start() {
    clearTimeout(this.#timer);
    if (!this.#over) this.#timer = setTimeout(this.#onTimeout, this.#ms);
  }

  /** CloudFront waits for somebody else. */
  stop() {
    clearTimeout(this.#timer);
  }

  /** For good. */
  end() {
    this.#over = true;
    this.stop();
  }
}

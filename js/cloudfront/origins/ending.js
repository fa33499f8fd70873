/**
 * What ends a fetch before its time: the viewer left, or the response completion timeout is over.
 */
import { OriginFailure } from './failure.js';

export class Ending {
  #controller = new AbortController();
  #viewer;
  #onViewer = () => this.#controller.abort(this.#viewer.reason);
  /** @type {NodeJS.Timeout | undefined} */
  #timer;

  /**
   * @param {AbortSignal} viewer aborted when nobody waits for the answer any more
   * @param {number | undefined} completionTimeout seconds for all attempts and the whole answer;
   *   CloudFront sets no limit unless it is configured
   * @param {string} name the origin's domain name
   */
  constructor(viewer, completionTimeout, name) {
    this.#viewer = viewer;
    if (viewer.aborted) this.#onViewer();
    else viewer.addEventListener('abort', this.#onViewer);
    if (completionTimeout === undefined) return;
    this.#timer = setTimeout(() => {
      const message = `The answer was not complete within ${completionTimeout} s.`;
      const facts = { found: name, allowed: 'less than the response completion timeout' };
      this.#controller.abort(new OriginFailure('timeout', message, facts));
    }, completionTimeout * 1_000);
  }

  /**
   * Its reason is the viewer's, or an {@link OriginFailure}.
   *
   * @returns {AbortSignal}
   */
  get signal() {
    return this.#controller.signal;
  }

  /**
   * Ends the body with the fetch, and the fetch with the body.
   *
   * @param {import('node:stream').Readable} body
   */
  follow(body) {
    // The body may break before anybody reads it: that must not end the process.
    body.on('error', () => {});
    this.signal.addEventListener('abort', () => body.destroy(this.signal.reason));
    body.once('close', () => this.over());
    if (this.signal.aborted) body.destroy(this.signal.reason);
  }

  /** Nothing is left to be ended. */
  over() {
    clearTimeout(this.#timer);
    this.#viewer.removeEventListener('abort', this.#onViewer);
  }
}

/**
 * A request's body on its way: looked into as far as Include Body goes, and passed on whole.
 */
import { Readable } from 'node:stream';
import { hasBody } from './event.js';

/**
 * What Include Body shows of a body, in bytes (rules E4, G6): the guide's limits for the size of an
 * exposed body.
 */
const SHOWN = { 'viewer-request': 40_960, 'origin-request': 1_048_576 };

/** @typedef {NonNullable<import('aws-lambda').CloudFrontRequest['body']>} EventBody */

export class RequestBody {
  /** @type {Buffer | undefined} in place of what the viewer sent */
  #replacement;
  /** @type {Buffer[]} read already, not passed on yet */
  #seen = [];
  #rest;
  #ended;
  #isSpent = false;

  /** @param {import('node:http').IncomingMessage} [incoming] none for a request without a body */
  constructor(incoming) {
    this.#ended = !incoming || !hasBody(incoming);
    this.#rest = (incoming ?? Readable.from([]))[Symbol.asyncIterator]();
  }

  /** Whether it has been passed on and cannot be again, as for a second leg (rule F4). */
  get isSpent() {
    return this.#isSpent;
  }

  /**
   * The `body` of an event with Include Body (rule E4).
   *
   * @param {'viewer-request'|'origin-request'} eventType
   * @returns {Promise<EventBody>} in base64, as CloudFront gives it
   */
  async show(eventType) {
    const most = SHOWN[eventType];
    const bytes = this.#replacement ?? (await this.#readPast(most));
    return {
      inputTruncated: bytes.length > most,
      action: 'read-only',
      encoding: 'base64',
      data: bytes.subarray(0, most).toString('base64'),
    };
  }

  /**
   * Takes what a function returned: with the action `replace`, its data are the body from here on
   * (rule E4).
   *
   * @param {EventBody | undefined} returned
   * @returns {number | undefined} length of the new body, if there is one
   */
  take(returned) {
    if (returned?.action !== 'replace') return undefined;
    const encoding = returned.encoding === 'text' ? 'utf8' : 'base64';
    this.#replacement = Buffer.from(returned.data ?? '', encoding);
    return this.#replacement.length;
  }

  /**
   * What goes to the origin. What has not been read yet can be passed on once.
   *
   * @returns {Readable | Buffer | null} null if the request has none
   */
  pass() {
    if (this.#replacement) return this.#replacement.length > 0 ? this.#replacement : null;
    if (this.#ended) return this.#seen.length > 0 ? Buffer.concat(this.#seen) : null;
    this.#isSpent = true;
    return Readable.from(this.#remaining(), { objectMode: false });
  }

  /**
   * Reads what nobody wanted, so that the viewer's next request on the connection is heard. To be
   * called once the answer is sent. Never throws.
   */
  async drain() {
    try {
      while (!this.#ended) await this.#next();
    } catch {
      // The viewer has left.
    }
  }

  /** @param {number} most bytes */
  async #readPast(most) {
    let size = this.#seen.reduce((sum, chunk) => sum + chunk.length, 0);
    while (!this.#ended && size <= most) {
      const chunk = await this.#next();
      this.#seen.push(chunk);
      size += chunk.length;
    }
    return Buffer.concat(this.#seen);
  }

  /** Its reader may leave early: that must not end the viewer's connection. */
  async *#remaining() {
    yield* this.#seen.splice(0);
    while (!this.#ended) yield await this.#next();
  }

  /** @returns {Promise<Buffer>} empty at the end */
  async #next() {
    const { value = Buffer.alloc(0), done = false } = await this.#rest.next();
    this.#ended = done;
    return value;
  }
}

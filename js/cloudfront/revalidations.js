/**
 * Questions to the origin that no viewer waits for: whether an object that has just answered out of
 * date changed (`stale-while-revalidate`).
 */
import { finished } from 'node:stream/promises';
import { discard } from './answers.js';
import { RequestBody } from './body.js';
import { CloudFrontError } from './error.js';
import { requestForWhole, requestId } from './event.js';

/**
 * @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest
 * @typedef {import('./keeping.js').Slot} Slot
 * @typedef {import('./pipeline.js').Passage} Passage
 * @typedef {import('./pipeline.js').Parts} Parts
 */

/** As long as CloudFront waits for an origin unless told otherwise (rule F6), in milliseconds. */
const LIMIT_MS = 30_000;

export class Revalidations {
  #originSide;
  #traces;
  #closing = new AbortController();
  /** @type {Map<string, Promise<void>>} by cache key */
  #running = new Map();

  /**
   * @param {Pick<Parts, 'traces'> & { originSide: import('./origin-side.js').OriginSide }} parts
   */
  constructor({ originSide, traces }) {
    this.#originSide = originSide;
    this.#traces = traces;
  }

  /**
   * Starts one, unless one for the same object is under way. It has a trace of its own.
   *
   * @param {Passage} passage of the viewer that was answered
   * @param {CloudFrontRequest} asked as viewer-request left it
   * @param {Slot} slot
   */
  start(passage, asked, slot) {
    if (this.#running.has(slot.key) || this.#closing.signal.aborted) return;
    const running = this.#revalidate(passage, asked, slot);
    this.#running.set(slot.key, running);
    void running.then(() => this.#running.delete(slot.key));
  }

  /** Ends what is under way. */
  async close() {
    this.#closing.abort();
    await Promise.all(this.#running.values());
  }

  /**
   * Never throws.
   *
   * @param {Passage} passage
   * @param {CloudFrontRequest} asked
   * @param {Slot} slot
   */
  async #revalidate({ behavior, viewer, httpVersion, received }, asked, slot) {
    const startedAt = performance.now();
    const id = requestId();
    const request = requestForWhole(asked, { method: slot.method });
    const { querystring, uri } = request;
    const url = querystring === '' ? uri : `${uri}?${querystring}`;
    const trace = this.#traces.start({ id, method: slot.method, url, viewer, httpVersion });
    trace.behavior(behavior);
    trace.cache({ state: 'revalidate', key: slot.key, age: slot.stale?.age() });
    const ms = () => performance.now() - startedAt;
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), LIMIT_MS);
    const signal = AbortSignal.any([limit.signal, this.#closing.signal]);
    try {
      const body = new RequestBody();
      const passage = {
        ...{ id, httpVersion, body, signal, startedAt, received },
        ...{ trace, viewer, behavior },
      };
      const answer = await this.#originSide.answer(passage, request, slot);
      const { status, headers, by: answeredBy, cache } = answer;
      await readToEnd(answer.body, signal);
      trace.end({ status: Number(status), headers, answeredBy, cache, bytes: 0, ms: ms() });
    } catch (thrown) {
      const message = 'The object could not be revalidated.';
      const error =
        thrown instanceof CloudFrontError
          ? thrown
          : new CloudFrontError(500, 'Error', message, { cause: thrown });
      const { status, reason: cache } = error;
      const told = { answeredBy: 'cloudfront', cache, bytes: 0, ms: ms(), error };
      trace.end({ status, headers: {}, ...told });
    } finally {
      clearTimeout(timer);
    }
    this.#traces.finish(trace);
  }
}

/**
 * The cache stores a body as it is read.
 *
 * @param {import('./answers.js').Answer['body']} body
 * @param {AbortSignal} signal
 */
async function readToEnd(body, signal) {
  if (!body || Buffer.isBuffer(body)) return;
  try {
    await finished(body.resume(), { signal, writable: false });
  } finally {
    discard(body);
  }
}

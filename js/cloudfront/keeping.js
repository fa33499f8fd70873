/**
 * What the cache keeps of the origin side's answers, and when it answers in the origin's place.
 */
import { discard, fromEntry } from './answers.js';
import { compressed } from './cache/compress.js';
import { updatedHeaders } from './cache/conditional.js';
import { DEFAULT_ERROR_TTL, lifetime, storable } from './cache/lifetime.js';

/**
 * @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest
 * @typedef {import('./cache/cache.js').Entry} Entry
 * @typedef {import('./answers.js').Answer} Answer
 * @typedef {import('./pipeline.js').Passage} Passage
 *
 * @typedef {object} Slot where in the cache an answer belongs
 * @property {string} key
 * @property {string} path with the query strings that the key has
 * @property {import('./cache/entry.js').CachedMethod} method
 * @property {Entry | undefined} stale what is there but no longer fresh
 */

export class Keeping {
  #cache;
  #errorPages;

  /**
   * @param {import('./cache/cache.js').Cache} cache
   * @param {import('./distribution.js').ErrorPage[]} errorPages
   */
  constructor(cache, errorPages) {
    this.#cache = cache;
    this.#errorPages = errorPages;
  }

  /**
   * Compresses an answer where CloudFront does, and stores it where it may be: what origin-request
   * generated as if it came from the origin (rule G4).
   *
   * @param {Answer} answer
   * @param {Passage} passage
   * @param {CloudFrontRequest} request
   * @param {Slot | undefined} slot
   * @returns {Answer} the answer to send; its body is stored as it is read
   */
  keep(answer, { behavior, httpVersion }, request, slot) {
    if (answer.by === 'cache') return answer;
    const status = Number(answer.status);
    const { 'accept-encoding': _, ...others } = request.headers;
    const asked = httpVersion === '1.0' ? others : request.headers;
    const shaped = { ...answer, ...compressed(asked, behavior, answer, answer.body) };
    const { cachePolicy, cachedMethods } = behavior;
    const errorTtl = this.#errorTtl(status);
    const settings = { cachePolicy, cachedMethods, errorTtl, originKind: answer.originKind };
    const response = { status, headers: shaped.headers };
    const now = Date.now();
    if (!slot || !storable(request.method, response, settings, now)) return shaped;
    const { statusDescription } = answer;
    const head = { ...response, statusDescription, path: slot.path, method: slot.method };
    const body = this.#cache.store(slot.key, head, shaped.body, lifetime(response, settings, now));
    return { ...shaped, body };
  }

  /**
   * After a 304 to CloudFront's own question.
   *
   * @param {Slot} slot
   * @param {Passage} passage
   * @param {CloudFrontRequest} request
   * @param {import('aws-lambda').CloudFrontHeaders} headers of the 304
   * @returns {Answer | undefined} undefined if what is unchanged was purged meanwhile
   */
  refresh({ key, method, stale }, { behavior: { cachePolicy } }, request, headers) {
    const { status, headers: stored } = /** @type {Entry} */ (stale);
    const response = { status, headers: updatedHeaders(stored, headers) };
    const ttlMs = lifetime(response, { cachePolicy }, Date.now());
    const refreshed = this.#cache.refresh(key, headers, ttlMs, method);
    return refreshed && fromEntry(refreshed, request, 'RefreshHit');
  }

  /**
   * What has expired, in place of an error of the origin's.
   *
   * @param {Slot} slot
   * @param {CloudFrontRequest} request
   * @param {Answer} [failed] the origin's, which nobody will see then
   * @returns {Answer | undefined} undefined if it was purged meanwhile
   */
  outOfDate({ key, method }, request, failed) {
    const seconds = this.#errorTtl(Number(failed?.status ?? 500)) ?? DEFAULT_ERROR_TTL;
    const extended = this.#cache.extend(key, seconds * 1_000, method);
    if (!extended) return undefined;
    discard(failed?.body);
    return fromEntry(extended, request, 'Hit');
  }

  /**
   * @param {number} status
   * @returns {number | undefined} seconds
   */
  #errorTtl(status) {
    return this.#errorPages.find((page) => page.status === status)?.minTtl;
  }
}

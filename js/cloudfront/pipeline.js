/**
 * The way of one request through a distribution: behavior, viewer-request, cache, origin,
 * viewer-response.
 */
import { fromEntry } from './answers.js';
import { chooseBehavior } from './behaviors.js';
import { RequestBody } from './body.js';
import { staleUse } from './cache/stale.js';
import { CloudFrontError } from './error.js';
import { ErrorPages } from './error-pages.js';
import { requestForWhole, viewerRequest } from './event.js';
import { OriginSide } from './origin-side.js';
import { OriginFailure } from './origins/failure.js';
import { cacheKey } from './policies/cache-key.js';
import { withPolicy } from './policies/response-headers.js';
import { Revalidations } from './revalidations.js';
import { EdgeTriggers } from './triggers.js';

/**
 * @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest
 * @typedef {import('./distribution.js').Behavior} Behavior
 * @typedef {import('./distribution.js').Distribution} Distribution
 * @typedef {import('./answers.js').Answer} Answer
 * @typedef {import('./exchange.js').Exchange} Exchange
 * @typedef {import('./place/viewer.js').Viewer} Viewer
 * @typedef {import('./trace/trace.js').Trace} Trace
 *
 * @typedef {object} Passage one request on its way
 * @property {string} id the request's
 * @property {string} httpVersion the viewer's
 * @property {CloudFrontRequest} received as it came from the viewer
 * @property {import('./body.js').RequestBody} body
 * @property {AbortSignal} signal aborted once nobody waits for the answer
 * @property {number} startedAt milliseconds, of `performance.now()`
 * @property {Trace} trace
 * @property {Viewer} viewer
 * @property {Behavior} behavior
 *
 * @typedef {object} Parts
 * @property {Distribution} distribution
 * @property {import('./lambda/functions.js').EdgeFunctions} functions
 * @property {import('./origins/origins.js').Origins} origins
 * @property {import('./cache/cache.js').Cache} cache
 * @property {import('./faults/faults.js').Faults} faults
 * @property {import('./tracing.js').Tracing} traces
 */

export class Pipeline {
  #distribution;
  #cache;
  #triggers;
  #originSide;
  #errorPages;
  #revalidations;

  /** @param {Parts} parts */
  constructor({ distribution, functions, origins, cache, faults, traces }) {
    this.#distribution = distribution;
    this.#cache = cache;
    this.#triggers = new EdgeTriggers({ distribution, functions, faults });
    const originSide = new OriginSide({ distribution, origins, cache, triggers: this.#triggers });
    this.#originSide = originSide;
    this.#errorPages = new ErrorPages(distribution);
    this.#revalidations = new Revalidations({ originSide, traces });
  }

  /**
   * @param {Exchange} exchange
   * @param {Trace} trace
   * @param {Viewer} viewer
   * @returns {Promise<Answer>}
   * @throws {CloudFrontError} the page CloudFront shows instead
   */
  async answer(exchange, trace, viewer) {
    const request = viewerRequest(exchange.incoming, viewer);
    const behavior = chooseBehavior(this.#distribution.behaviors, request.uri);
    trace.behavior(behavior);
    const { id, body, signal, startedAt } = exchange;
    const { httpVersion } = exchange.incoming;
    const received = structuredClone(request);
    const passage = {
      ...{ id, httpVersion, received, body, signal, startedAt },
      ...{ trace, viewer, behavior },
    };
    const redirect = admit(request, passage);
    if (redirect) return redirect;

    const seen = await this.#triggers.viewerRequest(passage, request);
    // G3: what viewer-request answers is not cached and does not pass viewer-response.
    if ('response' in seen) return seen.response;
    const answer = await this.#behindViewer(passage, seen.request);
    return this.#triggers.viewerResponse(passage, seen.request, answer);
  }

  /** Ends what no viewer waits for. */
  close() {
    return this.#revalidations.close();
  }

  /**
   * What viewer-response gets to see: the cache's answer or the origin's, or an error page.
   *
   * @param {Passage} passage
   * @param {CloudFrontRequest} asked as viewer-request left it
   * @returns {Promise<Answer>}
   */
  async #behindViewer(passage, asked) {
    const request = this.#withRootObject(asked);
    const answer = await this.#answerOrErrorPage(passage, request);
    const { responseHeadersPolicy: policy } = passage.behavior;
    if (!policy) return answer;
    const timing = timingOf(answer, passage);
    return { ...answer, headers: withPolicy(answer.headers, policy, request, { timing }) };
  }

  /**
   * @param {Passage} passage
   * @param {CloudFrontRequest} request
   * @returns {Promise<Answer>}
   */
  async #answerOrErrorPage(passage, request) {
    let failed;
    try {
      const answer = await this.#fromCacheOrOrigin(passage, request);
      if (!this.#errorPages.covers(Number(answer.status))) return answer;
      failed = { status: Number(answer.status), answer };
    } catch (error) {
      // What the function broke, no error page covers.
      if (!(error instanceof OriginFailure) || !this.#errorPages.covers(error.status)) throw error;
      failed = { status: error.status };
    }
    return this.#errorPages.answer(failed, (path) => {
      // F7, F8: the page is fetched behind viewer-request, without what that added, by the behavior
      // of its own path.
      const behavior = chooseBehavior(this.#distribution.behaviors, path);
      const whole = { method: 'GET', uri: path, querystring: '' };
      const page = requestForWhole(passage.received, whole);
      return this.#fromCacheOrOrigin({ ...passage, behavior, body: new RequestBody() }, page);
    });
  }

  /**
   * @param {Passage} passage
   * @param {CloudFrontRequest} request
   * @returns {Promise<Answer>}
   */
  async #fromCacheOrOrigin(passage, request) {
    const { behavior, trace, viewer } = passage;
    const { cachePolicy, cachedMethods } = behavior;
    if (!cachedMethods.includes(request.method)) {
      // R4: other methods go straight to the origin.
      trace.cache({ state: 'bypass' });
      return this.#originSide.answer(passage, request);
    }
    const { key: withinRegion, parts } = cacheKey(request, cachePolicy, viewer);
    const key = `${viewer.edge} ${withinRegion}`;
    const path = parts.query === '' ? parts.path : `${parts.path}?${parts.query}`;
    const method = /** @type {import('./cache/entry.js').CachedMethod} */ (request.method);
    const entry = this.#cache.get(key, method);
    if (entry?.fresh()) {
      trace.cache({ state: 'hit', key, age: entry.age() });
      return fromEntry(entry, request, 'Hit');
    }
    trace.cache({ state: entry ? 'stale' : 'miss', key, age: entry?.age() });
    if (entry && staleUse(entry, cachePolicy).whileRevalidating) {
      const stale = { key, path, method: entry.method, stale: entry };
      this.#revalidations.start(passage, request, stale);
      return fromEntry(entry, request, 'Hit');
    }
    return this.#originSide.answer(passage, request, { key, path, method, stale: entry });
  }

  /**
   * @param {CloudFrontRequest} request
   * @returns {CloudFrontRequest}
   */
  #withRootObject(request) {
    const { defaultRootObject } = this.#distribution;
    // That it takes its place after viewer-request is unverified.
    if (request.uri !== '/' || defaultRootObject === '') return request;
    return { ...request, uri: `/${defaultRootObject}` };
  }
}

/**
 * For `Server-Timing`.
 *
 * @param {Answer} answer
 * @param {Passage} passage
 * @returns {import('./policies/server-timing.js').Timing}
 */
function timingOf({ cache, originMs: upstreamMs }, { id: requestId, viewer: { pop }, startedAt }) {
  const kinds = new Map(/** @type {const} */ ([['Hit', 'hit'], ['RefreshHit', 'refresh']]));
  const ms = performance.now() - startedAt;
  return { cache: kinds.get(/** @type {any} */ (cache)) ?? 'miss', requestId, pop, upstreamMs, ms };
}

/**
 * What the behavior says before any function runs.
 *
 * @param {CloudFrontRequest} request
 * @param {Passage} passage
 * @returns {Answer | undefined} a redirect to https; viewer-request does not run for it (rule F8)
 * @throws {CloudFrontError} 403
 */
function admit(request, { behavior, viewer, trace }) {
  const { methods, viewerProtocolPolicy } = behavior;
  if (!methods.includes(request.method)) {
    const { method } = request;
    const message = `The behavior ${behavior.pattern} does not accept the method ${method}.`;
    throw new CloudFrontError(403, 'Error', message, { allowed: methods.join(', ') });
  }
  if (viewer.proto === 'https' || viewerProtocolPolicy === 'allow-all') return undefined;
  if (viewerProtocolPolicy === 'https-only') {
    throw new CloudFrontError(403, 'Error', 'The behavior takes https only.', { found: 'http' });
  }
  trace.step({ trigger: 'viewer-request', skipped: 'F8: a redirect from http to https' });
  const host = request.headers.host?.[0].value ?? '';
  const query = request.querystring === '' ? '' : `?${request.querystring}`;
  // The guide: 301 for GET and HEAD, 307 for the others, which keep their method and body.
  const status = ['GET', 'HEAD'].includes(request.method) ? '301' : '307';
  const location = { key: 'Location', value: `https://${host}${request.uri}${query}` };
  return {
    status,
    statusDescription: undefined,
    headers: { location: [location] },
    body: Buffer.alloc(0),
    by: 'cloudfront',
    cache: 'Redirect',
  };
}

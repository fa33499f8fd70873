/**
 * Behind the cache: origin-request, the origin, origin-response, once for each leg of an origin
 * group.
 */
import { bodyOf, discard, replaced, withLength } from './answers.js';
import { validators } from './cache/conditional.js';
import { relayedHeaders } from './cache/relayed.js';
import { staleUse } from './cache/stale.js';
import { fromRaw } from './headers.js';
import { Keeping } from './keeping.js';
import { OriginFailure } from './origins/failure.js';
import { failsOver } from './origins/group.js';
import { originOf, originRequest } from './policies/forward.js';

/**
 * @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest
 * @typedef {import('./distribution.js').Origin} Origin
 * @typedef {import('./distribution.js').OriginGroup} OriginGroup
 * @typedef {import('./answers.js').Answer} Answer
 * @typedef {import('./keeping.js').Slot} Slot
 * @typedef {import('./origins/origins.js').OriginResponse} OriginResponse
 * @typedef {import('./pipeline.js').Passage} Passage
 *
 * @typedef {object} Leg one way to an origin
 * @property {string} id of the origin
 * @property {number} number 2 for the second origin of a group (rule F4)
 */

export class OriginSide {
  #distribution;
  #origins;
  #triggers;
  #keeping;

  /**
   * @param {Pick<import('./pipeline.js').Parts, 'distribution'|'origins'|'cache'> &
   *   { triggers: import('./triggers.js').EdgeTriggers }} parts
   */
  constructor({ distribution, origins, cache, triggers }) {
    this.#distribution = distribution;
    this.#origins = origins;
    this.#triggers = triggers;
    this.#keeping = new Keeping(cache, distribution.errorPages);
  }

  /**
   * @param {Passage} passage
   * @param {CloudFrontRequest} request as viewer-request left it
   * @param {Slot} [slot] none for what is never cached
   * @returns {Promise<Answer>}
   * @throws {OriginFailure} when no origin answered
   */
  async answer(passage, request, slot) {
    const answer = await this.#answerOrOutOfDate(passage, request, slot);
    return this.#keeping.keep(answer, passage, request, slot);
  }

  /**
   * @param {Passage} passage
   * @param {CloudFrontRequest} request
   * @param {Slot | undefined} slot
   * @returns {Promise<Answer>}
   */
  async #answerOrOutOfDate(passage, request, slot) {
    const { cachePolicy } = passage.behavior;
    const spare = slot?.stale && staleUse(slot.stale, cachePolicy).onError ? slot : undefined;
    try {
      const answer = await this.#byTarget(passage, request, slot);
      const isFailed = answer.originStatus !== undefined && Number(answer.status) >= 500;
      if (!spare || !isFailed) return answer;
      return this.#keeping.outOfDate(spare, request, answer) ?? answer;
    } catch (error) {
      const stale =
        spare && error instanceof OriginFailure && this.#keeping.outOfDate(spare, request);
      if (stale) return stale;
      throw error;
    }
  }

  /**
   * @param {Passage} passage
   * @param {CloudFrontRequest} request
   * @param {Slot | undefined} slot
   * @returns {Promise<Answer>}
   */
  #byTarget(passage, request, slot) {
    const { target } = passage.behavior;
    const group = this.#distribution.groups.get(target);
    if (group) return this.#byGroup(passage, request, group, slot);
    return this.#leg(passage, request, { id: target, number: 1 }, slot);
  }

  /**
   * Rules F3 and F4: the primary first, each time; the second one if the group's criteria say so.
   * Origin-response runs for the first leg's answer too, which nobody sees. A body that went to the
   * primary as it came is gone: then its answer is the last (unverified).
   *
   * @param {Passage} passage
   * @param {CloudFrontRequest} request
   * @param {OriginGroup} group
   * @param {Slot | undefined} slot
   * @returns {Promise<Answer>}
   */
  async #byGroup(passage, request, group, slot) {
    const [primary, secondary] = group.members;
    const { cachedMethods } = passage.behavior;
    const isOver = (/** @type {{ status: number } | { failure: OriginFailure }} */ result) =>
      passage.body.isSpent || !failsOver(group, request.method, result, cachedMethods);
    try {
      const answer = await this.#leg(passage, request, { id: primary, number: 1 }, slot);
      const { originStatus: status } = answer;
      if (status === undefined || isOver({ status })) return answer;
      discard(answer.body);
    } catch (error) {
      if (!(error instanceof OriginFailure) || isOver({ failure: error })) throw error;
    }
    return this.#leg(passage, request, { id: secondary, number: 2 }, slot);
  }

  /**
   * @param {Passage} passage
   * @param {CloudFrontRequest} asked
   * @param {Leg} leg
   * @param {Slot | undefined} slot
   * @returns {Promise<Answer>}
   */
  async #leg(passage, asked, leg, slot) {
    const { behavior } = passage;
    const configured = this.#resolved(passage, leg);
    const conditions = slot?.stale ? validators(slot.stale, behavior) : {};
    const isOurs = Object.keys(conditions).length > 0;
    const seen = this.#originRequest(passage, asked, configured);
    if (isOurs) Object.assign(withoutConditions(seen.headers), conditions);

    const left = await this.#triggers.originRequest(passage, seen);
    if ('response' in left) return left.response;
    const reply = await this.#fetch(passage, left.request, configured, leg.number);
    const answer = await this.#answered(passage, left.request, reply);
    if (!isOurs || reply.status !== 304 || answer.status !== '304') return answer;
    const refreshed = this.#keeping.refresh(
      /** @type {Slot} */ (slot),
      passage,
      asked,
      answer.headers,
    );
    const unknown = /** @type {Slot} */ ({ ...slot, stale: undefined });
    return refreshed ?? this.#leg(passage, asked, leg, unknown);
  }

  /**
   * Rule F2: a configured name that leads nowhere is a 502 before origin-request runs.
   *
   * @param {Passage} passage
   * @param {Leg} leg
   * @returns {Origin}
   * @throws {OriginFailure} `resolve`
   */
  #resolved({ trace, viewer }, { id, number }) {
    const configured = /** @type {Origin} */ (this.#distribution.origins.get(id));
    try {
      this.#origins.resolve(originOf(configured, viewer), configured);
      return configured;
    } catch (failure) {
      trace.origin({ leg: number, id, domainName: configured.domainName, ms: 0, failure });
      throw failure;
    }
  }

  /**
   * @param {Passage} passage
   * @param {CloudFrontRequest} asked
   * @param {Origin} origin
   */
  #originRequest({ behavior, viewer, httpVersion }, asked, origin) {
    const distribution = this.#distribution;
    return originRequest(asked, { behavior, origin, viewer, httpVersion, distribution });
  }

  /**
   * @param {Passage} passage
   * @param {CloudFrontRequest} request
   * @param {Origin} configured
   * @param {number} leg
   */
  async #fetch({ id, body, signal, trace, viewer }, request, configured, leg) {
    const origin = /** @type {import('aws-lambda').CloudFrontOrigin} */ (request.origin);
    const kind = origin.custom ? 'custom' : 's3';
    const domainName = origin.custom?.domainName ?? origin.s3?.domainName ?? '';
    const about = { leg, id: configured.id, kind, domainName };
    const start = performance.now();
    try {
      const behind = { configured, id, body: body.pass(), edge: viewer.edge, signal };
      const reply = await this.#origins.fetch(request, behind);
      const { url, ms, wayMs, attempts, status } = reply;
      trace.origin({ ...about, url, ms, wayMs, attempts, status });
      if (status < 200 || status > 599) throw unknownStatus(reply, domainName);
      return reply;
    } catch (failure) {
      const attempts = failure instanceof OriginFailure ? failure.attempts : undefined;
      trace.origin({ ...about, ms: performance.now() - start, attempts, failure });
      throw failure;
    }
  }

  /**
   * What origin-response makes of the origin's answer.
   *
   * @param {Passage} passage
   * @param {CloudFrontRequest} request as origin-request left it
   * @param {OriginResponse} reply
   * @returns {Promise<Answer>}
   */
  async #answered(passage, request, reply) {
    const response = headOf(reply, passage.behavior);
    try {
      const head = await this.#triggers.originResponse(passage, request, response);
      // A function may write a length here, but none that is not the body's.
      const length = response.headers['content-length']?.[0].value;
      /** @type {Answer} */
      const answer = {
        status: head.status,
        statusDescription: head.statusDescription,
        headers: withLength(head.headers ?? {}, length),
        body: reply.body,
        by: 'origin',
        cache: Number(head.status) >= 400 ? 'Error' : 'Miss',
        originStatus: reply.status,
        originKind: request.origin?.s3 ? 's3' : 'custom',
        originMs: reply.ms,
      };
      return replaced(answer, bodyOf(head), 'origin-response');
    } catch (error) {
      discard(reply.body);
      throw error;
    }
  }
}

/**
 * The viewer's conditions give way to CloudFront's own: of a 304 it must be known which of them it
 * answers.
 *
 * @param {import('aws-lambda').CloudFrontHeaders} headers changed
 */
function withoutConditions(headers) {
  for (const name of ['if-match', 'if-modified-since', 'if-none-match', 'if-unmodified-since']) {
    delete headers[name];
  }
  return headers;
}

/**
 * @param {OriginResponse} reply
 * @param {string} found
 */
function unknownStatus({ body, status }, found) {
  discard(body);
  return new OriginFailure('invalid', `The origin's answer is invalid: its status is ${status}.`, {
    found,
    allowed: '200 to 599',
  });
}

/**
 * @param {OriginResponse} reply
 * @param {import('./distribution.js').Behavior} behavior
 * @returns {import('aws-lambda').CloudFrontResponse} rule E9
 */
function headOf({ status, statusDescription, rawHeaders }, behavior) {
  const headers = relayedHeaders(fromRaw(rawHeaders), behavior);
  // An origin may write there what HTTP does not allow, and nobody else can be blamed for it.
  const description = statusDescription.replace(/[^\t\u0020-\u007e\u0080-\u00ff]/g, '');
  return { status: String(status), statusDescription: description, headers };
}

/**
 * The four triggers: whether a function runs, what it is shown, and what its answer means.
 */
import { bodyOf, discard, generated, replaced } from './answers.js';
import { CloudFrontError } from './error.js';
import { eventOf } from './event.js';
import { validate } from './validate/index.js';

/**
 * @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest
 * @typedef {import('aws-lambda').CloudFrontResponse} CloudFrontResponse
 * @typedef {import('aws-lambda').CloudFrontResultResponse} CloudFrontResultResponse
 * @typedef {import('./distribution.js').EventType} EventType
 * @typedef {import('./answers.js').Answer} Answer
 * @typedef {import('./pipeline.js').Passage} Passage
 * @typedef {import('./pipeline.js').Parts} Parts
 *
 * @typedef {{ request: CloudFrontRequest, response?: CloudFrontResponse }} Sent
 */

export class EdgeTriggers {
  #distribution;
  #functions;
  #faults;

  /** @param {Pick<Parts, 'distribution'|'functions'|'faults'>} parts */
  constructor({ distribution, functions, faults }) {
    this.#distribution = distribution;
    this.#functions = functions;
    this.#faults = faults;
  }

  /**
   * @param {Passage} passage
   * @param {CloudFrontRequest} request
   * @returns {Promise<{ request: CloudFrontRequest } | { response: Answer }>}
   */
  viewerRequest(passage, request) {
    return this.#ofRequest(passage, 'viewer-request', request);
  }

  /**
   * @param {Passage} passage
   * @param {CloudFrontRequest} request with the origin of this leg
   * @returns {Promise<{ request: CloudFrontRequest } | { response: Answer }>}
   */
  originRequest(passage, request) {
    return this.#ofRequest(passage, 'origin-request', request);
  }

  /**
   * @param {Passage} passage
   * @param {CloudFrontRequest} request as origin-request left it (rule E5)
   * @param {CloudFrontResponse} response the origin's, of any status (rule F5)
   * @returns {Promise<CloudFrontResultResponse>}
   */
  async originResponse(passage, request, response) {
    const left = await this.#ask(passage, 'origin-response', { request, response });
    return left && 'response' in left ? left.response : response;
  }

  /**
   * Rule G5: not for answers of the origin of 400 and above.
   *
   * @param {Passage} passage
   * @param {CloudFrontRequest} request
   * @param {Answer} answer
   * @returns {Promise<Answer>}
   */
  async viewerResponse(passage, request, answer) {
    const { originStatus = Number(answer.status) } = answer;
    if (originStatus >= 400) {
      this.#skip(passage, 'viewer-response', 'G5: the origin answered 400 or above');
      return answer;
    }
    const { status, statusDescription = '', headers } = answer;
    const response = { status, statusDescription, headers };
    try {
      const left = await this.#ask(passage, 'viewer-response', { request, response });
      if (!left || !('response' in left)) return answer;
      const shaped = { ...answer, headers: left.response.headers ?? {} };
      shaped.statusDescription = left.response.statusDescription;
      return replaced(shaped, bodyOf(left.response), 'viewer-response');
    } catch (error) {
      discard(answer.body);
      throw error;
    }
  }

  /**
   * @param {Passage} passage
   * @param {'viewer-request'|'origin-request'} trigger
   * @param {CloudFrontRequest} request
   * @returns {Promise<{ request: CloudFrontRequest } | { response: Answer }>}
   */
  async #ofRequest(passage, trigger, request) {
    const { behavior, body: whole } = passage;
    const includeBody = behavior.functions[trigger]?.includeBody ?? false;
    const body = includeBody ? await whole.show(trigger) : undefined;
    const shown = body ? { ...request, body } : request;
    const left = await this.#ask(passage, trigger, { request: shown });
    if (!left) return { request };
    if ('response' in left) {
      const after = trigger === 'viewer-request' ? 'G3' : 'G4';
      const skipped = trigger === 'viewer-request' ? 'viewer-response' : 'origin-response';
      this.#skip(passage, skipped, `${after}: ${trigger} answered`);
      return { response: generated(left.response, trigger) };
    }
    const { body: returned, ...rest } = left.request;
    const length = whole.take(returned);
    if (length !== undefined) {
      const value = String(length);
      delete rest.headers['transfer-encoding'];
      rest.headers['content-length'] = [{ key: 'Content-Length', value }];
    }
    return { request: rest };
  }

  /**
   * Lets the function answer one trigger.
   *
   * @param {Passage} passage
   * @param {EventType} trigger
   * @param {Sent} parts
   * @returns {Promise<import('./validate/index.js').Returned | undefined>} undefined if none is
   *   associated
   * @throws {CloudFrontError} rule F1
   */
  async #ask({ id, behavior, trace, viewer }, trigger, parts) {
    const association = behavior.functions[trigger];
    if (!association) return undefined;
    const { function: name, includeBody } = association;
    if (this.#faults.skips(name, viewer.edge, trigger)) {
      trace.step({ trigger, function: name, skipped: 'dropped by a fault on command' });
      return undefined;
    }
    const event = eventOf(this.#distribution, trigger, id, parts);
    /** @type {Partial<import('./lambda/functions.js').Invocation>} */
    let invocation = {};
    try {
      invocation = await this.#functions.invoke(name, viewer.edge, event);
      const returned = validate(trigger, parts, invocation.returned, { includeBody });
      trace.step({ trigger, function: name, event, ...invocation });
      return returned;
    } catch (error) {
      trace.step({ trigger, function: name, event, ...invocation, ...said(error), error });
      throw error;
    }
  }

  /**
   * @param {Passage} passage
   * @param {EventType} trigger
   * @param {string} why
   */
  #skip({ behavior, trace }, trigger, why) {
    const association = behavior.functions[trigger];
    if (association) trace.step({ trigger, function: association.function, skipped: why });
  }
}

/**
 * What a failed invocation still tells.
 *
 * @param {unknown} error
 */
function said(error) {
  if (!(error instanceof CloudFrontError)) return {};
  const { logs, ms } = /** @type {{ logs?: string[], ms?: number }} */ (/** @type {any} */ (error));
  return { ...(logs && { logs }), ...(ms !== undefined && { ms }) };
}

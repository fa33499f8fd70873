/**
 * What CloudFront accepts from a Lambda@Edge function. Stands alone: any test of a function can
 * call `validate` on what its handler returned.
 *
 * The first rule broken is thrown. No header's value gets into a message: it may be a token or a
 * secret.
 */
import { CloudFrontError } from '../error.js';
import { Breach, demand, describe, isObject } from './demand.js';
import { validateRequest } from './request.js';
import { validateResponse } from './response.js';

/**
 * @typedef {import('../distribution.js').EventType} EventType
 * @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest
 * @typedef {import('aws-lambda').CloudFrontResponse} CloudFrontResponse
 * @typedef {import('aws-lambda').CloudFrontResultResponse} CloudFrontResultResponse
 *
 * @typedef {object} Sent what `Records[0].cf` of the event held
 * @property {CloudFrontRequest} request
 * @property {CloudFrontResponse} [response] at origin-response and viewer-response
 *
 * @typedef {{ request: CloudFrontRequest } | { response: CloudFrontResultResponse }} Returned
 */

/**
 * Tells a returned request from a returned response and checks it. At viewer-request and
 * origin-request, what has a `status` is a response.
 *
 * Changes to the event's `config`, or to its `request` at the response events, are not looked at:
 * CloudFront ignores them (rule E1). Fields that no rule names pass (rule E10).
 *
 * @param {EventType} eventType
 * @param {Sent} sent
 * @param {unknown} returned what the function returned, through JSON
 * @param {{ includeBody?: boolean }} [options] whether the association has Include Body; if left
 *   out, whether the event held a body (rule E4)
 * @returns {Returned} `returned` itself
 * @throws {CloudFrontError} 502 `LambdaValidationError` (rule F1) with `rule`, `at` (such as
 *   `request.headers.host`), `found` and `allowed`; the message is one line such as
 *   `W4: viewer-request changed read-only header Host`
 */
export function validate(eventType, sent, returned, options = {}) {
  const { includeBody = sent.request.body !== undefined } = options;
  try {
    return accept(eventType, sent, returned, includeBody);
  } catch (error) {
    if (!(error instanceof Breach)) throw error;
    const { rule, at, found, allowed, did = `returned ${found} as ${at}` } = error.facts;
    const message = `${rule}: ${eventType} ${did}`;
    throw new CloudFrontError(502, 'LambdaValidationError', message, { rule, at, found, allowed });
  }
}

/**
 * @param {EventType} eventType
 * @param {Sent} sent
 * @param {unknown} returned
 * @param {boolean} includeBody
 * @returns {Returned}
 */
function accept(eventType, sent, returned, includeBody) {
  const allowed = isRequestEvent(eventType)
    ? 'event.Records[0].cf.request, changed or not, or a response object'
    : 'event.Records[0].cf.response, changed or not, or a response object';
  const at = 'the returned value';
  demand(isObject(returned), {
    rule: 'F1',
    at,
    found: describe(returned),
    allowed,
    did: `returned ${describe(returned)}`,
  });
  const whole = 'Records' in returned;
  const did = 'returned the whole event';
  demand(!whole, { rule: 'F1', at, found: 'the whole event', allowed, did });
  if (isRequestEvent(eventType) && !('status' in returned)) {
    validateRequest(eventType, sent.request, returned, includeBody);
    return { request: /** @type {any} */ (returned) };
  }
  validateResponse(eventType, sent.response, returned);
  return { response: /** @type {any} */ (returned) };
}

/**
 * @param {EventType} eventType
 * @returns {eventType is 'viewer-request' | 'origin-request'}
 */
function isRequestEvent(eventType) {
  return eventType === 'viewer-request' || eventType === 'origin-request';
}

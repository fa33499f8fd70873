/**
 * Holds every answer that a test gets from a handler to the rules of CloudFront, by the validator of
 * the local CloudFront: it looks at what is returned and knows nothing of how it came about.
 */
import assert from 'node:assert/strict';
import { CloudFrontError } from '../js/cloudfront/error.js';
import { isObject } from '../js/cloudfront/validate/demand.js';
import { validate } from '../js/cloudfront/validate/index.js';

/**
 * @typedef {import('../js/cloudfront/distribution.js').EventType} EventType
 * @typedef {import('../js/cloudfront/validate/index.js').Sent} Sent
 * @typedef {(event: any) => Promise<any>} Handler
 */

/**
 * The handler, of which no answer gets by that CloudFront would refuse (rule F1).
 *
 * @param {Handler} handler
 * @returns {Handler} rejects with the validator's CloudFrontError instead
 */
export function validated(handler) {
  return async (event) => {
    const before = shownIn(event);
    const returned = await handler(event);
    const { request, response } = event?.Records?.[0]?.cf ?? {};
    const goesOn = returned !== undefined && [request, response].includes(returned);
    mustBeValid(before, throughJson(returned), goesOn);
    return returned;
  };
}

/**
 * An event that CloudFront never sends may break a rule by itself. Then what goes on in it cannot be
 * judged, and what the function made can.
 *
 * @param {Shown | undefined} before
 * @param {unknown} answer
 * @param {boolean} goesOn whether it is the event's own request or response, with edits
 * @throws {CloudFrontError}
 */
function mustBeValid(before, answer, goesOn) {
  if (!before && goesOn) return;
  if (!before) return isValidAlone(answer);
  const { eventType, sent, isSound } = before;
  const found = breach(eventType, sent, answer);
  if (!found) return;
  // A worker that fails may not let the response pass; rule W6 leaves it nothing valid to say in its
  // place, and CloudFront's 502 shuts the door as its 500 would.
  if (eventType.endsWith('-response') && found.rule === 'W6' && isFault(answer)) return;
  if (isSound) throw found;
  if (!goesOn) isValidAlone(answer);
}

/**
 * An answer to what is no event, or to one that CloudFront never sends, under the limits of the
 * strictest trigger.
 *
 * @param {unknown} answer
 */
function isValidAlone(answer) {
  const request = /** @type {any} */ ({ headers: {} });
  validate('viewer-request', { request }, answer);
  assert.equal(typeof (/** @type {any} */ (answer).status), 'string', 'forwards what is no request');
}

/** @param {any} answer */
function isFault(answer) {
  return answer?.status === '500';
}

/**
 * @typedef {object} Shown
 * @property {EventType} eventType
 * @property {Sent} sent
 * @property {boolean} isSound whether the event, handed back as it came, breaks no rule
 */

/**
 * @param {any} event
 * @returns {Shown | undefined} nothing if it has not the form of one (rule E1)
 */
function shownIn(event) {
  const { config, request, response } = throughJson(event)?.Records?.[0]?.cf ?? {};
  const eventType = config?.eventType;
  if (!TRIGGERS.includes(eventType) || !hasHeaders(request)) return undefined;
  const isResponse = eventType.endsWith('-response');
  if (isResponse && !hasHeaders(response)) return undefined;
  const sent = isResponse ? { request, response } : { request };
  return { eventType, sent, isSound: !breach(eventType, sent, sent.response ?? request) };
}

const TRIGGERS = ['viewer-request', 'origin-request', 'origin-response', 'viewer-response'];

/** @param {any} part */
function hasHeaders(part) {
  return isObject(part?.headers) && Object.values(part.headers).every(isList);
}

/** @param {unknown} entries */
function isList(entries) {
  return Array.isArray(entries) && entries.every(isObject);
}

/**
 * @param {EventType} eventType
 * @param {Sent} sent
 * @param {unknown} answer
 * @returns {CloudFrontError | undefined} undefined if it breaks no rule
 */
function breach(eventType, sent, answer) {
  try {
    validate(eventType, sent, answer);
    return undefined;
  } catch (error) {
    if (error instanceof CloudFrontError) return error;
    throw error;
  }
}

/**
 * What Lambda makes of it on the way in and out.
 *
 * @param {any} value
 * @returns {any} undefined where JSON cannot say it
 */
function throughJson(value) {
  try {
    return JSON.parse(JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? null : part)));
  } catch {
    return undefined;
  }
}

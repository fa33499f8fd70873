/**
 * What `request.body` may be when a function returns it (rules E4, G6).
 */
import { demand, describe, isBase64, isObject, show } from './demand.js';
import { MAX_REPLACED_BODY } from './limits.js';

/**
 * Leaving the body out leaves the viewer's as it is.
 *
 * @param {'viewer-request'|'origin-request'} eventType
 * @param {import('aws-lambda').CloudFrontRequest['body']} sent
 * @param {unknown} body
 * @param {boolean} includeBody
 * @throws {import('./demand.js').Breach}
 */
export function validateBody(eventType, sent, body, includeBody) {
  if (body === undefined) return;
  demand(includeBody, {
    rule: 'E4',
    at: 'request.body',
    found: 'present',
    allowed: 'nothing: the association does not have Include Body',
    did: 'returned a body without Include Body',
  });
  demand(isObject(body), {
    rule: 'E4',
    at: 'request.body',
    found: describe(body),
    allowed: 'an object { action, encoding, data }',
  });
  validateTruncation(sent, body);
  const { action } = body;
  demand(action === 'read-only' || action === 'replace', {
    rule: 'E4',
    at: 'request.body.action',
    found: show(action),
    allowed: '"read-only" or "replace"',
  });
  // With read-only, CloudFront does not look at encoding and data.
  if (action === 'replace') validateReplacement(eventType, body);
}

/**
 * The guide calls `inputTruncated` read-only. That a change of it is refused is unverified; it is
 * here, as it is with the request's other read-only fields.
 *
 * @param {import('aws-lambda').CloudFrontRequest['body']} sent
 * @param {Record<string, unknown>} body
 */
function validateTruncation(sent, { inputTruncated }) {
  demand(inputTruncated === undefined || inputTruncated === sent?.inputTruncated, {
    rule: 'E4',
    at: 'request.body.inputTruncated',
    found: show(inputTruncated),
    allowed: 'what the event held',
    did: 'changed read-only body.inputTruncated',
  });
}

/**
 * @param {'viewer-request'|'origin-request'} eventType
 * @param {Record<string, unknown>} body
 */
function validateReplacement(eventType, { encoding, data }) {
  demand(encoding === 'text' || encoding === 'base64', {
    rule: 'E4',
    at: 'request.body.encoding',
    found: show(encoding),
    allowed: '"text" or "base64"',
  });
  demand(typeof data === 'string', {
    rule: 'E4',
    at: 'request.body.data',
    found: describe(data),
    allowed: 'text',
  });
  demand(encoding === 'text' || isBase64(data), {
    rule: 'E4',
    at: 'request.body.data',
    found: 'not base64',
    allowed: 'base64 with padding, as request.body.encoding says',
  });
  const size = Buffer.byteLength(data);
  const most = MAX_REPLACED_BODY[eventType][encoding];
  demand(size <= most, {
    rule: 'G6',
    at: 'request.body.data',
    found: `${size} bytes of ${encoding}`,
    allowed: `at most ${most} at ${eventType}`,
    did: `replaced the body by ${size} bytes of ${encoding}`,
  });
}

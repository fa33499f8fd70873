/**
 * What a response of a function may be: generated at viewer-request or origin-request, or the one
 * it was shown, changed or not, at origin-response and viewer-response.
 */
import { byteLength } from '../headers.js';
import { demand, describe, isBase64, isFieldText, show } from './demand.js';
import { validateHeaders } from './headers.js';
import { MAX_RESPONSE } from './limits.js';

/**
 * @typedef {import('../distribution.js').EventType} EventType
 * @typedef {import('aws-lambda').CloudFrontResponse} CloudFrontResponse
 */

/**
 * @param {EventType} eventType
 * @param {CloudFrontResponse | undefined} sent what the event held; undefined for a generated one
 * @param {Record<string, unknown>} response
 * @throws {import('./demand.js').Breach}
 */
export function validateResponse(eventType, sent, response) {
  const { headers = {} } = response;
  validateStatus(eventType, sent, response);
  validateHeaders('response.headers', headers, sent?.headers ?? {}, eventType);
  const body = validateBody(response);
  const size = Buffer.byteLength(body) + byteLength(headers);
  const most = MAX_RESPONSE[eventType];
  demand(size <= most, {
    rule: 'G2',
    at: 'response',
    found: `${size} bytes of headers and body`,
    allowed: `at most ${most} at ${eventType}`,
    did: `returned a response of ${size} bytes`,
  });
}

/**
 * Rules G1 and E9, and W6 for viewer-response. That viewer-response may change the description, as
 * here, is unverified.
 *
 * @param {EventType} eventType
 * @param {CloudFrontResponse | undefined} sent
 * @param {Record<string, unknown>} response
 */
function validateStatus(eventType, sent, { status, statusDescription }) {
  const rule = sent ? 'E9' : 'G1';
  demand(typeof status === 'string' && /^[2-5]\d\d$/.test(status), {
    rule,
    at: 'response.status',
    found: status === undefined ? 'nothing' : show(status),
    allowed: 'a string, "200" to "599"',
  });
  demand(statusDescription === undefined || isLine(statusDescription), {
    rule,
    at: 'response.statusDescription',
    found: describe(statusDescription),
    allowed: 'one line of text',
  });
  demand(eventType !== 'viewer-response' || status === sent?.status, {
    rule: 'W6',
    at: 'response.status',
    found: show(status),
    allowed: `what the event held: ${show(sent?.status)}`,
    did: 'changed read-only status',
  });
}

/** @param {unknown} text */
function isLine(text) {
  return typeof text === 'string' && isFieldText(text);
}

/**
 * Rules G1 and G3. A body at viewer-response is accepted within G2: the guide sets a size for
 * responses there and does not forbid it; what CloudFront makes of one is unverified. So is G3's
 * 204 at other events than viewer-request, where it is held to the same here.
 *
 * @param {Record<string, unknown>} response
 * @returns {string} empty if there is none
 */
function validateBody({ status, body = '', bodyEncoding = 'text' }) {
  demand(typeof body === 'string', {
    rule: 'G1',
    at: 'response.body',
    found: describe(body),
    allowed: 'text',
  });
  demand(bodyEncoding === 'text' || bodyEncoding === 'base64', {
    rule: 'G1',
    at: 'response.bodyEncoding',
    found: show(bodyEncoding),
    allowed: '"text" or "base64"',
  });
  demand(bodyEncoding === 'text' || isBase64(body), {
    rule: 'G1',
    at: 'response.body',
    found: 'not base64',
    allowed: 'base64 with padding, as response.bodyEncoding says',
  });
  demand(status !== '204' || body === '', {
    rule: 'G3',
    at: 'response.body',
    found: 'a body with status 204',
    allowed: 'no body',
    did: 'returned a 204 with a body',
  });
  return body;
}

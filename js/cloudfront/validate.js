/**
 * What a function may return. Each demand carries the id of its rule; the first one broken is
 * thrown. No header's value gets into a message: it may be a token or a secret.
 */
import { demand, describe, isObject } from './demand.js';
import { MAX_REQUEST, MAX_URL, requestBytes } from './event.js';
import { byteLength } from './headers.js';
import { isFieldText, validateHeaders } from './validate-headers.js';
import { validateOrigin } from './validate-origin.js';

/**
 * @typedef {import('./behaviors.js').EventType} EventType
 * @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest
 * @typedef {import('aws-lambda').CloudFrontResponse} CloudFrontResponse
 * @typedef {import('aws-lambda').CloudFrontResultResponse} CloudFrontResultResponse
 * @typedef {{ request: CloudFrontRequest } | { response: CloudFrontResultResponse }} Returned
 */

/** Largest generated response, headers and body, in bytes (rule G2). */
const MAX_RESPONSE = {
  'viewer-request': 40_960,
  'origin-request': 1_048_576,
  'origin-response': 1_048_576,
};

/**
 * Tells a returned request from a returned response and checks it.
 *
 * @param {EventType} eventType
 * @param {{ request: CloudFrontRequest, response?: CloudFrontResponse }} sent what the event held
 * @param {unknown} returned what the function returned, through JSON
 * @returns {Returned}
 * @throws {import('./error.js').CloudFrontError} 502 `LambdaValidationError` naming the rule (rule
 *   F1)
 */
export function validate(eventType, sent, returned) {
  demand(
    isObject(returned),
    'F1',
    'the returned value',
    describe(returned),
    'a request or a response object',
  );
  if (eventType === 'origin-response' || 'status' in returned) {
    validateResponse(eventType, sent.response, returned);
    return { response: /** @type {any} */ (returned) };
  }
  validateRequest(eventType, sent.request, returned);
  return { request: /** @type {any} */ (returned) };
}

/**
 * @param {EventType} eventType
 * @param {CloudFrontRequest} sent
 * @param {Record<string, unknown>} request
 */
function validateRequest(eventType, sent, request) {
  for (const name of /** @type {const} */ (['method', 'clientIp'])) {
    demand(
      request[name] === sent[name],
      'W1',
      `request.${name}`,
      describe(request[name]),
      'what the event held',
    );
  }
  validateUrl(request.uri, request.querystring);
  validateHeaders('request.headers', request.headers, sent.headers, eventType);
  const size = requestBytes(/** @type {any} */ (request));
  demand(size <= MAX_REQUEST, 'W9', 'request', `${size} bytes`, `at most ${MAX_REQUEST} bytes`);
  if (eventType === 'viewer-request') {
    // W8: these are CloudFront's to add, later. The guide names CloudFront-Viewer-Country; the rest
    // of the family is held to the same here.
    const added = Object.keys(/** @type {any} */ (request.headers)).find(
      (name) => name.startsWith('cloudfront-') && !Object.hasOwn(sent.headers, name),
    );
    demand(
      added === undefined,
      'W8',
      `request.headers.${added}`,
      'added',
      "no CloudFront-* header of one's own",
    );
    demand(
      !('origin' in request),
      'W3',
      'request.origin',
      'set at viewer-request',
      'only at origin-request',
    );
  } else {
    validateOrigin(request.origin, /** @type {any} */ (request.headers));
  }
  demand(
    request.body === undefined,
    'E4',
    'request.body',
    'present',
    'nothing: Include Body is off',
  );
}

/**
 * @param {unknown} uri
 * @param {unknown} querystring
 */
function validateUrl(uri, querystring) {
  demand(
    typeof uri === 'string' && uri.startsWith('/'),
    'E2',
    'request.uri',
    describe(uri),
    'text that starts with "/"',
  );
  demand(
    typeof querystring === 'string',
    'E2',
    'request.querystring',
    describe(querystring),
    'text, "" when there is none',
  );
  const url = querystring === '' ? uri : `${uri}?${querystring}`;
  demand(
    url.length <= MAX_URL,
    'W9',
    'request.uri',
    `${url.length} characters with the query`,
    `at most ${MAX_URL}`,
  );
  demand(
    !/[\u0000-\u0020\u007f#]/.test(url),
    'W9',
    'request.uri',
    'a space, a control character or "#"',
    'none of these, in the query neither',
  );
  demand(
    !uri.includes('?'),
    'E2',
    'request.uri',
    'a "?"',
    'the path alone; the query has its own field',
  );
}

/**
 * @param {EventType} eventType
 * @param {CloudFrontResponse | undefined} sent the origin's response; none for a generated one
 * @param {Record<string, unknown>} response
 */
function validateResponse(eventType, sent, response) {
  const { status, statusDescription, headers = {}, body, bodyEncoding = 'text' } = response;
  demand(
    typeof status === 'string' && /^[2-5]\d\d$/.test(status),
    'G1',
    'response.status',
    JSON.stringify(status) ?? 'nothing',
    'a string, "200" to "599"',
  );
  demand(
    statusDescription === undefined ||
      (typeof statusDescription === 'string' && isFieldText(statusDescription)),
    'G1',
    'response.statusDescription',
    describe(statusDescription),
    'one line of text',
  );
  validateHeaders('response.headers', headers, sent?.headers ?? {}, eventType);
  demand(
    body === undefined || typeof body === 'string',
    'G1',
    'response.body',
    describe(body),
    'text',
  );
  demand(
    bodyEncoding === 'text' || bodyEncoding === 'base64',
    'G1',
    'response.bodyEncoding',
    describe(bodyEncoding),
    '"text" or "base64"',
  );
  if (body !== undefined && bodyEncoding === 'base64') {
    demand(isBase64(body), 'G1', 'response.body', 'not base64', 'base64, as bodyEncoding says');
  }
  demand(!(status === '204' && body), 'G3', 'response.body', 'a body with status 204', 'no body');
  const size = Buffer.byteLength(body ?? '') + byteLength(/** @type {any} */ (headers));
  const most = MAX_RESPONSE[eventType];
  demand(
    size <= most,
    'G2',
    'response',
    `${size} bytes of headers and body`,
    `at most ${most} at ${eventType}`,
  );
}

/**
 * @param {string} text
 */
function isBase64(text) {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

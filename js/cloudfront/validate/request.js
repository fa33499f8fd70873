/**
 * What a returned request may be, at viewer-request and origin-request.
 */
import { validateBody } from './body.js';
import { demand, describe } from './demand.js';
import { validateHeaders } from './headers.js';
import { MAX_REQUEST, MAX_URL, requestBytes } from './limits.js';
import { validateOrigin } from './origin.js';

/** @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest */

/**
 * @param {'viewer-request'|'origin-request'} eventType
 * @param {CloudFrontRequest} sent
 * @param {Record<string, unknown>} request
 * @param {boolean} includeBody
 * @throws {import('./demand.js').Breach}
 */
export function validateRequest(eventType, sent, request, includeBody) {
  validateReadOnly(sent, request);
  validateUrl(request.uri, request.querystring);
  validateHeaders('request.headers', request.headers, sent.headers, eventType);
  const whole = /** @type {CloudFrontRequest} */ (/** @type {unknown} */ (request));
  validateSize(whole);
  if (eventType === 'viewer-request') {
    validateNoCloudFrontHeader(sent, whole);
    validateNoOrigin(request);
  } else {
    validateOrigin(request.origin, whole.headers, sent.origin);
  }
  validateBody(eventType, sent.body, request.body, includeBody);
}

/**
 * Rule W1.
 *
 * @param {CloudFrontRequest} sent
 * @param {Record<string, unknown>} request
 */
function validateReadOnly(sent, request) {
  for (const name of /** @type {const} */ (['method', 'clientIp'])) {
    demand(request[name] === sent[name], {
      rule: 'W1',
      at: `request.${name}`,
      found: describe(request[name]),
      allowed: 'what the event held',
      did: `${request[name] === undefined ? 'left out' : 'changed'} read-only ${name}`,
    });
  }
}

/**
 * Rules E2 and W9. That they may change is rule W2.
 *
 * @param {unknown} uri
 * @param {unknown} querystring
 */
function validateUrl(uri, querystring) {
  demand(typeof uri === 'string' && uri.startsWith('/'), {
    rule: 'E2',
    at: 'request.uri',
    found: describe(uri),
    allowed: 'text that starts with "/"',
  });
  demand(!uri.includes('?'), {
    rule: 'E2',
    at: 'request.uri',
    found: 'a "?"',
    allowed: 'the path alone; the query goes into request.querystring',
    did: 'put a query into request.uri',
  });
  demand(typeof querystring === 'string', {
    rule: 'E2',
    at: 'request.querystring',
    found: describe(querystring),
    allowed: 'text, "" when there is none',
  });
  const url = querystring === '' ? uri : `${uri}?${querystring}`;
  demand(url.length <= MAX_URL, {
    rule: 'W9',
    at: 'request.uri',
    found: `${url.length} characters with the query`,
    allowed: `at most ${MAX_URL}`,
    did: `returned a URL of ${url.length} characters`,
  });
  demand(!/[\u0000-\u0020\u007f#]/.test(url), {
    rule: 'W9',
    at: 'request.uri',
    found: 'a space, a control character or "#" in the path or the query',
    allowed: 'these only percent-encoded',
    did: 'returned a URL with a space, a control character or "#"',
  });
}

/**
 * Rule W9.
 *
 * @param {CloudFrontRequest} request
 */
function validateSize(request) {
  const size = requestBytes(request);
  demand(size <= MAX_REQUEST, {
    rule: 'W9',
    at: 'request',
    found: `${size} bytes without the body`,
    allowed: `at most ${MAX_REQUEST}`,
    did: `returned a request of ${size} bytes`,
  });
}

/**
 * Rule W8: these are CloudFront's to add, later. The guide names `CloudFront-Viewer-Country`; the
 * rest of the family is held to the same here.
 *
 * @param {CloudFrontRequest} sent
 * @param {CloudFrontRequest} request
 */
function validateNoCloudFrontHeader(sent, request) {
  const added = Object.keys(request.headers).find(
    (name) => name.startsWith('cloudfront-') && !Object.hasOwn(sent.headers, name),
  );
  demand(added === undefined, {
    rule: 'W8',
    at: `request.headers.${added}`,
    found: 'added',
    allowed: "no CloudFront-* header of one's own: CloudFront adds them after viewer-request",
    did: `added header ${added}`,
  });
}

/**
 * Rule W3.
 *
 * @param {Record<string, unknown>} request
 */
function validateNoOrigin(request) {
  demand(!('origin' in request), {
    rule: 'W3',
    at: 'request.origin',
    found: 'set',
    allowed: 'only at origin-request',
    did: 'set the origin',
  });
}

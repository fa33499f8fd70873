/**
 * HTTP requests as CloudFront's events hold them.
 */
import { randomBytes } from 'node:crypto';
import { CloudFrontError } from './error.js';
import { fromRaw } from './headers.js';
import { MAX_REQUEST, MAX_URL, requestBytes } from './validate/limits.js';

/**
 * @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest
 * @typedef {import('aws-lambda').CloudFrontResponse} CloudFrontResponse
 * @typedef {import('./distribution.js').Distribution} Distribution
 */

/** Methods that CloudFront can be told to accept. */
export const METHODS = Object.freeze(['GET', 'HEAD', 'OPTIONS', 'PUT', 'POST', 'PATCH', 'DELETE']);

/** @returns {string} an id for one request, in the form CloudFront gives them */
export function requestId() {
  return randomBytes(40).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

/**
 * The `request` of a viewer-request event (rule E2).
 *
 * @param {import('node:http').IncomingMessage} incoming
 * @param {{ ip: string }} viewer
 * @returns {CloudFrontRequest}
 * @throws {CloudFrontError} where CloudFront answers before any function runs
 */
export function viewerRequest(incoming, { ip }) {
  const method = incoming.method ?? '';
  if (!METHODS.includes(method)) {
    throw new CloudFrontError(403, 'Error', `The method ${method} is not one CloudFront accepts.`, {
      allowed: METHODS.join(', '),
    });
  }
  const { uri, querystring } = splitTarget(incoming.url ?? '');
  const headers = fromRaw(incoming.rawHeaders);
  if (requestBytes({ method, uri, querystring, headers }) > MAX_REQUEST) {
    throw tooLarge(`The request is larger than ${MAX_REQUEST} bytes.`);
  }
  if (method === 'GET' && hasBody(incoming)) {
    throw new CloudFrontError(403, 'Error', 'A GET request has a body.', { rule: 'P3' });
  }
  if (/^websocket$/i.test(incoming.headers.upgrade ?? '')) {
    const facts = { rule: 'L8', found: 'Upgrade: websocket', allowed: 'requests and answers' };
    throw new CloudFrontError(501, 'Error', 'WebSocket connections are not played here.', facts);
  }
  return { clientIp: ip, headers, method, querystring, uri };
}

/**
 * A request for a whole object, made by CloudFront itself: without the conditions and the range of
 * the viewer's, and without a body.
 *
 * @param {CloudFrontRequest} request
 * @param {Partial<Pick<CloudFrontRequest, 'method'|'uri'|'querystring'>>} changes
 * @returns {CloudFrontRequest}
 */
export function requestForWhole(request, changes) {
  const kept = Object.entries(request.headers).filter(([name]) => !OF_ONE_REQUEST.has(name));
  return { ...request, ...changes, headers: structuredClone(Object.fromEntries(kept)) };
}

/** Conditions, ranges (RFC 9110 sections 13.1 and 14.2), and what is said of a body. */
const OF_ONE_REQUEST = new Set([
  'content-encoding',
  'content-length',
  'content-type',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
  'transfer-encoding',
]);

/**
 * The event (rule E1).
 *
 * @param {Pick<Distribution, 'id'|'domainName'>} distribution
 * @param {import('./distribution.js').EventType} eventType
 * @param {string} requestId
 * @param {{ request: CloudFrontRequest, response?: CloudFrontResponse }} parts
 */
export function eventOf({ id, domainName }, eventType, requestId, parts) {
  const config = { distributionDomainName: domainName, distributionId: id, eventType, requestId };
  return { Records: [{ cf: { config, ...parts } }] };
}

/**
 * @param {string} httpVersion
 * @param {Pick<Distribution, 'domainName'>} distribution
 * @returns {string} what CloudFront writes into `Via`
 */
export function via(httpVersion, { domainName }) {
  return `${httpVersion} ${domainName} (CloudFront)`;
}

/**
 * @param {import('node:http').IncomingMessage} incoming
 * @returns {boolean} whether a body follows the head (RFC 9112 section 6.3)
 */
export function hasBody(incoming) {
  const length = incoming.headers['content-length'];
  return (
    incoming.headers['transfer-encoding'] !== undefined ||
    (length !== undefined && !/^0+$/.test(length))
  );
}

/**
 * @param {string} target the request target of RFC 9112 section 3.2
 */
function splitTarget(target) {
  const path = target.replace(/^https?:\/\/[^/?#]*/i, '');
  const url = path.startsWith('?') ? `/${path}` : path || '/';
  if (target === '' || !url.startsWith('/')) {
    throw new CloudFrontError(400, 'Error', 'The request target is not a path.');
  }
  if (url.length > MAX_URL) throw tooLarge(`The URL is longer than ${MAX_URL} characters.`);
  if (/[\u0000-\u0020\u007f#]/.test(url)) {
    throw new CloudFrontError(400, 'Error', 'The URL has a space, a control character or a "#".', {
      rule: 'W9',
    });
  }
  const mark = url.indexOf('?');
  return mark < 0
    ? { uri: url, querystring: '' }
    : { uri: url.slice(0, mark), querystring: url.slice(mark + 1) };
}

/**
 * @param {string} message
 */
function tooLarge(message) {
  return new CloudFrontError(413, 'Error', message, { rule: 'W9' });
}

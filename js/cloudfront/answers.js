/**
 * The answers a request can get: from the cache, from the origin, made by a function.
 */
import { answerFrom } from './cache/conditional.js';

/**
 * @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest
 * @typedef {import('aws-lambda').CloudFrontResultResponse} CloudFrontResultResponse
 * @typedef {import('node:stream').Readable} Readable
 *
 * @typedef {object} Answer
 * @property {string} status
 * @property {string | undefined} statusDescription
 * @property {import('./headers.js').HeaderMap} headers
 * @property {Readable | Buffer | null} body
 * @property {import('./distribution.js').EventType | 'origin' | 'cache' | 'cloudfront'} by whom it
 *   was made
 * @property {string} cache what `x-cache` says: `Hit`, `RefreshHit`, `Miss`, `Error`,
 *   `LambdaGeneratedResponse`, `Redirect`, or a CloudFrontError's reason
 * @property {number} [originStatus] what the origin answered, before origin-response
 * @property {'custom' | 's3'} [originKind] of the origin that answered
 * @property {number} [originMs] from the request to it until the head of its answer
 */

/**
 * @param {import('./cache/cache.js').Entry} entry
 * @param {CloudFrontRequest} request
 * @param {'Hit'|'RefreshHit'} cache
 * @returns {Answer}
 */
export function fromEntry(entry, request, cache) {
  const { status, headers, range } = answerFrom(entry, request.headers, request.method);
  const bodiless = request.method === 'HEAD' || status === 304 || status === 412 || status === 416;
  return {
    status: String(status),
    statusDescription: status === Number(entry.status) ? entry.statusDescription : undefined,
    headers,
    body: bodiless ? null : entry.body(...(range ?? [])),
    by: 'cache',
    cache: status >= 400 ? 'Error' : cache,
  };
}

/**
 * @param {CloudFrontResultResponse} response
 * @param {'viewer-request'|'origin-request'} by
 * @returns {Answer}
 */
export function generated(response, by) {
  const { status, statusDescription } = response;
  const body = bodyOf(response) ?? Buffer.alloc(0);
  const length = status === '204' || status === '304' ? undefined : String(body.length);
  const headers = withLength(response.headers ?? {}, length);
  return { status, statusDescription, headers, body, by, cache: 'LambdaGeneratedResponse' };
}

/**
 * @param {CloudFrontResultResponse} response
 * @returns {Buffer | undefined}
 */
export function bodyOf({ body, bodyEncoding }) {
  if (body === undefined) return undefined;
  return Buffer.from(body, bodyEncoding === 'base64' ? 'base64' : 'utf8');
}

/**
 * An answer with the body that a function put in place of its own; the length goes with the body,
 * whatever a function says of it.
 *
 * @param {Answer} answer
 * @param {Buffer | undefined} body none leaves the answer's
 * @param {'origin-response'|'viewer-response'} by
 * @returns {Answer}
 */
export function replaced(answer, body, by) {
  if (!body) return answer;
  discard(answer.body);
  return { ...answer, headers: withLength(answer.headers, String(body.length)), body, by };
}

/**
 * @param {import('./headers.js').HeaderMap} headers
 * @param {string | undefined} value of `Content-Length`; undefined for none
 * @returns {import('./headers.js').HeaderMap}
 */
export function withLength(headers, value) {
  const { 'content-length': _, ...rest } = headers;
  if (value === undefined) return rest;
  return { ...rest, 'content-length': [{ key: 'Content-Length', value }] };
}

/** @param {Readable | Buffer | null | undefined} body that nobody will read */
export function discard(body) {
  if (body && !Buffer.isBuffer(body)) body.destroy();
}

/**
 * The request in an event of an HTTP API, payload format 2.0.
 *
 * @typedef {object} Request
 * @property {string} id API Gateway's own
 * @property {string} method
 * @property {string} path without the stage
 * @property {URLSearchParams} query
 * @property {Record<string, string | undefined>} headers names in lower case
 * @property {Record<string, unknown> | undefined} claims as the JWT authorizer verified them
 * @property {Buffer} body
 */
import { Refusal, invalid } from './answer.mjs';

/** Bytes of a JSON body: four for each letter of the longest note, and what JSON adds. */
const LONGEST_JSON = 64 * 1024;

/**
 * @param {import('aws-lambda').APIGatewayProxyEventV2} event
 * @returns {Request}
 */
export function readRequest(event) {
  const { rawPath, rawQueryString = '', headers = {}, body = '', isBase64Encoded } = event;
  const { requestId, http, stage, authorizer } = /** @type {Context} */ (event.requestContext);
  return {
    id: requestId,
    method: http.method,
    path: withoutStage(rawPath, stage),
    query: new URLSearchParams(rawQueryString),
    headers,
    claims: authorizer?.jwt?.claims,
    body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
  };
}

/**
 * @typedef {import('aws-lambda').APIGatewayProxyEventV2['requestContext'] &
 *   { authorizer?: { jwt?: { claims: Record<string, unknown> } } }} Context
 */

/**
 * A stage with a name stands in front of the path; `$default` does not, and behind a custom domain
 * none does.
 *
 * @param {string} path
 * @param {string} stage
 */
function withoutStage(path, stage) {
  const prefix = `/${stage}`;
  const within = path === prefix || path.startsWith(`${prefix}/`);
  return (within ? path.slice(prefix.length) : path) || '/';
}

/**
 * The body, as a JSON object with no other fields than those named.
 *
 * @param {Request} request
 * @param {string[]} fields
 * @returns {Record<string, unknown>}
 * @throws {Refusal} 413, 415 or 400
 */
export function readJson({ headers, body }, fields) {
  if (body.length > LONGEST_JSON) {
    const message = `The body has ${body.length} bytes; allowed: ${LONGEST_JSON}.`;
    throw new Refusal(413, 'body_too_large', message);
  }
  const type = (headers['content-type'] ?? '').split(';')[0].trim().toLowerCase();
  if (type !== 'application/json') {
    throw new Refusal(415, 'content_type', 'The content-type must be application/json.');
  }
  const value = parse(body);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Refusal(400, 'body_malformed', 'The body must be one JSON object.');
  }
  const unknown = Object.keys(value).filter((name) => !fields.includes(name));
  if (unknown.length > 0) {
    const message = `is not a field of this request; allowed: ${fields.join(', ')}`;
    throw invalid(unknown.slice(0, 10).map((name) => ({ field: name.slice(0, 80), message })));
  }
  return /** @type {Record<string, unknown>} */ (value);
}

/** Text in JSON is UTF-8 (RFC 8259, section 8.1). */
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** @param {Buffer} body */
function parse(body) {
  try {
    return JSON.parse(UTF8.decode(body));
  } catch {
    // The parser's own message quotes the body.
    throw new Refusal(400, 'body_malformed', 'The body is not JSON in UTF-8.');
  }
}

/**
 * HTTP as events of an HTTP API (payload format 2.0), and a function's results as HTTP.
 */
import { randomUUID } from 'node:crypto';

/**
 * @typedef {import('aws-lambda').APIGatewayProxyEventV2} Event
 * @typedef {import('aws-lambda').APIGatewayProxyStructuredResultV2} Result
 *
 * @typedef {object} Received
 * @property {import('node:http').IncomingMessage} request
 * @property {Buffer} body
 * @property {string} stage its name; `$default` has no part in the path
 * @property {Record<string, string>} [claims] of the token that the authorizer verified
 */

/**
 * @param {Received} received
 * @returns {Event}
 */
export function toEvent({ request, body, stage, claims }) {
  const { pathname, search } = new URL(request.url ?? '/', 'http://api');
  const { cookie, ...headers } = joined(request.headers);
  const domainName = headers.host ?? '';
  const now = new Date();
  const isText = isTextual(headers['content-type'] ?? '');
  const context = {
    accountId: 'anonymous',
    apiId: domainName.split('.')[0],
    ...(claims ? { authorizer: { jwt: { claims, scopes: null } } } : {}),
    domainName,
    domainPrefix: domainName.split('.')[0],
    http: {
      method: request.method ?? 'GET',
      path: decoded(pathname),
      protocol: `HTTP/${request.httpVersion}`,
      sourceIp: request.socket.remoteAddress ?? '',
      userAgent: headers['user-agent'] ?? '',
    },
    requestId: randomUUID(),
    routeKey: '$default',
    stage,
    time: now.toISOString(),
    timeEpoch: now.getTime(),
  };
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: decoded(pathname),
    rawQueryString: search.slice(1),
    ...(cookie ? { cookies: cookie.split('; ') } : {}),
    headers,
    ...(search ? { queryStringParameters: queryOf(search) } : {}),
    requestContext: context,
    ...(body.length > 0 ? { body: body.toString(isText ? 'utf8' : 'base64') } : {}),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

/**
 * Claims as they reach a function: each a string, an array as `[a b]`. Unverified: the guide shows
 * strings only and does not describe the form of arrays.
 *
 * @param {Record<string, unknown>} claims
 * @returns {Record<string, string>}
 */
export function claimsForEvent(claims) {
  const text = (/** @type {unknown} */ value) =>
    Array.isArray(value) ? `[${value.join(' ')}]` : String(value);
  return Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, text(value)]));
}

/**
 * @param {Result} result
 * @param {import('node:http').ServerResponse} response
 */
export function send({ statusCode = 200, headers = {}, body = '', isBase64Encoded }, response) {
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  response.writeHead(statusCode, /** @type {Record<string, string>} */ (headers));
  response.end(bytes);
}

/**
 * Fields that came several times are one, joined by commas.
 *
 * @param {import('node:http').IncomingHttpHeaders} headers
 * @returns {Record<string, string>}
 */
function joined(headers) {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

/** @param {string} search */
function queryOf(search) {
  /** @type {Record<string, string>} */
  const query = {};
  for (const [name, value] of new URLSearchParams(search)) {
    query[name] = name in query ? `${query[name]},${value}` : value;
  }
  return query;
}

/**
 * Bodies of other types reach a function in base64.
 *
 * @param {string} type
 */
function isTextual(type) {
  return /^(text\/|application\/(json|javascript|xml|x-www-form-urlencoded)\b)/i.test(type);
}

/** @param {string} path */
function decoded(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

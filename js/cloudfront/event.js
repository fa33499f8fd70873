/**
 * HTTP requests as CloudFront's events hold them.
 */
import { randomBytes } from 'node:crypto';
import { METHODS } from './behaviors.js';
import { CloudFrontError } from './error.js';
import { byteLength, fromRaw } from './headers.js';

/**
 * @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest
 * @typedef {import('aws-lambda').CloudFrontOrigin} CloudFrontOrigin
 * @typedef {import('aws-lambda').CloudFrontResponse} CloudFrontResponse
 * @typedef {import('./headers.js').HeaderMap} HeaderMap
 */

/** Longest path and query, in characters, and largest head, in bytes (rule W9). */
export const MAX_URL = 8_192;
export const MAX_REQUEST = 32_768;

const DISTRIBUTION = Object.freeze({
  distributionDomainName: 'nearhop-local.cloudfront.net',
  distributionId: 'ENEARHOPLOCAL',
});

/** @returns {string} an id for one request, in the form CloudFront gives them */
export function requestId() {
  return randomBytes(40).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

/**
 * The `request` of a viewer-request event (rule E2).
 *
 * @param {import('node:http').IncomingMessage} incoming
 * @returns {CloudFrontRequest}
 * @throws {CloudFrontError} where CloudFront answers before any function runs
 */
export function viewerRequest(incoming) {
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
  return { clientIp: clientIp(incoming), headers, method, querystring, uri };
}

/**
 * The `request` of an origin-request event: what the behavior's policy lets through, what
 * CloudFront adds, and the origin (rules E5, E11, P2).
 *
 * @param {CloudFrontRequest} viewer the request as viewer-request left it
 * @param {{ origin: CloudFrontOrigin, policy: 'none'|'all-viewer-except-host', port: number,
 *   httpVersion: string }} behind the configured origin and policy; the viewer's port and HTTP
 *   version
 * @returns {CloudFrontRequest}
 */
export function originRequest(viewer, { origin, policy, port, httpVersion }) {
  const { clientIp, method, uri } = viewer;
  const headers = policy === 'none' ? withoutPolicy(viewer.headers) : allButHost(viewer.headers);
  const add = (/** @type {string} */ key, /** @type {string} */ value) => {
    headers[key.toLowerCase()] = [{ key, value }];
  };
  const { domainName } = /** @type {{ domainName: string }} */ (origin.custom ?? origin.s3);
  add('Host', domainName);
  if (policy === 'none') {
    add('User-Agent', 'Amazon CloudFront');
  } else {
    // Of the headers that begin with CloudFront-, those that are true of a local viewer. Where it
    // is cannot be known here, so there are none that say so.
    add('CloudFront-Forwarded-Proto', 'http');
    add('CloudFront-Viewer-Address', `${clientIp}:${port}`);
    add('CloudFront-Viewer-Http-Version', httpVersion);
  }
  const joined = (/** @type {string} */ name, /** @type {string} */ value) =>
    [...(viewer.headers[name] ?? []).map((entry) => entry.value), value].join(', ');
  add('X-Forwarded-For', joined('x-forwarded-for', clientIp));
  add('Via', joined('via', via(httpVersion)));
  const querystring = policy === 'none' ? '' : viewer.querystring;
  return { clientIp, headers, method, origin: structuredClone(origin), querystring, uri };
}

/**
 * The event (rule E1).
 *
 * @param {import('./behaviors.js').EventType} eventType
 * @param {string} id
 * @param {{ request: CloudFrontRequest, response?: CloudFrontResponse }} parts
 */
export function eventOf(eventType, id, parts) {
  return { Records: [{ cf: { config: { ...DISTRIBUTION, eventType, requestId: id }, ...parts } }] };
}

/**
 * @param {string} httpVersion
 * @returns {string} what CloudFront writes into `Via`
 */
export function via(httpVersion) {
  return `${httpVersion} ${DISTRIBUTION.distributionDomainName} (CloudFront)`;
}

/**
 * @param {{ method: string, uri: string, querystring: string, headers: HeaderMap }} request
 * @returns {number} bytes of the request's head
 */
export function requestBytes({ method, uri, querystring, headers }) {
  return (
    Buffer.byteLength(`${method} ${uri}?${querystring} HTTP/1.1\r\n`) + byteLength(headers) + 2
  );
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

/**
 * @param {import('node:http').IncomingMessage} incoming
 */
function clientIp(incoming) {
  return (incoming.socket.remoteAddress ?? '127.0.0.1').replace(/^::ffff:/, '');
}

/**
 * All viewer headers but `Host`. Names that begin with `CloudFront-` are CloudFront's own from here
 * on (rule W8): what a viewer sent under them is dropped.
 *
 * @param {HeaderMap} headers
 * @returns {HeaderMap}
 */
function allButHost(headers) {
  return pick(headers, (name) => name !== 'host' && !name.startsWith('cloudfront-'));
}

const FORWARDED_WITHOUT_POLICY = new Set([
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
 * @param {HeaderMap} headers
 * @returns {HeaderMap}
 */
function withoutPolicy(headers) {
  const kept = pick(headers, (name) => FORWARDED_WITHOUT_POLICY.has(name));
  const codings = ['br', 'gzip'].filter((coding) =>
    headers['accept-encoding']?.some(({ value }) => value.toLowerCase().includes(coding)),
  );
  if (codings.length > 0) {
    kept['accept-encoding'] = [{ key: 'Accept-Encoding', value: codings.join(',') }];
  }
  return kept;
}

/**
 * @param {HeaderMap} headers
 * @param {(name: string) => boolean} keep
 * @returns {HeaderMap}
 */
function pick(headers, keep) {
  return structuredClone(
    Object.fromEntries(Object.entries(headers).filter(([name]) => keep(name))),
  );
}

/**
 * Heads of messages between CloudFront and an origin, as lists of names and values.
 */
import { Readable } from 'node:stream';
import { lines } from '../headers.js';

/**
 * @typedef {import('../headers.js').HeaderMap} HeaderMap
 */

/** Of one connection only (RFC 9110 section 7.6.1), besides what `Connection` itself names. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
]);

/** Written anew for each message: how long its body is. */
const FRAMING = new Set(['content-length', 'transfer-encoding']);

/**
 * The head of a request to an origin: the event's headers, those in `own` in place of the ones with
 * the same names, and the framing that the body needs.
 *
 * @param {HeaderMap} headers of the event
 * @param {HeaderMap} own CloudFront's: `host` and the origin's custom headers (rule E8)
 * @param {{ method: string, body: Readable | Buffer | null }} message
 * @returns {string[]} name, value, name, value …
 */
export function requestHead(headers, own, { method, body }) {
  // Functions may write the names of custom headers in any case.
  const replaced = Object.keys(own).map((name) => name.toLowerCase());
  const dropped = new Set([...replaced, ...HOP_BY_HOP, ...FRAMING, 'expect']);
  const kept = Object.entries(headers).filter(([name]) => !dropped.has(name));
  return [
    ...lines(own).flat(),
    ...lines(Object.fromEntries(kept)).flat(),
    ...framing(headers, method, body),
    // The guide's table of request headers: CloudFront replaces `Connection` with this.
    ...['Connection', 'Keep-Alive'],
  ];
}

/**
 * @param {HeaderMap} headers
 * @param {string} method
 * @param {Readable | Buffer | null} body
 */
function framing(headers, method, body) {
  if (Buffer.isBuffer(body)) return ['Content-Length', String(body.length)];
  if (body) {
    const length = headers['content-length']?.[0].value;
    return length === undefined ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', length];
  }
  // RFC 9110 section 8.6: methods that expect a body say that there is none.
  return ['POST', 'PUT', 'PATCH'].includes(method) ? ['Content-Length', '0'] : [];
}

/**
 * A response's headers without those of its connection. `Transfer-Encoding` stays: functions see it
 * (rule W6), although the body that goes with it is decoded already.
 *
 * @param {string[]} rawHeaders name, value, name, value …
 * @returns {string[]}
 */
export function endToEnd(rawHeaders) {
  const dropped = new Set(HOP_BY_HOP);
  for (const [name, value] of pairs(rawHeaders)) {
    if (name !== 'connection') continue;
    for (const option of value.toLowerCase().split(',')) dropped.add(option.trim());
  }
  return rawHeaders.filter((_, index) => !dropped.has(rawHeaders[index & ~1].toLowerCase()));
}

/**
 * @param {string[]} rawHeaders
 * @returns {[string, string][]} name in lower case, and value
 */
function pairs(rawHeaders) {
  return rawHeaders.flatMap((name, index) =>
    index % 2 === 0
      ? [/** @type {[string, string]} */ ([name.toLowerCase(), rawHeaders[index + 1]])]
      : [],
  );
}

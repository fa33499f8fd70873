/**
 * What an origin answered over HTTP.
 */
import { Readable } from 'node:stream';
import { OriginFailure, tooSlow } from './failure.js';
import { endToEnd } from './head.js';
import { ReadTimeout } from './read-timeout.js';

/**
 * @typedef {object} Reply
 * @property {number} status
 * @property {string} statusDescription
 * @property {string[]} rawHeaders name, value, name, value …, without those of the connection
 * @property {Readable | Buffer | null} body as it comes; none for HEAD, 204 and 304
 */

/**
 * @param {import('node:http').IncomingMessage} incoming
 * @param {import('node:http').ClientRequest} outgoing
 * @param {{ name: string, method: string, readTimeout: number }} sent the origin's domain name for
 *   messages, the request's method, and the response timeout in seconds
 * @returns {Reply}
 */
export function replyOf(incoming, outgoing, { name, method, readTimeout }) {
  const { statusCode: status = 0, statusMessage: statusDescription = '', rawHeaders } = incoming;
  const head = { status, statusDescription, rawHeaders: endToEnd(rawHeaders) };
  if (method !== 'HEAD' && status !== 204 && status !== 304) {
    return { ...head, body: bodyOf(incoming, outgoing, { name, readTimeout }) };
  }
  incoming.on('error', () => {});
  incoming.resume();
  return { ...head, body: null };
}

/**
 * The answer's body: it is read no faster than it is asked for, breaks where the connection does,
 * and destroying it closes the connection.
 *
 * @param {import('node:http').IncomingMessage} incoming
 * @param {import('node:http').ClientRequest} outgoing
 * @param {{ name: string, readTimeout: number }} origin
 * @returns {Readable}
 */
function bodyOf(incoming, outgoing, { name, readTimeout }) {
  const waiting = new ReadTimeout(readTimeout, () => body.destroy(tooSlow(name, readTimeout)));
  let ended = false;
  const body = new Readable({
    read() {
      if (!ended) waiting.start();
      incoming.resume();
    },
    destroy(error, done) {
      waiting.end();
      if (!ended) outgoing.destroy();
      done(error);
    },
  });
  incoming.on('data', (chunk) => {
    if (body.push(chunk)) return waiting.start();
    waiting.stop();
    incoming.pause();
  });
  incoming.on('end', () => {
    ended = true;
    waiting.end();
    body.push(null);
  });
  incoming.on('error', (cause) => {
    const message = 'The origin broke the connection within its answer.';
    body.destroy(new OriginFailure('reset', message, { found: name, cause }));
  });
  waiting.start();
  return body;
}

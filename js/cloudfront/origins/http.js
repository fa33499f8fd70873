/**
 * One attempt to get an answer from a server over HTTP/1.1, the version CloudFront speaks to
 * origins.
 */
import { Agent, request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import { OriginFailure, tooSlow } from './failure.js';
import { ReadTimeout } from './read-timeout.js';
import { replyOf } from './reply.js';

/**
 * Largest head of an answer, in bytes. CloudFront has such a limit (`OriginHeaderTooBigError` in
 * its logs) but its size is not documented: this one, that of requests (rule W9), is unverified.
 */
const MAX_HEAD = 32_768;

/**
 * @typedef {object} Sending
 * @property {string} name the origin's domain name, for messages
 * @property {URL} server
 * @property {string} method
 * @property {string} path with the query
 * @property {string[]} headers name, value, name, value …
 * @property {Readable | Buffer | null} body left alone until there is a connection; it is never
 *   destroyed, and what the origin did not want of it is the caller's to drain
 * @property {number} connectionTimeout seconds
 * @property {number} readTimeout seconds
 * @property {Agent} agent
 * @property {AbortSignal} signal ends the attempt until the head of the answer is there; the body
 *   is the caller's
 *
 * @typedef {import('./reply.js').Reply} Reply
 */

/** Connections that are kept open between requests, for as long as an origin's setting says. */
export class Connections {
  /** @type {Map<number, Agent>} */
  #agents = new Map();

  /**
   * @param {number} keepaliveTimeout seconds
   * @returns {Agent}
   */
  agent(keepaliveTimeout) {
    const known = this.#agents.get(keepaliveTimeout);
    if (known) return known;
    const agent = new Agent({ keepAlive: true, timeout: keepaliveTimeout * 1_000 });
    this.#agents.set(keepaliveTimeout, agent);
    return agent;
  }

  close() {
    for (const agent of this.#agents.values()) agent.destroy();
  }
}

/**
 * Sends a request and waits for the head of its answer. Interim answers (1xx) are dropped.
 *
 * @param {Sending} sending
 * @returns {Promise<Reply>}
 * @throws {OriginFailure} `connect`, `timeout`, `reset` or `invalid`; the signal's reason if it is
 *   aborted
 */
export function send(sending) {
  const { name, body, connectionTimeout, readTimeout, signal } = sending;
  return new Promise((resolve, reject) => {
    const outgoing = open(sending);
    let connected = false;

    const connecting = setTimeout(() => fail(unconnected(name)), connectionTimeout * 1_000);
    const waiting = new ReadTimeout(readTimeout, () => fail(tooSlow(name, readTimeout)));
    const aborted = () => fail(signal.reason);
    signal.addEventListener('abort', aborted);
    let settled = false;
    const settle = () => {
      settled = true;
      clearTimeout(connecting);
      waiting.end();
      signal.removeEventListener('abort', aborted);
    };
    const fail = (/** @type {unknown} */ failure) => {
      settle();
      outgoing.destroy();
      reject(failure);
    };

    const onConnect = () => {
      connected = true;
      clearTimeout(connecting);
      write(body, outgoing, waiting, fail);
    };
    outgoing.on('socket', (socket) => {
      if (socket.connecting) socket.once('connect', onConnect);
      else onConnect();
    });
    let continues = 0;
    outgoing.on('continue', () => {
      continues += 1;
      if (continues > 1) fail(invalid(name, 'a second 100 Continue'));
    });
    outgoing.on('response', (incoming) => {
      const encoding = incoming.headers['transfer-encoding'];
      // The guide, "Transfer encoding": CloudFront supports only `chunked`.
      if (encoding !== undefined && encoding.toLowerCase() !== 'chunked') {
        return fail(invalid(name, 'a Transfer-Encoding other than chunked'));
      }
      settle();
      resolve(replyOf(incoming, outgoing, sending));
    });
    outgoing.on('error', (cause) => {
      if (!settled && isStale(outgoing, sending, cause)) {
        settle();
        resolve(send(sending));
      } else fail(explain(cause, connected, name));
    });
  });
}

/**
 * @param {Sending} sending
 * @throws {OriginFailure} `invalid`
 */
function open({ name, server, method, path, headers, agent }) {
  try {
    return httpRequest({
      hostname: server.hostname.replace(/[[\]]/g, ''),
      port: server.port,
      method,
      path,
      headers,
      agent,
      maxHeaderSize: MAX_HEAD,
    });
  } catch (cause) {
    const message = 'The request cannot be written as HTTP/1.1.';
    throw new OriginFailure('invalid', message, { found: name, cause });
  }
}

/**
 * Sends the body at the pace of the slower side.
 *
 * @param {Readable | Buffer | null} body
 * @param {import('node:http').ClientRequest} outgoing
 * @param {ReadTimeout} waiting
 * @param {(reason: unknown) => void} fail
 */
function write(body, outgoing, waiting, fail) {
  outgoing.on('finish', () => waiting.start());
  if (!(body instanceof Readable)) {
    waiting.start();
    outgoing.end(body ?? undefined);
    return;
  }
  body.on('error', fail);
  body.pipe(outgoing);
  // After `pipe`'s own listener, so that the chunk has been written.
  body.on('data', () => {
    if (outgoing.writableNeedDrain) waiting.start();
    else waiting.stop();
  });
  outgoing.on('drain', () => waiting.stop());
}

/**
 * Whether a kept connection had been closed by the origin before the request got there. A safe
 * method without a body can then be sent again over another one, and is still the same attempt.
 *
 * @param {import('node:http').ClientRequest} outgoing
 * @param {Sending} sending
 * @param {NodeJS.ErrnoException} cause
 */
function isStale(outgoing, { method, body, signal }, cause) {
  const closed = cause.code === 'ECONNRESET' || cause.code === 'EPIPE';
  const again = ['GET', 'HEAD', 'OPTIONS'].includes(method) && body === null && !signal.aborted;
  return outgoing.reusedSocket && closed && again;
}

/**
 * @param {NodeJS.ErrnoException} cause
 * @param {boolean} connected
 * @param {string} name
 */
function explain(cause, connected, name) {
  if (!connected) {
    const facts = { rule: 'F6', found: name, cause };
    return new OriginFailure('connect', 'The origin refuses connections.', facts);
  }
  // The codes of Node's HTTP parser.
  if (cause.code?.startsWith('HPE_')) return invalid(name, 'what is not HTTP/1.1', cause);
  const message = 'The origin broke the connection before its answer.';
  return new OriginFailure('reset', message, { found: name, cause });
}

/** @param {string} name */
function unconnected(name) {
  const message = 'The origin did not accept a connection within the connection timeout.';
  return new OriginFailure('connect', message, { status: 504, rule: 'F6', found: name });
}

/**
 * @param {string} name
 * @param {string} what
 * @param {unknown} [cause]
 */
function invalid(name, what, cause) {
  const message = `The origin's answer is invalid: ${what}.`;
  return new OriginFailure('invalid', message, { found: name, cause });
}

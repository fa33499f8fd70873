/**
 * Requests as they go over the wire, and what becomes of them: an answer, no answer, or something
 * that is no HTTP.
 */
import { Agent, request } from 'node:http';

/**
 * @typedef {object} Asked
 * @property {string} method
 * @property {string} path
 * @property {Record<string, string>} headers
 * @property {string | undefined} body
 *
 * @typedef {object} Answer
 * @property {number} status
 * @property {import('node:http').IncomingHttpHeaders} headers
 * @property {string} text
 *
 * @typedef {{ answer: Answer, ms: number } | { none: 'cut'|'silence'|'invalid', why: string,
 *   ms: number }} Outcome `cut`: the connection broke; `silence`: nothing within the limit;
 *   `invalid`: what came is no HTTP. `ms`: until the end of it
 */

/** Milliseconds after which a request is given up: CloudFront is to have answered long before. */
const LIMIT_MS = 25_000;

export class Sender {
  #port;
  // Node's server says how long it keeps a connection; the agent lets go of it before.
  #agent = new Agent({ keepAlive: true, maxSockets: 512 });

  /** @param {string} url the site's */
  constructor(url) {
    this.#port = Number(new URL(url).port);
    this.host = `localhost:${this.#port}`;
  }

  close() {
    this.#agent.destroy();
  }

  /**
   * Never throws.
   *
   * @param {Asked} asked
   * @returns {Promise<Outcome>}
   */
  send({ method, path, headers, body }) {
    const began = performance.now();
    const ms = () => performance.now() - began;
    return new Promise((resolve) => {
      const outgoing = request({
        ...{ host: '127.0.0.1', port: this.#port, agent: this.#agent, method, path },
        headers: { host: this.host, ...lengthOf(body), ...headers },
      });
      const fail = (/** @type {NodeJS.ErrnoException} */ { code = '', message }) => {
        // What Node's parser of HTTP will not have.
        const none = code.startsWith('HPE_') ? 'invalid' : code === 'LIMIT' ? 'silence' : 'cut';
        resolve({ none, why: `${code} ${message}`, ms: ms() });
      };
      const limit = setTimeout(() => {
        outgoing.destroy(Object.assign(new Error('no answer'), { code: 'LIMIT' }));
      }, LIMIT_MS);
      outgoing.once('close', () => clearTimeout(limit));
      outgoing.on('error', fail);
      outgoing.once('response', (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (chunk) => (text += chunk));
        incoming.on('error', fail);
        incoming.once('end', () => {
          const { statusCode: status = 0, headers: received } = incoming;
          resolve({ answer: { status, headers: received, text }, ms: ms() });
        });
      });
      outgoing.end(body);
    });
  }
}

/** @param {string | undefined} body */
function lengthOf(body) {
  return body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
}

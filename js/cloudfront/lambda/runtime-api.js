/**
 * Lambda's Runtime API, version 2018-06-01, for one execution environment: the process inside asks
 * for the next event and posts what became of it. See "Using the Lambda runtime API for custom
 * runtimes" in Lambda's guide.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';

const ROOT = '/2018-06-01/runtime';

/** Largest response that Lambda takes, in bytes: its message for larger ones names the figure. */
const MAX_RESPONSE = 6_291_556;

/**
 * @typedef {object} Listener
 * @property {() => void} next the process waits for an event
 * @property {(id: string, text: string) => boolean} response gives whether the id is that of the
 *   invocation under way
 * @property {(id: string | undefined, cause: string) => boolean} error of an invocation, or of
 *   loading; the same
 */

export class RuntimeApi {
  #listener;
  #server;
  #address = '';
  /** @type {import('node:http').ServerResponse | undefined} the request for the next event */
  #waiting;

  /** @param {Listener} listener */
  constructor(listener) {
    this.#listener = listener;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
    // A function may take its time between two calls.
    this.#server.keepAliveTimeout = 0;
    this.#server.requestTimeout = 0;
    this.#server.headersTimeout = 0;
  }

  /** @returns {Promise<string>} host and port: `AWS_LAMBDA_RUNTIME_API` */
  async listen() {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const { port } = /** @type {import('node:net').AddressInfo} */ (this.#server.address());
    this.#address = `127.0.0.1:${port}`;
    return this.#address;
  }

  /**
   * Gives the waiting process its event.
   *
   * @param {string} payload JSON
   * @param {Record<string, string>} headers
   */
  deliver(payload, headers) {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    const length = String(Buffer.byteLength(payload));
    const type = { 'content-type': 'application/json', 'content-length': length };
    waiting?.writeHead(200, { ...type, ...headers });
    waiting?.end(payload);
  }

  async close() {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  /**
   * @param {import('node:http').IncomingMessage} request
   * @param {import('node:http').ServerResponse} response
   */
  async #answer(request, response) {
    if (!this.#isFromInside(request)) return reply(response, 403);
    const { method, url = '' } = request;
    if (method === 'GET' && url === `${ROOT}/invocation/next`) return this.#next(response);
    if (method !== 'POST' || !url.startsWith(`${ROOT}/`)) return reply(response, 404);
    return reply(response, this.#posted(url.slice(ROOT.length), await bodyOf(request)));
  }

  /**
   * @param {string} path
   * @param {string | undefined} text undefined if it was too large
   * @returns {number} status of the reply
   */
  #posted(path, text) {
    if (path === '/init/error') return this.#listener.error(undefined, causeOf(text)) ? 202 : 400;
    const [, id, kind] = /^\/invocation\/([\w-]+)\/(response|error)$/.exec(path) ?? [];
    if (!id) return 404;
    if (kind === 'error') return this.#listener.error(id, causeOf(text)) ? 202 : 400;
    if (text !== undefined) return this.#listener.response(id, text) ? 202 : 400;
    this.#listener.error(id, `Function.ResponseSizeTooLarge: over ${MAX_RESPONSE} bytes`);
    return 413;
  }

  /** @param {import('node:http').ServerResponse} response */
  #next(response) {
    if (this.#waiting && !this.#waiting.destroyed) return reply(response, 403);
    this.#waiting = response;
    return this.#listener.next();
  }

  /**
   * A page in a browser could find the port and take events away: browsers name the page's origin,
   * or a host of its own that leads here.
   *
   * @param {import('node:http').IncomingMessage} request
   */
  #isFromInside({ headers }) {
    const isPage = headers.origin !== undefined || headers['sec-fetch-site'] !== undefined;
    return headers.host === this.#address && !isPage;
  }
}

/**
 * @param {import('node:http').ServerResponse} response
 * @param {number} status
 */
function reply(response, status) {
  const body = status === 202 ? '{"status":"OK"}' : '{"errorType":"InvalidRequest"}';
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @returns {Promise<string | undefined>} undefined if it is larger than allowed
 */
async function bodyOf(request) {
  /** @type {Buffer[]} */
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= MAX_RESPONSE) chunks.push(chunk);
  }
  return size > MAX_RESPONSE ? undefined : Buffer.concat(chunks).toString();
}

/**
 * @param {string | undefined} text the error object of the Runtime API
 * @returns {string} for the developer
 */
function causeOf(text = '{}') {
  try {
    const { errorType, errorMessage, stackTrace } = JSON.parse(text);
    const head = `${errorType}: ${errorMessage}`;
    return Array.isArray(stackTrace) ? [head, ...stackTrace].join('\n') : head;
  } catch {
    return text;
  }
}

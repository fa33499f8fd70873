/**
 * One HTTP request as it came in, and its answer as it goes out.
 */
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { discard } from './answers.js';
import { RequestBody } from './body.js';
import { CloudFrontError } from './error.js';
import { requestId, via } from './event.js';
import { lines } from './headers.js';

/**
 * @typedef {import('./answers.js').Answer} Answer
 * @typedef {import('node:http').IncomingMessage} IncomingMessage
 * @typedef {import('node:http').ServerResponse} ServerResponse
 */

/** On every answer, for people: the edge Region that made it. */
const EDGE_SHOWN = 'X-Nearhop-Edge';

export class Exchange {
  #abort = new AbortController();
  #distribution;
  /** @type {[string, string][]} */
  #shown = [];

  /**
   * @param {IncomingMessage} incoming
   * @param {ServerResponse} outgoing
   * @param {import('./distribution.js').Distribution} distribution
   */
  constructor(incoming, outgoing, distribution) {
    this.incoming = incoming;
    this.outgoing = outgoing;
    this.#distribution = distribution;
    this.id = requestId();
    this.startedAt = performance.now();
    this.body = new RequestBody(incoming);
    outgoing.once('close', () => this.#abort.abort());
  }

  /**
   * Aborted once the viewer has its answer or is gone.
   *
   * @returns {AbortSignal}
   */
  get signal() {
    return this.#abort.signal;
  }

  /** @param {[string, string]} header for people, on whatever is answered */
  show(header) {
    this.#shown.push(header);
  }

  /** @param {import('./place/viewer.js').Viewer} viewer */
  answeredAt({ edge, pop }) {
    this.show([EDGE_SHOWN, edge]);
    if (pop) this.show(['X-Amz-Cf-Pop', pop]);
  }

  /**
   * @param {Answer} answer its body is read to the end or destroyed
   * @returns {Promise<number>} bytes of the body sent
   * @throws when the body breaks, or the viewer leaves
   */
  async send({ status, statusDescription, headers, body, cache }) {
    const { incoming, outgoing } = this;
    const code = Number(status);
    const isBodiless = incoming.method === 'HEAD' || code === 204 || code === 304;
    try {
      if (outgoing.destroyed) throw left(0);
      const head = [...framed(headers, code, body, isBodiless)];
      head.push(['X-Cache', `${cache} from cloudfront`], ['Via', via('1.1', this.#distribution)]);
      head.push(['X-Amz-Cf-Id', this.id], ...this.#shown);
      if (statusDescription) outgoing.writeHead(code, statusDescription, head.flat());
      else outgoing.writeHead(code, head.flat());
      if (body instanceof Readable && !isBodiless) return await relay(body, outgoing);
    } finally {
      discard(body);
    }
    const bytes = isBodiless || !Buffer.isBuffer(body) ? Buffer.alloc(0) : body;
    outgoing.end(bytes);
    await finished(outgoing);
    return bytes.length;
  }

  /**
   * What went wrong, in CloudFront's words: a viewer that left is none of the origin's or the
   * function's faults.
   *
   * @param {unknown} thrown
   * @returns {CloudFrontError} with status 0 (`000` in CloudFront's logs) for a viewer that left
   *   before its answer began
   */
  errorFrom(thrown) {
    const { outgoing } = this;
    const isOurs = thrown instanceof CloudFrontError;
    if (outgoing.destroyed && !outgoing.writableFinished && !(isOurs && outgoing.headersSent)) {
      return left(outgoing.headersSent ? outgoing.statusCode : 0, thrown);
    }
    if (isOurs) return thrown;
    const message = 'The local CloudFront has a fault.';
    return new CloudFrontError(500, 'Error', message, { cause: thrown });
  }

  /**
   * Never throws.
   *
   * @param {CloudFrontError} error
   */
  async sendError(error) {
    const { outgoing } = this;
    if (outgoing.headersSent || outgoing.destroyed) {
      // The viewer is gone, or the origin broke off within its body: nothing more can be said here.
      outgoing.destroy();
      return;
    }
    if (error.status === 413) outgoing.shouldKeepAlive = false;
    const headers = {
      'content-type': [{ value: 'text/plain; charset=utf-8' }],
      'cache-control': [{ value: 'no-store' }],
      'x-content-type-options': [{ value: 'nosniff' }],
    };
    const { status, reason } = error;
    const body = Buffer.from(`${error.page()}  request  ${this.id}\n`);
    const answer = { status: String(status), statusDescription: undefined, headers, body };
    await this.send({ ...answer, by: 'cloudfront', cache: reason }).catch(() => {});
  }
}

/**
 * @param {number} status that the viewer has got; 0 if none
 * @param {unknown} [cause]
 */
function left(status, cause) {
  return new CloudFrontError(status, 'ClientCommError', 'The viewer left.', { cause });
}

/**
 * The headers with the framing that fits what is sent: RFC 9110 section 8.6 forbids Content-Length
 * at 204, and of 304 it would be the length of another body.
 *
 * @param {import('./headers.js').HeaderMap} headers
 * @param {number} status
 * @param {Answer['body']} body
 * @param {boolean} isBodiless
 * @returns {[string, string][]}
 */
function framed(headers, status, body, isBodiless) {
  const isOurs = status === 204 || status === 304 || Buffer.isBuffer(body) || !isBodiless && !body;
  const dropped = new Set(['transfer-encoding', ...(isOurs ? ['content-length'] : [])]);
  const kept = lines(headers).filter(([name]) => !dropped.has(name.toLowerCase()));
  if (!isOurs || status === 204 || status === 304) return kept;
  return [...kept, ['Content-Length', String(body ? /** @type {Buffer} */ (body).length : 0)]];
}

/**
 * @param {Readable} body
 * @param {ServerResponse} outgoing
 */
async function relay(body, outgoing) {
  let bytes = 0;
  body.on('data', (chunk) => void (bytes += chunk.length));
  await pipeline(body, outgoing);
  return bytes;
}

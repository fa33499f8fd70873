/**
 * One HTTP request, its answer, and what is remembered of both.
 */
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { requestId, via } from './event.js';
import { lines } from './headers.js';

/**
 * @typedef {import('./behaviors.js').EventType} EventType
 * @typedef {import('./error.js').CloudFrontError} CloudFrontError
 * @typedef {import('./headers.js').HeaderMap} HeaderMap
 * @typedef {import('./origins.js').OriginResponse} OriginResponse
 * @typedef {import('aws-lambda').CloudFrontResultResponse} CloudFrontResultResponse
 * @typedef {import('node:http').IncomingMessage} IncomingMessage
 * @typedef {import('node:http').ServerResponse} ServerResponse
 *
 * @typedef {object} Answer
 * @property {CloudFrontResultResponse} response
 * @property {IncomingMessage | Buffer | null} body
 * @property {EventType | 'origin'} by
 *
 * @typedef {object} Decision
 * @property {string} time start of the request, ISO 8601
 * @property {string} requestId
 * @property {string | undefined} edge edge Region; none if the viewer named one there is not
 * @property {string} method
 * @property {string} path as the viewer sent it, without the query
 * @property {number} status
 * @property {EventType | 'origin' | 'cloudfront'} answeredBy who made the answer
 * @property {{ kind: 'custom'|'s3', domainName: string } | undefined} origin the one that answered
 * @property {HeaderMap} headers the answer's
 * @property {string | undefined} body of an answer that the function made: its text
 * @property {CloudFrontError | undefined} error why CloudFront answered in the function's place
 * @property {{ trigger: EventType, line: string }[]} logs lines the function logged
 * @property {number} ms from the request's head to the end of the answer
 */

/** On every answer, for people: the edge Region that made it. */
const EDGE_SHOWN = 'X-Nearhop-Edge';

/** One HTTP request and its answer. */
export class Exchange {
  #abort = new AbortController();

  /**
   * @param {IncomingMessage} incoming
   * @param {ServerResponse} outgoing
   */
  constructor(incoming, outgoing) {
    this.incoming = incoming;
    this.outgoing = outgoing;
    /** @type {Decision} */
    this.decision = {
      time: new Date().toISOString(),
      requestId: requestId(),
      edge: undefined,
      method: incoming.method ?? '',
      path: (incoming.url ?? '').split('?')[0],
      status: 0,
      answeredBy: 'cloudfront',
      origin: undefined,
      headers: {},
      body: undefined,
      error: undefined,
      logs: [],
      ms: 0,
    };
    outgoing.once('close', () => this.#abort.abort());
  }

  /** Aborted once the viewer has its answer or is gone. */
  get signal() {
    return this.#abort.signal;
  }

  /** @param {Answer} answer */
  async send({ response, body, by }) {
    const { decision } = this;
    decision.answeredBy = by;
    decision.headers = response.headers ?? {};
    if (by !== 'origin' && response.bodyEncoding !== 'base64') decision.body = response.body;
    const status = Number(response.status);
    const made = by === 'viewer-request' || by === 'origin-request';
    const cache = made ? 'LambdaGeneratedResponse' : status >= 400 ? 'Error' : 'Miss';
    await this.#write(status, response.statusDescription, decision.headers, body, cache);
  }

  /**
   * Never throws.
   *
   * @param {CloudFrontError} error
   */
  async sendError(error) {
    if (this.outgoing.headersSent || this.outgoing.destroyed) {
      // The viewer is gone, or the origin broke off within its body: nothing more can be said here.
      this.outgoing.destroy();
      return;
    }
    const headers = {
      'content-type': [{ value: 'text/plain; charset=utf-8' }],
      'cache-control': [{ value: 'no-store' }],
      'x-content-type-options': [{ value: 'nosniff' }],
    };
    this.decision.headers = headers;
    if (error.status === 413) this.outgoing.shouldKeepAlive = false;
    const page = Buffer.from(`${error.page()}  request  ${this.decision.requestId}\n`);
    await this.#write(error.status, undefined, headers, page, error.reason).catch(() => {});
  }

  /**
   * @param {number} status
   * @param {string | undefined} statusDescription
   * @param {HeaderMap} headers
   * @param {IncomingMessage | Buffer | null} body
   * @param {string} cache
   */
  async #write(status, statusDescription, headers, body, cache) {
    const { decision, incoming, outgoing } = this;
    decision.status = status;
    const bodiless = incoming.method === 'HEAD' || status === 204 || status === 304;
    const framing = new Set([
      'transfer-encoding',
      ...(Buffer.isBuffer(body) ? ['content-length'] : []),
    ]);
    const head = lines(headers).filter(([key]) => !framing.has(key.toLowerCase()));
    if (Buffer.isBuffer(body) && status !== 204 && status !== 304) {
      head.push(['Content-Length', String(body.length)]);
    }
    head.push(['X-Cache', `${cache} from cloudfront`], ['Via', via('1.1')]);
    head.push(['X-Amz-Cf-Id', decision.requestId], [EDGE_SHOWN, decision.edge ?? 'none']);
    if (statusDescription) outgoing.writeHead(status, statusDescription, head.flat());
    else outgoing.writeHead(status, head.flat());
    if (body instanceof Readable && !bodiless) {
      await pipeline(body, outgoing);
      return;
    }
    if (body instanceof Readable) body.destroy();
    outgoing.end(bodiless || body === null ? undefined : body);
    await finished(outgoing);
  }
}

/**
 * @param {CloudFrontResultResponse} response
 * @param {EventType} by
 * @returns {Answer}
 */
export function generated(response, by) {
  return { response, body: bodyOf(response) ?? Buffer.alloc(0), by };
}

/**
 * The origin's body behind the head that origin-response left, unless that trigger replaced it.
 *
 * @param {OriginResponse} reply
 * @param {CloudFrontResultResponse} response
 * @returns {Answer}
 */
export function relayed(reply, response) {
  const replacement = bodyOf(response);
  if (!replacement) return { response, body: reply.body, by: 'origin' };
  if (reply.body instanceof Readable) reply.body.destroy();
  return { response, body: replacement, by: 'origin-response' };
}

/**
 * @param {CloudFrontResultResponse} response
 */
function bodyOf({ body, bodyEncoding }) {
  if (body === undefined) return undefined;
  return Buffer.from(body, bodyEncoding === 'base64' ? 'base64' : 'utf8');
}

/**
 * The origins behind the distribution: custom ones played by local HTTP servers, S3 ones by
 * directories or S3-compatible servers. TLS is not played.
 */
import { Readable } from 'node:stream';
import { customRequest } from './custom.js';
import { Directory } from './directory.js';
import { Ending } from './ending.js';
import { OriginFailure } from './failure.js';
import { faulty, paused } from './faulty.js';
import { Connections, send } from './http.js';
import { Latency, regionOf } from './latency.js';
import { isSigned } from './s3.js';
import { Servers } from './servers.js';

/**
 * @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest
 * @typedef {import('aws-lambda').CloudFrontOrigin} CloudFrontOrigin
 * @typedef {import('../distribution.js').Origin} Origin
 * @typedef {import('./reply.js').Reply} Reply
 * @typedef {import('./servers.js').ServerEntry} Server
 *
 * @typedef {object} Behind what is not in the event
 * @property {Origin} configured its attempts, timeouts and access hold for a switched origin too:
 *   they are not in the event (rule F6)
 * @property {string} id of the request: the origin sees it as `X-Amz-Cf-Id`
 * @property {Readable | Buffer | null} body of the request
 * @property {string} edge edge Region
 * @property {AbortSignal} signal ends the fetch at any time, and leaves nothing open
 *
 * @typedef {Reply & Facts} OriginResponse
 *
 * @typedef {object} Facts
 * @property {string} url as CloudFront would call it
 * @property {number} attempts it took (rule F6)
 * @property {number} ms to the head of the answer, the way included
 * @property {number} wayMs of it, the simulated way from the edge Region
 *
 * @typedef {object} Way how one origin is reached
 * @property {string} url
 * @property {(signal: AbortSignal) => Promise<Reply>} attempt
 */

/** CloudFront's own settings, in seconds, where neither event nor origin has one (rule F6). */
const READ_TIMEOUT = 30;
const KEEPALIVE_TIMEOUT = 5;

export class Origins {
  #servers;
  #latency;
  #faults;
  #connections = new Connections();

  /**
   * @param {object} options
   * @param {Record<string, Server>} options.servers what stands for which origin: by its id, its
   *   name and port (`api.example.com:8443`), or its name
   * @param {Latency} [options.latency] none unless said
   * @param {{ origin(domainName: string, id?: string): import('./faulty.js').Fault | undefined }}
   *   [options.faults] asked once for each fetch
   * @throws {TypeError} for a server that is not on this machine
   */
  constructor({ servers, latency = new Latency(), faults }) {
    this.#servers = new Servers(servers);
    this.#latency = latency;
    this.#faults = faults;
  }

  /**
   * Looks the origin's name up, as CloudFront does before origin-request runs (rule F2), and for
   * the name that it left.
   *
   * @param {CloudFrontOrigin} origin
   * @param {Pick<Origin, 'id'|'domainName'>} [configured] needed where servers go by origin id
   * @throws {OriginFailure} `resolve`
   */
  resolve(origin, configured) {
    this.#servers.find(origin, configured);
  }

  /**
   * Sends the request to its origin, and again where CloudFront would. Once the head is there, the
   * body comes at the pace it is read; it breaks with an {@link OriginFailure} if the origin does.
   *
   * @param {CloudFrontRequest} request as origin-request left it
   * @param {Behind} behind
   * @returns {Promise<OriginResponse>}
   * @throws {OriginFailure} when there is no answer; the signal's reason if it is aborted
   */
  async fetch(request, behind) {
    const start = performance.now();
    const { configured, edge } = behind;
    const origin = /** @type {CloudFrontOrigin} */ (request.origin);
    const { name, region, readTimeout, completionTimeout } = settingsOf(origin, configured);
    const { url, attempt } = this.#way(request, origin, behind);
    const fault = this.#faults?.origin(name, configured.id);
    const ending = new Ending(behind.signal, completionTimeout, name);
    const { signal } = ending;
    try {
      signal.throwIfAborted();
      const wayMs = this.#latency.wait(edge, region);
      await paused(wayMs, signal);
      const facts = { name, readTimeout, signal };
      const once = () => faulty(fault, () => attempt(signal), facts);
      const { reply, attempts } = await repeated(once, request.method, configured, signal);
      if (reply.body instanceof Readable) ending.follow(reply.body);
      else ending.over();
      return { ...reply, url, attempts, wayMs, ms: performance.now() - start };
    } catch (error) {
      ending.over();
      throw error;
    }
  }

  /** Closes the connections that are kept. */
  close() {
    this.#connections.close();
  }

  /**
   * @param {CloudFrontRequest} request
   * @param {CloudFrontOrigin} origin
   * @param {Behind} behind
   * @returns {Way}
   */
  #way(request, origin, { configured, id, body }) {
    const server = this.#servers.find(origin, configured);
    const { name, readTimeout, keepaliveTimeout } = settingsOf(origin, configured);
    const sending = {
      name,
      body,
      method: request.method,
      readTimeout,
      connectionTimeout: configured.connectionTimeout,
      agent: this.#connections.agent(keepaliveTimeout),
    };
    if ('s3' in server) {
      return bucketWay(request, origin, { bucket: server.s3, configured, sending });
    }
    const custom = /** @type {import('aws-lambda').CloudFrontCustomOrigin} */ (origin.custom);
    const { url, ...message } = customRequest(request, custom, { id, server: server.custom, body });
    const whole = { ...sending, ...message, server: server.custom };
    return { url, attempt: (signal) => send({ ...whole, signal }) };
  }
}

/**
 * @param {CloudFrontRequest} request
 * @param {CloudFrontOrigin} origin
 * @param {{ bucket: Directory | import('./endpoint.js').Endpoint, configured: Origin,
 *   sending: Omit<import('./http.js').Sending, 'server'|'path'|'headers'|'signal'> }} to
 * @returns {Way}
 */
function bucketWay(request, origin, { bucket, configured, sending }) {
  const s3 = /** @type {import('aws-lambda').CloudFrontS3Origin} */ (origin.s3);
  const path = s3.path + request.uri;
  const url = `https://${s3.domainName}${path}`;
  const signed = isSigned(s3, configured);
  if (bucket instanceof Directory) {
    return { url, attempt: () => bucket.fetch(path, request, { signed }) };
  }
  const { customHeaders } = s3;
  const message = bucket.request(path, request, { signed, body: sending.body, customHeaders });
  if ('refusal' in message) return { url, attempt: async () => message.refusal };
  const whole = { ...sending, ...message, server: bucket.server };
  const attempt = async (/** @type {AbortSignal} */ signal) =>
    bucket.answer(await send({ ...whole, signal }), request.method);
  return { url, attempt };
}

/**
 * Up to `connectionAttempts` attempts (rule F6): again after a failed connection, whatever the
 * method, and again after a timeout for GET and HEAD only (the guide, "Response timeout").
 *
 * @param {() => Promise<Reply>} attempt
 * @param {string} method
 * @param {Pick<Origin, 'connectionAttempts'>} configured
 * @param {AbortSignal} signal
 * @returns {Promise<{ reply: Reply, attempts: number }>}
 */
async function repeated(attempt, method, { connectionAttempts }, signal) {
  const repeats = ['GET', 'HEAD'].includes(method) ? ['connect', 'timeout'] : ['connect'];
  for (let attempts = 1; ; attempts += 1) {
    try {
      return { reply: await attempt(), attempts };
    } catch (error) {
      if (error instanceof OriginFailure) error.attempts = attempts;
      const isOver = signal.aborted || attempts >= connectionAttempts;
      if (isOver || !(error instanceof OriginFailure) || !repeats.includes(error.kind)) throw error;
    }
  }
}

/**
 * What the event says of an origin, whichever kind it is; the configured origin where the event
 * leaves something out.
 *
 * @param {CloudFrontOrigin} origin
 * @param {Origin} configured
 */
function settingsOf({ custom, s3 }, configured) {
  // E7: newer events have these two for buckets as well; the types do not know it yet.
  const about = /** @type {{ domainName: string, readTimeout?: number,
    keepaliveTimeout?: number, responseCompletionTimeout?: number }} */ (custom ?? s3);
  const name = about.domainName;
  return {
    name,
    region: s3?.region || regionOf(name),
    readTimeout: about.readTimeout ?? configured.readTimeout ?? READ_TIMEOUT,
    keepaliveTimeout: about.keepaliveTimeout ?? configured.keepaliveTimeout ?? KEEPALIVE_TIMEOUT,
    completionTimeout: about.responseCompletionTimeout ?? configured.responseCompletionTimeout,
  };
}

/**
 * A local CloudFront: real HTTP becomes the events of Lambda@Edge, the function in the viewer's
 * edge Region answers them, its answer is checked against CloudFront's rules and carried out.
 *
 * What it does not play: TLS, HTTP/2, the cache (every request is a miss), compression,
 * viewer-response, Include Body, origin groups, geolocation headers, error pages of the
 * distribution's own. Headers of an origin's answer that functions never see (rule W7) are dropped.
 */
import { createServer } from 'node:http';
import { METHODS, chooseBehavior } from './behaviors.js';
import { EdgeFunction } from './edge.js';
import { CloudFrontError } from './error.js';
import { eventOf, hasBody, originRequest, viewerRequest } from './event.js';
import { Exchange, generated, relayed } from './exchange.js';
import { fromRaw } from './headers.js';
import { Origins, nameOf } from './origins.js';
import { EDGE_REGIONS } from './regions.js';
import { validate } from './validate.js';

/**
 * @typedef {import('./behaviors.js').Behavior} Behavior
 * @typedef {import('./behaviors.js').EventType} EventType
 * @typedef {import('aws-lambda').CloudFrontOrigin} CloudFrontOrigin
 * @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest
 * @typedef {import('aws-lambda').CloudFrontResponse} CloudFrontResponse
 * @typedef {import('node:http').IncomingMessage} IncomingMessage
 * @typedef {import('node:http').ServerResponse} ServerResponse
 *
 * @typedef {object} Distribution
 * @property {string} bundle folder that Lambda would load
 * @property {string} site directory that plays the site's bucket: the origin named `site`
 * @property {Record<string, CloudFrontOrigin>} [origins] further origins by name
 * @property {Behavior[]} [behaviors] in order of precedence; what none matches is the site's,
 *   without an origin request policy
 * @property {Record<string, string>} [hosts] name of a custom origin → local server that plays it,
 *   such as `{ 'abc123.execute-api.eu-west-1.amazonaws.com': 'http://127.0.0.1:4001' }`
 * @property {string} [edge] edge Region of viewers that do not choose one
 * @property {number} [port] 0 for any free one
 * @property {number} [timeoutMs] longest invocation of the function
 * @property {(decision: import('./exchange.js').Decision) => void} [onDecision] is called once for
 *   each request, at its end
 */

/** Development only: names the edge Region to be at. */
const EDGE_CHOICE = 'x-nearhop-dev-edge';

const BUCKET = 'nearhop-site.s3.us-east-1.amazonaws.com';

/**
 * The S3 origin that `site` plays (rule E7). Access by origin access control shows as `none`; the
 * types of AWS leave the Region out then, the guide does not.
 *
 * @type {any}
 */
const S3_ORIGIN = {
  authMethod: 'none',
  customHeaders: {},
  domainName: BUCKET,
  path: '',
  region: 'us-east-1',
};

/** @type {Behavior} */
const DEFAULT_BEHAVIOR = { pattern: '*', origin: 'site', policy: 'none' };

/**
 * Starts a distribution on this machine, on 127.0.0.1.
 *
 * @param {Distribution} options
 * @returns {Promise<{ url: string, close: () => Promise<void> }>} `close` ends open connections and
 *   the function's execution environments
 * @throws {Error} `EADDRINUSE` when the port is taken
 */
export async function startCloudFront(options) {
  const distribution = new LocalDistribution(options);
  const server = createServer(
    // Twice what CloudFront allows, so that too large a request is refused in its way (rule W9).
    { maxHeaderSize: 65_536 },
    (incoming, outgoing) => void distribution.serve(incoming, outgoing),
  );
  server.on('clientError', (error, socket) => {
    const tooLarge = /** @type {{ code?: string }} */ (error).code === 'HPE_HEADER_OVERFLOW';
    const status = tooLarge ? '413 Request Entity Too Large' : '400 Bad Request';
    const head = `HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
    if (socket.writable) socket.end(head);
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', () => resolve(undefined));
  });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://localhost:${port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await distribution.close();
      await closed;
    },
  };
}

class LocalDistribution {
  #options;
  #origins;
  /** @type {Map<string, CloudFrontOrigin>} */
  #configured;
  #behaviors;
  /** @type {Map<string, EdgeFunction>} */
  #functions = new Map();

  /** @param {Distribution} options */
  constructor(options) {
    this.#options = { edge: 'us-east-1', onDecision: () => {}, ...options };
    const { edge, site, hosts = {}, origins = {}, behaviors = [] } = this.#options;
    if (!EDGE_REGIONS.includes(edge)) throw new TypeError(unknownEdge(edge));
    this.#origins = new Origins(hosts, { [BUCKET]: site });
    this.#configured = new Map([['site', { s3: S3_ORIGIN }], ...Object.entries(origins)]);
    this.#behaviors = [...behaviors, DEFAULT_BEHAVIOR];
    const nowhere = behaviors.find((behavior) => !this.#configured.has(behavior.origin));
    if (nowhere) throw new TypeError(`the behavior ${nowhere.pattern} has an unknown origin`);
  }

  /**
   * One request, from its head to the end of its answer. Never throws.
   *
   * @param {IncomingMessage} incoming
   * @param {ServerResponse} outgoing
   */
  async serve(incoming, outgoing) {
    const start = performance.now();
    const exchange = new Exchange(incoming, outgoing);
    const { decision } = exchange;
    try {
      decision.edge = chooseEdge(incoming, this.#options.edge);
      await exchange.send(await this.#answer(exchange, decision.edge));
    } catch (error) {
      decision.error = asCloudFrontError(error);
      await exchange.sendError(decision.error);
    }
    decision.ms = performance.now() - start;
    this.#options.onDecision(decision);
  }

  async close() {
    await Promise.all([...this.#functions.values()].map((edgeFunction) => edgeFunction.close()));
  }

  /**
   * The triggers in their order.
   *
   * @param {Exchange} exchange
   * @param {string} edge
   * @returns {Promise<import('./exchange.js').Answer>}
   */
  async #answer(exchange, edge) {
    const { incoming, decision, signal } = exchange;
    const viewer = viewerRequest(incoming);
    const behavior = chooseBehavior(this.#behaviors, viewer.uri);
    const { methods = METHODS, policy } = behavior;
    if (!methods.includes(viewer.method)) {
      const message = `The behavior does not accept the method ${viewer.method}.`;
      throw new CloudFrontError(403, 'Error', message, { allowed: methods.join(', ') });
    }
    const origin = /** @type {CloudFrontOrigin} */ (this.#configured.get(behavior.origin));
    const ask = this.#ask.bind(this, exchange, edge, behavior);

    const seen = await ask('viewer-request', { request: viewer });
    if ('response' in seen) return generated(seen.response, 'viewer-request');

    this.#origins.resolve(origin);
    const { httpVersion, socket } = incoming;
    const behind = { origin, policy, port: socket.remotePort ?? 0, httpVersion };
    const sent = await ask('origin-request', { request: originRequest(seen.request, behind) });
    if ('response' in sent) return generated(sent.response, 'origin-request');

    const { requestId: id } = decision;
    const body = hasBody(incoming) ? incoming : null;
    const reply = await this.#origins.fetch(sent.request, { id, body, signal });
    decision.origin = nameOf(/** @type {CloudFrontOrigin} */ (sent.request.origin));
    const response = {
      status: String(reply.status),
      statusDescription: reply.statusDescription,
      headers: fromRaw(reply.rawHeaders),
    };
    const left = await ask('origin-response', { request: sent.request, response });
    return relayed(reply, 'response' in left ? left.response : response);
  }

  /**
   * Lets the function answer one trigger, if it is associated with it.
   *
   * @param {Exchange} exchange
   * @param {string} edge
   * @param {Behavior} behavior
   * @param {EventType} trigger
   * @param {{ request: CloudFrontRequest, response?: CloudFrontResponse }} parts
   * @returns {Promise<import('./validate.js').Returned>}
   */
  async #ask({ decision }, edge, { triggers }, trigger, parts) {
    if (triggers && !triggers.includes(trigger)) {
      return parts.response ? { response: parts.response } : { request: parts.request };
    }
    const event = eventOf(trigger, decision.requestId, parts);
    const onLog = (/** @type {string} */ line) => void decision.logs.push({ trigger, line });
    return validate(trigger, parts, await this.#functionAt(edge).invoke(event, onLog));
  }

  /** @param {string} region */
  #functionAt(region) {
    const { bundle, timeoutMs } = this.#options;
    const found = this.#functions.get(region) ?? new EdgeFunction({ bundle, region, timeoutMs });
    this.#functions.set(region, found);
    return found;
  }
}

/**
 * Takes the development header off the request.
 *
 * @param {IncomingMessage} incoming
 * @param {string} otherwise
 * @returns {string}
 * @throws {CloudFrontError} 400
 */
function chooseEdge(incoming, otherwise) {
  const { rawHeaders } = incoming;
  let chosen = otherwise;
  for (let index = rawHeaders.length - 2; index >= 0; index -= 2) {
    if (rawHeaders[index].toLowerCase() === EDGE_CHOICE) [, chosen] = rawHeaders.splice(index, 2);
  }
  if (!EDGE_REGIONS.includes(chosen)) throw new CloudFrontError(400, 'Error', unknownEdge(chosen));
  return chosen;
}

/** @param {string} name */
function unknownEdge(name) {
  return `There is no edge Region "${name.slice(0, 100)}". Allowed: ${EDGE_REGIONS.join(', ')}.`;
}

/** @param {unknown} error */
function asCloudFrontError(error) {
  if (error instanceof CloudFrontError) return error;
  return new CloudFrontError(500, 'Error', 'The local CloudFront has a fault.', { cause: error });
}

/**
 * A local CloudFront: takes a distribution as CloudFormation describes it and serves it on this
 * machine. Real HTTP becomes the events of Lambda@Edge, functions in the viewer's edge Region
 * answer them, their answers are checked against CloudFront's rules and carried out.
 *
 * What it does not play is listed in docs/dev.md.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cache } from './cache/cache.js';
import { CloudFrontError } from './error.js';
import { Exchange } from './exchange.js';
import { startControl } from './faults/control.js';
import { Faults } from './faults/faults.js';
import { fromRaw } from './headers.js';
import { EdgeFunctions } from './lambda/functions.js';
import { Latency } from './origins/latency.js';
import { Origins } from './origins/origins.js';
import { Pipeline } from './pipeline.js';
import { chooseViewer, viewerFrom } from './place/viewer.js';
import { readTemplate } from './template/read.js';
import { Traces } from './trace/traces.js';
import { Tracing } from './tracing.js';

/**
 * @typedef {import('./distribution.js').FunctionSource} FunctionSource
 * @typedef {import('node:http').IncomingMessage} IncomingMessage
 * @typedef {import('node:http').ServerResponse} ServerResponse
 *
 * @typedef {object} Options
 * @property {string | object} template file (JSON or YAML), folder of a synthesized CDK app, or the
 *   template itself
 * @property {Record<string, string | Partial<FunctionSource>>} [functions] logical id or name of a
 *   function → its folder or zip, or whatever else is to be other than the template says
 * @property {Record<string, import('./origins/origins.js').Server>} [origins] domain name or id of
 *   an origin → what stands for it: `http://127.0.0.1:<port>`, a directory, an S3-compatible
 *   server
 * @property {Record<string, string>} [parameters] of the template
 * @property {string} [stack] of a CDK app, if several have a distribution
 * @property {string} [distribution] logical id, if the template has several
 * @property {import('./place/viewer.js').Place} [viewer] where viewers are that do not say; at
 *   us-east-1's edge if left out
 * @property {number} [port] 0 for any free one
 * @property {number} [controlPort] of the control API and the trace page; none if left out
 * @property {number} [instances] most execution environments of a function in one edge Region
 * @property {Record<string, string>} [nodes] runtime such as `nodejs24.x` → the node binary
 * @property {string} [ric] AWS's own runtime client, in place of ours
 * @property {number} [timeoutMs] longest invocation, where shorter than the function's own
 * @property {boolean} [latency] whether the way to an origin takes as long as between its Regions
 * @property {boolean} [secrets] whether traces hold tokens, cookies and secrets
 * @property {(record: import('./trace/record.js').TraceRecord) => void} [onTrace] is called once
 *   for each request, at its end; also for each revalidation that no viewer waits for
 * @property {(text: string) => void} [onWarning] is told once of each way in which functions run
 *   otherwise than at Lambda; `process.emitWarning` if left out
 *
 * @typedef {object} LocalCloudFront
 * @property {string} url
 * @property {string | undefined} controlUrl
 * @property {import('./distribution.js').Distribution} distribution
 * @property {Map<string, FunctionSource>} functions
 * @property {string[]} warnings what of the template is not played
 * @property {Faults} faults
 * @property {Traces} traces
 * @property {(which?: { name?: string, region?: string }) => Promise<number>} recycle ends
 *   execution environments
 * @property {(paths: string[]) => number} purge invalidates what is cached
 * @property {() => Promise<void>} close ends open connections and execution environments, and
 *   removes what was cached
 */

/**
 * Starts a distribution on this machine, on 127.0.0.1.
 *
 * @param {Options} options
 * @returns {Promise<LocalCloudFront>}
 * @throws {import('./template/error.js').TemplateError} where the template cannot be deployed
 * @throws {TypeError} where viewers are said to be nowhere, an origin leads off this machine, or a
 *   function cannot run here
 * @throws {Error} `EADDRINUSE` when a port is taken
 */
export async function startCloudFront(options) {
  demandPlace(options.viewer);
  const { distribution, functions, warnings } = await readTemplate(options.template, {
    functions: sourcesOf(options.functions),
    parameters: options.parameters,
    stack: options.stack,
    distribution: options.distribution,
  });
  /** What is running, the first to be ended last. @type {(() => unknown)[]} */
  const running = [];
  const close = async () => {
    for (const end of running.splice(0).reverse()) await end();
  };
  try {
    const faults = new Faults();
    const traces = new Traces();
    const run = runner({ functions, faults, options });
    running.push(() => run.close());
    const origins = new Origins({
      servers: options.origins ?? {},
      latency: new Latency({ on: options.latency ?? false }),
      faults,
    });
    running.push(() => origins.close());
    const folder = await mkdtemp(join(tmpdir(), 'nearhop-cloudfront-'));
    running.push(() => rm(folder, { recursive: true, force: true }));
    const cache = new Cache({ folder });
    running.push(() => cache.close());

    const { secrets = false, onTrace = () => {} } = options;
    const tracing = new Tracing({ traces, secrets, onTrace });
    const parts = { distribution, functions: run, origins, cache, faults, traces: tracing };
    const pipeline = new Pipeline(parts);
    running.push(() => pipeline.close());
    const controlUrl = await control({ faults, functions: run, cache, traces }, options, running);
    const { viewer: place = {} } = options;
    const serve = servant({ distribution, pipeline, tracing, place, controlUrl });
    const { url, close: end } = await listen(serve, options.port ?? 0);
    running.push(end);
    return {
      ...{ url, controlUrl, distribution, functions, warnings, faults, traces, close },
      recycle: async (which = {}) => run.recycle(which),
      purge: (paths) => cache.purge(paths),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * @param {{ functions: Map<string, FunctionSource>, faults: Faults, options: Options }} parts
 */
function runner({ functions, faults, options }) {
  const { instances, nodes, ric, timeoutMs, onWarning } = options;
  return new EdgeFunctions({ functions, instances, nodes, ric, timeoutMs, onWarning, faults });
}

/**
 * @param {import('./faults/control.js').Controlled} controlled
 * @param {Options} options
 * @param {(() => unknown)[]} running
 * @returns {Promise<string | undefined>} its URL
 */
async function control(controlled, { controlPort: port }, running) {
  if (port === undefined) return undefined;
  const { url, close } = await startControl({ ...controlled, port });
  running.push(close);
  return url;
}

/**
 * What happens to each request.
 *
 * @param {{ distribution: import('./distribution.js').Distribution, pipeline: Pipeline,
 *   tracing: Tracing, place: import('./place/viewer.js').Place, controlUrl: string | undefined }}
 *   parts
 */
function servant({ distribution, pipeline, tracing, place, controlUrl }) {
  /** @type {(incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>} */
  return async (incoming, outgoing) => {
    const exchange = new Exchange(incoming, outgoing, distribution);
    const { id, startedAt } = exchange;
    if (controlUrl) exchange.show([TRACE_SHOWN, `${controlUrl}/#${id}`]);
    const { viewer, unknown } = locate(incoming, place);
    const { method = '', url = '', httpVersion } = incoming;
    const headers = fromRaw(incoming.rawHeaders);
    const trace = tracing.start({ id, method, url, viewer, headers, httpVersion });
    const ms = () => performance.now() - startedAt;
    try {
      if (unknown) throw unknown;
      exchange.answeredAt(viewer);
      const answer = await pipeline.answer(exchange, trace, viewer);
      const bytes = await exchange.send(answer);
      const { status, headers: sent, by: answeredBy, cache } = answer;
      trace.end({ status: Number(status), headers: sent, answeredBy, cache, bytes, ms: ms() });
    } catch (thrown) {
      const error = exchange.errorFrom(thrown);
      const status = outgoing.headersSent ? outgoing.statusCode : error.status;
      await exchange.sendError(error);
      const told = { answeredBy: 'cloudfront', cache: error.reason, bytes: 0, ms: ms(), error };
      trace.end({ status, headers: {}, ...told });
    }
    void exchange.body.drain();
    tracing.finish(trace);
  };
}

/**
 * @param {IncomingMessage} incoming
 * @param {import('./place/viewer.js').Place} place
 */
function locate(incoming, place) {
  try {
    return { viewer: chooseViewer(incoming, place) };
  } catch (unknown) {
    return { viewer: viewerFrom(place), unknown };
  }
}

/** On every answer, for people: where the request's way can be seen. */
const TRACE_SHOWN = 'X-Nearhop-Trace';

/**
 * @param {(incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>} serve
 * @param {number} port
 */
async function listen(serve, port) {
  /** @type {WeakMap<import('node:stream').Duplex, ServerResponse>} what each connection answers */
  const answering = new WeakMap();
  const server = createServer(
    // Twice what CloudFront allows, so that too large a request is refused in its way (rule W9).
    { maxHeaderSize: 65_536 },
    (incoming, outgoing) => {
      answering.set(incoming.socket, outgoing);
      serve(incoming, outgoing).catch((error) => {
        // A fault of ours must not take the others' requests with it.
        process.emitWarning(error);
        outgoing.destroy();
      });
    },
  );
  server.on('clientError', (error, socket) => {
    const answer = answering.get(socket);
    // Within an answer, another one's head would be taken for its body.
    if (!socket.writable || (answer?.headersSent && !answer.writableFinished)) {
      socket.destroy();
      return;
    }
    const tooLarge = /** @type {{ code?: string }} */ (error).code === 'HPE_HEADER_OVERFLOW';
    const status = tooLarge ? '413 Request Entity Too Large' : '400 Bad Request';
    socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(undefined));
  });
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://localhost:${address.port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/**
 * @param {import('./place/viewer.js').Place} [place]
 * @throws {TypeError}
 */
function demandPlace(place) {
  try {
    viewerFrom(place);
  } catch (error) {
    if (!(error instanceof CloudFrontError)) throw error;
    throw new TypeError(`viewer: ${error.message} Allowed: ${error.allowed}`);
  }
}

/**
 * @param {Options['functions']} [functions]
 * @returns {Record<string, Partial<FunctionSource>>}
 */
function sourcesOf(functions = {}) {
  return Object.fromEntries(
    Object.entries(functions).map(([name, given]) => [
      name,
      typeof given === 'string' ? { code: given } : given,
    ]),
  );
}

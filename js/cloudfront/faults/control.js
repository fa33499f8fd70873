/**
 * The control API of a running distribution, with the trace page: JSON over HTTP, on a port of its
 * own of 127.0.0.1.
 *
 * Any page that a browser has open can send requests here. So only requests that name this server
 * in `Host` are answered (a page of another name that leads here would not), only JSON is taken,
 * and nothing that comes from another origin.
 */
import { createServer } from 'node:http';
import { summaryOf } from '../trace/json.js';
import { toHar } from '../trace/har.js';
import { WrongInput, clockSkew, purged, recycled } from './input.js';
import { sendPage } from './page.js';
import { Refusal, readJson, refuseStrangers, sendJson } from './requests.js';
import { Stream } from './stream.js';

/**
 * @typedef {import('node:http').IncomingMessage} IncomingMessage
 * @typedef {import('node:http').ServerResponse} ServerResponse
 *
 * @typedef {object} Controlled
 * @property {import('./faults.js').Faults} faults
 * @property {{ recycle: (which: { name?: string, region?: string }) => number | Promise<number> }}
 *   functions
 * @property {{ purge: (patterns: string[]) => number | Promise<number> }} cache
 * @property {import('../trace/traces.js').Traces} traces
 *
 * @typedef {object} Call
 * @property {IncomingMessage} request
 * @property {ServerResponse} response
 * @property {URLSearchParams} query
 * @property {string[]} names parts of the path that the route leaves open
 *
 * @typedef {(call: Call) => unknown} Answer its result is sent as JSON, unless it is undefined
 */

/**
 * @param {Controlled & { port?: number }} options a free port unless one is said
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 * @throws {Error} when the port is taken
 */
export async function startControl({ port = 0, ...controlled }) {
  const stream = new Stream(controlled.traces);
  const routes = routesOf(controlled, stream);
  const server = createServer((request, response) => void answer(routes, request, response));
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(undefined));
  });
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      stream.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * @param {Controlled} controlled
 * @param {Stream} stream
 * @returns {Record<string, Record<string, Answer>>} by path, `{}` for an open part; then by method
 */
function routesOf({ faults, functions, cache, traces }, stream) {
  const state = () => ({ faults: faults.list(), clock_skew_ms: faults.clockSkewMs });
  const setOn = (/** @type {'origin'|'function'} */ on) => ({
    PUT: async (/** @type {Call} */ { request, names: [name] }) =>
      faults.set(on, name, await readJson(request)),
    DELETE: (/** @type {Call} */ { names: [name] }) => ({ cleared: faults.clear(on, name) }),
  });
  return {
    '/faults': { GET: state, DELETE: () => ({ cleared: faults.clear() }) },
    '/faults/origins/{}': setOn('origin'),
    '/faults/functions/{}': setOn('function'),
    '/clock': {
      PUT: async ({ request }) => {
        faults.clockSkewMs = clockSkew(await readJson(request));
        return state();
      },
    },
    '/recycle': {
      POST: async ({ request }) => ({
        recycled: await functions.recycle(recycled(await readJson(request))),
      }),
    },
    '/purge': {
      POST: async ({ request }) => ({ purged: await cache.purge(purged(await readJson(request))) }),
    },
    '/traces': {
      GET: ({ query }) =>
        isHar(query) ? toHar(traces.list()) : { traces: traces.list().map(summaryOf) },
      DELETE: () => traces.clear(),
    },
    '/traces/stream': { GET: ({ request, response }) => stream.open(request, response) },
    '/traces/{}': {
      GET: ({ query, names: [id] }) => {
        const record = traces.get(id);
        if (!record) throw new Refusal(404, 'No such trace: the id is unknown or too old.');
        return isHar(query) ? toHar([record]) : record;
      },
    },
    '/': { GET: ({ response }) => sendPage('index.html', response) },
    '/page/{}': { GET: ({ response, names: [name] }) => sendPage(name, response) },
  };
}

/**
 * Never throws.
 *
 * @param {Record<string, Record<string, Answer>>} routes
 * @param {IncomingMessage} request
 * @param {ServerResponse} response
 */
async function answer(routes, request, response) {
  try {
    refuseStrangers(request);
    const { handle, ...call } = find(routes, request);
    const result = await handle({ request, response, ...call });
    if (!response.headersSent) sendJson(response, result === undefined ? 204 : 200, result);
  } catch (error) {
    sendError(response, error);
  }
}

/**
 * @param {Record<string, Record<string, Answer>>} routes
 * @param {IncomingMessage} request
 */
function find(routes, { method = '', url = '/' }) {
  const [path, query] = url.split(/\?(.*)/s);
  for (const [pattern, methods] of Object.entries(routes)) {
    const names = match(pattern, path);
    if (!names) continue;
    if (!Object.hasOwn(methods, method)) {
      throw new Refusal(405, 'Not for this path.', { allow: Object.keys(methods).join(', ') });
    }
    return { handle: methods[method], names, query: new URLSearchParams(query) };
  }
  throw new Refusal(404, `No such path. There are: ${Object.keys(routes).join(' ')}`);
}

/**
 * @param {string} pattern
 * @param {string} path
 * @returns {string[] | undefined} the open parts
 */
function match(pattern, path) {
  const [parts, given] = [pattern.split('/'), path.split('/')];
  const fits = parts.every(
    (part, index) => part === given[index] || (part === '{}' && given[index]),
  );
  if (!fits || parts.length !== given.length) return undefined;
  return given.filter((_, index) => parts[index] === '{}').map(decoded);
}

/** @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new WrongInput('path', 'a broken percent-encoding', 'UTF-8, percent-encoded');
  }
}

/** @param {URLSearchParams} query */
function isHar(query) {
  const format = query.get('format') ?? 'json';
  if (format !== 'json' && format !== 'har') {
    throw new WrongInput('format', JSON.stringify(format), '"json", "har"');
  }
  return format === 'har';
}

/**
 * @param {ServerResponse} response
 * @param {unknown} error
 */
function sendError(response, error) {
  if (response.headersSent) {
    response.destroy();
  } else if (error instanceof WrongInput) {
    const { message, at, found, allowed } = error;
    sendJson(response, 400, { error: 'wrong_input', message, at, found, allowed });
  } else if (error instanceof Refusal) {
    sendJson(response, error.status, { error: error.code, message: error.message }, error.headers);
  } else {
    const message = error instanceof Error ? error.message : String(error);
    sendJson(response, 500, { error: 'internal', message });
  }
}

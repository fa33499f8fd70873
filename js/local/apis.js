/**
 * The Regional APIs, each a process of its own.
 */
import { fork } from 'node:child_process';
import { createServer } from 'node:http';

/**
 * @typedef {Pick<NonNullable<import('../cli/tools.js').Report['api']>['regions'][number],
 *   'name'|'domain_name'|'path'>} ApiRegion
 *
 * @typedef {object} RunningApi
 * @property {string} region
 * @property {string} host name it answers to: its execute-api name (rule A1)
 * @property {string} url where it listens
 * @property {number | undefined} pid
 *
 * @typedef {object} OriginSecret
 * @property {string} header
 * @property {string} value
 */

/**
 * Starts one API for each Region.
 *
 * @param {ApiRegion[]} regions
 * @param {OriginSecret | undefined} secret what the APIs ask for (rule A4)
 * @param {(region: string, how: string) => void} [onExit] is called when one ends unasked
 * @returns {Promise<{ apis: RunningApi[], hosts: Record<string, string>, close: () => Promise<void>
 *   }>} `hosts`: execute-api name → the local server that plays it
 */
export async function startApis(regions, secret, onExit = () => {}) {
  const started = await Promise.all(regions.map((region) => startApi(region, secret, onExit)));
  const apis = started.map(({ api }) => api);
  return {
    apis,
    hosts: Object.fromEntries(apis.map(({ host, url }) => [host, url])),
    async close() {
      await Promise.all(started.map(({ close }) => close()));
    },
  };
}

/**
 * @param {ApiRegion} region
 * @param {OriginSecret | undefined} secret
 * @param {(region: string, how: string) => void} onExit
 */
async function startApi({ name, domain_name: authority, path }, secret, onExit) {
  const host = authority.replace(/:\d+$/, '');
  const child = fork(new URL('api.js', import.meta.url), {
    env: {
      AWS_REGION: name,
      API_HOST: host,
      API_STAGE: path,
      SECRET_HEADER: secret?.header.toLowerCase() ?? '',
      SECRET: secret?.value ?? '',
    },
    execArgv: [],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  /** @type {{ port: number }} */
  const { port } = await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the API of ${name} ended with code ${code}`)));
  });
  let closing = false;
  /** @type {import('node:http').Server | undefined} */
  let gateway;
  child.once('exit', (code, signal) => {
    if (closing) return;
    gateway = startGateway(port);
    onExit(name, signal ?? `code ${code}`);
  });
  return {
    api: { region: name, host, url: `http://127.0.0.1:${port}`, pid: child.pid },
    async close() {
      closing = true;
      gateway?.closeAllConnections();
      gateway?.close();
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/**
 * What stays of a Region's API when its process has ended: the gateway in front of it, which
 * answers as an HTTP API does whose function cannot be reached.
 *
 * @param {number} port
 */
function startGateway(port) {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(503, { 'content-type': 'application/json' });
    response.end('{"message":"Service Unavailable"}');
  });
  // Without it, connections are refused, and the local CloudFront answers 502.
  server.on('error', () => {});
  return server.listen(port, '127.0.0.1');
}

/**
 * What the tests of origins share: configured origins, events, and servers that answer or do not.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { Origins } from '../../js/cloudfront/origins/origins.js';
import { customOrigin } from '../events/origins.js';

/**
 * @typedef {{ after: (end: () => void | Promise<void>) => void }} Test
 * @typedef {import('../../js/cloudfront/distribution.js').Origin} Origin
 * @typedef {import('../../js/cloudfront/origins/origins.js').OriginResponse} OriginResponse
 */

export const API = 'abc.execute-api.eu-west-1.amazonaws.com';
export const BUCKET = 'site.s3.us-east-1.amazonaws.com';

/**
 * A custom origin as the model has it, with one attempt and short timeouts.
 *
 * @param {Partial<Origin>} [changes]
 * @returns {Origin}
 */
export function apiOrigin(changes) {
  return {
    id: 'api',
    kind: 'custom',
    domainName: API,
    path: '',
    customHeaders: {},
    connectionAttempts: 1,
    connectionTimeout: 5,
    readTimeout: 30,
    keepaliveTimeout: 5,
    responseCompletionTimeout: undefined,
    protocolPolicy: 'https-only',
    httpPort: 80,
    httpsPort: 443,
    sslProtocols: ['TLSv1.2'],
    access: 'none',
    region: undefined,
    ...changes,
  };
}

/**
 * @param {Partial<Origin>} [changes]
 * @returns {Origin}
 */
export function bucketOrigin(changes) {
  const own = { id: 'site', kind: /** @type {const} */ ('s3'), domainName: BUCKET };
  return apiOrigin({ ...own, access: 'oac', region: 'us-east-1', ...changes });
}

/**
 * A request as origin-request leaves it.
 *
 * @param {object} [changes]
 * @param {string} [changes.method]
 * @param {string} [changes.uri]
 * @param {string} [changes.querystring]
 * @param {Record<string, string | string[]>} [changes.headers] by name as written
 * @param {object} [changes.custom] of the origin
 * @param {object} [changes.s3] of the origin, in place of a custom one
 * @returns {import('aws-lambda').CloudFrontRequest}
 */
export function originRequest({ headers = {}, custom, s3, ...changes } = {}) {
  const map = Object.entries(headers).map(([key, values]) => [
    key.toLowerCase(),
    [values].flat().map((value) => ({ key, value })),
  ]);
  return {
    clientIp: '198.51.100.1',
    method: 'GET',
    uri: '/',
    querystring: '',
    ...changes,
    headers: Object.fromEntries(map),
    /** @type {any} */
    origin: s3 ? { s3: { ...S3, ...s3 } } : { custom: { ...CUSTOM, ...custom } },
  };
}

const { custom: CUSTOM } = customOrigin(API);

const S3 = {
  authMethod: 'none',
  customHeaders: {},
  domainName: BUCKET,
  path: '',
  region: 'us-east-1',
};

/**
 * Origins that are closed when the test is over, and one fetch from them.
 *
 * @param {Test} test
 * @param {ConstructorParameters<typeof Origins>[0]} options
 */
export function originsOf(test, options) {
  const origins = new Origins(options);
  test.after(() => origins.close());
  return {
    origins,
    /**
     * @param {import('aws-lambda').CloudFrontRequest} request
     * @param {Partial<import('../../js/cloudfront/origins/origins.js').Behind>} [behind]
     */
    fetch: (request, behind) =>
      origins.fetch(request, {
        configured: request.origin?.s3 ? bucketOrigin() : apiOrigin(),
        id: 'request-id',
        body: null,
        edge: 'us-east-1',
        signal: new AbortController().signal,
        ...behind,
      }),
  };
}

/**
 * An HTTP server on a free port of this machine, gone when the test is over.
 *
 * @param {Test} test
 * @param {import('node:http').RequestListener} listener
 * @returns {Promise<string>} its URL
 */
export function httpServer(test, listener) {
  const server = createHttpServer(listener);
  return listening(test, server, () => server.closeAllConnections());
}

/**
 * A server that speaks whatever the listener writes.
 *
 * @param {Test} test
 * @param {(socket: import('node:net').Socket) => void} listener
 * @returns {Promise<string>} its URL
 */
export function tcpServer(test, listener) {
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    listener(socket);
  });
  return listening(test, server, () => sockets.forEach((socket) => socket.destroy()));
}

/**
 * @param {Test} test
 * @returns {Promise<string>} a URL nobody listens at
 */
export async function refusingServer(test) {
  /** @type {(() => void | Promise<void>)[]} */
  const ends = [];
  const url = await tcpServer({ after: (end) => ends.push(end) }, () => {});
  for (const end of ends) await end();
  return url;
}

/**
 * A server that accepts no connection: its process stands still, and the system's queue of
 * connections for it is full.
 *
 * @param {Test} test
 * @returns {Promise<string>} its URL
 */
export async function deafServer(test) {
  const child = spawn(process.execPath, ['--eval', DEAF], { stdio: ['ignore', 'pipe', 'inherit'] });
  /** @type {import('node:net').Socket[]} */
  const queue = [];
  test.after(async () => {
    queue.forEach((socket) => socket.destroy());
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  });
  const [line] = await once(child.stdout, 'data');
  const port = Number(line);
  for (let connected = true; connected; assert.ok(queue.length < 100)) {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    queue.push(socket);
    connected = await Promise.race([
      once(socket, 'connect').then(() => true),
      new Promise((resolve) => setTimeout(resolve, 500, false)),
    ]);
  }
  return `http://127.0.0.1:${port}`;
}

const DEAF = `
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('node:fs').writeSync(1, String(server.address().port));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
  });`;

/**
 * @param {Test} test
 * @param {import('node:net').Server} server
 * @param {() => void} cut
 * @returns {Promise<string>}
 */
async function listening(test, server, cut) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  test.after(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    cut();
    await closed;
  });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return `http://127.0.0.1:${port}`;
}

/**
 * A folder that is gone when the test is over.
 *
 * @param {Test} test
 * @param {Record<string, string | Buffer>} files path → content
 * @returns {string}
 */
export function folder(test, files) {
  const root = mkdtempSync(join(tmpdir(), 'nearhop-origins-'));
  test.after(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

/** @param {Pick<OriginResponse, 'body'>} response */
export async function bytesOf({ body }) {
  if (body === null) return Buffer.alloc(0);
  return Buffer.isBuffer(body) ? body : buffer(body);
}

/** @param {Pick<OriginResponse, 'body'>} response */
export async function textOf(response) {
  return (await bytesOf(response)).toString();
}

/**
 * @param {Pick<OriginResponse, 'rawHeaders'>} response
 * @param {string} name in lower case
 * @returns {string[]} every value of it
 */
export function valuesOf({ rawHeaders }, name) {
  return rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1].toLowerCase() === name,
  );
}

/**
 * @param {Promise<unknown>} promise
 * @param {{ kind: string, status: number, attempts?: number }} expected
 */
export async function assertFails(promise, { kind, status, attempts = 1 }) {
  await assert.rejects(promise, (/** @type {any} */ error) => {
    assert.deepEqual(
      { name: error.name, kind: error.kind, status: error.status, attempts: error.attempts },
      { name: 'OriginFailure', kind, status, attempts },
    );
    return true;
  });
}

/**
 * One Region's API, in a process of its own. It says what it was asked, so that the answer can be
 * checked; and it can do worse: its parent names a fault by a message, `null` ends it.
 *
 * It tells its parent `{ port }`, and `{ stray }` for each request that should never have come.
 */
import { createHash } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { decodeJwt } from 'jose';
import { EU } from './template.js';
import { RESIDENCY } from './toml.js';

/**
 * @typedef {'unavailable'|'failing'|'hang'|'reset'|'cut'|'garbage'} RegionFault 503, as API Gateway
 *   without its function; 500, 502, 503 and 504 in turn; a connection that nothing comes from; one
 *   that is reset when it has asked; an answer that breaks off in the middle of its body; what is
 *   no HTTP
 */

const { AWS_REGION: region = '', PORT = '0', SECRET = '' } = process.env;

/** No HTTP, each in a way of its own: a viewer must never see any of it. */
const GARBAGE = [
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'SSH-2.0-OpenSSH_9.9\r\n',
  'HTTP/1.1 two hundred OK\r\ncontent-length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nname without a colon\r\n\r\n',
  'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 5\r\n\r\nwrong',
  'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\nwrong',
  'HTTP/1.1 200 OK\r\nx-split: a\0b\r\ncontent-length: 5\r\n\r\nwrong',
  `HTTP/1.1 200 OK\r\nx-long: ${'x'.repeat(100_000)}\r\n\r\n`,
];
const FAILING = [500, 502, 503, 504];

/** @type {RegionFault | null} */
let fault = null;
let faulty = 0;
/** @type {Set<import('node:net').Socket>} */
const sockets = new Set();

const http = createHttpServer(async (request, response) => {
  try {
    const body = await buffer(request);
    const { status, text } = answer(request, body);
    const length = Buffer.byteLength(text);
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': length });
    if (fault === 'cut') {
      response.write(text.slice(0, length / 2));
      setTimeout(() => request.socket.destroy(), 20);
    } else response.end(text);
  } catch {
    request.socket.destroy();
  }
});

const server = createServer((socket) => {
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket)).on('error', () => {});
  if (fault === 'hang') socket.resume();
  else if (fault === 'reset') socket.once('data', () => socket.resetAndDestroy());
  else if (fault === 'garbage') socket.once('data', () => sendGarbage(socket));
  else http.emit('connection', socket);
});

process.on('message', (/** @type {{ fault: RegionFault | null }} */ wanted) => {
  fault = wanted.fault;
  // What is open would go on as before.
  for (const socket of sockets) socket.destroy();
  process.send?.({ done: true });
});
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole process group: the parent decides when this one ends.
process.on('SIGINT', () => {});
server.listen(Number(PORT), '127.0.0.1', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  process.send?.({ port });
});

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {Buffer} body
 */
function answer({ method, url, headers }, body) {
  if (fault === 'unavailable' || fault === 'failing') {
    const status = fault === 'unavailable' ? 503 : FAILING[(faulty += 1) % FAILING.length];
    return { status, text: '{"message":"Service Unavailable"}' };
  }
  const claims = claimsOf(headers.authorization);
  report(url ?? '', headers, claims);
  const text = JSON.stringify({
    ...{ region, method, path: url, user: headers['x-nearhop-user'] ?? null },
    ...{ sub: claims?.sub ?? null, body: digest(body), bytes: body.length },
  });
  return { status: 200, text };
}

/**
 * The last line of defence: what must not get here, whatever becomes of the answer.
 *
 * @param {string} path
 * @param {import('node:http').IncomingHttpHeaders} headers
 * @param {import('jose').JWTPayload | undefined} claims
 */
function report(path, headers, claims) {
  const stray = (/** @type {string} */ why) =>
    process.send?.({ stray: `${region} was asked for ${path}: ${why}` });
  if (headers['x-nearhop-origin-secret'] !== SECRET) stray('without the origin secret');
  if (path !== '/open' && !claims) stray('without a token');
  if (claims?.[RESIDENCY] === 'EU' && !EU.includes(region)) stray('a resident of the EU');
  if (headers.cookie?.includes('nearhop')) stray('with the cookies of the session');
}

/** @param {string | undefined} authorization */
function claimsOf(authorization) {
  const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
  return token === undefined ? undefined : decodeJwt(token);
}

/** @param {Buffer} body */
function digest(body) {
  return createHash('sha256').update(body).digest('base64url');
}

/** @param {import('node:net').Socket} socket */
function sendGarbage(socket) {
  socket.end(Buffer.from(GARBAGE[(faulty += 1) % GARBAGE.length], 'latin1'));
}

/**
 * One Region's API: behaves as a Regional API Gateway with a Lambda behind it. Run as a process of
 * its own by `apis.js`, which tells it by environment variables who it is.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const {
  AWS_REGION = '',
  API_HOST = '',
  API_STAGE = '',
  SECRET_HEADER = '',
  SECRET = '',
} = process.env;

const server = createServer(
  // A2: REST APIs take 10,240 bytes of headers. Node answers 431 beyond; API Gateway's own answer
  // is not documented.
  { maxHeaderSize: 10_240 },
  (request, response) => {
    answer(request).then(
      ({ status, body }) => {
        const text = Buffer.from(JSON.stringify(body));
        response.writeHead(status, {
          'content-type': 'application/json',
          'content-length': text.length,
          'cache-control': 'no-store',
        });
        response.end(text);
      },
      // The body broke off.
      () => response.destroy(),
    );
  },
);
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: /** @type {import('node:net').AddressInfo} */ (server.address()).port });
});
// Ctrl-C reaches the whole process group: the parent decides when this one ends.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit(0));

/**
 * @param {import('node:http').IncomingMessage} request
 * @returns {Promise<{ status: number, body: object }>}
 */
async function answer(request) {
  const { pathname } = new URL(request.url ?? '/', 'http://api');
  const ours = request.headers.host === API_HOST && isWithin(pathname, API_STAGE);
  if (!ours || !knowsSecret(request)) {
    request.resume();
    return { status: 403, body: { message: 'Forbidden' } };
  }
  const received = await countBytes(request);
  const route = pathname.slice(API_STAGE.length);
  if (route === '/health') return { status: 200, body: { region: AWS_REGION, status: 'ok' } };
  if (route === '/hello') return { status: 200, body: hello(request, received) };
  return { status: 404, body: { message: 'Not Found' } };
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {number} received bytes of the request's body
 */
function hello({ headers, method }, received) {
  const named = (/** @type {string} */ name) => headers[`x-nearhop-${name}`] ?? null;
  const username = named('username');
  return {
    region: AWS_REGION,
    message: `Hello${username ? `, ${username}` : ''}, from ${AWS_REGION}`,
    caller: {
      user: named('user'),
      username,
      groups: named('groups'),
      scopes: named('scopes'),
      client: named('client'),
    },
    routing: { edge: named('edge'), region: named('region'), reason: named('reason') },
    request: { method, received },
    time: new Date().toISOString(),
  };
}

/**
 * @param {string} path
 * @param {string} stage `/prod`, or empty
 */
function isWithin(path, stage) {
  return path === stage || path.startsWith(`${stage}/`);
}

/**
 * Whether the request came through the edge (rule A4). No secret is asked for where none is set.
 *
 * @param {import('node:http').IncomingMessage} request
 */
function knowsSecret(request) {
  if (SECRET_HEADER === '') return true;
  const digest = (/** @type {string} */ text) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(String(request.headers[SECRET_HEADER] ?? '')), digest(SECRET));
}

/**
 * @param {import('node:http').IncomingMessage} request
 */
async function countBytes(request) {
  let bytes = 0;
  for await (const chunk of request) bytes += chunk.length;
  return bytes;
}

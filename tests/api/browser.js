/**
 * The page in a real browser, over the real handler: what is between them is as little of an edge as
 * the page can be shown with. The whole way is for the walk through the local CloudFront.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { parse } from 'smol-toml';
import { makeHandler } from '../../api/handler.mjs';
import { send, toEvent } from '../../js/local/http-api.js';
import { objectsAt } from '../../js/local/objects.js';
import { documentsAt, startStores } from '../../js/local/stores.js';

const WWW = new URL('../../www', import.meta.url);
const TYPES = /** @type {Record<string, string>} */ ({
  html: 'text/html',
  js: 'text/javascript',
  css: 'text/css',
  json: 'application/json',
  svg: 'image/svg+xml',
});
const NEAREST = /** @type {Record<string, string>} */ ({
  'us-east-1': 'us-east-1',
  'eu-central-1': 'eu-west-1',
  'sa-east-1': 'us-east-1',
});
const REGIONS = ['us-east-1', 'eu-west-1'];

/**
 * Serves www/ and, below /api, the handler of two Regions. Who is signed in is what the cookie
 * `name` says; a page of `/notes` is for them alone.
 *
 * @returns {Promise<{ port: number, down: Set<string>, close: () => Promise<void> }>} `down`:
 *   Regions that do not answer
 */
export async function startSite() {
  const stores = await startStores();
  /** @type {Set<string>} */
  const down = new Set();
  const handlers = new Map(
    REGIONS.map((region) => [
      region,
      makeHandler({
        region,
        regions: REGIONS,
        documents: documentsAt(stores),
        objects: objectsAt({ ...stores, region }),
        log: () => {},
      }),
    ]),
  );
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://site');
    const name = nameOf(request);
    if (pathname.startsWith('/api/')) void answerCall(request, response);
    else if (pathname.startsWith('/_nearhop/')) {
      answerSession(pathname, searchParams.get('return') ?? '/', name, response);
    } else if (/^\/notes(\/|$)/.test(pathname) && !name) {
      const path = `/_nearhop/sign-in?return=${encodeURIComponent(request.url ?? '/')}`;
      response.writeHead(302, { location: path }).end();
    } else answerFile(pathname, stores.url, response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    port,
    down,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await stores.close();
    },
  };

  /**
   * @param {import('node:http').IncomingMessage} request
   * @param {import('node:http').ServerResponse} response
   */
  async function answerCall(request, response) {
    const { headers } = request;
    const chosen = /nearhop_dev_place=([\w-]+)/.exec(headers.cookie ?? '')?.[1];
    const edge = String(headers['x-nearhop-dev-edge'] ?? chosen ?? 'eu-central-1');
    const nearest = NEAREST[edge] ?? REGIONS[0];
    const region = down.has(nearest) ? REGIONS.filter((name) => !down.has(name))[0] : nearest;
    const reason = region === nearest ? 'rtt' : `ejected:${nearest}`;
    const name = nameOf(request);
    request.url = request.url?.slice('/api'.length);
    const body = Buffer.concat(await request.toArray());
    const claims = name ? { sub: name } : undefined;
    const result = await handlers.get(region)?.(
      toEvent({ request, body, claims, stage: '$default' }),
    );
    const routed = { 'x-nearhop-edge': edge, 'x-nearhop-region': region };
    const shown = { ...result?.headers, ...routed, 'x-nearhop-reason': reason };
    send({ ...result, headers: shown }, response);
  }
}

/** @param {import('node:http').IncomingMessage} request */
function nameOf({ headers }) {
  return /(?:^|; )name=(\w+)/.exec(headers.cookie ?? '')?.[1];
}

/**
 * What the edge answers for itself. Whoever signs in is ada.
 *
 * @param {string} path
 * @param {string} back where a sign-in comes back to
 * @param {string | undefined} name
 * @param {import('node:http').ServerResponse} response
 */
function answerSession(path, back, name, response) {
  const json = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  if (path === '/_nearhop/me' && !name) {
    response.writeHead(401, json).end('{"error":"signed_out"}');
  } else if (path === '/_nearhop/me') {
    const claims = { sub: name, email: `${name}@example.com` };
    response.writeHead(200, json).end(JSON.stringify({ claims, expires: 4_102_444_800 }));
  } else if (path === '/_nearhop/sign-in') {
    response.writeHead(302, { location: back, 'set-cookie': 'name=ada; Path=/; HttpOnly' }).end();
  } else {
    response.writeHead(302, { location: '/', 'set-cookie': 'name=; Path=/; Max-Age=0' }).end();
  }
}

/**
 * A file of www/, under the policy of nearhop.toml, to which the buckets are added.
 *
 * @param {string} path
 * @param {string} buckets their origin
 * @param {import('node:http').ServerResponse} response
 */
function answerFile(path, buckets, response) {
  const name = /\.\w+$/.test(path) ? path : '/index.html';
  const file = new URL(`${WWW}${name}`);
  if (!existsSync(file)) return void response.writeHead(404).end();
  response.writeHead(200, {
    'content-type': TYPES[/\w+$/.exec(name)?.[0] ?? ''],
    'content-security-policy': policy().replace("connect-src 'self'", `$& ${buckets}`),
  });
  response.end(readFileSync(file));
}

/** @returns {string} */
function policy() {
  const toml = readFileSync(new URL('../../nearhop.toml', import.meta.url), 'utf8');
  const { site } = /** @type {any} */ (parse(toml));
  const isPolicy = (/** @type {{ name: string }} */ { name }) => name === 'content-security-policy';
  return site.headers.find(isPolicy).value;
}

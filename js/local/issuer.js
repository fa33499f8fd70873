/**
 * The key sets of development pools, served as Cognito serves them (rule C4).
 */
import { createServer } from 'node:http';
import { publicKeys } from './pool.js';

/**
 * Serves `/<pool id>/.well-known/jwks.json` for each pool on a free port of 127.0.0.1.
 *
 * @param {import('./pool.js').Pool[]} pools
 * @returns {Promise<{ url: string, jwksUrls: Record<string, string>, close: () => Promise<void> }>}
 *   `jwksUrls`: issuer → where its key set is
 */
export async function startIssuer(pools) {
  const sets = new Map(pools.map((pool) => [jwksPath(pool), JSON.stringify(publicKeys(pool))]));
  const server = createServer((request, response) => {
    const set = request.method === 'GET' ? sets.get(request.url ?? '') : undefined;
    const headers = {
      'content-type': 'application/json',
      'cache-control': 'public, max-age=86400',
    };
    if (set) response.writeHead(200, headers).end(set);
    else
      response
        .writeHead(404, { 'content-type': 'application/json' })
        .end('{"message":"Not Found"}');
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(undefined));
  });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    jwksUrls: Object.fromEntries(pools.map((pool) => [pool.issuer, url + jwksPath(pool)])),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** @param {import('./pool.js').Pool} pool */
function jwksPath({ id }) {
  return `/${id}/.well-known/jwks.json`;
}

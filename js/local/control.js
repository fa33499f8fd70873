/**
 * The control document of the local world: a file to edit, served as a bucket would serve it.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname } from 'node:path';

/** What a file begins with that was not there. */
const NOTHING_SWITCHED = { version: 1, drain: [], disable: [], weights: {}, pin: null };

/**
 * Serves a file on a free port of 127.0.0.1, as it stands at each request. Makes it, with nothing
 * switched, where it is not there.
 *
 * @param {string} file
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function startControl(file) {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const text = `${JSON.stringify(NOTHING_SWITCHED, null, 2)}\n`;
  await writeFile(file, text, { flag: 'wx' }).catch((error) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const server = createServer(async ({ method, headers }, response) => {
    const bytes = method === 'GET' ? await readFile(file).catch(() => undefined) : undefined;
    if (!bytes) {
      response.writeHead(404, { 'content-type': 'application/json' });
      response.end('{"message":"Not Found"}');
      return;
    }
    const etag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}"`;
    const isKnown = headers['if-none-match'] === etag;
    response.writeHead(isKnown ? 304 : 200, { etag, 'content-type': 'application/json' });
    response.end(isKnown ? undefined : bytes);
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(undefined));
  });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}/control.json`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * A server that stands for an origin and keeps what it was asked.
 */
import { createServer } from 'node:http';
import { text as textOf } from 'node:stream/consumers';

/**
 * @typedef {{ method: string, path: string, body: string,
 *   headers: import('node:http').IncomingHttpHeaders }} Asked
 * @typedef {{ url: string, asked: Asked[], close: () => Promise<void> }} RecordingOrigin
 */

/**
 * @param {(asked: Asked) => { type: string, text: string }} answer
 * @returns {Promise<RecordingOrigin>}
 */
export async function startOrigin(answer) {
  /** @type {Asked[]} */
  const asked = [];
  const server = createServer(async (request, response) => {
    const { method = '', url: path = '', headers } = request;
    const one = { method, path, headers, body: await textOf(request) };
    asked.push(one);
    const { type, text } = answer(one);
    response.writeHead(200, { 'content-type': type }).end(text);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

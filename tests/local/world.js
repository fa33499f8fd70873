/**
 * What tests of servers share: folders, and HTTP as it goes over the wire.
 */
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * A folder that is gone when the test is over.
 *
 * @param {{ after: (end: () => void | Promise<void>) => void }} test
 * @param {Record<string, string | Buffer>} files path → content
 * @returns {string}
 */
export function folder(test, files) {
  const root = mkdtempSync(join(tmpdir(), 'nearhop-test-'));
  test.after(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

/**
 * @typedef {object} Asked
 * @property {string} [method]
 * @property {Record<string, string | string[]> | string[]} [headers] as a list, name, value, name,
 *   value …, each is a line of its own
 * @property {string | Buffer} [body]
 * @property {import('node:http').Agent} [agent] none keeps the connection
 *
 * @typedef {object} Answer
 * @property {number} status
 * @property {string} description
 * @property {import('node:http').IncomingHttpHeaders} headers
 * @property {string} text
 * @property {() => any} json
 */

/**
 * One request whose path and headers reach the wire unchanged, as `fetch` would not have it.
 *
 * @param {string} url
 * @param {string} path
 * @param {Asked} [asked]
 * @returns {Promise<Answer>}
 */
export function ask(url, path, { method = 'GET', headers = {}, body, agent } = {}) {
  const { port } = new URL(url);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        path,
        method,
        headers: /** @type {any} */ (headers),
        agent: agent ?? false,
      },
      async (incoming) => {
        try {
          const chunks = [];
          for await (const chunk of incoming) chunks.push(chunk);
          const text = Buffer.concat(chunks).toString();
          const { statusCode = 0, statusMessage = '', headers: received } = incoming;
          resolve({
            ...{ status: statusCode, description: statusMessage, headers: received, text },
            json: () => JSON.parse(text),
          });
        } catch (error) {
          reject(error);
        }
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

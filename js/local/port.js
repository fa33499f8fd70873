/**
 * Ports of 127.0.0.1 that are known before anything listens there.
 */
import { createServer } from 'node:net';

/**
 * @typedef {object} Held
 * @property {number} port
 * @property {() => Promise<void>} release gives it back, for whoever listens next; safe to call
 *   again
 */

/**
 * Keeps everybody else away from a port. Whoever connects meanwhile is hung up on.
 *
 * @param {number} [asked] 0 for any free one
 * @returns {Promise<Held>}
 * @throws {Error} `EADDRINUSE` where it is taken
 */
export async function holdPort(asked = 0) {
  const server = createServer((socket) => socket.destroy());
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(asked, '127.0.0.1', () => resolve(undefined));
  });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { port, release: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** @returns {Promise<number>} a port that was free a moment ago */
export async function freePort() {
  const { port, release } = await holdPort();
  await release();
  return port;
}

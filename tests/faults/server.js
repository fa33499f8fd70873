/**
 * A server that can go away and come back where it was.
 */
import { createServer } from 'node:http';

export class Server {
  #port = 0;
  #isOpen = false;
  #server;

  /** @param {import('node:http').RequestListener} listener */
  constructor(listener) {
    this.#server = createServer(listener);
  }

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens: on any free port first, and on the same one from then on. */
  async open() {
    if (this.#isOpen) return;
    await new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#port, '127.0.0.1', () => resolve(undefined));
    });
    this.#isOpen = true;
    ({ port: this.#port } = /** @type {import('node:net').AddressInfo} */ (this.#server.address()));
  }

  /** Cuts all connections and refuses new ones. Safe to call again. */
  async close() {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Cuts all connections: what was being asked gets no answer. */
  cut() {
    this.#server.closeAllConnections();
  }
}

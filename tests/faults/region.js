/**
 * The APIs' processes, from outside: started, disturbed, killed and started again.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';

/** @typedef {import('./region-process.js').RegionFault} RegionFault */

export class Region {
  #secret;
  #onStray;
  #port = 0;
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #child;

  /**
   * @param {string} name
   * @param {{ secret: string, onStray: (stray: string) => void }} options
   */
  constructor(name, { secret, onStray }) {
    this.name = name;
    this.#secret = secret;
    this.#onStray = onStray;
  }

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Starts it, on the port that it had before if there was one. */
  async start() {
    const child = fork(new URL('region-process.js', import.meta.url), {
      env: { AWS_REGION: this.name, PORT: String(this.#port), SECRET: this.#secret },
      execArgv: [],
    });
    this.#child = child;
    child.on('message', (/** @type {{ stray?: string }} */ { stray }) => {
      if (stray) this.#onStray(stray);
    });
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`the API of ${this.name} ended with code ${code}`);
    });
    const [{ port }] = await Promise.race([once(child, 'message'), ended]);
    ended.catch(() => {});
    this.#port = port;
  }

  /**
   * @param {RegionFault | null} fault null ends it
   */
  async disturb(fault) {
    if (!this.#child) throw new Error(`the API of ${this.name} does not run`);
    const done = once(this.#child, 'message');
    this.#child.send({ fault });
    await done;
  }

  /** Ends it at once, whatever it is doing. Safe to call again. */
  async kill() {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

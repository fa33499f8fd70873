/**
 * The system under load, from outside.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';

/**
 * @typedef {import('./server.js').Told} Told
 * @typedef {import('./server.js').Wish} Wish
 *
 * @typedef {object} System
 * @property {number} pid
 * @property {import('./server.js').Ready} ready
 * @property {(wish: Wish) => Promise<void>} wish
 * @property {() => Promise<string[]>} close gives the requests that should not have reached an API
 */

/**
 * @param {(lines: string[]) => void} onLines of the functions' logs
 * @returns {Promise<System>}
 */
export async function startSystem(onLines) {
  const child = fork(new URL('server.js', import.meta.url), { execArgv: [] });
  const ended = once(child, 'exit');
  /** @type {string[]} */
  let strays = [];
  child.on('message', (/** @type {Told} */ told) => {
    if (told.lines) onLines(told.lines);
    if (told.strays) strays = told.strays;
  });
  /** @type {(key: 'ready' | 'done' | 'strays') => Promise<Told>} */
  const told = (key) =>
    new Promise((resolve, reject) => {
      const listen = (/** @type {Told} */ message) => {
        if (!(key in message)) return;
        child.off('message', listen);
        resolve(message);
      };
      child.on('message', listen);
      child.once('exit', (code) => reject(new Error(`the system ended with code ${code}`)));
    });
  const { ready } = await told('ready');
  return {
    pid: Number(child.pid),
    ready: /** @type {import('./server.js').Ready} */ (ready),
    async wish(wish) {
      const done = told('done');
      child.send(wish);
      await done;
    },
    async close() {
      if (child.exitCode === null && child.connected) child.send({ close: true });
      await ended;
      return strays;
    },
  };
}

/**
 * What is left of processes, and who can reach them.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';

/**
 * Waits until there are none; the test's own limit ends it.
 *
 * @param {() => number[]} find
 */
export async function gone(find) {
  while (find().length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
}

/**
 * Processes with that text in their environment, where the system shows it: functions' own among
 * them, which have their folder's name there.
 *
 * @param {string} text
 * @returns {number[]}
 */
export function processesOf(text) {
  if (process.platform !== 'linux') return [];
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(text);
    } catch {
      return false;
    }
  });
}

/** An address of this machine by which others reach it; undefined where there is none. */
export const OUTSIDE = Object.values(networkInterfaces())
  .flat()
  .find((each) => each?.family === 'IPv4' && !each.internal)?.address;

/**
 * @param {string} address
 * @param {number} port
 * @returns {Promise<boolean>} whether somebody listens there
 */
export function listens(address, port) {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/**
 * Holding processes to a fraction of a core, as Lambda does with little memory, by a control group
 * of Linux: version 1 (cpu.cfs_quota_us) or 2 (cpu.max). Making one takes root or a delegated group.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';

/** Microseconds. Lambda's own is not documented: unverified. */
const PERIOD = 20_000;

/** Where they are mounted. */
const V1 = '/sys/fs/cgroup/cpu';
const V2 = '/sys/fs/cgroup';

/**
 * @typedef {object} Held
 * @property {string} by what does it
 * @property {(command: string, args: string[]) => [string, string[]]} wrap a command so held
 * @property {() => Promise<void>} end to be called when no process is left
 */

/**
 * @param {number} fraction of one core
 * @returns {Promise<Held | { impossible: string }>} why it is impossible here
 */
export async function throttle(fraction) {
  const quota = Math.round(PERIOD * fraction);
  try {
    if (existsSync(`${V1}/cpu.cfs_quota_us`)) return await held(V1, 'cgroup v1', limitV1, quota);
    const controllers = await readFile(`${V2}/cgroup.controllers`, 'utf8').catch(() => '');
    if (controllers.split(/\s/).includes('cpu')) return await held(V2, 'cgroup v2', limitV2, quota);
    return { impossible: 'this machine has no control group for CPU' };
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    return { impossible: `no control group could be made: ${message}` };
  }
}

/**
 * @param {string} root
 * @param {string} name
 * @param {(group: string, quota: number) => Promise<void>} limit
 * @param {number} quota microseconds in each PERIOD
 * @returns {Promise<Held>}
 */
async function held(root, name, limit, quota) {
  const group = `${root}/nearhop-bench-${process.pid}`;
  await mkdir(group);
  try {
    await limit(group, quota);
  } catch (error) {
    await rmdir(group);
    throw error;
  }
  return {
    by: `${name}, ${quota} of ${PERIOD} µs`,
    // The shell enters the group and becomes the command.
    wrap: (command, args) => [
      '/bin/sh',
      ['-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', group, command, ...args],
    ],
    end: () => rmdir(group),
  };
}

/** @type {(group: string, quota: number) => Promise<void>} */
async function limitV1(group, quota) {
  await writeFile(`${group}/cpu.cfs_period_us`, String(PERIOD));
  await writeFile(`${group}/cpu.cfs_quota_us`, String(quota));
}

/** @type {(group: string, quota: number) => Promise<void>} */
async function limitV2(group, quota) {
  await writeFile(`${group}/cpu.max`, `${quota} ${PERIOD}`);
}

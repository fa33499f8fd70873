/**
 * Folders of one process alone, which do not outlast it: those of a process that was killed go when
 * the next one makes its own.
 */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * @param {string} parent made where it is not there
 * @param {string} kind such as `run`: what its name begins with
 * @returns {Promise<{ folder: string, remove: () => Promise<void> }>}
 */
export async function runFolder(parent, kind) {
  await mkdir(parent, { recursive: true, mode: 0o700 });
  await removeLeftovers(parent, kind);
  const folder = await mkdtemp(join(parent, `${kind}-${process.pid}-`));
  return { folder, remove: () => remove(folder) };
}

/** @param {string} folder */
function remove(folder) {
  return rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

/**
 * @param {string} parent
 * @param {string} kind
 */
async function removeLeftovers(parent, kind) {
  for (const name of await readdir(parent)) {
    const pid = new RegExp(`^${kind}-(\\d+)-`).exec(name)?.[1];
    if (pid && !isRunning(Number(pid))) await remove(join(parent, name));
  }
}

/**
 * @param {number} pid
 * @returns {boolean}
 */
export function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's.
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

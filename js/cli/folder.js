/**
 * Puts a bundle in the place of another, or of nothing.
 */
import { chmod, lstat, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CommandFault } from './fault.js';

/**
 * Writes everything beside its place first: where that fails, what was there stays.
 *
 * @param {string} dir an absolute path; `dir`.zip gets the archive
 * @param {Record<string, Uint8Array>} files
 * @param {Uint8Array} archive
 * @param {string[]} sometimes other files that an earlier bundle may hold
 * @throws {CommandFault} `usage` where something else than a bundle is in the way, `outside` where
 *   the files cannot be written
 */
export async function replaceBundle(dir, files, archive, sometimes) {
  try {
    const earlier = await isEarlierBundle(dir, [...Object.keys(files), ...sometimes]);
    await demandFile(`${dir}.zip`);
    await mkdir(dirname(dir), { recursive: true });
    // On the same disk, and nobody else reads it.
    const draft = await mkdtemp(join(dirname(dir), `.${basename(dir)}-`));
    try {
      await write(draft, files, archive);
      await exchange(draft, dir, earlier);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  } catch (error) {
    if (error instanceof CommandFault) throw error;
    const { message } = /** @type {Error} */ (error);
    throw new CommandFault('outside', `${dir} cannot be written: ${message}`, { cause: error });
  }
}

/**
 * @param {string} draft
 * @param {Record<string, Uint8Array>} files
 * @param {Uint8Array} archive
 */
async function write(draft, files, archive) {
  const folder = join(draft, 'folder');
  await mkdir(folder);
  for (const [name, bytes] of Object.entries(files)) {
    await writeFile(join(folder, name), bytes, { mode: modeOf(name) });
  }
  await chmod(folder, 0o755);
  await writeFile(join(draft, 'zip'), archive, { mode: modeOf('zip') });
}

/**
 * @param {string} draft
 * @param {string} dir
 * @param {boolean} earlier whether a bundle is there
 */
async function exchange(draft, dir, earlier) {
  if (earlier) await rename(dir, join(draft, 'earlier'));
  let inPlace = false;
  try {
    await rename(join(draft, 'folder'), dir);
    inPlace = true;
    await rename(join(draft, 'zip'), `${dir}.zip`);
  } catch (error) {
    if (inPlace) await rename(dir, join(draft, 'folder'));
    if (earlier) await rename(join(draft, 'earlier'), dir);
    throw error;
  }
}

/** The origin secret stands in them. @param {string} name */
function modeOf(name) {
  return ['nearhop.json', 'nearhop.wasm', 'zip'].includes(name) ? 0o600 : 0o644;
}

/**
 * @param {string} dir
 * @param {string[]} names a bundle's files
 * @returns {Promise<boolean>} false where nothing is there
 */
async function isEarlierBundle(dir, names) {
  const found = await lstat(dir).catch(absent);
  if (!found) return false;
  if (!found.isDirectory()) {
    throw new CommandFault('usage', `--out: found a file, ${dir}; allowed: a folder`);
  }
  const inside = await readdir(dir);
  const foreign = inside.filter((name) => !names.includes(name));
  if (inside.length > 0 && (foreign.length > 0 || !inside.includes('nearhop.json'))) {
    const shown = (foreign.length > 0 ? foreign : inside).slice(0, 3).join(', ');
    throw new CommandFault(
      'usage',
      `--out: found ${dir} with things that are no bundle's (${shown}); ` +
        'allowed: a new folder, an empty one, or an earlier bundle',
    );
  }
  return true;
}

/** @param {string} path */
async function demandFile(path) {
  const found = await lstat(path).catch(absent);
  if (found && !found.isFile()) {
    throw new CommandFault('usage', `--out: found ${path}, which is no file; it must make way`);
  }
}

/**
 * @param {NodeJS.ErrnoException} error
 * @returns {undefined}
 */
function absent(error) {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}

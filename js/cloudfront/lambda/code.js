/**
 * A function's code, taken from a folder or a zip file to a place of its own: as at Lambda, nothing
 * of the project around it (its package.json, its node_modules) is within the function's reach.
 */
import { existsSync, statSync } from 'node:fs';
import { cp, lstat, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve, sep } from 'node:path';
import { unzipSync } from 'fflate';

/** Largest zip file (rule L1), and largest content: Lambda's quota for unpacked code. In bytes. */
const MAX_ZIP = 50 * 1_048_576;
const MAX_UNPACKED = 250 * 1_048_576;

export class FunctionCode {
  #path;
  #isZip;
  /** @type {Promise<string> | undefined} what environments start with now */
  #current;
  /** @type {Promise<string>[]} every folder taken so far */
  #taken = [];

  /**
   * @param {string} key of the function, for messages
   * @param {import('../distribution.js').FunctionSource} source
   * @throws {TypeError} if it cannot run here
   */
  constructor(key, source) {
    this.#path = resolve(source.code);
    const complain = (/** @type {string} */ text) => {
      throw new TypeError(`function "${key}": ${text}`);
    };
    if (!/^nodejs\d+\.x$/.test(source.runtime)) {
      complain(`runtime "${source.runtime}" does not run here; allowed are Node's: nodejs24.x`);
    }
    if (!/^[^.]+\.[^.]/.test(source.handler) || source.handler.includes('..')) {
      complain(`handler "${source.handler}"; allowed is file.export, such as index.handler`);
    }
    if (!existsSync(this.#path)) complain(`no folder or zip file at code "${source.code}"`);
    const stat = statSync(this.#path);
    this.#isZip = stat.isFile();
    if (this.#isZip && stat.size > MAX_ZIP) {
      complain(`L1: the zip file has ${stat.size} bytes; allowed are ${MAX_ZIP}`);
    }
  }

  /**
   * @returns {Promise<string>} absolute path of the folder to start an environment in
   * @throws {Error} if the code cannot be copied or unpacked
   */
  folder() {
    if (!this.#current) {
      this.#current = this.#take();
      this.#taken.push(this.#current);
    }
    return this.#current;
  }

  /** Environments started from here on have the code as it will be then. */
  renew() {
    this.#current = undefined;
  }

  /** Removes what was copied and unpacked. */
  async remove() {
    for (const taken of await Promise.allSettled(this.#taken.splice(0))) {
      if (taken.status === 'fulfilled') await discard(dirname(taken.value));
    }
  }

  async #take() {
    const folder = await mkdtemp(join(tmpdir(), 'nearhop-function-'));
    try {
      // Node looks for a package.json upwards: this one ends its way.
      await writeFile(join(folder, 'package.json'), '{}');
      const root = join(folder, 'task');
      await (this.#isZip ? unpack(this.#path, root) : copy(this.#path, root));
      return root;
    } catch (error) {
      await discard(folder);
      throw error;
    }
  }
}

/** @param {string} folder */
function discard(folder) {
  return rm(folder, { recursive: true, force: true });
}

/**
 * @param {string} source
 * @param {string} folder
 */
async function copy(source, folder) {
  let size = 0;
  await cp(source, folder, {
    recursive: true,
    dereference: true,
    filter: async (path) => {
      size = checked(size + (await lstat(path)).size);
      return true;
    },
  });
}

/**
 * @param {string} zip
 * @param {string} folder
 */
async function unpack(zip, folder) {
  let size = 0;
  const files = unzipSync(await readFile(zip), {
    filter: ({ originalSize }) => {
      size = checked(size + originalSize);
      return true;
    },
  });
  for (const [name, bytes] of Object.entries(files)) await write(folder, name, bytes);
}

/** @param {number} size */
function checked(size) {
  if (size <= MAX_UNPACKED) return size;
  throw new RangeError(`the code has more than ${MAX_UNPACKED} bytes, which Lambda does not take`);
}

/**
 * @param {string} folder
 * @param {string} name
 * @param {Uint8Array} bytes
 */
async function write(folder, name, bytes) {
  const path = join(folder, name);
  // A zip file may hold names that lead out of the folder.
  if (!path.startsWith(folder + sep)) throw new RangeError(`the zip file holds "${name}"`);
  await mkdir(name.endsWith('/') ? path : dirname(path), { recursive: true });
  if (!name.endsWith('/')) await writeFile(path, bytes);
}

/**
 * Finds a function's handler as Lambda's Node runtimes do.
 *
 * @typedef {(event: any, context: any, callback?: any) => any} Handler
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * @param {string} root folder of the code
 * @param {string} name such as `index.handler`; `dir/index.api.handler` is `api.handler` of the
 *   exports of `dir/index`
 * @returns {Promise<Handler>}
 * @throws {Error} if there is no such module, or no such function in it
 */
export async function loadHandler(root, name) {
  const [module, ...path] = basename(name).split('.');
  const exports = await load(root, join(dirname(name), module));
  const handler = path.reduce((value, key) => value?.[key], exports);
  if (typeof handler !== 'function') {
    throw new TypeError(`${name} is not a function that the module exports`);
  }
  // Rule L4.
  if (!takesCallbacks() && handler.length > 2) {
    throw new TypeError(`${name} takes a callback; from Node 24 on, only async handlers run`);
  }
  return handler;
}

/** @returns {boolean} whether the runtime is older than nodejs24.x (rule L4) */
export function takesCallbacks() {
  const [, major] = /nodejs(\d+)\.x$/.exec(process.env.AWS_EXECUTION_ENV ?? '') ?? [];
  return Number(major) < 24;
}

/**
 * @param {string} root
 * @param {string} path without extension
 * @returns {Promise<any>} the module's exports
 */
async function load(root, path) {
  const whole = join(root, path);
  const file = ['.js', '.mjs', '.cjs'].map((end) => whole + end).find((one) => existsSync(one));
  if (!file) throw new Error(`there is no ${path}.js, ${path}.mjs or ${path}.cjs`);
  const isEsm = file.endsWith('.mjs') || (file.endsWith('.js') && isInEsmPackage(root, file));
  return isEsm ? import(pathToFileURL(file).href) : createRequire(file)(file);
}

/**
 * Whether the nearest package.json within the function's code says `"type": "module"`.
 *
 * @param {string} root
 * @param {string} file
 * @returns {boolean}
 */
function isInEsmPackage(root, file) {
  const folder = dirname(file);
  const manifest = join(folder, 'package.json');
  if (existsSync(manifest)) return JSON.parse(readFileSync(manifest, 'utf8')).type === 'module';
  return relative(root, folder) !== '' && isInEsmPackage(root, folder);
}

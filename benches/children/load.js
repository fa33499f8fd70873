/**
 * A bundle's handler, with nothing else loaded beside it.
 *
 * @typedef {(event: any) => Promise<any>} Handler
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The Region that executes the function. */
export const REGION = 'eu-central-1';

/** What operators' switches say, in place of a document that would be fetched: nothing. */
const CONTROL = Buffer.from('{"version":1}');

/**
 * A worker of its own, from which nothing leaves the process: log lines are dropped, and the
 * control document is at hand.
 *
 * @param {string} dir the bundle's folder
 * @param {object} [options] of createNearhop
 * @returns {Promise<Handler>}
 */
export async function load(dir, options = {}) {
  const { createNearhop } = await import(pathToFileURL(join(dir, 'index.mjs')).href);
  const alone = { region: REGION, log: () => {}, get: async () => CONTROL };
  return createNearhop(pathToFileURL(`${dir}/`), { ...alone, ...options });
}

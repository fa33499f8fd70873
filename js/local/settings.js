/**
 * nearhop.deploy.toml as the local world has it.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'smol-toml';
import { readSettings } from '../../infra/settings.js';

/** What is of an account's or of the internet's making, and is not on this machine. */
const ELSEWHERE = ['account', 'domain', 'routing', 'waf'];

/**
 * @typedef {object} LocalSettings
 * @property {string} file where they are written
 * @property {import('../../infra/settings.js').Settings} settings
 * @property {string[]} left names of settings that play no part here
 */

/**
 * Reads them, if they are there, and writes those that play a part here into a folder.
 *
 * @param {string} source the path of nearhop.deploy.toml
 * @param {string} folder
 * @returns {Promise<LocalSettings>}
 * @throws {import('../cli/fault.js').CommandFault} where they are bad
 */
export async function localSettings(source, folder) {
  await readSettings(source, { optional: true });
  const document = parse(await readFile(source, 'utf8').catch(() => ''));
  const left = ELSEWHERE.filter((name) => name in document);
  for (const name of left) delete document[name];
  const file = join(folder, 'nearhop.deploy.toml');
  await writeFile(file, stringify(document));
  return { file, settings: await readSettings(file), left };
}

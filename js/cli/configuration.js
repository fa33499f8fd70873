/**
 * Reads and checks a configuration file.
 */
import { readFile } from 'node:fs/promises';
import { CommandFault } from './fault.js';
import { check } from './tools.js';

/**
 * @typedef {object} Configuration
 * @property {string} file the path it was read from, as given
 * @property {string} text
 * @property {import('./tools.js').Report} report
 */

/**
 * @param {string} file
 * @returns {Promise<Configuration>}
 * @throws {CommandFault} `usage` without such a file, `configuration` for what is wrong with it
 */
export async function readConfiguration(file) {
  const text = await readText(file, 'usage', 'another one: --config FILE');
  const checked = await check(text);
  if (!checked.ok) throw CommandFault.ofConfiguration({ file, text }, checked.diagnostics);
  return { file, text, report: checked.report };
}

/**
 * @param {string} file
 * @param {import('./fault.js').Kind} kind the fault's when there is no such file
 * @param {string} advice
 * @returns {Promise<string>}
 * @throws {CommandFault} where the file cannot be read, or is not UTF-8
 */
export async function readText(file, kind, advice) {
  let bytes;
  try {
    bytes = await readFile(file);
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code === 'ENOENT') throw new CommandFault(kind, `there is no file ${file}; ${advice}`);
    if (code === 'EISDIR') throw new CommandFault(kind, `${file} is a folder; ${advice}`);
    throw new CommandFault('outside', `${file} cannot be read: ${message}`, { cause: error });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new CommandFault('outside', `${file} is not UTF-8 text`);
  }
}

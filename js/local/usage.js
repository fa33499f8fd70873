/**
 * What the command lines of the local world share.
 */
import { parseArgs } from 'node:util';
import { CommandFault, EXIT } from '../cli/fault.js';
import { paintFor } from '../cli/paint.js';
import { diagnosticsAsText } from '../cli/report.js';

/** Where the local world keeps its keys and its bundle; not under version control. */
export const STATE = '.nearhop';

/** The configuration, where none is named. */
export const CONFIG = 'nearhop.toml';

const TEXT = /** @type {const} */ ({ type: 'string' });
const FLAG = /** @type {const} */ ({ type: 'boolean' });

/**
 * @template {string} T
 * @template {string} F
 * @param {string[]} argv
 * @param {{ texts: T[], flags: F[], help: string }} allowed names of options that take a value, and
 *   of those that do not; `help` is the command that lists them
 * @returns {Partial<Record<T, string> & Record<F | 'help', boolean>>}
 * @throws {CommandFault} `usage`
 */
export function parseOptions(argv, { texts, flags, help }) {
  const options = Object.fromEntries([
    ...texts.map((name) => [name, TEXT]),
    ...['help', ...flags].map((name) => [name, FLAG]),
  ]);
  try {
    return /** @type {any} */ (parseArgs({ args: argv, options }).values);
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    throw new CommandFault('usage', `${message}\nAll options: ${help}`);
  }
}

/**
 * Says on stderr what went wrong and sets the exit code: that of the fault, else 1.
 *
 * @param {string} program
 * @param {unknown} error
 */
export function fail(program, error) {
  const fault = error instanceof CommandFault ? error : undefined;
  const text = fault?.source
    ? diagnosticsAsText(fault.source, fault.diagnostics, paintFor(process.stderr))
    : `${program}: ${error instanceof Error ? error.message : String(error)}\n`;
  process.stderr.write(text);
  process.exitCode = fault ? EXIT[fault.kind] : 1;
}

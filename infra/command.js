/**
 * What the programs of infra/ share as commands.
 */
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { CommandFault, EXIT, ofError } from '../js/cli/fault.js';
import { paintFor } from '../js/cli/paint.js';

/**
 * The command line's options.
 *
 * @template {NonNullable<import('node:util').ParseArgsConfig['options']>} Options
 * @param {Options} options
 * @throws {CommandFault} `usage`
 */
export function parse(options) {
  try {
    return parseArgs({ options });
  } catch (error) {
    throw new CommandFault('usage', /** @type {Error} */ (error).message);
  }
}

/**
 * Runs a module's `main` where the module is the program, and not imported by another.
 *
 * @param {string} module its `import.meta.url`
 * @param {string} name before what went wrong
 * @param {() => Promise<void>} main
 */
export async function runAsProgram(module, name, main) {
  if (module !== pathToFileURL(process.argv[1] ?? '').href) return;
  await main().catch((error) => {
    const { kind, message } = ofError(error);
    process.exitCode = EXIT[kind];
    process.stderr.write(`${paintFor(process.stderr).red(`${name}:`)} ${message}\n`);
  });
}

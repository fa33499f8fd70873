/**
 * What the local AWS plane runs on.
 */
import { execFile } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CommandFault } from '../../cli/fault.js';

/** A line that says what is being installed; of an error, the fault tells. */
const IS_STEP = /^[\w-]+: (?!error)/;

const SCRIPT = fileURLToPath(new URL('../../../scripts/plane-tools', import.meta.url));

/**
 * @typedef {object} Tools
 * @property {string} python the one that has ministack
 * @property {string} node folder of the Node.js that runs Lambda functions
 */

/**
 * Installs what is not there yet: about 110 MB of Python packages and 190 MB of Node.js, once per
 * machine.
 *
 * @param {(line: string) => void} [onProgress]
 * @returns {Promise<Tools>}
 * @throws {CommandFault} `outside` where it cannot be had
 */
export async function planeTools(onProgress = () => {}) {
  const running = promisify(execFile)(SCRIPT, { encoding: 'utf8' });
  const { stderr } = running.child;
  if (stderr) {
    createInterface(stderr).on('line', (line) => {
      if (IS_STEP.test(line)) onProgress(line);
    });
  }
  try {
    const [python, node] = (await running).stdout.trim().split('\n');
    return { python, node };
  } catch (cause) {
    const { stderr: said = '' } = /** @type {{ stderr?: string }} */ (cause);
    const advice = 'Without Python, in-process stand-ins play AWS: npm start -- --light';
    const message = `the local AWS plane cannot be installed.\n${said.trim()}\n${advice}`;
    throw new CommandFault('outside', message, { cause });
  }
}

/**
 * One process of ministack, which plays AWS's services and runs Lambda functions.
 */
import { spawn } from 'node:child_process';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandFault } from '../../cli/fault.js';
import { freePort } from '../port.js';

const PROGRAM = fileURLToPath(new URL('process.py', import.meta.url));

/** Milliseconds: a machine that is busy takes its time. */
const READY_WITHIN = 60_000;
const ENDED_WITHIN = 10_000;

/** How often a port is looked for that somebody else takes before ministack does. */
const ATTEMPTS = 5;

/**
 * @typedef {object} MinistackOptions
 * @property {import('./tools.js').Tools} tools
 * @property {string} folder of this process alone: `state/` is read at its start and written at its
 *   end, `objects/` holds what is in S3
 * @property {string} [awsAt] where its functions find AWS; itself if left out
 * @property {(how: string) => void} [onExit] is called when it ends unasked
 *
 * @typedef {object} Ministack
 * @property {string} url
 * @property {number} port
 * @property {number} pid
 * @property {() => Promise<void>} close
 */

/**
 * Starts it on a free port of 127.0.0.1.
 *
 * @param {MinistackOptions} options
 * @returns {Promise<Ministack>}
 * @throws {CommandFault} `outside` with the end of its log, where it does not start
 */
export async function startMinistack(options) {
  await mkdir(join(options.folder, 'tmp'), { recursive: true });
  // Its runner for Node.js is CommonJS, whatever the package around this folder is.
  await writeFile(join(options.folder, 'package.json'), '{"type":"commonjs"}\n');
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const started = await attemptAt(port, options);
    if (started) return started;
    if (attempt === ATTEMPTS) throw await failure(options.folder);
  }
}

/**
 * @param {number} port
 * @param {MinistackOptions} options
 * @returns {Promise<Ministack | undefined>} undefined where it ended at once
 */
async function attemptAt(port, { tools, folder, awsAt, onExit = () => {} }) {
  const log = await open(join(folder, 'log'), 'w');
  const child = spawn(tools.python, [PROGRAM], {
    // The pipe is what ends it with this process. In a group of its own, Ctrl-C is not its concern.
    stdio: ['pipe', log.fd, log.fd],
    detached: true,
    env: environment(port, tools, folder, awsAt),
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.once('error', () => {});
  await log.close();
  const url = `http://127.0.0.1:${port}`;
  if (!(await isReady(url, child))) {
    child.kill('SIGKILL');
    return undefined;
  }
  let closing = false;
  child.once('exit', (code, signal) => {
    if (!closing) onExit(signal ?? `code ${code}`);
  });
  return {
    url,
    port,
    pid: /** @type {number} */ (child.pid),
    async close() {
      closing = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), ENDED_WITHIN);
      await ended;
      clearTimeout(late);
    },
  };
}

/**
 * Nothing of this process's own environment: ministack hands its own on to the functions it runs.
 *
 * @param {number} port
 * @param {import('./tools.js').Tools} tools
 * @param {string} folder
 * @param {string} [awsAt]
 * @returns {Record<string, string>}
 */
function environment(port, { node }, folder, awsAt) {
  return {
    PATH: `${node}:/usr/bin:/bin`,
    HOME: folder,
    TMPDIR: join(folder, 'tmp'),
    BIND_HOST: '127.0.0.1',
    GATEWAY_PORT: String(port),
    // Otherwise a broker for devices listens on every interface.
    IOT_MTLS_ENABLED: '0',
    PERSIST_STATE: '1',
    STATE_DIR: join(folder, 'state'),
    S3_PERSIST: '1',
    S3_DATA_DIR: join(folder, 'objects'),
    PYTHONDONTWRITEBYTECODE: '1',
    ...(awsAt && { AWS_ENDPOINT_URL: awsAt }),
  };
}

/**
 * @param {string} url
 * @param {import('node:child_process').ChildProcess} child
 */
async function isReady(url, child) {
  const until = Date.now() + READY_WITHIN;
  while (child.pid && child.exitCode === null && child.signalCode === null && Date.now() < until) {
    const answer = await fetch(`${url}/_ministack/health`).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

/** @param {string} folder */
async function failure(folder) {
  const log = await readFile(join(folder, 'log'), 'utf8').catch(() => '');
  const tail = log.trimEnd().split('\n').slice(-10).join('\n');
  const advice = 'Without it: npm start -- --light';
  return new CommandFault('outside', `ministack does not start. ${advice}\n${tail}`);
}

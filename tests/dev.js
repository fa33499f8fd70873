/**
 * What the tests of `nearhop dev` share: the command as a process of its own, and origins for it.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { until } from './cloudfront/running.js';
import { folder } from './local/world.js';

/** @typedef {import('node:test').TestContext} Test */

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
export const SITE = 'examples/edge-function/site';
export const EXAMPLE = ['examples/edge-function/template.yaml', '--origin', `bucket=${SITE}`];
export const JSON_TEMPLATE = 'tests/cloudfront/templates/minimal.json';
/** So that Node's other versions have no warning to give. */
export const NODES = ['--node', `nodejs24.x=${process.execPath}`];

/** Any that is free. */
export const PORT = ['--port', '0'];

/**
 * The command, once it is ready. What is left of it when the test is over is killed.
 *
 * @param {Test} test
 * @param {string[]} args
 */
export async function started(test, args) {
  const temporary = folder(test, {});
  const child = spawn(process.execPath, ['js/cli/nearhop.js', 'dev', ...args, ...PORT], {
    cwd: ROOT,
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  test.after(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  const [stdout, stderr] = [child.stdout, child.stderr].map(linesOf);
  const said = args.includes('--json') ? stderr : stdout;
  const isReady = () => said.some((line) => line.startsWith('ready '));
  await until(() => isReady() || child.exitCode !== null, 'ready');
  assert.ok(isReady(), stderr.join('\n'));
  const urlIn = (/** @type {string} */ start) => {
    const line = said.find((each) => each.startsWith(start)) ?? '';
    return /http:\S+/.exec(line)?.[0] ?? '';
  };
  const url = urlIn('ready');
  return {
    pid: Number(child.pid),
    temporary,
    url,
    control: urlIn('control'),
    stdout,
    /** @type {(path: string, headers?: Record<string, string>) => Promise<string>} */
    text: async (path, headers = {}) => (await fetch(`${url}${path}`, { headers })).text(),
    async stop(/** @type {NodeJS.Signals} */ signal) {
      child.kill(signal);
      return { code: await closed, stderr };
    },
  };
}

/**
 * @param {import('node:stream').Readable} stream
 * @returns {string[]} its lines so far
 */
export function linesOf(stream) {
  /** @type {string[]} */
  const lines = [];
  createInterface(stream).on('line', (line) => lines.push(line));
  return lines;
}

/**
 * @param {Test} test
 * @param {import('node:http').RequestListener} listener
 * @returns {Promise<string>} URL
 */
export async function server(test, listener) {
  const made = createServer(listener);
  await new Promise((resolve) => made.listen(0, '127.0.0.1', () => resolve(undefined)));
  test.after(() => {
    made.closeAllConnections();
    made.close();
  });
  const { port } = /** @type {import('node:net').AddressInfo} */ (made.address());
  return `http://127.0.0.1:${port}`;
}

/**
 * A local AWS plane for tests, where there is one: `NEARHOP_MINISTACK` names a Python that has
 * ministack installed.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PYTHON = process.env.NEARHOP_MINISTACK;

/** For `it(…, { skip })`: the reason why there is none, or false. */
export const WITHOUT = PYTHON
  ? false
  : 'NEARHOP_MINISTACK names no Python with ministack (pip install ministack==1.5.33 cryptography)';

/**
 * Starts ministack on a free port of 127.0.0.1.
 *
 * @returns {Promise<{ client: Client, close: () => Promise<void> }>} `client`: what the SDK's
 *   clients take to reach it
 *
 * @typedef {{ endpoint: string, region: string,
 *   credentials: { accessKeyId: string, secretAccessKey: string } }} Client
 */
export async function startMinistack() {
  const folder = mkdtempSync(join(tmpdir(), 'nearhop-ministack-'));
  const port = await freePort();
  const child = spawn(PYTHON ?? '', ['-m', 'ministack'], {
    stdio: 'ignore',
    env: {
      ...process.env,
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      IOT_MTLS_ENABLED: '0',
      TMPDIR: folder,
    },
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const endpoint = `http://127.0.0.1:${port}`;
  const close = async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await ready(`${endpoint}/_ministack/health`, child);
  } catch (error) {
    await close();
    throw error;
  }
  const credentials = { accessKeyId: '111111111111', secretAccessKey: 'test' };
  return { client: { endpoint, region: 'eu-west-1', credentials }, close };
}

/**
 * @param {string} url
 * @param {import('node:child_process').ChildProcess} child
 */
async function ready(url, child) {
  while (child.exitCode === null) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`ministack ended with code ${child.exitCode}`);
}

/** @returns {Promise<number>} */
async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}

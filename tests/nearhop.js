/**
 * Runs the command `nearhop` for tests.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * @param {string[]} args
 * @param {Record<string, string>} [env] beside this process's own
 * @returns {Promise<{ status: number | null, stdout: string, stderr: string }>}
 */
export async function nearhop(args, env = {}) {
  const child = spawn(process.execPath, ['js/cli/nearhop.js', ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  const [stdout, stderr, status] = await Promise.all([
    child.stdout.setEncoding('utf8').toArray(),
    child.stderr.setEncoding('utf8').toArray(),
    new Promise((resolve) => child.on('close', resolve)),
  ]);
  return { status, stdout: stdout.join(''), stderr: stderr.join('') };
}

/**
 * The peers, installed in a folder of their own when they are first asked for: benches/peers/.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where their package.json is, with the exact versions. */
export const PEERS = new URL('./peers/', import.meta.url);

/**
 * Runs `npm ci` unless all of them are there in the versions that package.json names.
 *
 * @param {(line: string) => void} progress
 * @returns {Record<string, string>} versions by name
 * @throws {Error} when npm fails
 */
export function installPeers(progress) {
  const { dependencies, devDependencies } = read('package.json');
  const versions = { ...dependencies, ...devDependencies };
  const missing = Object.keys(versions).filter((name) => installed(name) !== versions[name]);
  if (missing.length > 0) {
    progress(`npm ci in benches/peers: ${missing.join(', ')}`);
    const { status, stderr, error } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit'], {
      cwd: fileURLToPath(PEERS),
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`npm ci failed in benches/peers: ${error ?? stderr}`);
  }
  return versions;
}

/** @param {string} name */
function installed(name) {
  const file = `node_modules/${name}/package.json`;
  return existsSync(new URL(file, PEERS)) ? read(file).version : undefined;
}

/** @param {string} file */
function read(file) {
  return JSON.parse(readFileSync(new URL(file, PEERS), 'utf8'));
}

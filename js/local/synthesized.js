/**
 * The distribution of the CDK app, synthesized for the names in nearhop.toml: nothing is deployed.
 */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { namesFor } from '../../infra/names.js';
import { runFolder } from './run-folder.js';

const INFRA = fileURLToPath(new URL('../../infra', import.meta.url));
const LOCK = fileURLToPath(new URL('../../package-lock.json', import.meta.url));

/** @typedef {import('./backend.js').BackendOptions} BackendOptions */

/**
 * Kept until its inputs change.
 *
 * @param {Pick<BackendOptions, 'config'|'settingsFile'|'settings'|'state'|'onProgress'>} options
 * @returns {Promise<string>} the edge stack's template
 */
export async function synthesizedEdge({ config, settingsFile, settings, state, onProgress }) {
  const folder = join(state, 'synthesized');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const name = `${await digestOf(config, settings)}.template.json`;
  if ((await readdir(folder)).includes(name)) return join(folder, name);
  onProgress('synthesizing the distribution');
  const { folder: outdir, remove } = await runFolder(state, 'cdk.out');
  try {
    await synthesize(config, settingsFile, outdir);
    const draft = join(outdir, name);
    await copyFile(join(outdir, `${namesFor(settings).stacks.edge}.template.json`), draft);
    await rename(draft, join(folder, name));
    const old = (await readdir(folder)).filter((each) => each !== name);
    for (const each of old) await rm(join(folder, each), { force: true });
  } finally {
    await remove();
  }
  return join(folder, name);
}

/**
 * @param {string} config
 * @param {string} settings
 * @param {string} outdir
 */
async function synthesize(config, settings, outdir) {
  const { makeApp } = await import('../../infra/stacks.js');
  const outputs = join(outdir, 'no-outputs.json');
  // Placeholders for secrets too: the bundle that runs is another.
  const options = { config, settings, outputs, outdir, placeholders: true, env: {} };
  const { app } = await makeApp({ ...options, plane: 'local' });
  app.synth();
}

/**
 * @param {string} config
 * @param {import('../../infra/settings.js').Settings} settings
 */
async function digestOf(config, settings) {
  const entries = await readdir(INFRA, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
  const hash = createHash('sha256').update(JSON.stringify(settings));
  for (const file of [config, LOCK, ...files]) hash.update('\0').update(await readFile(file));
  return hash.digest('hex').slice(0, 16);
}

/**
 * The templates of a deployment, synthesized into a folder of the test's own.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'smol-toml';
import { synth } from '../../infra/synth.js';

/** The least that [sign_in] needs. */
export const SIGN_IN = { key: { env: 'NEARHOP_SIGN_IN_KEY' } };

/**
 * The repository's own nearhop.toml with another [sign_in], or with none.
 *
 * @param {Record<string, unknown>} [signIn]
 * @returns {Promise<string>} TOML
 */
export async function configurationWith(signIn) {
  const document = parse(await readFile('nearhop.toml', 'utf8'));
  delete document.sign_in;
  return stringify({ ...document, ...(signIn && { sign_in: signIn }) });
}

/**
 * With the repository's own nearhop.toml, but for its [sign_in].
 *
 * @param {string} [settings] nearhop.deploy.toml's text
 * @param {Record<string, unknown>} [signIn] nothing is there unless given
 * @returns {Promise<{ templates: Record<string, any>,
 *   findings: import('../../infra/checks/template.js').Finding[],
 *   synthesized: import('../../infra/synth.js').Synthesized }>} templates by stack
 */
export async function synthesized(settings = '', signIn = undefined) {
  const folder = await mkdtemp(join(tmpdir(), 'nearhop-synth-'));
  try {
    const file = join(folder, 'nearhop.deploy.toml');
    await writeFile(file, settings);
    const config = join(folder, 'nearhop.toml');
    await writeFile(config, await configurationWith(signIn));
    const outdir = join(folder, 'cdk.out');
    const outputs = join(folder, 'none.json');
    const result = await synth({ config, settings: file, outdir, outputs, env: {} });
    const entries = result.templates.map(async ({ stack, file: path }) => [
      stack,
      JSON.parse(await readFile(path, 'utf8')),
    ]);
    return {
      templates: Object.fromEntries(await Promise.all(entries)),
      findings: result.templates.flatMap(({ findings }) => findings),
      synthesized: result,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/**
 * @param {any} template
 * @param {string} type
 * @returns {any[]} the properties of all resources of that type
 */
export function propertiesOf({ Resources }, type) {
  return /** @type {any[]} */ (Object.values(Resources))
    .filter(({ Type }) => Type === type)
    .map(({ Properties }) => Properties);
}

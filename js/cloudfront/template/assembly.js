/**
 * A cdk.out folder (CDK calls it a cloud assembly): its stacks, which of them is meant, and where
 * the code of its functions lies.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readDocument } from './document.js';
import { TemplateError, shown } from './error.js';
import { Stack, joinStacks } from './stack.js';

/** @typedef {Map<string, string>} Assets paths of files and folders by their key in S3 */

/**
 * @typedef {object} Artifact
 * @property {string} type
 * @property {string} [environment] `aws://<account>/<region>`
 * @property {string} [displayName]
 * @property {Record<string, any>} [properties]
 */

/** @typedef {{ id: string, artifact: Artifact, folder: string }} Found and the folder it is in */

/**
 * @param {string} folder
 * @returns {boolean} whether it is what `cdk synth` writes
 */
export function isAssembly(folder) {
  return existsSync(join(folder, 'manifest.json'));
}

/**
 * @param {string} folder
 * @param {{ parameters?: Record<string, unknown>, stack?: string }} options `stack` is an
 *   artifact's id, its path in the app or the stack's name
 * @returns {Promise<{ stack: Stack, assets: Assets }>} the stack that is meant
 * @throws {TemplateError}
 */
export async function readAssembly(folder, { parameters, stack: wanted }) {
  const artifacts = await artifactsOf(folder);
  const type = 'aws:cloudformation:stack';
  const synthesized = artifacts.filter(({ artifact }) => artifact.type === type);
  const stacks = await Promise.all(synthesized.map((found) => stackOf(found, parameters)));
  joinStacks(stacks);
  const names = synthesized.map(({ id, artifact }, index) => [
    ...new Set([artifact.displayName ?? id, id, stacks[index]?.name ?? id]),
  ]);
  const index = chosen(folder, stacks, names, wanted);
  return { stack: /** @type {Stack} */ (stacks[index]), assets: await assetsOf(artifacts) };
}

/**
 * @param {string} folder
 * @param {Stack[]} stacks
 * @param {string[][]} names of each, the one to show first
 * @param {string | undefined} wanted
 * @returns {number} index of the stack that is meant
 */
function chosen(folder, stacks, names, wanted) {
  const fitting = stacks.flatMap((stack, index) => {
    if (wanted !== undefined) return names[index]?.includes(wanted) ? [index] : [];
    return stack.resources('AWS::CloudFront::Distribution').length > 0 ? [index] : [];
  });
  const [index, another] = fitting;
  if (index !== undefined && another === undefined) return index;
  const which = (another === undefined ? names : fitting.map((each) => names[each] ?? []))
    .map(([name]) => name)
    .join(', ');
  const missing = `no stack ${wanted === undefined ? 'with a distribution' : shown(wanted)}`;
  throw new TemplateError(
    { file: join(folder, 'manifest.json'), path: [] },
    another === undefined
      ? { found: missing, allowed: `one of ${which || 'the stacks, of which there are none'}` }
      : {
          found: `distributions in ${which}`,
          allowed: 'one of these stacks',
          advice: 'Name it with the option "stack".',
        },
  );
}

/**
 * @param {Found} found
 * @param {Record<string, unknown>} [parameters]
 */
async function stackOf({ id, artifact, folder }, parameters) {
  const { properties = {}, environment = '' } = artifact;
  const [, account, region] = /^aws:\/\/([^/]+)\/(.+)$/.exec(environment) ?? [];
  return new Stack({
    document: await readDocument(join(folder, String(properties.templateFile))),
    name: properties.stackName ?? id,
    // A stack that may be deployed anywhere says "unknown-account" and "unknown-region".
    account: account?.startsWith('unknown') ? undefined : account,
    region: region?.startsWith('unknown') ? undefined : region,
    parameters,
  });
}

/**
 * @param {string} folder
 * @returns {Promise<Found[]>} those of its stages too
 */
async function artifactsOf(folder) {
  const { artifacts = {} } = await readJson(join(folder, 'manifest.json'));
  const found = await Promise.all(
    Object.entries(/** @type {Record<string, Artifact>} */ (artifacts)).map(([id, artifact]) => {
      const isStage = artifact.type === 'cdk:cloud-assembly';
      if (!isStage) return [{ id, artifact, folder }];
      return artifactsOf(join(folder, String(artifact.properties?.directoryName)));
    }),
  );
  return found.flat();
}

/**
 * @param {Found[]} artifacts
 * @returns {Promise<Assets>}
 */
async function assetsOf(artifacts) {
  /** @type {Assets} */
  const assets = new Map();
  for (const { artifact, folder } of artifacts) {
    if (artifact.type !== 'cdk:asset-manifest') continue;
    const { files = {} } = await readJson(join(folder, String(artifact.properties?.file)));
    for (const file of Object.values(/** @type {Record<string, any>} */ (files))) {
      if (typeof file.source?.path !== 'string') continue;
      for (const destination of Object.values(file.destinations ?? {})) {
        const { objectKey } = /** @type {{ objectKey: string }} */ (destination);
        assets.set(objectKey, join(folder, file.source.path));
      }
    }
  }
  return assets;
}

/**
 * @param {string} file
 * @returns {Promise<any>}
 */
async function readJson(file) {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    throw new TemplateError(
      { file, path: [] },
      { found: message, allowed: 'a file that "cdk synth" wrote', cause: error },
    );
  }
}

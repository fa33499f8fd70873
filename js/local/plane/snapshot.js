/**
 * What the CDK app deployed, kept: a start begins with a copy of it, and is a matter of seconds.
 */
import { createHash } from 'node:crypto';
import { readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runFolder } from '../run-folder.js';
import { CREDENTIALS, askAws } from './requests.js';
import { startMinistack } from './ministack.js';
import { createUsers } from './users.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** What a deployment depends on, beside the configuration and the settings. */
const INPUTS = ['api', 'infra', 'js/local/plane', 'package-lock.json', 'scripts/plane-tools'];

/** How many are kept: for going back and forth between branches. */
const KEPT = 3;

/** Where the site is as far as the stacks know; the port is another one once it runs (plane.js). */
export const SITE_URL = 'http://localhost:8080';

/**
 * @typedef {import('../backend.js').BackendOptions & { regions: string[],
 *   tools: import('./tools.js').Tools }} Wanted `regions`: the API's
 *
 * @typedef {object} Snapshot
 * @property {string} folder with `state/` and `objects/` of the plane, and `cdk.out/`
 * @property {import('../../../infra/known.js').Outputs} outputs of the stacks
 * @property {import('../users.js').User[]} users
 */

/**
 * The snapshot of these inputs: made where there is none.
 *
 * @param {Wanted} wanted
 * @returns {Promise<Snapshot>}
 * @throws {import('../../cli/fault.js').CommandFault} where it cannot be deployed
 */
export async function snapshotOf(wanted) {
  const root = join(wanted.state, 'plane');
  const folder = join(root, await digestOf(wanted));
  if (!(await exists(folder))) await make(folder, root, wanted);
  await forgetOld(root, folder);
  const read = async (/** @type {string} */ file) =>
    JSON.parse(await readFile(join(folder, file), 'utf8'));
  return { folder, outputs: await read('outputs.json'), users: await read('users.json') };
}

/**
 * @param {string} folder
 * @param {string} root
 * @param {Wanted} wanted
 */
async function make(folder, root, wanted) {
  wanted.onProgress('deploying this configuration for the first time: a minute, then it is kept');
  const { folder: draft, remove } = await runFolder(root, 'draft');
  const plane = await startMinistack({ tools: wanted.tools, folder: draft });
  try {
    const outputs = await deployInto(plane.url, draft, wanted);
    const { TableName: table, UserPoolId: id, UserPoolClientId: client } = dataOf(outputs);
    await replicate(plane.url, table, wanted.regions);
    const users = await createUsers({ url: plane.url, id, client });
    await writeFile(join(draft, 'users.json'), JSON.stringify(users), { mode: 0o600 });
    // Its state is written when it ends.
    await plane.close();
    await rm(join(draft, 'tmp'), { recursive: true });
    await rename(draft, folder).catch((error) => {
      // Another process was faster: its own counts.
      if (!['EEXIST', 'ENOTEMPTY'].includes(error.code)) throw error;
    });
  } finally {
    await plane.close();
    await remove();
  }
}

/**
 * The one way of deploying (infra/deploy.js), with the plane for AWS.
 *
 * @param {string} url
 * @param {string} folder
 * @param {Wanted} wanted
 */
async function deployInto(url, folder, { config, settingsFile, signIn, onProgress }) {
  const { deploy } = await import('../../../infra/deploy.js');
  const { PATH, HOME } = process.env;
  const { outputs } = await deploy({
    config,
    settings: settingsFile,
    outputs: join(folder, 'outputs.json'),
    outdir: join(folder, 'cdk.out'),
    plane: 'local',
    siteUrl: SITE_URL,
    jwksUrl: `${url}/{pool}/.well-known/jwks.json`,
    bootstrap: true,
    ask: false,
    // www/ itself stands for the bucket.
    site: false,
    quiet: true,
    onProgress,
    env: { PATH, HOME, ...accessTo(url), ...standIn(signIn) },
  });
  return outputs;
}

/**
 * The bundle that is deployed never runs. So it can do without the app client's secret, which comes
 * to be with the client.
 *
 * @param {Wanted['signIn']} signIn
 * @returns {Record<string, string>}
 */
function standIn(signIn) {
  return signIn?.clientSecretEnv ? { [signIn.clientSecretEnv]: 'of-no-client' } : {};
}

/**
 * @param {string} url of a plane
 * @returns {Record<string, string>} the environment in which AWS's SDK and the CDK take it for AWS
 */
export function accessTo(url) {
  return {
    AWS_ENDPOINT_URL: url,
    AWS_ENDPOINT_URL_S3: url,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    AWS_REGION: 'us-east-1',
  };
}

/**
 * CloudFormation's replicas of a global table: the plane takes the resource and makes none.
 *
 * @param {string} url
 * @param {string} table
 * @param {string[]} regions the table's own first
 */
async function replicate(url, table, [region, ...others]) {
  for (const RegionName of others) {
    const ReplicaUpdates = [{ Create: { RegionName } }];
    const input = { TableName: table, ReplicaUpdates };
    await askAws(url, { service: 'dynamodb', action: 'UpdateTable', region }, input);
  }
}

/**
 * The data stack's outputs.
 *
 * @param {import('../../../infra/known.js').Outputs} outputs
 */
export function dataOf(outputs) {
  return Object.values(outputs).find(({ UserPoolId }) => UserPoolId) ?? {};
}

/** @param {Wanted} wanted */
async function digestOf({ config, settings }) {
  const hash = createHash('sha256').update(JSON.stringify(settings));
  for (const file of [config, ...(await inputFiles())]) {
    hash.update(`\0${relative(ROOT, file)}\0`).update(await readFile(file));
  }
  return hash.digest('hex').slice(0, 16);
}

async function inputFiles() {
  const files = await Promise.all(
    INPUTS.map(async (name) => {
      const path = join(ROOT, name);
      if ((await stat(path)).isFile()) return [path];
      const entries = await readdir(path, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
    }),
  );
  return files.flat().sort();
}

/**
 * @param {string} root
 * @param {string} current
 */
async function forgetOld(root, current) {
  const names = (await readdir(root)).filter((name) => /^[0-9a-f]{16}$/.test(name));
  const others = names.map((name) => join(root, name)).filter((folder) => folder !== current);
  const dated = await Promise.all(
    others.map(async (folder) => ({ folder, at: (await stat(folder)).mtimeMs })),
  );
  const old = dated.sort((a, b) => b.at - a.at);
  for (const { folder } of old.slice(KEPT - 1)) await rm(folder, { recursive: true, force: true });
}

/** @param {string} path */
async function exists(path) {
  return stat(path).then(
    () => true,
    () => false,
  );
}

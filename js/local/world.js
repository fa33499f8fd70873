/**
 * The local world: the deployment of nearhop.toml, or stand-ins for it, behind the local
 * CloudFront, which serves the distribution that the CDK synthesized.
 */
import { randomBytes } from 'node:crypto';
import { watch } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'smol-toml';
import { demandDeployable, deployedConfiguration } from '../../infra/configuration.js';
import { signInOf } from '../../infra/sign-in.js';
import { bundle } from '../cli/bundle.js';
import { readConfiguration } from '../cli/configuration.js';
import { startCloudFront } from '../cloudfront/server.js';
import { startControl } from './control.js';
import { startLight } from './light.js';
import { startPlane } from './plane/plane.js';
import { holdPort } from './port.js';
import { runFolder } from './run-folder.js';
import { localSettings } from './settings.js';

/** The settings of a deployment, which need not be there. */
const SETTINGS = 'nearhop.deploy.toml';

/** What stands for the site's bucket: an edit shows on the next page load. */
const SITE = fileURLToPath(new URL('../../www', import.meta.url));

/** Where people look, unless they say otherwise. */
const USUAL_PORT = 8080;

/**
 * @typedef {object} WorldOptions
 * @property {string} config the path of nearhop.toml
 * @property {string} state the folder for what outlasts a run
 * @property {string} control the control document: a file
 * @property {string} edge the Region of viewers' edge, where they do not say
 * @property {number} [port] 0 for any free one; 8080 if left out, or any if somebody has that
 * @property {string} [site] the folder that stands for the site's bucket; www/ if left out
 * @property {boolean} [light] stand-ins in place of a plane that plays AWS
 * @property {boolean} [latency] whether calls take as long as between the edge and the API's Region
 * @property {(record: import('../cloudfront/trace/record.js').TraceRecord) => void} [onTrace]
 * @property {(line: string) => void} [onProgress]
 * @property {(what: string, how: string) => void} [onExit] is called when a Region's process,
 *   or `aws`, ends unasked
 *
 * @typedef {object} World
 * @property {string} url at which people sign in: `http://localhost:<port>`
 * @property {import('../cloudfront/server.js').LocalCloudFront} cloudFront
 * @property {import('./backend.js').Backend} backend
 * @property {import('./plane/users.js').Pool} [pool] not of the light world
 * @property {import('./users.js').User[]} [users] who can sign in
 * @property {string[]} lines what runs where, for people
 * @property {() => Promise<void>} close
 */

/**
 * @param {WorldOptions} options
 * @returns {Promise<World>}
 * @throws {import('../cli/fault.js').CommandFault}
 * @throws {Error} `EADDRINUSE` when the port is taken
 */
export async function startWorld(options) {
  const { config, site = SITE, light = false } = options;
  const { onProgress = () => {}, onExit = () => {} } = options;
  const state = resolve(options.state);
  const source = await readConfiguration(config);
  const { port, release } = await portFor(options.port, onProgress);
  // By this name, not 127.0.0.1: Cognito sends people back to no other http URL.
  const siteUrl = `http://localhost:${port}`;
  const ends = [release];
  const close = async () => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    const { folder, remove } = await runFolder(state, 'run');
    ends.push(remove);
    const { file, settings, left } = await localSettings(SETTINGS, folder);
    demandDeployable(config, parse(source.text), settings);
    if (left.length > 0) onProgress(`${SETTINGS}: ${left.join(', ')} play no part here`);
    const deployment = { config, settingsFile: file, settings, report: source.report };
    const signIn = signInOf(source.text);
    const begin = { ...deployment, state, folder, siteUrl, signIn, onProgress, onExit };
    /** @type {import('./backend.js').Backend & Pick<World, 'pool'>} */
    const backend = await (light ? startLight : startPlane)(begin);
    ends.push(backend.close);
    const control = source.report.api?.control ? await startControl(options.control) : undefined;
    if (control) ends.push(control.close);
    const built = await buildBundle({ source, settings, signIn, backend, folder, control });
    await release();
    const cloudFront = await startCloudFront({
      template: backend.template,
      stack: backend.stack,
      functions: { [backend.edgeFunction]: built.dir },
      nodes: backend.nodes,
      origins: originsOf(site, backend),
      viewer: { edge: options.edge },
      port,
      controlPort: 0,
      latency: options.latency,
      onTrace: options.onTrace,
      onWarning: onProgress,
    });
    ends.push(cloudFront.close, purgeOnEdits(site, cloudFront));
    const lines = [
      ...backend.lines,
      ...(control ? [`control  ${options.control} → ${control.url}`] : []),
      ...backend.apis.map(lineOf),
      `site     ${site}`,
    ];
    const { pool, users } = backend;
    return { url: cloudFront.url, cloudFront, backend, pool, users, lines, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Nearhop's bundle as it would be deployed, but for where this world has keys and the control
 * document.
 *
 * @param {{ source: import('../cli/configuration.js').Configuration,
 *   settings: import('../../infra/settings.js').Settings,
 *   signIn: import('../../infra/sign-in.js').SignIn | undefined,
 *   backend: import('./backend.js').Backend, folder: string, control?: { url: string } }} parts
 */
async function buildBundle({ source, settings, signIn, backend, folder, control }) {
  const config = join(folder, 'nearhop.toml');
  const known = { ...backend.known, files: [backend.files] };
  await writeFile(config, deployedConfiguration(source, settings, known), { mode: 0o600 });
  const secrets = [
    [source.report.api?.origin_secret?.env, backend.secret],
    [signIn?.keyEnv, randomBytes(32).toString('base64url')],
    [signIn?.clientSecretEnv, backend.clientSecret],
  ].filter(([name]) => name);
  return bundle({
    config,
    out: join(folder, 'bundle'),
    controlUrls: control && [control.url],
    jwksUrls: { '': backend.jwksUrl },
    env: { ...process.env, ...Object.fromEntries(secrets) },
  });
}

/**
 * What stands for which origin.
 *
 * @param {string} site
 * @param {import('./backend.js').Backend} backend
 */
function originsOf(site, { apis }) {
  return { site, ...Object.fromEntries(apis.map(({ host, url }) => [host, url])) };
}

/**
 * A page that was edited is not what the cache has of it.
 *
 * @param {string} site
 * @param {import('../cloudfront/server.js').LocalCloudFront} cloudFront
 */
function purgeOnEdits(site, cloudFront) {
  const watcher = watch(site, { recursive: true }, () => void cloudFront.purge(['/*']));
  // Where the system watches no more folders, an edit shows after a restart.
  watcher.on('error', () => watcher.close());
  return async () => watcher.close();
}

/**
 * The port, kept from others until CloudFront listens there: what is deployed goes by it.
 *
 * @param {number | undefined} asked
 * @param {(line: string) => void} onProgress
 * @throws {Error} `EADDRINUSE` where the port that was asked for is taken: before anything is
 *   deployed
 */
async function portFor(asked, onProgress) {
  try {
    return await holdPort(asked ?? USUAL_PORT);
  } catch (error) {
    if (asked !== undefined) throw error;
    onProgress(`port ${USUAL_PORT} is in use: another one is taken`);
    return holdPort();
  }
}

/** @param {import('./backend.js').Api} api */
function lineOf({ region, host, url, pid }) {
  return `api      ${region.padEnd(14)} https://${host} → ${new URL(url).origin}, process ${pid}`;
}

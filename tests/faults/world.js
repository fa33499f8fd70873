/**
 * The running system that faults are tried on: the bundle in processes of its own behind the local
 * CloudFront, an API in each of four Regions, a bucket, an issuer and the control document. Each of
 * them can be made to fail while it runs.
 */
import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from '../../js/cli/bundle.js';
import { startCloudFront } from '../../js/cloudfront/index.js';
import { holdPort } from '../../js/local/port.js';
import { closing } from '../closing.js';
import { ADA } from '../sign-in/world.js';
import { startControl } from './control.js';
import { startIssuer } from './issuer.js';
import { Region } from './region.js';
import { REGIONS, hostOf, templateOf } from './template.js';
import { IMPATIENT, tomlOf } from './toml.js';

/**
 * @typedef {{ instance: string, at: number, text: string }} Line of an instance's log; `at`: when the
 *   invocation began, in milliseconds since 1970
 *
 * @typedef {object} World
 * @property {string} url of the site, as browsers have it
 * @property {import('../../js/cloudfront/index.js').LocalCloudFront} cloudFront
 * @property {Map<string, Region>} regions by name
 * @property {import('./issuer.js').Issuer} issuer
 * @property {import('./control.js').Control} control
 * @property {string[]} secrets what must not be read in any log
 * @property {string[]} strays requests that should not have reached an API
 * @property {() => Line[]} takeLogs of the edge function, since the last time
 * @property {() => Promise<void>} close
 */

/** What the bucket holds. */
export const PAGE = '<!doctype html><title>The site</title><h1>Hello</h1>\n';

/** Execution environments of an edge Region: one waits for the issuer, another serves. */
const INSTANCES = 2;

/**
 * @typedef {object} Options
 * @property {Record<string, number>} [keys] `[keys]` of the configuration; fetched often if left out
 * @property {number} [readTimeout] seconds until CloudFront gives up on an API; 2 if left out
 */

/**
 * @param {Options} [options]
 * @returns {Promise<World>}
 */
export function startWorld(options = {}) {
  return closing((ends) => startParts(options, ends));
}

/**
 * @param {Options} options
 * @param {(() => unknown)[]} ends
 * @returns {Promise<Omit<World, 'close'>>}
 */
async function startParts({ keys = IMPATIENT, readTimeout = 2 }, ends) {
  const folder = await mkdtemp(join(tmpdir(), 'nearhop-faults-'));
  ends.push(() => rm(folder, { recursive: true, force: true }));
  const { port, release } = await holdPort();
  ends.push(release);
  const url = `http://localhost:${port}`;
  const issuer = await startIssuer({ url, users: [ADA] });
  ends.push(issuer.close);
  const control = await startControl();
  ends.push(control.close);
  const env = {
    NEARHOP_ORIGIN_SECRET: randomBytes(24).toString('hex'),
    NEARHOP_SIGN_IN_KEY: randomBytes(24).toString('hex'),
  };
  /** @type {string[]} */
  const strays = [];
  const onStray = (/** @type {string} */ stray) => void strays.push(stray);
  const regions = await startRegions(env.NEARHOP_ORIGIN_SECRET, onStray, ends);
  const code = await buildBundle({ folder, issuer, control, url, env, keys });
  const site = join(folder, 'site');
  await mkdir(site);
  await writeFile(join(site, 'index.html'), PAGE);
  /** @type {Line[]} */
  const logs = [];
  await release();
  const cloudFront = await startCloudFront({
    template: templateOf(readTimeout),
    functions: { Edge: code },
    nodes: { 'nodejs24.x': process.execPath },
    origins: {
      site,
      ...Object.fromEntries([...regions.values()].map(({ name, url: at }) => [hostOf(name), at])),
    },
    port,
    instances: INSTANCES,
    secrets: true,
    onTrace: ({ time, steps }) => {
      const from = Date.parse(time);
      for (const step of steps) if (step.kind === 'function') logs.push(...linesOf(step, from));
    },
    onWarning: () => {},
  });
  ends.push(cloudFront.close);
  return {
    ...{ url, cloudFront, regions, issuer, control, strays },
    secrets: Object.values(env),
    // Traces come when requests end, and not in the order of what happened.
    takeLogs: () => logs.splice(0).sort((one, other) => one.at - other.at),
  };
}

/**
 * @param {import('../../js/cloudfront/trace/record.js').FunctionStep} step
 * @param {number} from start of the request
 * @returns {Line[]}
 */
function linesOf({ instance, at, logs }, from) {
  return logs.map((text) => ({ instance: instance ?? '', at: from + at, text }));
}

/**
 * @param {string} secret
 * @param {(stray: string) => void} onStray
 * @param {(() => unknown)[]} ends
 */
async function startRegions(secret, onStray, ends) {
  const regions = REGIONS.map((name) => new Region(name, { secret, onStray }));
  ends.push(() => Promise.all(regions.map((region) => region.kill())));
  await Promise.all(regions.map((region) => region.start()));
  return new Map(regions.map((region) => [region.name, region]));
}

/**
 * The bundle as it would be deployed, behind the saboteur.
 *
 * @param {{ folder: string, issuer: import('./issuer.js').Issuer,
 *   control: import('./control.js').Control, url: string, env: Record<string, string>,
 *   keys: Record<string, number> }} parts
 * @returns {Promise<string>} its folder
 */
async function buildBundle({ folder, issuer, control, url, env, keys }) {
  const config = join(folder, 'nearhop.toml');
  const { url: domain, issuer: name } = issuer.domain;
  await writeFile(config, tomlOf({ issuer: name, domain, url, controlUrl: control.url, keys }));
  const out = join(folder, 'bundle');
  const { dir } = await bundle({ config, out, jwksUrls: { '': issuer.jwksUrl }, env });
  await rename(join(dir, 'index.mjs'), join(dir, 'nearhop.mjs'));
  const saboteur = fileURLToPath(new URL('saboteur.mjs', import.meta.url));
  await copyFile(saboteur, join(dir, 'index.mjs'));
  return dir;
}

/**
 * The whole of a deployment, as a CDK app: as many of its stacks as can be known.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Tags, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { parse } from 'smol-toml';
import { bundle, secretNames } from '../js/cli/bundle.js';
import { readConfiguration } from '../js/cli/configuration.js';
import { CommandFault } from '../js/cli/fault.js';
import { demandDeployable, deployedConfiguration } from './configuration.js';
import { DataStack } from './data-stack.js';
import { EdgeLogsStack } from './edge-logs-stack.js';
import { EdgeStack } from './edge-stack.js';
import { knownFrom, readOutputs } from './known.js';
import { EDGE_HOME, namesFor } from './names.js';
import { PLANES } from './plane.js';
import { RegionalStack } from './regional-stack.js';
import { readSettings } from './settings.js';
import { signInOf } from './sign-in.js';

/**
 * @typedef {'data'|'regions'|'edge'} Phase in the order in which they come to be
 *
 * @typedef {object} AppOptions every one may be left out
 * @property {string} [config] the path of nearhop.toml
 * @property {string} [settings] of nearhop.deploy.toml, which need not exist
 * @property {string} [outputs] of the file with earlier phases' outputs, which need not exist
 * @property {boolean} [placeholders] take what is not known yet from nearhop.toml
 * @property {Phase} [phase] the last whose stacks are made; `edge` if left out
 * @property {keyof typeof PLANES} [plane] `aws` if left out
 * @property {string} [siteUrl] where the site is, for a CloudFront that is not AWS's
 * @property {string} [bundle] a bundle's folder, in place of building one
 * @property {string} [jwksUrl] where the pool's key set is, if not where its issuer says
 * @property {Record<string, string | undefined>} [env] holds the origin secret and sign-in's;
 *   process.env if left out
 * @property {string} [outdir] where the templates go; where the CDK's CLI says, if left out
 */

/** How the CDK behaves where its older ways are still the default. */
const FEATURE_FLAGS = {
  'aws:cdk:disable-version-reporting': true,
  '@aws-cdk/core:enablePartitionLiterals': true,
  '@aws-cdk/core:target-partitions': ['aws'],
  '@aws-cdk/aws-iam:minimizePolicies': true,
  '@aws-cdk/aws-lambda:recognizeLayerVersion': true,
};

/**
 * Without outputs there is the data stack; with its outputs, the regional ones; with theirs, the
 * edge. So `cdk deploy --all` cannot deploy an edge that knows no APIs.
 *
 * @param {AppOptions} [options]
 * @returns {Promise<{ app: App, settings: import('./settings.js').Settings,
 *   known: import('./known.js').Known }>}
 * @throws {import('../js/cli/fault.js').CommandFault}
 */
export async function makeApp(options = {}) {
  const { config = 'nearhop.toml' } = options;
  const { settings: file = 'nearhop.deploy.toml', outputs = 'nearhop.outputs.json' } = options;
  const settings = await readSettings(file, { optional: options.settings === undefined });
  const source = await readConfiguration(config);
  demandDeployable(config, parse(source.text), settings);
  const signIn = signInOf(source.text);
  const { placeholders, siteUrl, phase = 'edge', plane = 'aws' } = options;
  demand('phase', phase, ['data', 'regions', 'edge']);
  demand('plane', plane, Object.keys(PLANES));
  const learned = await readOutputs(outputs);
  const known = knownFrom(settings, source.report, learned, { placeholders, siteUrl });

  const app = new App({
    outdir: options.outdir,
    context: FEATURE_FLAGS,
    analyticsReporting: false,
  });
  if (PLANES[plane].nag) Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  Tags.of(app).add('nearhop:app', settings.app);
  const world = { ...options, app, settings, known, source, signIn, plane: PLANES[plane] };
  const data = addData(world);
  if (phase === 'data' || !known.userPool) return { app, settings, known };
  const regions = addRegions(world, known.userPool);
  for (const each of regions) each.addStackDependency(data);
  if (phase === 'regions' || !known.endpoints) return { app, settings, known };
  const edge = await addEdge(world);
  for (const each of regions) edge.addStackDependency(each);
  return { app, settings, known };
}

/**
 * @param {string} name
 * @param {string} found
 * @param {string[]} allowed
 */
function demand(name, found, allowed) {
  if (allowed.includes(found)) return;
  throw new CommandFault('usage', `${name}: found "${found}", allowed: ${allowed.join(', ')}`);
}

/**
 * @typedef {Omit<AppOptions, 'settings'|'plane'> & { app: App,
 *   settings: import('./settings.js').Settings, known: import('./known.js').Known,
 *   plane: import('./plane.js').Plane, signIn: import('./sign-in.js').SignIn | undefined,
 *   source: import('../js/cli/configuration.js').Configuration }} World
 */

/** @param {World} world */
function addData({ app, settings, known, plane, signIn, source: { report } }) {
  const regions = regionsOf(report);
  return new DataStack(app, namesFor(settings).stacks.data, {
    env: { account: settings.account, region: regions[0] },
    settings,
    plane,
    regions,
    siteUrl: known.siteUrl,
    signIn,
  });
}

/**
 * @param {World} world
 * @param {import('./known.js').UserPool} userPool
 */
function addRegions({ app, settings, known, plane, source: { report } }, userPool) {
  const { stacks } = namesFor(settings);
  const regions = regionsOf(report);
  const common = { settings, plane, report, regions, userPool, siteUrl: known.siteUrl };
  const env = (/** @type {string} */ region) => ({ env: { account: settings.account, region } });
  const logs = plane.edgeLogs ? settings.logs.edgeRegions : [];
  return [
    ...regions.map(
      (region) => new RegionalStack(app, stacks.api(region), { ...common, ...env(region) }),
    ),
    ...logs.map(
      (region) => new EdgeLogsStack(app, stacks.edgeLogs(region), { settings, ...env(region) }),
    ),
  ];
}

/** @param {World} world */
async function addEdge({ app, settings, known, source, plane, ...options }) {
  const folder = await mkdtemp(join(tmpdir(), 'nearhop-infra-'));
  try {
    const config = join(folder, 'nearhop.toml');
    await writeFile(config, deployedConfiguration(source, settings, known), { mode: 0o600 });
    const { report } = await readConfiguration(config);
    return new EdgeStack(app, namesFor(settings).stacks.edge, {
      env: { account: settings.account, region: EDGE_HOME },
      settings,
      plane,
      report,
      bundle: options.bundle ?? (await build(config, join(folder, 'bundle'), known, options)),
    });
  } finally {
    // The CDK has its own copy, as an asset.
    await rm(folder, { recursive: true });
  }
}

/** @param {import('../js/cli/tools.js').Report} report */
function regionsOf({ api }) {
  return api?.regions.map(({ name }) => name) ?? [];
}

/**
 * @param {string} config
 * @param {string} out
 * @param {import('./known.js').Known} known
 * @param {Pick<World, 'env'|'jwksUrl'>} options
 */
async function build(config, out, known, { env = process.env, jwksUrl }) {
  const { report } = await readConfiguration(config);
  const built = await bundle({
    config,
    out,
    env: known.placeholders ? { ...placeholderSecrets(report), ...env } : env,
    // There is nobody to ask for the keys of a pool that is not there.
    fetchKeys: !known.placeholders,
    jwksUrls: jwksUrl ? { '': jwksUrl } : {},
  });
  return built.dir;
}

/**
 * For a function that is only looked at.
 *
 * @param {import('../js/cli/tools.js').Report} report
 * @returns {Record<string, string>}
 */
function placeholderSecrets(report) {
  const names = secretNames(report);
  return Object.fromEntries(names.map((name) => [name, `placeholder-for-${name}`.padEnd(40, '.')]));
}

#!/usr/bin/env node
/**
 * Brings a deployment up, or up to date, in the order in which its parts come to know one another:
 *
 *   1. data        the pool's id, the client's id and the secrets come to be
 *   2. Regions     the APIs' addresses, with the pool known
 *   3. edge        the bundle is built with all of that; the site's address comes to be
 *   4. data and Regions again, for the pages that people come back to; nothing, most times. The
 *      edge too, where it knows by name at which addresses people sign in
 *   5. the site's files, straight to S3: CDK's BucketDeployment would make a Lambda function for it
 *
 *   node infra/deploy.js [--config FILE] [--settings FILE] [--outputs FILE] [--bootstrap] [--yes]
 *                        [--no-site]
 *
 *   --bootstrap  prepare the account's Regions for the CDK first; needed once
 *   --yes        do not ask before permissions are widened
 *   --no-site    leave the site's files as they are
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readConfiguration } from '../js/cli/configuration.js';
import { CommandFault } from '../js/cli/fault.js';
import { readSecret, uploadSite } from './aws-access.js';
import { parse, runAsProgram } from './command.js';
import { knownFrom, readOutputs } from './known.js';
import { EDGE_HOME, namesFor } from './names.js';
import { PLANES } from './plane.js';
import { readSettings } from './settings.js';
import { signInOf } from './sign-in.js';

/** Where cdk.json is, which says how the app is run. */
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CDK = fileURLToPath(new URL(import.meta.resolve('aws-cdk/bin/cdk')));

/**
 * @typedef {object} DeployOptions every one may be left out
 * @property {string} [config] the path of nearhop.toml
 * @property {string} [settings] of nearhop.deploy.toml, which need not exist
 * @property {string} [outputs] of the file that remembers what AWS named things:
 *   nearhop.outputs.json
 * @property {'aws'|'local'} [plane] `aws` if left out
 * @property {string} [siteUrl] where the site is, for a CloudFront that is not AWS's
 * @property {string} [jwksUrl] where the edge gets the pool's key set: `{pool}` stands for its id;
 *   if not where its issuer says
 * @property {Record<string, string | undefined>} [env] for the CDK and the SDK: AWS_PROFILE,
 *   AWS_ENDPOINT_URL and the like; process.env if left out
 * @property {string} [outdir] where templates and assets go; cdk.out if left out. The edge's asset
 *   carries the secrets
 * @property {string} [cdk] the program of the CDK's CLI, if not the one of package.json
 * @property {boolean} [bootstrap] whether to prepare the Regions for the CDK
 * @property {boolean} [ask] false: do not ask before permissions are widened
 * @property {boolean} [site] false: leave the site's files as they are
 * @property {(line: string) => void} [onProgress] gets a line for each phase
 * @property {boolean} [quiet] whether the CDK's own output is shown only when it fails
 */

/**
 * Safe to run again after a failure: what is as it should be stays.
 *
 * @param {DeployOptions} [options]
 * @returns {Promise<{ outputs: import('./known.js').Outputs, siteUrl: string }>}
 * @throws {CommandFault} `outside` where the CDK or AWS fails
 */
export async function deploy(options = {}) {
  const run = await Run.begin(options);
  const { stacks } = namesFor(run.settings);
  const apis = run.regions.map(stacks.api);
  const { edgeLogs } = PLANES[run.plane];
  const logs = edgeLogs ? run.settings.logs.edgeRegions.map(stacks.edgeLogs) : [];
  if (options.bootstrap) await run.bootstrap([...run.regions, EDGE_HOME]);

  run.say('deploying data');
  await run.phase('data', [stacks.data]);
  run.demandClientSecret();
  run.say(`deploying the API in ${run.regions.join(', ')}`);
  await run.phase('regions', [...apis, ...logs]);
  const before = run.known().siteUrl;
  run.say('deploying the edge');
  await run.phase('edge', [stacks.edge], await run.secrets());
  if (run.known().siteUrl !== before) {
    run.say("telling sign-in and uploads the site's address");
    await run.phase('regions', [stacks.data, ...apis]);
    if (run.namesOrigins()) await run.phase('edge', [stacks.edge], await run.secrets());
  }
  if (options.site !== false) await run.site();
  return { outputs: run.outputs, siteUrl: run.known().siteUrl ?? '' };
}

/** One deployment: what it goes by, and what it has learned. */
class Run {
  /** @param {DeployOptions} options */
  static async begin(options) {
    const { config = 'nearhop.toml', settings: file = 'nearhop.deploy.toml' } = options;
    const settings = await readSettings(file, { optional: options.settings === undefined });
    const { report, text } = await readConfiguration(config);
    const signIn = signInOf(text);
    const outputsFile = resolve(options.outputs ?? 'nearhop.outputs.json');
    const outputs = await readOutputs(outputsFile);
    const files = { config, file, outputsFile };
    return new Run({ ...options, ...files, settings, report, signIn, outputs });
  }

  /**
   * @param {Omit<DeployOptions, 'settings'|'outputs'> & { config: string, file: string,
   *   settings: import('./settings.js').Settings, report: import('../js/cli/tools.js').Report,
   *   signIn: import('./sign-in.js').SignIn | undefined,
   *   outputsFile: string, outputs: import('./known.js').Outputs }} parts
   */
  constructor({ settings, report, signIn, outputsFile, outputs, file, config, ...options }) {
    this.settings = settings;
    this.report = report;
    this.signIn = signIn;
    this.outputsFile = outputsFile;
    this.outputs = outputs;
    this.files = { config: resolve(config), settings: resolve(file) };
    this.options = options;
    this.env = options.env ?? process.env;
    this.plane = options.plane ?? 'aws';
    this.regions = report.api?.regions.map(({ name }) => name) ?? [];
    this.say = options.onProgress ?? (() => {});
  }

  known() {
    const { siteUrl } = this.options;
    return knownFrom(this.settings, this.report, this.outputs, { siteUrl });
  }

  /** @param {string[]} regions */
  async bootstrap(regions) {
    const account = this.settings.account ?? 'unknown-account';
    const environments = [...new Set(regions)].map((region) => `aws://${account}/${region}`);
    this.say(`preparing ${environments.length} Regions for the CDK`);
    await this.cdk(['bootstrap', ...environments]);
  }

  /**
   * @param {import('./stacks.js').Phase} phase
   * @param {string[]} stacks
   * @param {Record<string, string>} [secrets] for the app's environment
   */
  async phase(phase, stacks, secrets = {}) {
    const folder = await mkdtemp(join(tmpdir(), 'nearhop-deploy-'));
    try {
      const file = join(folder, 'outputs.json');
      const asked = this.options.ask !== false;
      const approval = asked ? ['broadening'] : ['never', '--concurrency', '8'];
      const args = ['--exclusively', '--outputs-file', file, '--require-approval', ...approval];
      await this.cdk(['deploy', ...stacks, ...args, '-c', `phase=${phase}`], secrets);
      // Of stacks without outputs, the CDK writes nothing.
      this.outputs = { ...this.outputs, ...(await readOutputs(file)) };
      await writeFile(this.outputsFile, `${JSON.stringify(this.outputs, null, 2)}\n`);
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  /**
   * What the bundle carries, under the names by which the configuration asks for it. The pin key
   * and the app client's secret, if there are such, are in the environment: the operators' own.
   *
   * @returns {Promise<Record<string, string>>}
   */
  async secrets() {
    const names = namesFor(this.settings);
    return {
      ...(await this.secret(this.report.api?.origin_secret?.env, names.secret)),
      ...(await this.secret(this.signIn?.keyEnv, names.signInKey)),
    };
  }

  /**
   * @param {string | undefined} variable that asks for it, if any does
   * @param {string} name in Secrets Manager
   */
  async secret(variable, name) {
    if (!variable) return {};
    return { [variable]: await readSecret({ name, region: this.regions[0], env: this.env }) };
  }

  /**
   * Cognito makes the app client's secret with the client: nobody can have it before.
   *
   * @throws {CommandFault} `configuration` with how to read it
   */
  demandClientSecret() {
    const name = this.signIn?.clientSecretEnv;
    if (!name || this.env[name]) return;
    const { id, client } = this.known().userPool ?? {};
    const found = `found no ${name} in the environment, where sign_in.client_secret asks for it`;
    const advice = 'Cognito has made it; set the variable to what this prints, and run this again:';
    const command =
      `aws cognito-idp describe-user-pool-client --region ${this.regions[0]} ` +
      `--user-pool-id ${id} --client-id ${client} ` +
      '--query UserPoolClient.ClientSecret --output text';
    throw new CommandFault('configuration', `${found}\n${advice}\n  ${command}`);
  }

  /** Whether the bundle names the site's origins, and has to be told of one AWS chose. */
  namesOrigins() {
    return Boolean(this.signIn?.origins.length) && !this.known().chosenUrl;
  }

  async site() {
    const folder = resolve(dirname(this.files.settings), this.settings.site);
    const bucket = this.outputs[namesFor(this.settings).stacks.edge]?.SiteBucket;
    const files = await uploadSite({ folder, bucket, region: EDGE_HOME, env: this.env });
    this.say(`put ${files} files of ${this.settings.site} into ${bucket}`);
  }

  /**
   * @param {string[]} args
   * @param {Record<string, string>} [secrets]
   */
  async cdk(args, secrets = {}) {
    const { cdk = CDK, siteUrl, jwksUrl, outdir = 'cdk.out', quiet = false } = this.options;
    const { id = '' } = this.known().userPool ?? {};
    const context = {
      config: this.files.config,
      ...(existsSync(this.files.settings) && { settings: this.files.settings }),
      outputs: this.outputsFile,
      plane: this.plane,
      ...(siteUrl && { site_url: siteUrl }),
      ...(jwksUrl && { jwks_url: jwksUrl.replace('{pool}', id) }),
    };
    const said = Object.entries(context).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const argv = [cdk, ...args, '--output', resolve(outdir), ...said, '--no-notices'];
    const env = { ...this.env, ...secrets, CDK_DISABLE_CLI_TELEMETRY: 'true' };
    // What is in it is this user's business: the edge's asset carries the secrets.
    await mkdir(outdir, { recursive: true, mode: 0o700 });
    const stdio = quiet ? 'pipe' : 'inherit';
    await ended(spawn(process.execPath, argv, { cwd: ROOT, env, stdio }), args[0]);
  }
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {string} command
 */
async function ended(child, command) {
  /** @type {string[]} */
  const said = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => said.push(text));
  }
  const status = await new Promise((done, failed) => child.on('close', done).on('error', failed));
  if (status === 0) return;
  const tail = said.join('').trimEnd();
  const advice = 'What it deployed stays; mend what it says, and run this again.';
  throw new CommandFault('outside', `cdk ${command} failed. ${advice}${tail && `\n${tail}`}`);
}

async function main() {
  const flag = /** @type {const} */ ({ type: 'boolean' });
  const text = /** @type {const} */ ({ type: 'string' });
  const options = {
    config: text,
    settings: text,
    outputs: text,
    bootstrap: flag,
    yes: flag,
    'no-site': flag,
  };
  const { values } = parse(options);
  const { siteUrl } = await deploy({
    ...values,
    ask: !values.yes,
    site: !values['no-site'],
    onProgress: (line) => void process.stderr.write(`${line}\n`),
  });
  process.stdout.write(`${siteUrl}\n`);
}

await runAsProgram(import.meta.url, 'deploy', main);

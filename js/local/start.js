#!/usr/bin/env node
/**
 * `npm start`: the whole local world. Builds the bundle of nearhop.toml and serves it through a
 * local CloudFront, with a token issuer, the Regional APIs and the site's bucket behind it.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from '../cli/bundle.js';
import { readConfiguration } from '../cli/configuration.js';
import { CommandFault } from '../cli/fault.js';
import { paintFor } from '../cli/paint.js';
import { EDGE_REGIONS } from '../cloudfront/regions.js';
import { startCloudFront } from '../cloudfront/serve.js';
import { startApis } from './apis.js';
import { startControl } from './control.js';
import { distributionFor } from './distribution.js';
import { startIssuer } from './issuer.js';
import { openPool } from './pool.js';
import { toJson, toText } from './report.js';
import { CONFIG, STATE, fail, parseOptions } from './usage.js';

const HELP = `Serves the local world.

  npm start -- OPTION …

  --port N           where to listen, on this machine only; 8080 if left out, 0 for any free port
  --edge REGION      where viewers' edge is; us-east-1 if left out. A request can choose for itself
                     by the header x-nearhop-dev-edge.
                     Allowed: ${EDGE_REGIONS.slice(0, 7).join(', ')},
                     ${EDGE_REGIONS.slice(7).join(', ')}
  --config FILE      the configuration; nearhop.toml if left out
  --control FILE     the control document; ${STATE}/control.json if left out, made if it is not there.
                     Edit it to drain a Region.
  --json             one JSON object for each request on stdout; everything else goes to stderr
  --help             this text
`;

const SITE = fileURLToPath(new URL('../../www', import.meta.url));

/**
 * @typedef {{ port: number, edge: string, config: string, control: string,
 *   json: boolean }} Options
 */

/** What is running, to be ended in the opposite order. @type {(() => Promise<void>)[]} */
const running = [];
let stopping = false;

process.once('SIGINT', stop);
process.once('SIGTERM', stop);
await main(process.argv.slice(2)).catch(async (error) => {
  fail('npm start', error);
  await close();
});

/** @param {string[]} argv */
async function main(argv) {
  const options = parse(argv);
  if (!options) {
    process.stdout.write(HELP);
    return;
  }
  const say = (/** @type {string} */ text) =>
    void (options.json ? process.stderr : process.stdout).write(`${text}\n`);
  const { report } = await readConfiguration(options.config);
  const secret = report.api?.origin_secret && {
    ...report.api.origin_secret,
    value: randomBytes(32).toString('base64url'),
  };

  const pools = await Promise.all(report.issuers.map(({ issuer }) => openPool(issuer, STATE)));
  const issuer = await startIssuer(pools);
  running.push(issuer.close);
  for (const pool of pools) say(`issuer   ${pool.issuer} → ${issuer.jwksUrls[pool.issuer]}`);

  const control = report.api?.control ? await startControl(options.control) : undefined;
  if (control) {
    running.push(control.close);
    say(`control  ${options.control} → ${control.url}`);
  }

  const built = await bundle({
    config: options.config,
    controlUrls: control && [control.url],
    out: join(await runFolder(), 'bundle'),
    jwksUrls: issuer.jwksUrls,
    fetchKeys: true,
    env: { ...process.env, ...(secret ? { [secret.env]: secret.value } : {}) },
  });
  say(`bundle   ${built.dir}`);

  const onExit = (/** @type {string} */ region, /** @type {string} */ how) => {
    if (!stopping) say(`api      ${region} ended (${how})`);
  };
  const apis = await startApis(report.api?.regions ?? [], secret ?? undefined, onExit);
  running.push(apis.close);
  for (const { region, host, url, pid } of apis.apis) {
    say(`api      ${region.padEnd(14)} https://${host} → ${url}, process ${pid}`);
  }
  say(`site     ${SITE}`);

  const paint = paintFor(process.stdout);
  const cloudFront = await listen({
    bundle: built.dir,
    site: SITE,
    hosts: apis.hosts,
    edge: options.edge,
    port: options.port,
    onDecision: (decision) =>
      void process.stdout.write(`${options.json ? toJson(decision) : toText(decision, paint)}\n`),
    ...distributionFor(report),
  });
  running.push(cloudFront.close);
  say(`edge     ${options.edge}`);
  say(`ready ${cloudFront.url}`);
  say(`try   curl -i -H "authorization: Bearer $(npm run -s token)" ${cloudFront.url}/api/hello`);
}

/**
 * A folder for this run alone, gone when it ends: another run has other secrets.
 *
 * @returns {Promise<string>}
 */
async function runFolder() {
  await mkdir(STATE, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(STATE, 'run-'));
  running.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * @param {import('../cloudfront/serve.js').Distribution} distribution
 */
async function listen(distribution) {
  try {
    return await startCloudFront(distribution);
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    const { port = 0 } = distribution;
    if (code === 'EADDRINUSE')
      throw new Error(`port ${port} is in use. Another one: npm start -- --port ${port + 1}`);
    if (code === 'EACCES')
      throw new Error(`port ${port} needs privileges. Another one: npm start -- --port 8080`);
    throw error;
  }
}

/**
 * @param {string[]} argv
 * @returns {Options | undefined} undefined when help is asked for
 */
function parse(argv) {
  const values = parseOptions(argv, {
    texts: ['port', 'edge', 'config', 'control'],
    flags: ['json'],
    help: 'npm start -- --help',
  });
  if (values.help) return undefined;
  const { port = '8080', edge = 'us-east-1', config = CONFIG, json = false } = values;
  const { control = join(STATE, 'control.json') } = values;
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new CommandFault('usage', `--port is "${port}"; allowed: 0 to 65535`);
  }
  if (!EDGE_REGIONS.includes(edge)) {
    throw new CommandFault('usage', `--edge is "${edge}"; allowed: ${EDGE_REGIONS.join(', ')}`);
  }
  return { port: Number(port), edge, config, control, json };
}

/** On Ctrl-C and SIGTERM. A second one ends the process at once. */
function stop() {
  stopping = true;
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  void close().then(() => process.exit(0));
}

async function close() {
  for (const end of running.splice(0).reverse()) await end();
}

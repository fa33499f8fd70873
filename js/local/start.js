#!/usr/bin/env node
/**
 * `npm start`: the whole local world. The CDK app is synthesized and deployed into a plane that
 * plays AWS on this machine, and a local CloudFront serves the synthesized distribution.
 */
import { join } from 'node:path';
import { CommandFault } from '../cli/fault.js';
import { paintFor } from '../cli/paint.js';
import { EDGE_REGIONS } from '../cloudfront/place/edges.js';
import { toJson } from '../cloudfront/trace/json.js';
import { toText } from '../cloudfront/trace/text.js';
import { CONFIG, STATE, fail, parseOptions } from './usage.js';
import { startWorld } from './world.js';
import { announce } from './worlds.js';

const HELP = `Serves the local world.

  npm start -- OPTION …

  --light            without Python: in-process stand-ins in place of the plane that plays AWS
  --port N           where to listen, on this machine only; 0 for any free port; 8080 if left
                     out, or any if somebody has that
  --edge REGION      where viewers' edge is; us-east-1 if left out. A request can choose for itself
                     by the header x-nearhop-dev-edge.
                     Allowed: ${EDGE_REGIONS.slice(0, 7).join(', ')},
                     ${EDGE_REGIONS.slice(7).join(', ')}
  --latency          calls take as long as they would between the edge and the API's Region
  --config FILE      the configuration; nearhop.toml if left out
  --control FILE     the control document; ${STATE}/control.json if left out, made if it is not
                     there. Edit it to drain a Region.
  --json             one JSON object for each request on stdout; everything else goes to stderr
  --help             this text
`;

/**
 * @typedef {{ light: boolean, port?: number, edge: string, latency: boolean, config: string,
 *   control: string, json: boolean }} Options
 */

/** What is to be ended, in the opposite order. @type {(() => Promise<void>)[]} */
const running = [];
let stopping = false;

// AWS's SDK asks for Node 22 from 2027 on. Which Node.js will do here is for package.json to say.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
process.once('SIGINT', stop);
process.once('SIGTERM', stop);
await main(process.argv.slice(2)).catch(async (error) => {
  // What was under way when it was told to stop.
  if (stopping) return;
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
  const paint = paintFor(process.stdout);
  const begun = performance.now();
  const seconds = () => `${((performance.now() - begun) / 1_000).toFixed(1)} s`.padStart(7);
  const world = await startWorld({
    ...options,
    state: STATE,
    onProgress: (line) => say(`${seconds()}  ${line}`),
    onExit: (what, how) => void (stopping || say(`ended    ${what} (${how})`)),
    onTrace: (record) =>
      void process.stdout.write(`${options.json ? toJson(record) : toText(record, paint)}\n`),
  }).catch((error) => {
    throw explained(error, options.port);
  });
  running.push(world.close);
  if (world.pool) running.push(await announce(STATE, world));
  if (stopping) return close();
  for (const line of world.lines) say(line);
  for (const { email, password } of world.users ?? []) {
    say(`user     ${email}, password ${password}`);
  }
  say(`edge     ${options.edge}`);
  say(`traces   ${world.cloudFront.controlUrl}`);
  say(`started in ${seconds().trim()}`);
  say(`ready ${world.url}`);
  const token = `npm run -s token${options.light ? ' -- --light' : ''}`;
  say(`try   curl -i -H "authorization: Bearer $(${token})" ${world.url}/api/hello`);
}

/**
 * @param {NodeJS.ErrnoException} error
 * @param {number} [port] that was asked for
 */
function explained(error, port = 0) {
  const { code } = error;
  if (code === 'EADDRINUSE')
    return new Error(`port ${port} is in use. Another one: npm start -- --port ${port + 1}`);
  if (code === 'EACCES' && error.syscall === 'listen')
    return new Error(`port ${port} needs privileges. Another one: npm start -- --port 8080`);
  return error;
}

/**
 * @param {string[]} argv
 * @returns {Options | undefined} undefined when help is asked for
 */
function parse(argv) {
  const values = parseOptions(argv, {
    texts: ['port', 'edge', 'config', 'control'],
    flags: ['json', 'light', 'latency'],
    help: 'npm start -- --help',
  });
  if (values.help) return undefined;
  const { port, edge = 'us-east-1', config = CONFIG } = values;
  const { control = join(STATE, 'control.json'), json = false } = values;
  const { light = false, latency = false } = values;
  if (port !== undefined && (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)) {
    throw new CommandFault('usage', `--port is "${port}"; allowed: 0 to 65535`);
  }
  if (!EDGE_REGIONS.includes(edge)) {
    throw new CommandFault('usage', `--edge is "${edge}"; allowed: ${EDGE_REGIONS.join(', ')}`);
  }
  const wanted = port === undefined ? {} : { port: Number(port) };
  return { light, ...wanted, edge, latency, config, control, json };
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

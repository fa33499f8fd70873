/**
 * Cold starts, each a process of its own: what loading a handler and answering a first request
 * costs over a bare Node that is started just before.
 */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';

import { REGION } from './children/load.js';
import { bearer, viewerRequest } from './events.js';
import { PEERS } from './install.js';
import { spread } from './rounds.js';

const FIRST = fileURLToPath(new URL('./children/first.js', import.meta.url));
const run = promisify(execFile);

/**
 * @typedef {object} Start
 * @property {string} module the file to load; `-` for a bare Node
 * @property {string[]} events as JSON; the first one is the cold start's
 *
 * @typedef {object} Began
 * @property {number} cpuMs of all threads, until the first answer
 * @property {number} wallMs likewise
 * @property {number | null} eachMs wall time of one of the further events
 * @property {string | null} status of the first answer; null where the request is sent on
 *
 * @typedef {object} Packed
 * @property {string} module
 * @property {number} gzip bytes
 * @property {number} zip bytes
 */

/**
 * The peers' handlers, each in one file with the keys in it, as one would deploy it.
 *
 * @param {import('./verifiers.js').UserPool} pool
 * @param {string} folder
 * @returns {Promise<Record<'hand-written' | 'aws-jwt-verify' | 'cognito-at-edge', Packed>>}
 */
export async function packPeers(pool, folder) {
  const { build } = createRequire(new URL('package.json', PEERS))('esbuild');
  const pack = async (/** @type {string} */ name) => {
    const module = join(folder, `${name}.cjs`);
    const contents = `import { create } from './${name}.js';
      export const { handler } = create(${JSON.stringify(pool)});`;
    await build({
      stdin: { contents, resolveDir: fileURLToPath(PEERS) },
      outfile: module,
      bundle: true,
      minify: true,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      logLevel: 'error',
    });
    const bytes = await readFile(module);
    const zip = zipSync({ 'index.cjs': bytes }, { level: 9 }).length;
    return { module, gzip: gzipSync(bytes, { level: 9 }).length, zip };
  };
  return {
    'hand-written': await pack('hand-written'),
    'aws-jwt-verify': await pack('aws-jwt-verify'),
    'cognito-at-edge': await pack('cognito-at-edge'),
  };
}

/**
 * What is started.
 *
 * @param {string} dir Nearhop's bundle
 * @param {Awaited<ReturnType<typeof packPeers>>} packed
 * @param {{ access: string[], id: string[] }} tokens one for each event
 * @param {string} client
 * @returns {Record<string, Start>}
 */
export function starts(dir, packed, { access, id }, client) {
  const nearhop = join(dir, 'index.mjs');
  const page = viewerRequest({ accept: 'text/html', 'sec-fetch-dest': 'document' }, '/orders/17');
  const calls = access.map((token) => viewerRequest(bearer(token)));
  const name = `CognitoIdentityServiceProvider.${client}.dev.idToken`;
  const withCookie = id.map((token) => viewerRequest({ cookie: `${name}=${token}` }));
  return {
    'nearhop, loaded': { module: nearhop, events: [] },
    'nearhop, first page': { module: nearhop, events: [page] },
    'nearhop, first API call': { module: nearhop, events: calls },
    'hand-written, first API call': { module: packed['hand-written'].module, events: calls },
    'aws-jwt-verify, first API call': { module: packed['aws-jwt-verify'].module, events: calls },
    'cognito-at-edge, first request': {
      module: packed['cognito-at-edge'].module,
      events: withCookie,
    },
  };
}

/**
 * Starts them all in turn, so many times, and a bare Node before each.
 *
 * @param {Record<string, Start>} all
 * @param {string} folder
 * @param {object} options
 * @param {number} options.rounds
 * @param {(command: string, args: string[]) => [string, string[]]} [options.wrap] how a process is
 *   started, if not as it is
 * @param {(round: number) => void} [options.onRound]
 */
export async function coldStarts(all, folder, { rounds, wrap, onRound = () => {} }) {
  const entries = await Promise.all(
    Object.entries(all).map(async ([name, { module, events }], i) => {
      const file = join(folder, `events-${i}.jsonl`);
      await writeFile(file, events.join('\n'));
      return { name, module, file, taken: /** @type {[Began, Began][]} */ ([]) };
    }),
  );
  for (let round = 0; round < rounds; round += 1) {
    onRound(round);
    for (const { name, module, file, taken } of entries) {
      const bare = await start('-', file, wrap);
      const began = await start(module, file, wrap);
      if (began.status !== null) throw new Error(`${name}: answered ${began.status}`);
      taken.push([bare, began]);
    }
  }
  const pairs = entries.map(({ name, taken }) => [name, summary(taken)]);
  return /** @type {Record<string, ReturnType<typeof summary>>} */ (Object.fromEntries(pairs));
}

/**
 * @param {string} module
 * @param {string} file
 * @param {(command: string, args: string[]) => [string, string[]]} [wrap]
 * @returns {Promise<Began>}
 */
async function start(module, file, wrap = (command, args) => [command, args]) {
  const [command, args] = wrap(process.execPath, [FIRST, module, file]);
  const { stdout } = await run(command, args, { env: { AWS_REGION: REGION }, timeout: 60_000 });
  return JSON.parse(stdout);
}

/** @param {[Began, Began][]} taken pairs of a bare Node and the one measured */
function summary(taken) {
  const each = taken.map(([, began]) => began.eachMs ?? 0);
  return {
    /** CPU over a bare Node, in milliseconds. */
    cpuMs: spread(taken.map(([bare, began]) => began.cpuMs - bare.cpuMs)),
    /** Milliseconds from the process's beginning to the first answer, and a bare Node's. */
    wallMs: spread(taken.map(([, began]) => began.wallMs)),
    bareWallMs: spread(taken.map(([bare]) => bare.wallMs)),
    bareCpuMs: spread(taken.map(([bare]) => bare.cpuMs)),
    /** Wall time of one of the events after the first, in milliseconds. */
    eachMs: each.some(Boolean) ? spread(each) : null,
  };
}

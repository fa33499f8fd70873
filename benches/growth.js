/**
 * How costs grow: with routes, with Regions, with tokens seen. Each as a ratio of the large to the
 * small, sampled as everything else, the small taking the floor's place.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { mint } from '../js/local/mint.js';
import { openPool } from '../js/local/pool.js';
import { load } from './children/load.js';
import { bearer, originRequest, viewerRequest } from './events.js';
import { interleave } from './rounds.js';
import { CLIENT, ISSUER, WISH } from './tokens.js';
import { loadAccepting, unsigned } from './unsigned.js';
import { bundled } from './verifiers.js';

/** @typedef {import('./children/load.js').Handler} Handler */

const ROUTES = [10, 1_000];
const REGIONS = [2, 39];
const FEW = 1_000;

/** Requests in one sample. Those with a new token are few, since they are what grows. */
const SAMPLE = { seen: 1_000, unseen: 100 };

/**
 * @param {import('./verifiers.js').UserPool} pool
 * @param {string} folder
 * @param {import('./measure.js').Extent} extent
 * @param {(line: string) => void} progress
 * @returns {Promise<Record<string, import('./rounds.js').Summary>>} large over small
 */
export async function growth(pool, folder, extent, progress) {
  const keys = await openPool(ISSUER, join(folder, 'keys'));
  const token = await mint(keys, WISH);
  const names = await regionNames();
  const handlerOf = async (/** @type {number} */ routes, /** @type {number} */ regions) => {
    const config = join(folder, `${routes}-routes-${regions}-regions.toml`);
    await writeFile(config, configuration(routes, names.slice(0, regions)));
    return load((await bundled(pool, folder, config)).dir);
  };
  const rounds = { rounds: extent.rounds, warmUp: extent.warmUp };
  /** @type {Record<string, import('./rounds.js').Summary>} */
  const found = {};
  const compare = async (/** @type {string} */ name, /** @type {Pair} */ pair) => {
    progress(`growth: ${name}`);
    Object.assign(found, await interleave({ [name]: pair.large }, pair.small, rounds));
  };

  const routes = await Promise.all(ROUTES.map((count) => handlerOf(count, 2)));
  const last = ROUTES.map((count) => viewerRequest(bearer(token), `/api/${count - 1}/x`));
  const page = viewerRequest({}, '/a/b');
  await compare('routes: page', pairOf(routes, [page, page]));
  await compare('routes: API call by the last one, token seen', pairOf(routes, last));

  const regions = await Promise.all(REGIONS.map((count) => handlerOf(1, count)));
  const call = originRequest(bearer(token), '/api/0/x');
  await compare('Regions: origin-request, token seen', pairOf(regions, [call, call]));

  const config = join(folder, 'seen.toml');
  await writeFile(config, configuration(1, names.slice(0, 1)));
  const { dir } = await bundled(pool, folder, config);
  const few = await seeing(pool, dir, FEW, progress);
  const seen = [few, await seeing(pool, dir, extent.seen, progress)];
  const again = viewerRequest(bearer(seen[0].next()), '/api/0/x');
  const handlers = seen.map(({ handler }) => handler);
  await compare('tokens seen: one of them again', pairOf(handlers, [again, again]));
  await compare('tokens seen: a new one', {
    small: unseen(seen[0].handler, seen[0].next),
    large: unseen(seen[1].handler, seen[1].next),
  });
  return found;
}

/** @typedef {{ small: import('./rounds.js').Row, large: import('./rounds.js').Row }} Pair */

/**
 * @param {Handler[]} handlers the small one and the large one
 * @param {string[]} events of each
 * @returns {Pair}
 */
function pairOf(handlers, events) {
  const [small, large] = handlers.map((request, i) => ({
    requests: SAMPLE.seen,
    inputs: (/** @type {number} */ count) =>
      Array.from({ length: count }, () => JSON.parse(events[i])),
    request: sentOn(request),
  }));
  return { small, large };
}

/**
 * @param {Handler} handler
 * @param {() => string} next
 * @returns {import('./rounds.js').Row}
 */
function unseen(handler, next) {
  return {
    requests: SAMPLE.unseen,
    inputs: (count) => Array.from({ length: count }, () => callOf(next())),
    request: sentOn(handler),
  };
}

/**
 * A handler that has seen so many distinct tokens.
 *
 * @param {import('./verifiers.js').UserPool} pool
 * @param {string} dir the bundle's folder
 * @param {number} count
 * @param {(line: string) => void} progress
 */
async function seeing(pool, dir, count, progress) {
  const { handler } = await loadAccepting(dir);
  const next = unsigned(pool.accessKid);
  const request = sentOn(handler);
  for (let i = 0; i < count; i += 1) {
    if (i % 100_000 === 0) progress(`growth: ${i} of ${count} tokens seen`);
    await request(callOf(next()));
  }
  return { handler, next };
}

/** @param {string} token */
function callOf(token) {
  return JSON.parse(viewerRequest(bearer(token), '/api/0/x'));
}

/**
 * @param {Handler} handler
 * @returns {Handler} throws where the request is not sent on
 */
function sentOn(handler) {
  return async (event) => {
    const result = await handler(event);
    if (result.status !== undefined) throw new Error(`growth: answered ${result.status}`);
    return result;
  };
}

/** Every Region's name, from places all over the world to begin with. */
async function regionNames() {
  const csv = await readFile(new URL('../src/tools/data/aws-regions.csv', import.meta.url), 'utf8');
  const names = csv.trim().split('\n').slice(1).map((row) => row.split(',')[0]);
  const first = ['us-east-1', 'eu-west-1'];
  return [...first, ...names.filter((name) => !first.includes(name))];
}

/**
 * @param {number} routes
 * @param {string[]} regions
 */
function configuration(routes, regions) {
  const each = Array.from(
    { length: routes },
    (_, i) => `[[routes]]\npattern = "/api/${i}/*"\ntarget = "api"\naccess = "authenticated"\n`,
  );
  const names = regions.map(
    (name) => `{ name = "${name}", endpoint = "https://${name}.example.com" }`,
  );
  return `${each.join('')}
[site]
mode = "spa"
[[issuers]]
user_pool = "us-east-1_Nearhop01"
clients = ["${CLIENT}"]
token_use = ["access"]
[api]
origin_secret = { env = "NEARHOP_ORIGIN_SECRET" }
regions = [${names.join(', ')}]
`;
}

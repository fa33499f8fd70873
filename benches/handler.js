#!/usr/bin/env node
/**
 * What a request costs, as ratios to a raw crypto.verify measured in the same rounds; what a cold
 * start costs over a bare Node; what the bundle weighs.
 *
 *   npm run bench [-- --json] [-- --rounds N]
 *
 * Nothing here fails when a figure is bad: a timing is no test. The budgets are printed beside.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

import { bundle } from '../js/cli/bundle.js';
import { mint } from '../js/local/mint.js';
import { openPool, publicKeys } from '../js/local/pool.js';
import { REQUESTS, handling, interleave, median, repeating, round } from './rounds.js';

/** @typedef {import('./rounds.js').Row} Row */

/** What is allowed: × crypto.verify, bytes, milliseconds of CPU. */
const BUDGET = { firstSeen: 1.6, zipBytes: 300_000, coldStartMs: 20 };

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, rounds: { type: 'string', default: '12' } },
});
const root = fileURLToPath(new URL('..', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'nearhop-bench-'));
try {
  const report = await measure(Number(values.rounds));
  process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : text(report));
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** @param {number} rounds */
async function measure(rounds) {
  const { built, pool } = await prepare();
  const handler = await load(built.dir);
  const [token] = await mintMany(pool, 1);
  /** @type {Record<string, Row>} */
  const rows = {
    'crypto.verify, nothing else': verifying(await mintMany(pool, REQUESTS), pool),
    'token not seen before, viewer-request': handling(handler, async () =>
      (await mintMany(pool, REQUESTS)).map((fresh) => event('viewer-request', bearer(fresh))),
    ),
    'token not seen before, origin-request': handling(handler, async () =>
      (await mintMany(pool, REQUESTS)).map((fresh) => event('origin-request', bearer(fresh))),
    ),
    'remembered token, viewer-request': repeating(handler, () =>
      event('viewer-request', bearer(token)),
    ),
    'remembered token, origin-request': repeating(handler, () =>
      event('origin-request', bearer(token)),
    ),
    'remembered token in a cookie of 5 kB': repeating(handler, () =>
      event('viewer-request', { cookie: `a=${'x'.repeat(5_000)}; __Host-nearhop-access=${token}` }),
    ),
    'page of the site': repeating(handler, () =>
      event('viewer-request', { accept: 'text/html' }, '/a/b'),
    ),
    'refused: no token': repeating(handler, () => event('viewer-request', {})),
  };
  const times = await interleave(rows, rounds);
  const floor = median(times['crypto.verify, nothing else']);
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus()[0].model}, ${cpus().length} cores`,
    node: process.version,
    rustc: execFileSync('rustc', ['-V'], { encoding: 'utf8' }).trim(),
    rounds,
    requests: REQUESTS,
    rows: Object.entries(times).map(([name, each]) => ({
      name,
      microseconds: round(median(each)),
      ratio: round(median(each.map((time, i) => time / times['crypto.verify, nothing else'][i]))),
    })),
    floor: round(floor),
    ...coldStart(built.dir),
    zipBytes: built.bytes.zip,
    wasmBytes: built.files.find(({ name }) => name.endsWith('.wasm'))?.bytes,
    budget: BUDGET,
  };
}

async function prepare() {
  const issuer = 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Nearhop01';
  const pool = await openPool(issuer, join(folder, 'keys'));
  const jwks = join(folder, 'jwks.json');
  await writeFile(jwks, JSON.stringify(publicKeys(pool)));
  const built = await bundle({
    config: join(root, 'nearhop.toml'),
    out: join(folder, 'bundle'),
    jwks: { '': jwks },
    env: {
      NEARHOP_ORIGIN_SECRET: 'a-secret-for-the-benchmark',
      NEARHOP_SIGN_IN_KEY: 'a-key-of-sign-in-for-the-benchmark',
    },
  });
  return { built, pool };
}

/**
 * @param {import('../js/local/pool.js').Pool} pool
 * @param {number} count
 */
function mintMany(pool, count) {
  const wish = { client: 'nearhopdemo0client', groups: ['staff'], ttl: 86_400 };
  return Promise.all(Array.from({ length: count }, () => mint(pool, wish)));
}

/** @param {string} dir */
async function load(dir) {
  const { createNearhop } = await import(pathToFileURL(join(dir, 'index.mjs')).href);
  return createNearhop(pathToFileURL(`${dir}/`), { region: 'eu-central-1', log: () => {} });
}

/**
 * @param {string[]} tokens
 * @param {import('../js/local/pool.js').Pool} pool
 * @returns {Row}
 */
function verifying(tokens, pool) {
  const [, jwk] = publicKeys(pool).keys;
  const key = createPublicKey({ key: /** @type {any} */ (jwk), format: 'jwk' });
  const parts = tokens.map((token) => {
    const at = token.lastIndexOf('.');
    return [Buffer.from(token.slice(0, at)), Buffer.from(token.slice(at + 1), 'base64url')];
  });
  return async () => {
    const start = performance.now();
    for (const [message, signature] of parts) {
      if (!verify('RSA-SHA256', message, key, signature)) throw new Error('does not verify');
    }
    return performance.now() - start;
  };
}

/**
 * CPU that loading the bundle adds to a bare Node, and loading it and answering for a first page, in
 * milliseconds: medians of the differences, each to the bare Node run just before.
 * @param {string} dir
 */
function coldStart(dir) {
  const index = JSON.stringify(pathToFileURL(join(dir, 'index.mjs')).href);
  const page = JSON.stringify(event('viewer-request', { accept: 'text/html' }, '/a/b'));
  const spent = 'const { user, system } = process.cpuUsage(); console.log((user + system) / 1000);';
  const run = (/** @type {string} */ source) => {
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', source], {
      encoding: 'utf8',
      env: { AWS_REGION: 'eu-central-1' },
    });
    return Number(child.stdout);
  };
  const differences = Array.from({ length: 15 }, () => {
    const bare = run(`await import('node:fs'); ${spent}`);
    const loaded = run(`await import(${index}); ${spent}`);
    const answered = run(
      `const { handler } = await import(${index}); await handler(${page}); ${spent}`,
    );
    return { loaded: loaded - bare, answered: answered - bare };
  });
  return {
    coldStartMs: round(median(differences.map(({ loaded }) => loaded))),
    firstPageMs: round(median(differences.map(({ answered }) => answered))),
  };
}

/**
 * @param {string} trigger
 * @param {Record<string, string>} headers
 * @param {string} [uri]
 */
function event(trigger, headers, uri = '/api/hello') {
  const fields = {
    host: 'd111111abcdef8.cloudfront.net',
    'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)',
    accept: '*/*',
    'accept-encoding': 'gzip, deflate, br',
    'accept-language': 'en-GB,en;q=0.9',
    'sec-fetch-site': 'same-origin',
    referer: 'https://app.example.com/',
    ...headers,
  };
  const custom = {
    customHeaders: {},
    domainName: 'nearhop001.execute-api.us-east-1.amazonaws.com',
    keepaliveTimeout: 5,
    path: '/prod',
    port: 443,
    protocol: 'https',
    readTimeout: 30,
    sslProtocols: ['TLSv1.2'],
  };
  const cf = {
    config: {
      distributionDomainName: 'd111111abcdef8.cloudfront.net',
      distributionId: 'EDFDVBD6EXAMPLE',
      eventType: trigger,
      requestId: '4TyzHTaYWb1GX1qTfsHhEqV6HUDd_BzoBZnwfnvQc_1oF26ClkoUSEQ==',
    },
    request: {
      clientIp: '203.0.113.178',
      headers: Object.fromEntries(
        Object.entries(fields).map(([key, value]) => [key, [{ key, value }]]),
      ),
      method: 'GET',
      querystring: '',
      uri,
      ...(trigger === 'origin-request' ? { origin: { custom } } : {}),
    },
  };
  return { Records: [{ cf }] };
}

/** @param {string} token */
function bearer(token) {
  return { authorization: `Bearer ${token}` };
}

/** @param {Awaited<ReturnType<typeof measure>>} report */
function text(report) {
  const { rows, budget } = report;
  const lines = rows.map(
    ({ name, microseconds, ratio }) =>
      `${name.padEnd(42)} ${microseconds.toFixed(1).padStart(8)} µs  ${ratio.toFixed(2).padStart(6)} ×`,
  );
  return [
    `${report.date} · ${report.machine} · Node ${report.node} · ${report.rustc}`,
    `medians of ${report.rounds} rounds of ${report.requests} requests; × is to crypto.verify in the same round`,
    '',
    ...lines,
    '',
    `a first-seen token may cost ${budget.firstSeen} ×`,
    `cold start: ${report.coldStartMs} ms of CPU over a bare Node; allowed ${budget.coldStartMs}`,
    `with the first page answered: ${report.firstPageMs} ms`,
    `bundle: ${report.zipBytes} bytes zipped, of them WebAssembly ${report.wasmBytes} before zipping; allowed ${budget.zipBytes}`,
    '',
  ].join('\n');
}

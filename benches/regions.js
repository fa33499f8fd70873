#!/usr/bin/env node
/**
 * What the choice of a Region costs in WebAssembly: the whole handler at origin-request on a public
 * route, as a ratio to the same with one Region, sampled just before and after.
 *
 *   scripts/run benches/regions.js [--json] [--rounds N]
 *
 * Nothing here fails when a figure is bad: a timing is no test.
 */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

import { bundle } from '../js/cli/bundle.js';
import { customOrigin } from '../tests/events/origins.js';
import { interleave } from './rounds.js';

/** @typedef {import('./rounds.js').Row} Row */

/**
 * @typedef {object} Setting
 * @property {string[]} names  of the API's Regions
 * @property {boolean} [everything]  rules, residency, homes and weights, and the nearest Region failing
 * @property {number} [networks]  how many networks have a rule
 * @property {string} [edge]
 */

/** A moment, so that a Region that has failed stays so. */
const NOW = Date.UTC(2027, 0, 1);

/** Requests in one sample. */
const REQUESTS = 1_000;

const EDGE = 'eu-central-1';
const ONE = 'one Region';

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, rounds: { type: 'string', default: '30' } },
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
  const all = await regions();
  const first = (/** @type {number} */ count) => all.slice(0, count);
  /** @type {Record<string, Setting>} */
  const settings = {
    [ONE]: { names: first(1) },
    '2 Regions': { names: first(2) },
    '6 Regions': { names: first(6) },
    '39 Regions': { names: first(39) },
    '2 Regions, with everything': { names: first(2), everything: true },
    '6 Regions, with everything': { names: first(6), everything: true },
    '39 Regions, with everything': { names: first(39), everything: true },
    '39 Regions, unknown edge': { names: first(39), edge: 'xx-nowhere-1' },
    '2 Regions, 10 networks': { names: first(2), networks: 10 },
    '2 Regions, 1,000 networks': { names: first(2), networks: 1_000 },
    '2 Regions, 100,000 networks': { names: first(2), networks: 100_000 },
  };
  /** @type {Record<string, Row>} */
  const rows = {};
  /** @type {Record<string, number>} */
  const zipBytes = {};
  for (const [name, setting] of Object.entries(settings)) {
    const { row, zip } = await prepare(name, setting);
    rows[name] = row;
    zipBytes[name] = zip;
  }
  const { [ONE]: floor, ...others } = rows;
  const found = await interleave(others, floor, { rounds, warmUp: 5 });
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus()[0].model}, ${cpus().length} cores`,
    node: process.version,
    rounds,
    requests: REQUESTS,
    rows: Object.entries(found).map(([name, { cpu, us }]) => ({
      name,
      microseconds: us.cpu,
      ratio: cpu,
      zipBytes: zipBytes[name],
    })),
  };
}

/** Every Region's name, from places all over the world to begin with. */
async function regions() {
  const csv = await readFile(join(root, 'src/tools/data/aws-regions.csv'), 'utf8');
  const names = csv.trim().split('\n').slice(1).map((row) => row.split(',')[0]);
  const first = ['us-east-1', 'eu-west-1', 'ap-northeast-1', 'sa-east-1', 'eu-central-1', 'af-south-1'];
  return [...first, ...names.filter((name) => !first.includes(name))];
}

/**
 * @param {string} name
 * @param {Setting} setting
 */
async function prepare(name, setting) {
  const base = join(folder, name.replaceAll(/[^a-z0-9]+/g, '-'));
  await writeFile(`${base}.toml`, configuration(setting));
  const built = await bundle({ config: `${base}.toml`, out: base, env: {} });
  const { createNearhop } = await import(pathToFileURL(join(built.dir, 'index.mjs')).href);
  const region = setting.edge ?? EDGE;
  const options = { region, now: () => NOW, log: () => {} };
  const handler = createNearhop(pathToFileURL(`${built.dir}/`), options);
  const sent = await handler(event());
  if (!sent.origin) throw new Error(`${name}: not sent on: ${JSON.stringify(sent)}`);
  if (setting.everything) {
    await eject(handler, sent);
    const again = (await handler(event())).headers['x-nearhop-reason'][0].value;
    if (!again.startsWith('ejected:')) throw new Error(`${name}: ${again}`);
  }
  const inputs = (/** @type {number} */ count) => Array.from({ length: count }, event);
  return {
    row: { requests: REQUESTS, inputs, request: handler },
    zip: (await stat(built.zip)).size,
  };
}

/**
 * Fails a request's Region for three clients.
 * @param {(event: any) => Promise<any>} handler
 * @param {any} sent
 */
async function eject(handler, sent) {
  for (let client = 0; client < 3; client += 1) {
    const request = { ...sent, clientIp: `198.51.100.${client}` };
    const response = { status: '503', statusDescription: '', headers: {} };
    const config = { eventType: 'origin-response', requestId: `failed-${client}` };
    await handler({ Records: [{ cf: { config, request, response } }] });
  }
}

/** @param {Setting} setting */
function configuration({ names, everything = false, networks = 0 }) {
  const weight = everything ? ', weight = 50' : '';
  const lines = names.map(
    (name) => `  { name = "${name}", endpoint = "https://${name}.example.com"${weight} },`,
  );
  const quoted = (/** @type {string[]} */ each) => `[${each.map((name) => `"${name}"`).join(', ')}]`;
  const rules = [];
  if (everything) {
    rules.push(`{ countries = ["BR", "AR"], regions = ${quoted(names.slice(1))} }`);
    rules.push(`{ continents = ["EU"], regions = ${quoted(names)} }`);
  }
  if (networks > 0) {
    // Neighbours have different rules: what leads to the same answer would be merged.
    for (const [index, name] of names.entries()) {
      const each = Array.from({ length: networks / 2 }, (_, n) => network(2 * n + index));
      rules.push(`{ networks = ${quoted(each)}, regions = ["${name}"] }`);
    }
  }
  const rest = everything
    ? `
sticky = { by = "cookie" }
residency = { sets = [{ name = "EU", countries = ["EU"], regions = ${quoted(names)} }] }`
    : '';
  return `routes = [{ pattern = "/*", target = "api", access = "public" }]
[api]
log_decisions = false
regions = [
${lines.join('\n')}
]
rules = [${rules.join(', ')}]${rest}
`;
}

/** @param {number} n */
function network(n) {
  return `${20 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}.0/24`;
}

function event() {
  const fields = {
    host: 'origin.example.com',
    'user-agent': 'Amazon CloudFront',
    accept: '*/*',
    'accept-encoding': 'gzip',
    'cloudfront-viewer-country': 'DE',
    'cloudfront-viewer-latitude': '50.11',
    'cloudfront-viewer-longitude': '8.68',
    cookie: 'nearhop_home=us-east-1',
  };
  const cf = {
    config: {
      distributionDomainName: 'd111111abcdef8.cloudfront.net',
      distributionId: 'EDFDVBD6EXAMPLE',
      eventType: 'origin-request',
      requestId: '4TyzHTaYWb1GX1qTfsHhEqV6HUDd_BzoBZnwfnvQc_1oF26ClkoUSEQ==',
    },
    request: {
      clientIp: '20.0.7.9',
      headers: Object.fromEntries(
        Object.entries(fields).map(([key, value]) => [key, [{ key, value }]]),
      ),
      method: 'GET',
      querystring: '',
      uri: '/hello',
      origin: customOrigin('origin.example.com'),
    },
  };
  return { Records: [{ cf }] };
}

/** @param {Awaited<ReturnType<typeof measure>>} report */
function text(report) {
  const lines = report.rows.map(({ name, microseconds, ratio, zipBytes }) =>
    [
      name.padEnd(30),
      `${microseconds.toFixed(2).padStart(8)} µs`,
      `${ratio.median.toFixed(2).padStart(6)} × (${ratio.q1.toFixed(2)}–${ratio.q3.toFixed(2)})`,
      `${zipBytes.toString().padStart(9)} B`,
    ].join(' '),
  );
  return [
    `${report.date} · ${report.machine} · Node ${report.node}`,
    `CPU, medians of ${report.rounds} rounds of ${report.requests} requests at origin-request;`,
    '× one Region, with quartiles; the bundle zipped',
    '',
    ...lines,
    '',
  ].join('\n');
}

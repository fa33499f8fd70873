/**
 * Draws www/world.json: the page's world map. Land as `nearhop plan --svg` shows it, and where on
 * it AWS's Regions and CloudFront's points of presence lie. To be run again when these change:
 *
 *   node scripts/world.js          writes the file
 */
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PROJECTION, WIDTH, HEIGHT } from '../js/cli/projection.js';
import { readTable } from '../js/cloudfront/data/table.js';
import { POPS } from '../js/cloudfront/place/pops.js';

const LAND = new URL('../js/cli/land.json', import.meta.url);
const REGIONS = new URL('../src/tools/data/aws-regions.csv', import.meta.url);
const TARGET = new URL('../www/world.json', import.meta.url);

/** @returns {string} the text of world.json */
export function drawWorld() {
  const { path, source } = JSON.parse(readFileSync(LAND, 'utf8'));
  const regions = readTable(REGIONS).map(({ region, name, lat, lon }) => [
    region,
    // `Europe (Ireland)` is Ireland on the map; `Canada (Central)` says more whole.
    /\((?!Central)(.*)\)/.exec(name)?.[1] ?? name,
    ...at(Number(lon), Number(lat)),
  ]);
  const pops = [...POPS.values()].map(({ code, city, country, latitude, longitude }) => [
    code,
    `${city}, ${country}`,
    ...at(longitude, latitude),
  ]);
  const lines = (/** @type {unknown[]} */ rows) =>
    rows.map((row) => JSON.stringify(row)).join(',\n');
  return [
    `{"source": ${JSON.stringify(source)},`,
    `"width": ${WIDTH}, "height": ${HEIGHT},`,
    `"regions": [\n${lines(regions)}\n],`,
    `"pops": [\n${lines(pops)}\n],`,
    `"land": ${JSON.stringify(path)}}`,
    '',
  ].join('\n');
}

/**
 * @param {number} longitude degrees
 * @param {number} latitude degrees
 * @returns {number[]} x and y
 */
function at(longitude, latitude) {
  const point = PROJECTION([longitude, latitude]) ?? [0, 0];
  return point.map((number) => Math.round(number * 10) / 10);
}

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  writeFileSync(TARGET, drawWorld());
}

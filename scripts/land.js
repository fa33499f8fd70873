/**
 * Draws js/cli/land.json, the land of `nearhop plan --svg`, from Natural Earth's 1:110m land
 * (public domain) as world-atlas carries it. To be run again when the projection changes:
 *
 *   node scripts/land.js          writes the file
 */
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { geoPath } from 'd3-geo';
import { feature } from 'topojson-client';
import { PROJECTION } from '../js/cli/projection.js';

const SOURCE = new URL('../node_modules/world-atlas/land-110m.json', import.meta.url);
const TARGET = new URL('../js/cli/land.json', import.meta.url);

/** Two points nearer than this are one, and islands smaller than its square none: pixels. */
const FINEST = 1.5;

/** @returns {string} the text of land.json */
export function drawLand() {
  const atlas = JSON.parse(readFileSync(SOURCE, 'utf8'));
  const path = geoPath(PROJECTION).digits(1)(feature(atlas, atlas.objects.land)) ?? '';
  const rings = path.split('Z').filter((ring) => ring !== '').map(simplified);
  const drawn = rings.filter((ring) => ring !== '').join('');
  const source = 'Natural Earth 1:110m land, public domain; drawn by scripts/land.js';
  return `${JSON.stringify({ source, path: drawn }, null, 1)}\n`;
}

/** @param {string} ring `M1,2L3,4…` */
function simplified(ring) {
  const points = ring.slice(1).split('L').map((point) => point.split(',').map(Number));
  /** @type {number[][]} */
  const kept = [];
  for (const [x, y] of points) {
    const [lastX, lastY] = kept.at(-1) ?? [-Infinity, 0];
    if (Math.hypot(x - lastX, y - lastY) >= FINEST) kept.push([x, y]);
  }
  const twice = kept.reduce((sum, [x, y], index) => {
    const [nextX, nextY] = kept[(index + 1) % kept.length];
    return sum + x * nextY - nextX * y;
  }, 0);
  if (kept.length < 3 || Math.abs(twice) / 2 < FINEST ** 2) return '';
  return `M${kept.map(([x, y]) => `${x},${y}`).join('L')}Z`;
}

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  writeFileSync(TARGET, drawLand());
}

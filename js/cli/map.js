/**
 * A plan as a picture: a world map in SVG that needs nothing from anywhere else.
 */
import { readFileSync } from 'node:fs';
import { geoGraticule, geoPath } from 'd3-geo';
import { HEIGHT, PROJECTION, WIDTH } from './projection.js';

/** @typedef {import('./tools.js').Plan} Plan */
/** @typedef {{ x: number, y: number, width: number, height: number }} Box */

const HEAD = 64;
const ROW = 34;
const LEGEND_COLUMNS = 3;
const MARGIN = 24;

/** One for each Region, told apart on light and dark ground alike. */
const COLOURS = [
  '#2f7fd6', '#dd7a00', '#159a74', '#c4499c', '#8863d0', '#c5423a', '#0f97b3', '#8d7b10',
  '#5b6f8f', '#a15c2f', '#4f9a2e', '#b0356a',
];

const STYLE = `
  svg { font-family: system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif;
    --ground: #f7f9fb; --land: #dfe5ec; --grid: #e8edf2; --ink: #1d2733; --faint: #5d6b7c; }
  @media (prefers-color-scheme: dark) {
    svg { --ground: #10171f; --land: #27323f; --grid: #18212b; --ink: #e6ecf3; --faint: #9aa8b8; }
  }
  .ground { fill: var(--ground); } .land { fill: var(--land); }
  .grid { fill: none; stroke: var(--grid); }
  .way { fill: none; stroke-width: 1.6; opacity: 0.75; }
  .ring { fill: none; stroke-width: 2; } .dot { stroke: var(--ground); stroke-width: 1.2; }
  .lead { stroke: var(--faint); stroke-width: 0.6; opacity: 0.7; }
  text { fill: var(--ink); font-size: 11px; }
  .label { paint-order: stroke; stroke: var(--ground); stroke-width: 3px; stroke-linejoin: round; }
  .title { font-size: 19px; font-weight: 600; } .faint { fill: var(--faint); }
  .region { font-weight: 700; font-size: 12px; }
`;

/**
 * @param {Plan} plan
 * @returns {string} the text of an SVG file
 */
export function mapAsSvg(plan) {
  const regions = plan.regions.map(({ region }) => region);
  const colour = (/** @type {string} */ region) =>
    COLOURS[regions.indexOf(region) % COLOURS.length];
  const rows = Math.ceil(regions.length / LEGEND_COLUMNS);
  const height = Math.round(HEAD + HEIGHT + 24 + rows * ROW + 26);
  const title = `${regions.join(', ')}: mean round trip ${plan.mean_ms.toFixed(1)} ms`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img"`,
    `  aria-label="${title}">`,
    `<style>${STYLE}</style>`,
    `<rect class="ground" width="${WIDTH}" height="${height}" rx="10"/>`,
    heading(plan),
    `<g transform="translate(0 ${HEAD})">`,
    `<path class="grid" d="${geoPath(PROJECTION).digits(1)(geoGraticule().step([30, 30])())}"/>`,
    `<path class="land" d="${land()}"/>`,
    ...ways(plan, colour),
    ...marks(plan, colour),
    '</g>',
    ...legend(plan, colour, HEAD + HEIGHT + 34),
    `<text class="faint" x="${MARGIN}" y="${height - 14}">Dots: edge Regions, in the colour of the`,
    'API Region they go to, with the round trip. Rings: API Regions.',
    'Round trips: cloudping.co. Land: Natural Earth.</text>',
    '</svg>',
    '',
  ].join('\n');
}

/** @param {Plan} plan */
function heading({ regions, edges, mean_ms: mean, singles, distance_mean_ms: byDistance }) {
  const [best] = singles;
  const facts = [
    `mean ${mean.toFixed(1)} ms`,
    regions.length > 1 && `${best.region} alone ${best.mean_ms.toFixed(1)} ms`,
    byDistance - mean >= 0.05 && `by the map alone ${byDistance.toFixed(1)} ms`,
  ];
  const number = regions.length === 1 ? '1 API Region' : `${regions.length} API Regions`;
  return (
    `<text class="title" x="${MARGIN}" y="34">${number}, ${edges.length} edge Regions</text>\n` +
    `<text class="faint" x="${MARGIN}" y="53">${facts.filter(Boolean).join(' · ')}</text>`
  );
}

/** Drawn once and for all by scripts/land.js. */
function land() {
  return JSON.parse(readFileSync(new URL('land.json', import.meta.url), 'utf8')).path;
}

/**
 * Great circles from each edge to its Region.
 *
 * @param {Plan} plan
 * @param {(region: string) => string} colour
 */
function ways({ edges, regions }, colour) {
  const path = geoPath(PROJECTION).digits(1);
  return edges
    .filter(({ edge, region }) => edge !== region)
    .map(({ longitude, latitude, region }) => {
      const to = regions.find((other) => other.region === region);
      if (!to) return '';
      const coordinates = [[longitude, latitude], [to.longitude, to.latitude]];
      const way = path({ type: 'LineString', coordinates });
      return `<path class="way" stroke="${colour(region)}" d="${way}"/>`;
    });
}

/**
 * Dots and rings, and beside them what they are.
 *
 * @param {Plan} plan
 * @param {(region: string) => string} colour
 */
function marks({ edges, regions }, colour) {
  const points = edges.map((edge) => ({ ...edge, ...place(edge) }));
  const rings = regions.map((region) => ({ ...region, ...place(region) }));
  const brief = edges.length > 20;
  /** @type {Box[]} */
  const taken = [...points.map((at) => around(at, 6)), ...rings.map((at) => around(at, 10))];
  const dots = points.map(
    ({ edge, title, x, y, region, ms, next }) =>
      `<circle class="dot" cx="${x}" cy="${y}" r="4.5" fill="${colour(region)}"><title>` +
      `${edge}, ${title}: to ${region} in ${ms.toFixed(1)} ms` +
      `${next ? `; else to ${next.region} in ${next.ms.toFixed(1)} ms` : ''}</title></circle>`,
  );
  const circles = rings.map(
    ({ region, title, x, y }) =>
      `<circle class="ring" cx="${x}" cy="${y}" r="8.5" stroke="${colour(region)}">` +
      `<title>${region}, ${title}</title></circle>`,
  );
  const own = new Set(rings.map(({ region }) => region));
  const labels = [
    ...rings.map(({ region, x, y }) => {
      const edge = edges.find((other) => other.edge === region);
      return { x, y, kind: 'label region', text: edge ? `${region} ${figure(edge)}` : region };
    }),
    ...points
      .filter(({ edge }) => !own.has(edge))
      .map((edge) => ({
        x: edge.x,
        y: edge.y,
        kind: 'label',
        text: brief ? figure(edge) : `${edge.edge} ${figure(edge)}`,
      })),
  ];
  return [...circles, ...dots, ...labels.map((label) => labelled(label, taken))];
}

/** @param {{ ms: number, measured: boolean }} edge */
function figure({ ms, measured }) {
  return `${measured ? '' : '~'}${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
}

/**
 * The label where it covers least of what is drawn already; `taken` learns its place.
 *
 * @param {{ x: number, y: number, kind: string, text: string }} label
 * @param {Box[]} taken
 */
function labelled({ x, y, kind, text }, taken) {
  const width = text.length * (kind === 'label' ? 6.1 : 7.6);
  const height = 13;
  const nearest = kind === 'label' ? 11 : 14;
  const boxes = [nearest, 22, 34, 48].flatMap((gap) =>
    [0, 180, 270, 90, 315, 45, 225, 135].map((degrees) => {
      const angle = (degrees * Math.PI) / 180;
      const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
      // Beside a mark the box's near edge counts, above and below its middle.
      const left = x + gap * dx - (width / 2) * (1 - Math.round(dx * 2) / 2);
      return { x: left, y: y + gap * dy - height / 2, width, height };
    }),
  );
  const cost = (/** @type {Box} */ box, /** @type {number} */ rank) =>
    taken.reduce((sum, other) => sum + overlap(box, other), 0) + outside(box) * 20 + rank * 1.5;
  const best = boxes.reduce((a, b, rank) => (cost(b, rank) < cost(a, boxes.indexOf(a)) ? b : a));
  taken.push(best);
  const near = {
    x: Math.min(Math.max(x, best.x), best.x + width),
    y: Math.min(Math.max(y, best.y), best.y + height),
  };
  const lead =
    Math.hypot(near.x - x, near.y - y) > 14
      ? `<line class="lead" x1="${x}" y1="${y}" x2="${round(near.x)}" y2="${round(near.y)}"/>`
      : '';
  const [left, base] = [round(best.x), round(best.y + 10)];
  return `${lead}<text class="${kind}" x="${left}" y="${base}">${text}</text>`;
}

/**
 * @param {{ x: number, y: number }} at
 * @param {number} half
 * @returns {Box}
 */
function around({ x, y }, half) {
  return { x: x - half, y: y - half, width: 2 * half, height: 2 * half };
}

/**
 * @param {Box} a
 * @param {Box} b
 */
function overlap(a, b) {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return width > 0 && height > 0 ? width * height : 0;
}

/** How far a box stands out of the map. @param {Box} box */
function outside({ x, y, width, height }) {
  return (
    Math.max(0, 4 - x) +
    Math.max(0, x + width - WIDTH + 4) +
    Math.max(0, -y) +
    Math.max(0, y + height - HEIGHT)
  );
}

/**
 * @param {Plan} plan
 * @param {(region: string) => string} colour
 * @param {number} top
 */
function legend({ regions, edges, failures }, colour, top) {
  const width = (WIDTH - 2 * MARGIN) / LEGEND_COLUMNS;
  return regions.map(({ region, title }, index) => {
    const x = round(MARGIN + (index % LEGEND_COLUMNS) * width);
    const y = round(top + Math.floor(index / LEGEND_COLUMNS) * ROW);
    const served = edges.filter((edge) => edge.region === region);
    const failure = failures.find((other) => other.region === region);
    const added = failure?.mean_added_ms;
    const figures = served.map(({ ms }) => ms);
    const ends = new Set([Math.min(...figures), Math.max(...figures)].map((ms) => ms.toFixed(0)));
    const facts = [
      served.length === 1 ? '1 edge Region' : `${served.length} edge Regions`,
      served.length > 0 && `${[...ends].join('–')} ms`,
      added !== null && added !== undefined && `if it fails +${added.toFixed(0)} ms`,
    ];
    return (
      `<circle cx="${x + 6}" cy="${y}" r="6" fill="${colour(region)}"/>` +
      `<text class="region" x="${x + 20}" y="${y + 1}">${region}` +
      `<tspan class="faint" font-weight="400"> ${title}</tspan></text>` +
      `<text class="faint" x="${x + 20}" y="${y + 15}">${facts.filter(Boolean).join(' · ')}</text>`
    );
  });
}

/** @param {{ longitude: number, latitude: number }} at */
function place({ longitude, latitude }) {
  const [x, y] = PROJECTION([longitude, latitude]) ?? [0, 0];
  return { x: round(x), y: round(y) };
}

/** @param {number} number */
function round(number) {
  return Math.round(number * 10) / 10;
}

/**
 * A plan as text for people.
 */
import { count, section, table } from './report.js';

/**
 * @typedef {import('./paint.js').Paint} Paint
 * @typedef {import('./tools.js').Plan} Plan
 */

/** Continents by their codes. @type {Record<string, string>} */
const CONTINENTS = {
  AF: 'Africa',
  AN: 'Antarctica',
  AS: 'Asia',
  EU: 'Europe',
  NA: 'North America',
  OC: 'Oceania',
  SA: 'South America',
};

/**
 * @param {Plan} plan
 * @param {Paint} paint
 * @returns {string}
 */
export function planAsText(plan, paint) {
  const { regions, edges } = plan;
  const weighted = edges.some(({ weight }) => weight !== edges[0].weight);
  const head =
    `${paint.green(regions.map(({ region }) => region).join(', '))}: ` +
    `${count(regions.length, 'Region')} for ${count(edges.length, 'edge Region')}, ` +
    `${weighted ? 'weighted ' : ''}mean round trip ${ms(plan.mean_ms)}\n`;
  return [
    head,
    section('From each edge', table(edgeRows(plan), [2, 3, 4]), paint),
    section('By continent', table(continentRows(plan), [2, 3, 4, 5]), paint),
    section('One Region alone', table(singleRows(plan), [1, 2]), paint),
    section('By the map alone', byDistance(plan), paint),
    section('When a Region fails', table(failureRows(plan)), paint),
    section('One Region more', table(additionRows(plan), [2]), paint),
    notes(plan),
  ]
    .filter((text) => text !== '')
    .join('\n');
}

/** @param {Plan} plan */
function edgeRows({ edges, singles }) {
  const best = singles[0].region;
  return [
    ['', 'goes to', 'round trip', `saves over ${best}`, 'over the map', 'if that fails'],
    ...edges.map(({ edge, region, measured, next, ...gains }) => [
      edge,
      region,
      ms(gains.ms, measured ? '' : '~'),
      ms(gains.single_gain_ms),
      gains.distance_gain_ms === 0 ? '–' : ms(gains.distance_gain_ms),
      next ? `${next.region}, ${signed(next.added_ms)}` : 'no other Region',
    ]),
  ];
}

/** @param {Plan} plan */
function continentRows({ continents, singles }) {
  return [
    ['', 'goes to', 'mean', `saves over ${singles[0].region}`, 'over the map', 'worst', ''],
    ...continents.map((row) => [
      `${CONTINENTS[row.continent] ?? row.continent} (${row.edges})`,
      row.regions.join(', '),
      ms(row.mean_ms),
      ms(row.single_gain_ms),
      row.distance_gain_ms === 0 ? '–' : ms(row.distance_gain_ms),
      ms(row.worst_ms),
      row.worst_edge,
    ]),
  ];
}

/** @param {Plan} plan */
function singleRows({ singles }) {
  return [
    ['', 'mean', 'all together save', 'worst'],
    ...singles.map(({ region, mean_ms, gain_ms, worst_ms, worst_edge }) => [
      region,
      ms(mean_ms),
      ms(gain_ms),
      `${ms(worst_ms)} from ${worst_edge}`,
    ]),
  ];
}

/** @param {Plan} plan */
function byDistance({ edges, mean_ms, distance_mean_ms }) {
  const other = edges.filter(({ region, distance_region }) => region !== distance_region);
  const rows = other.map(({ edge, region, distance_region, distance_gain_ms }) => [
    edge,
    `would go to ${distance_region}, not ${region}:`,
    signed(distance_gain_ms),
  ]);
  const mean = `mean ${ms(distance_mean_ms)}, ${signed(distance_mean_ms - mean_ms)}`;
  const elsewhere = `${count(other.length, 'edge Region')} would go elsewhere`;
  return table([[`${mean}; ${elsewhere}`], ...rows], [2]);
}

/** @param {Plan} plan */
function failureRows({ failures }) {
  return failures.map(({ region, edges, next, mean_added_ms: mean, worst }) => {
    if (edges === 0) return [region, 'serves no edge Region'];
    if (!worst || mean === null) return [region, 'no other Region'];
    const to = Object.entries(next).map(([name, number]) => `${name} (${number})`);
    return [
      region,
      `${edges === 1 ? 'its edge' : `its ${edges} edges`} to ${to.join(', ')}`,
      `mean ${signed(mean)}`,
      `worst ${signed(worst.added_ms)} from ${worst.edge}`,
    ];
  });
}

/** @param {Plan} plan */
function additionRows({ additions }) {
  if (additions.length === 0) return [['none would help']];
  return additions.map(({ region, title, gain_ms, measured, edges }) => [
    region,
    title,
    `${measured ? '' : '~'}${signed(-gain_ms)}`,
    `for ${edges.join(', ')}`,
  ]);
}

/** @param {Plan} plan */
function notes({ edges, regions, sign_in: signIn }) {
  const fitted = edges.some(({ measured }) => !measured);
  const standing = regions.filter(({ stands_by }) => stands_by).map(({ region }) => region);
  const lines = [
    'Round trips are from the edge Region to the API Region. "The map" is the Region nearest by',
    'great circle, as geoproximity routing has it with no bias. Rules, residency and home Regions',
    'are of single viewers and do not count here.',
    ...(fitted ? ['~ is fitted from distance, not measured.'] : []),
    ...(signIn ? [signInNote(signIn)] : []),
    ...standing.map((name) => `${name} takes less than half of its viewers: it only stands by.`),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** @param {NonNullable<Plan['sign_in']>} signIn */
function signInNote({ region, mean_ms: mean, worst_ms: worst, worst_edge: edge }) {
  const far = `mean ${ms(mean)}, worst ${ms(worst)} from ${edge}`;
  return `Sign-in and refreshes call the user pool in ${region}: ${far}.`;
}

/**
 * @param {number} number
 * @param {string} [before]
 */
function ms(number, before = '') {
  return `${before}${number.toFixed(1)} ms`;
}

/** @param {number} number */
function signed(number) {
  return `${number < 0 ? '−' : '+'}${Math.abs(number).toFixed(1)} ms`;
}

/**
 * What was measured, for programs and for people.
 *
 * @typedef {import('./measure.js').Report} Report
 * @typedef {import('./rounds.js').Spread} Spread
 */
import { NAMES } from './rows.js';

/** What the rows are, for people. @type {Record<string, string>} */
const LABELS = {
  first_seen: 'API call, token never seen',
  first_seen_cookie: '… in a cookie header of 5 kB',
  first_seen_origin: '… at origin-request',
  repeat: 'API call, token seen before',
  repeat_cookie: '… in a cookie header of 5 kB',
  origin_request: '… at origin-request: Region chosen, origin switched',
  static: 'page, no token',
  refusal: 'refusal, garbage for a token',
  refusal_no_token: 'refusal, no token',
  limit_first_seen: 'limit of a token never seen: one seen before, and crypto.verify',
  limit_repeat: 'limit, JavaScript alone: API call',
  limit_repeat_cookie: '… in a cookie header of 5 kB',
  limit_origin_request: '… at origin-request',
  limit_static: '… page',
  limit_refusal: '… refusal',
  crossing_repeat: 'crossing, nothing decided: API call',
  crossing_repeat_cookie: '… in a cookie header of 5 kB',
  crossing_origin_request: '… at origin-request',
  crossing_static: '… page',
  crossing_refusal: '… refusal',
};

/**
 * For programs: under each row's own name, its CPU as a ratio to the floor; the rest beside it. What
 * was not measured is not there.
 *
 * @param {Report} report
 */
export function figures(report) {
  const { rows, cold, zip, rss, ...rest } = report;
  const own = NAMES.filter((name) => rows[name]).map((name) => [name, rows[name].cpu.median]);
  return {
    ...Object.fromEntries(own),
    cold_ms: cold?.['nearhop, first page'].cpuMs.median,
    cold_api_ms: cold?.['nearhop, first API call'].cpuMs.median,
    zip_bytes: zip?.nearhop,
    rss_mb: rss?.[0].overReading.median,
    peers: peerFigures(report),
    ...rest,
    rows,
    cold,
    zip,
    rss,
  };
}

/**
 * By a peer's name: `first_seen` and `repeat` (× floor), `cold_ms`, `zip_bytes`, `gzip_bytes`.
 *
 * @param {Report} report
 */
export function peerFigures({ rows, cold, zip }) {
  /** @type {Record<string, Record<string, number>>} */
  const peers = {};
  for (const [name, { cpu }] of Object.entries(rows)) {
    const [peer, key] = name.split(': ');
    if (key) peers[peer] = { ...peers[peer], [key]: cpu.median };
  }
  // What is started is a handler, whatever else is measured of the same library.
  const add = (/** @type {string} */ library, /** @type {Record<string, number>} */ more) => {
    const name = `${library} handler` in peers ? `${library} handler` : library;
    peers[name] = { ...peers[name], ...more };
  };
  for (const [name, { cpuMs }] of Object.entries(cold ?? {})) {
    const [library] = name.split(',');
    if (library !== 'nearhop') add(library, { cold_ms: cpuMs.median });
  }
  for (const { name, zip: bytes, gzip } of zip?.peers ?? []) {
    add(name, { zip_bytes: bytes, gzip_bytes: gzip });
  }
  return peers;
}

/**
 * For people: tables in Markdown.
 *
 * @param {Report} report
 */
export function markdown(report) {
  const { date, machine, versions } = report;
  const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${date} · ${machine} · ${names.join(', ')}`,
    ...requests(report),
    ...coldStarts(report),
    ...sizes(report),
    ...memory(report),
    ...longRun(report),
    ...growth(report),
    '',
  ].join('\n');
}

/** @param {Report} report */
function requests({ rows, rounds, agreed }) {
  const own = NAMES.filter((name) => rows[name]);
  const others = Object.keys(rows).filter((name) => name.includes(': '));
  if (own.length + others.length === 0) return [];
  const line = (/** @type {string} */ name, /** @type {string} */ label) => {
    const { cpu, wall, us } = rows[name];
    return [label, ratio(cpu), ratio(wall), `${us.cpu.toFixed(1)} µs`];
  };
  const seen = (/** @type {string} */ name) =>
    name.replace(': first_seen', ', token never seen').replace(': repeat', ', token seen before');
  return [
    '',
    `Requests, medians of ${rounds} rounds, quartiles in brackets; × is to crypto.verify just before`,
    `and after. ${agreed} answers were as they should be, beforehand.`,
    '',
    ...table(
      ['', 'CPU', 'wall', 'CPU each'],
      [
        ...own.map((name) => line(name, `Nearhop: ${LABELS[name]}`)),
        ...others.map((name) => line(name, seen(name))),
      ],
    ),
  ];
}

/** @param {Report} report */
function coldStarts({ cold, throttled }) {
  const lines = [];
  if (cold) {
    const rows = Object.entries(cold).map(([name, { cpuMs, wallMs, bareWallMs }]) => [
      name,
      `${cpuMs.median.toFixed(1)} ms (${cpuMs.q1.toFixed(1)}–${cpuMs.q3.toFixed(1)})`,
      ms(wallMs.median - bareWallMs.median),
    ]);
    lines.push('', 'Cold starts, over a bare Node:', '');
    lines.push(...table(['', 'CPU', 'wall'], rows));
  }
  if (throttled && 'impossible' in throttled) {
    lines.push('', `On a fraction of a core: not measured, ${throttled.impossible}.`);
  } else if (throttled) {
    const { fraction, by, starts } = throttled;
    const rows = Object.entries(starts ?? {}).map(([name, { wallMs, bareWallMs, eachMs }]) => [
      name,
      ms(wallMs.median - bareWallMs.median),
      eachMs ? ms(eachMs.median) : '',
    ]);
    lines.push('', `On ${(fraction * 100).toFixed(1)} % of a core (${by}), wall time:`, '');
    const head = ['', 'cold start over a bare Node', 'a request after it, token never seen'];
    lines.push(...table(head, rows));
  }
  return lines;
}

/** @param {Report} report */
function sizes({ zip }) {
  if (!zip) return [];
  const parts = zip.parts.map(({ name, deflated }) => `${name} ${kb(deflated)}`);
  const rows = [
    [`Nearhop, without places.mmdb (${parts.join(', ')})`, kb(zip.nearhop), ''],
    ...zip.peers.map(({ name, zip: bytes, gzip }) => [`${name}, minified`, kb(bytes), kb(gzip)]),
  ];
  return ['', 'What is uploaded:', '', ...table(['', 'zip', 'gzip'], rows)];
}

/** @param {Report} report */
function memory({ rss }) {
  if (!rss) return [];
  const rows = rss.map(({ requests: count, overReading, overBare }) => [
    `after ${count.toLocaleString('en')} requests with distinct tokens`,
    mb(overReading),
    mb(overBare),
  ]);
  const head = ['resident set', 'over a Node that makes the same events', 'over an idle Node'];
  return ['', 'Memory:', '', ...table(head, rows)];
}

/** @param {Report} report */
function longRun({ rssLasting }) {
  if (!rssLasting) return [];
  const rows = rssLasting.map(({ requests: count, ours, reading, webAssembly }) => [
    `after ${count.toLocaleString('en')} requests with distinct tokens`,
    mb(ours),
    mb(reading),
    mb(webAssembly),
  ]);
  const head = ['resident set, over what it began with', 'Nearhop', 'a Node that makes the same events'];
  const title = 'Memory in the long run, signatures not verified:';
  return ['', title, '', ...table([...head, 'of Nearhop, WebAssembly'], rows)];
}

/** @param {Report} report */
function growth({ growth: grown }) {
  if (!grown) return [];
  const rows = Object.entries(grown).map(([name, { cpu, us }]) => [
    name,
    ratio(cpu),
    `${us.cpu.toFixed(1)} µs`,
  ]);
  const what = '1,000 routes to 10, 39 Regions to 2, 1,000,000 tokens seen to 1,000';
  return ['', `Growth: ${what}`, '', ...table(['', 'CPU, large × small', 'CPU each, large'], rows)];
}

/**
 * @param {string[]} head
 * @param {string[][]} rows
 */
function table(head, rows) {
  const line = (/** @type {string[]} */ cells) => `| ${cells.join(' | ')} |`;
  const aligned = head.map((_, i) => (i === 0 ? '---' : '---:'));
  return [line(head), `|${aligned.join('|')}|`, ...rows.map(line)];
}

/** @param {Spread} spread */
function ratio({ median, q1, q3 }) {
  return `${median.toFixed(2)} × (${q1.toFixed(2)}–${q3.toFixed(2)})`;
}

/** @param {Spread} spread */
function mb({ median, q1, q3 }) {
  return `${median.toFixed(1)} MB (${q1.toFixed(1)}–${q3.toFixed(1)})`;
}

/** @param {number} milliseconds */
function ms(milliseconds) {
  return `${milliseconds.toFixed(1)} ms`;
}

/** @param {number} bytes */
function kb(bytes) {
  return `${(bytes / 1_000).toFixed(1)} kB`;
}

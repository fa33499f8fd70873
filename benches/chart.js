/**
 * The chart of the README: horizontal bars, readable on light and on dark.
 *
 * @typedef {{ label: string, value: number | undefined, own?: boolean }} Bar
 */
import { peerFigures } from './report.js';

const WIDTH = 760;
/** Where bars begin, and how long the longest is. */
const LEFT = 210;
const LONGEST = 440;
const ROW = 24;
const HEADER = 42;

/**
 * @param {import('./measure.js').Report} report
 * @returns {string} SVG; what was not measured has no bar
 */
export function chart(report) {
  const { rows, cold, date, machine, versions } = report;
  const peers = peerFigures(report);
  const of = (/** @type {string} */ key) =>
    Object.entries(peers).map(([label, each]) => ({ label, value: each[key] }));
  const own = (/** @type {string} */ label, /** @type {number | undefined} */ value) => ({
    label,
    value,
    own: true,
  });
  const times = (/** @type {number} */ value) => `${value.toFixed(2)} ×`;
  const ms = (/** @type {number} */ value) => `${value.toFixed(1)} ms`;
  const groups = [
    group('A token never seen: CPU, × crypto.verify', times, [
      own('Nearhop, whole handler', rows.first_seen?.cpu.median),
      ...of('first_seen'),
    ]),
    group('A token seen before: CPU, × crypto.verify', times, [
      own('Nearhop, whole handler', rows.repeat?.cpu.median),
      ...of('repeat'),
    ]),
    group('Cold start: CPU over a bare Node', ms, [
      own('Nearhop, first page', cold?.['nearhop, first page'].cpuMs.median),
      own('Nearhop, first API call', cold?.['nearhop, first API call'].cpuMs.median),
      ...of('cold_ms'),
    ]),
  ];
  let top = 8;
  const drawn = groups.map((each) => {
    const svg = each.draw(top);
    top += each.height;
    return svg;
  });
  const note = `${date} · ${machine} · Node ${versions.node} · npm run bench`;
  const height = top + 28;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}"
  width="${WIDTH}" height="${height}" role="img" aria-label="CPU of Nearhop beside its peers">
<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.title { font-weight: 600; }
.note { font-size: 11px; fill: #59636e; }
.bar { fill: #afb8c1; }
.own { fill: #0969da; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .note { fill: #9198a1; }
  .bar { fill: #57606a; }
  .own { fill: #4493f8; }
}
</style>
${drawn.join('\n')}
<text class="note" x="8" y="${top + 16}">${escaped(note)}</text>
</svg>
`;
}

/**
 * @param {string} title
 * @param {(value: number) => string} format
 * @param {Bar[]} bars
 */
function group(title, format, bars) {
  const shown = bars.flatMap(({ value, ...bar }) => (value === undefined ? [] : { ...bar, value }));
  const sorted = shown.toSorted((a, b) => a.value - b.value);
  const most = Math.max(...sorted.map(({ value }) => value));
  const draw = (/** @type {number} */ top) => {
    const lines = sorted.map(({ label, value, own }, i) => {
      const y = top + HEADER + i * ROW;
      const width = Math.max(1, (value / most) * LONGEST);
      return `<text x="${LEFT - 10}" y="${y}" text-anchor="end">${escaped(label)}</text>
<rect class="${own ? 'own' : 'bar'}" x="${LEFT}" y="${y - 13}"
  width="${width.toFixed(1)}" height="17" rx="2"/>
<text x="${(LEFT + width + 8).toFixed(1)}" y="${y}">${format(value)}</text>`;
    });
    const heading = `<text class="title" x="8" y="${top + 16}">${escaped(title)}</text>`;
    return [heading, ...lines].join('\n');
  };
  if (sorted.length === 0) return { draw: () => '', height: 0 };
  return { draw, height: HEADER + sorted.length * ROW };
}

/** @param {string} text */
function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

/**
 * What became of the calls: bars of their latency, changes of Region, and a table of all.
 */
import { drawn, element } from '/element.js';
import { avoided, isFailover, meaning } from '/reasons.js';

/** Calls in the picture, and in the table. */
const BARS = 60;
const ROWS = 200;
const HEIGHT = 96;

/**
 * @param {{ chart: Element, legend: Element, changes: Element, noChanges: HTMLElement,
 *   log: Element }} places
 * @param {{ colourOf: (region: string) => number }} map
 * @param {(text: string) => void} announce
 */
export function showCalls({ chart, legend, changes, noChanges, log }, map, announce) {
  /** @type {import('./call.js').Answer[]} */
  let recent = [];
  /** @type {Map<string, string>} edge → the Region of its last call */
  const regions = new Map();
  return { add, clear };

  /** @param {import('./call.js').Answer} answer */
  function add(answer) {
    recent = [...recent, answer].slice(-BARS);
    draw();
    log.prepend(row(answer));
    while (log.children.length > ROWS) log.lastElementChild?.remove();
    noteChange(answer);
  }

  function clear() {
    recent = [];
    regions.clear();
    draw();
    log.replaceChildren();
    changes.replaceChildren();
    noChanges.hidden = false;
  }

  function draw() {
    chart.replaceChildren(bars(recent, map));
    legend.replaceChildren(...keys(recent, map));
  }

  /** @param {import('./call.js').Answer} answer */
  function noteChange({ time, edge = '', region, reason }) {
    if (!region) return;
    const before = regions.get(edge);
    regions.set(edge, region);
    if (before === undefined || before === region) return;
    const why = isFailover(reason) ? `failover (${meaning(reason)})` : meaning(reason);
    const text = `${before} → ${region}: ${why}`;
    const item = element(
      'li',
      { 'data-kind': isFailover(reason) || avoided(reason) ? 'away' : 'other' },
      element('time', { datetime: time.toISOString() }, clock(time)),
      element('span', {}, text),
      element('span', { class: 'from' }, edge && `from ${edge}`),
    );
    changes.prepend(item);
    noChanges.hidden = true;
    announce(text);
  }
}

/** A bar for each call, in the colour of its Region. */
function bars(answers, map) {
  const most = Math.max(50, ...answers.map(({ ms }) => ms));
  const round = [50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000].find((top) => top >= most) ?? most;
  const made = answers.map((answer, index) => {
    const height = Math.max(2, (answer.ms / round) * HEIGHT);
    const at = BARS - answers.length + index;
    const colour = answer.region ? map.colourOf(answer.region) : undefined;
    return drawn(
      'rect',
      {
        class: isLost(answer) ? 'bar lost' : 'bar',
        'data-colour': colour,
        x: at * 10 + 1,
        y: HEIGHT - height,
        width: 8,
        height,
        rx: 1.5,
      },
      drawn('title', {}, `${answer.region ?? 'no Region'}: ${answer.ms.toFixed(0)} ms`),
    );
  });
  const picture = drawn(
    'svg',
    { viewBox: `0 0 ${BARS * 10} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': true },
    drawn('path', { class: 'rule', d: `M0,0.5H${BARS * 10}M0,${HEIGHT / 2}H${BARS * 10}` }),
    ...made,
  );
  const scale = element('div', { class: 'scale', 'aria-hidden': true });
  scale.append(...[`${round} ms`, `${round / 2} ms`, '0'].map((text) => element('span', {}, text)));
  const wrap = element('div', { class: 'bars' });
  wrap.append(picture, scale);
  return wrap;
}

/** What the colours mean, with the middle latency of each Region. */
function keys(answers, map) {
  const answered = answers.filter((answer) => answer.region && !isLost(answer));
  const regions = [...new Set(answered.map(({ region }) => region))];
  const made = regions.map((region) => {
    const own = answered.filter((answer) => answer.region === region);
    const count = own.length === 1 ? '1 call' : `${own.length} calls`;
    const text = `${region}: ${count}, median ${median(own).toFixed(0)} ms`;
    return element('span', { class: 'key', 'data-colour': map.colourOf(region) }, text);
  });
  const lost = answers.filter(isLost).length;
  if (lost > 0) made.push(element('span', { class: 'key' }, `${lost} without an answer, or 5xx`));
  return made;
}

/**
 * Whether nobody took the call. A refusal is an answer.
 *
 * @param {import('./call.js').Answer} answer
 */
function isLost({ status }) {
  return status === undefined || status >= 500;
}

function median(answers) {
  const sorted = answers.map(({ ms }) => ms).sort((a, b) => a - b);
  const [low, high] = [(sorted.length - 1) / 2, sorted.length / 2];
  return (sorted[Math.floor(low)] + sorted[Math.floor(high)]) / 2;
}

function row({ time, method, path, status, ok, code, edge, region, reason, ms, failure }) {
  const outcome = failure ? 'no answer' : [status, code].filter(Boolean).join(' ');
  const asked = method === 'GET' ? path : `${method} ${path}`;
  const cells = [clock(time), asked, outcome, edge || '–', region ?? '–', reason ?? '–'];
  const made = cells.map((text, index) =>
    element('td', index === 2 ? { class: 'status' } : {}, text),
  );
  made.push(element('td', { class: 'number' }, ms.toFixed(0)));
  return element('tr', { 'data-outcome': ok ? 'ok' : 'error' }, ...made);
}

/** @param {Date} time */
function clock(time) {
  return time.toLocaleTimeString([], { hour12: false });
}

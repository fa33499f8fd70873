/**
 * Trials for people, as a table in Markdown, and for programs.
 */

/**
 * @typedef {import('./trial.js').Trial} Trial
 * @typedef {import('./flow.js').Sent} Sent
 * @typedef {{ lost: number, sent: number }} Losses
 *
 * @typedef {object} Summary times are in milliseconds, null where it did not come
 * @property {string} fault
 * @property {string} what
 * @property {number} lasted
 * @property {number} requests that the fault could meet
 * @property {Record<string, Record<string, number>>} answers kind of request → status → how many,
 *   while it lasted
 * @property {Record<'get'|'get_second_leg'|'post', Losses>} lost of those with a right, while it
 *   lasted and afterwards
 * @property {number | null} rerouted until nothing was lost any more; 0 where nothing was
 * @property {number | null} recovered from its end until all was well
 * @property {number | null} [returned] from its end until the Region served all of its own again
 * @property {string[]} broken what must never happen; none in a good run
 */

const HEAD = [
  'fault',
  'for',
  'requests',
  'in place of the right answer',
  'GET lost',
  'GET lost, second leg',
  'POST lost',
  'nothing lost after',
  'well after its end',
  'Region back',
];

/** Most that is told of what one fault broke. */
const TOLD = 10;

/**
 * @param {Trial} trial
 * @returns {Summary}
 */
export function summaryOf(trial) {
  const { scenario, met, later, lasted, rerouted, recovered, returned, broken } = trial;
  /** @type {Summary['answers']} */
  const answers = {};
  for (const { kind, status } of met) {
    const ofKind = (answers[kind.name] ??= {});
    ofKind[status] = (ofKind[status] ?? 0) + 1;
  }
  const rights = [...met, ...later.filter(({ verdict }) => verdict === 'lost')].filter(
    ({ kind }) => kind.hasRight,
  );
  const hasLeg = (/** @type {Sent} */ { kind }) => kind.name.includes('second leg');
  const of = (/** @type {(sent: Sent) => boolean} */ counts) => {
    const counted = rights.filter(counts);
    const lost = counted.filter(({ verdict }) => verdict === 'lost');
    return { lost: lost.length, sent: counted.length };
  };
  const lost = {
    get: of((sent) => sent.kind.method === 'GET' && !hasLeg(sent)),
    get_second_leg: of(hasLeg),
    post: of(({ kind }) => kind.method === 'POST'),
  };
  const { name: fault, what } = scenario;
  const times = { rerouted, recovered, ...(returned !== undefined && { returned }) };
  return { fault, what, lasted, requests: met.length, answers, lost, ...times, broken };
}

/**
 * @param {Trial[]} trials
 * @returns {string}
 */
export function tableOf(trials) {
  const rows = trials.map((trial) => {
    const { fault, what, lasted, requests, lost, recovered, returned } = summaryOf(trial);
    const losses = [lost.get, lost.get_second_leg, lost.post];
    return [
      `\`${fault}\` ${what}`,
      seconds(lasted),
      String(requests),
      insteadOf(trial),
      ...losses.map((each) => `${each.lost} of ${each.sent}`),
      rerouteOf(trial),
      recovered === null ? '**never**' : seconds(recovered),
      returned === undefined ? '' : returned === null ? '**never**' : seconds(returned),
    ];
  });
  const lines = [HEAD, HEAD.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}

/**
 * What is to be said of things that must never happen, each once.
 *
 * @param {Trial[]} trials
 * @returns {string} empty where there is nothing
 */
export function brokenIn(trials) {
  const lines = trials.flatMap(({ scenario: { name }, broken }) => {
    const counts = [...countsOf(broken)];
    const told = counts.slice(0, TOLD).map(([what, count]) => `${name}: ${what} (${count}×)\n`);
    const more = counts.length - told.length;
    return more > 0 ? [...told, `${name}: … and ${more} more\n`] : told;
  });
  return lines.join('');
}

/**
 * Of a Region's fault: others are for nobody to go round.
 *
 * @param {Trial} trial
 */
function rerouteOf({ scenario, rerouted }) {
  if (!scenario.away || scenario.drained) return '';
  return rerouted === null ? 'not before its end' : seconds(rerouted);
}

/**
 * Such as `503 ×12 (read, write)`.
 *
 * @param {Trial} trial
 */
function insteadOf({ met, later }) {
  const amiss = [...met, ...later].filter(({ verdict }) => verdict !== 'well');
  const parts = [...countsOf(amiss.map(({ status }) => String(status)))].map(([status, count]) => {
    const kinds = amiss.filter((sent) => String(sent.status) === status);
    const names = [...countsOf(kinds.map(({ kind }) => kind.name)).keys()];
    return `${status} ×${count} (${names.join(', ')})`;
  });
  return parts.join('; ') || 'nothing';
}

/**
 * @param {string[]} texts
 * @returns {Map<string, number>} each once, with how often it came; the most frequent first
 */
function countsOf(texts) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return new Map([...counts].sort(([, a], [, b]) => b - a));
}

/** @param {number} ms */
function seconds(ms) {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/**
 * One fault, from before it begins until all is well again, under a flow of requests.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { generator } from '../differential/random.js';
import { Flow } from './flow.js';
import { callsOf, visitsOf } from './kinds.js';
import { FAILING } from './scenarios.js';
import { Sender } from './send.js';

/**
 * @typedef {import('./world.js').World} World
 * @typedef {import('./people.js').People} People
 * @typedef {import('./scenarios.js').Scenario} Scenario
 * @typedef {import('./flow.js').Sent} Sent
 * @typedef {import('./world.js').Line} Line
 *
 * @typedef {object} Trial
 * @property {Scenario} scenario
 * @property {Sent[]} met by the fault: whatever was not answered when it began, and all that came
 *   until it ended
 * @property {Sent[]} later what came after its end
 * @property {number} lasted milliseconds
 * @property {number | null} rerouted milliseconds from the beginning until nothing was lost any
 *   more; 0 where nothing was, null where it went on to the end
 * @property {number | null} recovered milliseconds from the end until all was as it should be; null
 *   where that did not come
 * @property {number | null} [returned] milliseconds from the end until eu-west-1 served all who are
 *   nearest to it
 * @property {string[]} broken what must never happen
 *
 * @typedef {object} Options
 * @property {World} world
 * @property {People} people
 * @property {number} seed
 * @property {number} [seconds] that each fault lasts; the scenario's own if left out
 * @property {number} [least] requests that it is to meet before it ends
 * @property {number} [quiet] nothing amiss for so many milliseconds is well; 2,000 if left out
 * @property {boolean} [waits] whether to wait until traffic is back in a Region that it left; true
 *   if left out
 */

/** Requests per second, at most. */
const RATE = 60;
const QUIET = 2_000;
/** Requests that were answered well, without which nothing can be told. */
const TELLING = 10;
/** A Region is back when all went to it for so long, in milliseconds: each instance decides. */
const SETTLED = 10_000;
/** What does not come within so many milliseconds is taken not to come. */
const PATIENCE = 120_000;
/** Kinds of requests that go to the nearest Region, whoever asks. */
const AT_THE_NEAREST = ['read', 'read with a second leg', 'write'];

/**
 * @param {Scenario} scenario
 * @param {Options} options
 * @returns {Promise<Trial>}
 */
export async function tryOut(scenario, options) {
  const { world, people, seed } = options;
  const sender = new Sender(world.url);
  const leaks = (/** @type {string} */ text) =>
    people.secrets.some((secret) => text.includes(secret));
  const flow = new Flow({ sender, random: generator(seed), rate: RATE, leaks });
  try {
    const { lines, calm, earlier, ...trial } = await disturbed(scenario, options, flow);
    const { met, later, recovered, returned } = trial;
    const never = ` within ${PATIENCE / 1_000} s`;
    const texts = [...lines, ...world.takeLogs()].map(({ text }) => text);
    const broken = [
      ...(calm === null ? [`not well before it began${never}`] : []),
      ...(recovered === null ? [`not well again${never}`] : []),
      ...(returned === null ? [`${FAILING} is not back${never}`] : []),
      ...[...new Set([...earlier, ...met, ...later])].flatMap(brokenBy),
      ...texts.filter(leaks).map(() => 'a secret in the log'),
      ...forgottenIn(lines, scenario.drained ?? []),
      ...world.strays.splice(0),
    ];
    return { ...trial, broken };
  } finally {
    await flow.stop();
    sender.close();
  }
}

/**
 * @param {Scenario} scenario
 * @param {Options} options
 * @param {Flow} flow
 * @returns {Promise<Omit<Trial, 'broken'> & { lines: Line[], earlier: Sent[],
 *   calm: number | null }>} `lines` of the log, until the fault ended; `earlier`: what came before
 *   it; `calm`: how many milliseconds it took until all was well then
 */
async function disturbed(scenario, options, flow) {
  const { world, people, seconds = scenario.seconds } = options;
  const { least = 0, quiet = QUIET, waits = true } = options;
  const { drained = [], more, away = false } = scenario;
  const usual = [...callsOf(people), ...visitsOf(people)];
  // Without what instances have learned before: failures, keys, switches.
  world.control.drain(drained);
  await world.cloudFront.recycle();
  flow.start(usual);
  const isEarly = (/** @type {Sent} */ sent) =>
    isAmiss(sent) || drained.includes(sent.region ?? '');
  const calm = await quietAfter(performance.now(), flow, isEarly, quiet);
  const earlier = flow.take();
  const began = performance.now();
  const end = await scenario.begin(world);
  try {
    if (more) flow.kinds = [...usual, more(people)];
    await pause(seconds * 1_000);
    while (flow.sent.length < least) await pause(50);
    flow.kinds = usual;
  } finally {
    await end();
  }
  const ended = performance.now();
  const lines = world.takeLogs();
  const recovered = await quietAfter(ended, flow, isAmiss, quiet);
  const returned = away && waits ? await quietAfter(ended, flow, isAway, SETTLED) : undefined;
  await flow.stop();
  const sent = [...earlier.filter(({ until }) => until > began), ...flow.take()];
  const met = sent.filter(({ at }) => at < ended);
  const later = sent.filter(({ at }) => at >= ended);
  const times = { lasted: ended - began, rerouted: reroutedIn(met, began, ended) };
  return { scenario, met, later, ...times, recovered, returned, lines, earlier, calm };
}

/**
 * Waits until nothing has been amiss for a while.
 *
 * @param {number} since
 * @param {Flow} flow
 * @param {(sent: Sent) => boolean} isAmiss
 * @param {number} quiet milliseconds
 * @returns {Promise<number | null>} how many milliseconds it took until then; null where it never
 *   came
 */
async function quietAfter(since, flow, isAmiss, quiet) {
  for (;;) {
    const last = Math.max(since, flow.lastOf((sent) => sent.at >= since && isAmiss(sent)));
    const well = flow.sent.filter(({ at, verdict }) => at > last && verdict === 'well').length;
    if (performance.now() - last >= quiet && well >= TELLING) return last - since;
    if (performance.now() - since >= PATIENCE) return null;
    await pause(50);
  }
}

/** @param {Sent} sent */
function isAmiss({ verdict }) {
  return verdict === 'lost' || verdict === 'broken';
}

/**
 * Whether a call that is nearest to the Region that failed went elsewhere.
 *
 * @param {Sent} sent
 */
function isAway({ kind, edge, region }) {
  return edge === FAILING && AT_THE_NEAREST.includes(kind.name) && region !== FAILING;
}

/**
 * What an instance has read of the control document stays while that is gone.
 *
 * @param {Line[]} lines
 * @param {string[]} drained Regions
 * @returns {string[]}
 */
function forgottenIn(lines, drained) {
  const told = new Set();
  return lines.flatMap(({ instance, text }) => {
    const { control, drain = [], region } = JSON.parse(text.startsWith('{') ? text : '{}');
    if (control === 'in_force' && drained.every((each) => drain.includes(each))) told.add(instance);
    const isForgotten = told.has(instance) && drained.includes(region);
    return isForgotten ? [`an instance forgot that ${region} is drained`] : [];
  });
}

/**
 * @param {Sent[]} met
 * @param {number} began
 * @param {number} ended
 */
function reroutedIn(met, began, ended) {
  const lost = met.filter(isAmiss);
  const last = Math.max(began, ...lost.map(({ at }) => at));
  return ended - last < (ended - began) / 5 ? null : last - began;
}

/** @param {Sent} sent */
function brokenBy({ kind, verdict, why, leak }) {
  return [
    ...(verdict === 'broken' ? [`${kind.name}: ${why}`] : []),
    ...(leak === undefined ? [] : [`a secret ${leak}`]),
  ];
}

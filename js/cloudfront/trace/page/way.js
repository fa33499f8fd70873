// @ts-nocheck: a browser's file, in a project whose types are Node's.
// One request's way, in a picture.

import { counted, element, inMs, rulePill, tone } from './elements.js';
import { sectionsOf } from './stages.js';
import { timesOf } from './times.js';

/**
 * @param {import('../record.js').TraceRecord} record
 * @param {(kind: 'origin'|'function', name: string) => void} openControls
 * @returns {Node[]}
 */
export function wayOf(record, openControls) {
  return [
    headlineOf(record),
    pictureOf(record),
    timesOf(record),
    ...sectionsOf(record, openControls),
  ];
}

function headlineOf({ method, url, answer, viewer, behavior }) {
  const { outcome, region, reason, code } = answer?.outcome ?? {};
  const said = region
    ? `${region} (${reason ?? 'no reason'})`
    : [outcome, code].filter(Boolean).join(' ');
  const facts = [
    ['Answer', said || 'none'],
    ['Viewer', [viewer.city, viewer.country, viewer.ip].filter(Boolean).join(', ') || 'unknown'],
    ['Edge', [viewer.pop, viewer.edge].filter(Boolean).join(' → ') || 'none'],
    ['Behavior', behavior ? `${behavior.pattern} → ${behavior.target}` : 'none'],
    ['Cache', answer?.error ? 'none' : (answer?.cache ?? 'none')],
    ['Size', counted(answer?.bytes ?? 0, 'byte')],
  ];
  return element(
    'header.headline',
    {},
    element(
      'h2',
      {},
      element(`span.status.${tone(answer?.status ?? 0)}`, {}, answer?.status ?? 'no answer'),
      element('span.method', {}, method),
      element('span.url', {}, url),
    ),
    element(
      'dl.facts',
      {},
      ...facts.map(([name, value]) =>
        element('div', {}, element('dt', {}, name), element('dd', {}, value)),
      ),
    ),
  );
}

// The picture: requests go right along the upper line, answers come back along the lower one.

function pictureOf(record) {
  const { steps, viewer, answer } = record;
  const at = (trigger, leg) =>
    steps.findIndex(
      (step) => step.kind === 'function' && step.trigger === trigger && (!leg || step.leg === leg),
    );
  const cache = steps.findIndex((step) => step.kind === 'cache');
  const lanes = lanesOf(steps);
  const reachedCache = cache >= 0;
  return element(
    'div.picture',
    { role: 'group', 'aria-label': 'The way of this request' },
    element(
      'div.end',
      {},
      element('b', {}, 'Viewer'),
      element('small', {}, viewer.city ?? viewer.country ?? ''),
    ),
    arrows(true, Boolean(answer)),
    pair(
      triggerCard(record, 'viewer-request', at('viewer-request')),
      triggerCard(record, 'viewer-response', at('viewer-response')),
    ),
    arrows(reachedCache, reachedCache && Boolean(answer)),
    cacheCard(steps[cache], answer),
    element(
      'div.lanes',
      {},
      ...(lanes.length > 0 ? lanes : [{}]).map((lane, index) =>
        element(
          'div.lane',
          {},
          arrows(lane.request !== undefined || lane.origin !== undefined, cameBack(steps, lane)),
          pair(
            triggerCard(record, 'origin-request', lane.request ?? -1),
            triggerCard(record, 'origin-response', lane.response ?? -1),
          ),
          arrows(lane.origin !== undefined, steps[lane.origin]?.status != null),
          originCard(steps[lane.origin], lane.origin, nameOf(lane, lanes)),
        ),
      ),
    ),
  );
}

/** What happened behind the cache: a lane for each leg (rule F4) and each error page's fetch. */
function lanesOf(steps) {
  const lanes = [];
  let lookups = 0;
  steps.forEach((step, index) => {
    if (step.kind === 'cache') lookups += 1;
    const key =
      { 'origin-request': 'request', 'origin-response': 'response' }[step.trigger] ??
      (step.kind === 'origin' ? 'origin' : undefined);
    if (!key) return;
    const last = lanes.at(-1);
    const isSame =
      last && last.lookups === lookups && last.leg === step.leg && last[key] === undefined;
    const lane = isSame ? last : { lookups, leg: step.leg };
    lane[key] = index;
    if (!isSame) lanes.push(lane);
  });
  return lanes;
}

/** What tells a lane from the others. */
function nameOf({ lookups, leg }, lanes) {
  if (lookups > 1) return 'error page';
  return lanes.some((lane) => lane.leg > 1) ? `leg ${leg}` : undefined;
}

function cameBack(steps, { request, origin }) {
  return steps[origin]?.status != null || steps[request]?.result === 'generated';
}

function pair(upper, lower) {
  return element('div.pair', {}, upper, lower);
}

function arrows(there, back) {
  return element(
    'div.arrows',
    { 'aria-hidden': 'true' },
    element(`i.there${there ? '' : '.off'}`),
    element(`i.back${back ? '' : '.off'}`),
  );
}

function card(name, index, ...children) {
  // Leads to what is said of this stage below.
  if (index < 0) return element(`div.card.${name}`, {}, ...children);
  const jump = () => {
    const section = document.getElementById(`stage-${index}`);
    section?.scrollIntoView({ behavior: 'smooth', block: 'start' });
    section?.focus({ preventScroll: true });
  };
  return element(`button.card.${name}`, { type: 'button', onclick: jump }, ...children);
}

function triggerCard({ behavior, steps, answer }, trigger, index) {
  const step = steps[index];
  const title = element('b', {}, trigger);
  if (!step) {
    const isThere = behavior?.functions[trigger];
    return card('absent', -1, title, element('small', {}, isThere ? 'not reached' : 'no function'));
  }
  if (step.skipped) {
    const why = element('small', {}, rulePill(step.skipped.rule), ` skipped: ${step.skipped.why}`);
    return card('skipped', -1, title, why);
  }
  const state = step.error ? 'failed' : step.result === 'generated' ? 'answered' : 'ran';
  const cold = step.initMs !== null && element('span.start', {}, `cold +${inMs(step.initMs)}`);
  return card(
    `function.${state}`,
    index,
    title,
    element('span.ms', {}, inMs(step.ms), element('abbr', {}, ' ms'), cold),
    element(
      'small',
      {},
      step.error ? rulePill(step.error.rule) : null,
      ` ${didWhat(step, answer)}`,
    ),
  );
}

function didWhat({ error, result, changes, returned }) {
  if (error) return error.reason;
  if (result === 'generated') return `answered ${returned.status}`;
  return changes.length > 0 ? counted(changes.length, 'change') : 'changed nothing';
}

function cacheCard(step, answer) {
  if (!step)
    return card('cache.absent', -1, element('b', {}, 'Cache'), element('small', {}, 'not reached'));
  const age = step.age === null ? '' : `${step.age} s old`;
  const word =
    step.state === 'stale' && answer?.cache === 'RefreshHit' ? 'revalidated' : step.state;
  return card(
    `cache.${step.state}`,
    -1,
    element('b', {}, 'Cache'),
    element('span.word', {}, word),
    age && element('small', {}, age),
    step.key &&
      element('small.key', { title: `Digest of the cache key: ${step.key}` }, step.key.slice(0, 8)),
  );
}

function originCard(step, index, lane) {
  const title = element('b', {}, lane ? `Origin, ${lane}` : 'Origin');
  if (!step) return card('origin.absent', -1, title, element('small', {}, 'not reached'));
  return card(
    step.failure ? 'origin.failed' : 'origin',
    index,
    title,
    element('span.ms', {}, inMs(step.ms), element('abbr', {}, ' ms')),
    element('small.domain', { title: step.domainName }, step.domainName),
    element(
      `small.status.${step.failure ? 'bad' : tone(step.status)}`,
      {},
      step.failure?.kind ?? step.status,
    ),
  );
}

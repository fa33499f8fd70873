// @ts-nocheck: a browser's file, in a project whose types are Node's.
// Where a request's time went: the functions', the origins', and the rest.

import { element, inMs } from './elements.js';

/**
 * @param {import('../record.js').TraceRecord} record
 * @returns {Node}
 */
export function timesOf({ steps, answer }) {
  const total = answer?.ms ?? 0;
  const spans = steps.flatMap(spansOf);
  const sum = (kind) =>
    spans.filter((span) => span.kind === kind).reduce((all, { ms }) => all + ms, 0);
  const parts = [
    ['function', 'functions', sum('function')],
    ['cold', 'cold starts', sum('cold')],
    ['origin', 'origins', sum('origin')],
    ['rest', 'the rest', Math.max(0, total - sum('function') - sum('cold') - sum('origin'))],
  ].filter(([, , ms]) => ms > 0);
  const track = spans.map(({ kind, at, ms, name }) => {
    const span = element(`i.${kind}`, { title: `${name}: ${inMs(ms)} ms, from ${inMs(at)} ms on` });
    span.style.setProperty('--from', String(at / (total || 1)));
    span.style.setProperty('--share', String(ms / (total || 1)));
    return span;
  });
  return element(
    'section.times',
    { 'aria-label': 'Where the time went' },
    element('p.total', {}, element('b', {}, inMs(total)), ' ms in all'),
    element('div.track', { 'aria-hidden': 'true' }, ...track),
    element(
      'ul.legend',
      {},
      ...parts.map(([kind, name, ms]) =>
        element('li', {}, element(`i.${kind}`), `${name} `, element('b', {}, inMs(ms))),
      ),
    ),
  );
}

function spansOf(step) {
  const { at, ms, initMs } = step;
  if (step.kind === 'origin') return [{ kind: 'origin', at, ms, name: step.domainName }];
  if (step.kind !== 'function' || step.skipped) return [];
  const cold = initMs
    ? [{ kind: 'cold', at, ms: initMs, name: `${step.trigger}, cold start` }]
    : [];
  return [...cold, { kind: 'function', at: at + (initMs ?? 0), ms, name: step.trigger }];
}

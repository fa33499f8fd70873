// @ts-nocheck: a browser's file, in a project whose types are Node's.
// What is to say of each stage, in the order of the way.

import { counted, element, inMs, rulePill, tone } from './elements.js';

/**
 * @param {import('../record.js').TraceRecord} record
 * @param {(kind: 'origin'|'function', name: string) => void} openControls
 * @returns {Node[]}
 */
export function sectionsOf(record, openControls) {
  const { steps, answer, headers, id, time } = record;
  // An error that a function's stage already shows is not said again.
  const isNew = answer?.error && !steps.some(({ error }) => error);
  return [
    isNew && section('error', 'failed', 'CloudFront answered itself', [], errorOf(answer.error)),
    ...steps.map((step, index) => {
      if (step.kind === 'origin') return originSection(step, index, openControls);
      if (step.kind === 'function' && !step.skipped)
        return functionSection(step, index, openControls);
      return null;
    }),
    section(
      'ends',
      '',
      'Request and answer',
      [id, time],
      [
        folded('Request headers', headersOf(headers)),
        answer && folded('Answer headers', headersOf(answer.headers)),
      ],
    ),
  ].filter(Boolean);
}

function section(index, name, title, facts, children, onFail) {
  return element(
    `section.stage${name && `.${name}`}`,
    { id: `stage-${index}`, tabIndex: -1 },
    element(
      'div.title',
      {},
      element('h3', {}, title),
      ...facts.filter(Boolean).map((fact) => element('span', {}, fact)),
      onFail && element('button.quiet', { type: 'button', onclick: onFail }, 'Make it fail …'),
    ),
    ...children.filter(Boolean),
  );
}

function functionSection(step, index, openControls) {
  const { trigger, leg, ms, initMs, instance, changes, logs, error, event, returned, result } =
    step;
  const facts = [
    leg > 1 && `leg ${leg}`,
    step.function,
    `${inMs(ms)} ms`,
    initMs !== null && `cold start ${inMs(initMs)} ms`,
    instance && `instance ${instance}`,
  ];
  const unchanged = !error && changes.length === 0 && result;
  return section(
    index,
    error ? 'failed' : 'function',
    trigger,
    facts,
    [
      ...(error ? errorOf(error) : []),
      result === 'generated' &&
        element('p.said', {}, `Answered ${returned.status} in place of the origin:`),
      unchanged && element('p.said', {}, `Returned the ${result} as it came.`),
      changes.length > 0 && element('ul.changes', {}, ...changes.map(changeOf)),
      logs.length > 0 &&
        element('pre.logs', { tabIndex: 0, 'aria-label': 'What it logged' }, logs.join('\n')),
      (event || returned) &&
        element(
          'div.more',
          {},
          event && folded('Event', json(event)),
          returned && folded('Returned', json(returned)),
        ),
    ],
    step.function && (() => openControls('function', step.function)),
  );
}

function originSection(step, index, openControls) {
  const { id, leg, domainName, url, ms, wayMs, attempts, status, failure } = step;
  const facts = [
    leg > 1 && `leg ${leg}`,
    failure ? failure.kind : element(`span.status.${tone(status)}`, {}, status),
    `${inMs(ms)} ms`,
    wayMs !== null && `of it ${inMs(wayMs)} ms the way`,
    attempts > 1 && counted(attempts, 'attempt'),
  ];
  return section(
    index,
    failure ? 'failed' : 'origin',
    'origin',
    facts,
    [
      element(
        'p.said',
        {},
        element('code', {}, domainName),
        ` (${id})`,
        url && element('span.quiet', {}, ' fetched from '),
        url && element('code', {}, url),
      ),
      failure && element('p.error', {}, failure.message),
    ],
    () => openControls('origin', domainName),
  );
}

/** One changed field or header: what it was, what it is. */
function changeOf({ path, before, after }) {
  const sign = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
  const [, parent, name] = /^(.*\.)?([^.]*)$/.exec(path);
  return element(
    `li.${sign}`,
    {},
    element(
      'span.path',
      { title: `${path}: ${sign}` },
      element('span.quiet', {}, parent ?? ''),
      name,
    ),
    element(
      'span.values',
      {},
      before !== undefined && element('del', {}, before || 'empty'),
      before !== undefined && after !== undefined && element('span.quiet', {}, ' → '),
      after !== undefined &&
        element('ins', {}, before === after ? `another, ${after}` : after || 'empty'),
    ),
  );
}

function errorOf({ status, reason, message, rule, at, found, allowed, cause }) {
  const facts = Object.entries({ at, found, allowed }).filter(([, value]) => value !== null);
  return [
    element(
      'p.error',
      {},
      rulePill(rule),
      ` ${[status, reason].filter(Boolean).join(' ')}. ${message}`,
    ),
    facts.length > 0 &&
      element(
        'dl.why',
        {},
        ...facts.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]),
      ),
    cause && element('pre.logs', { tabIndex: 0, 'aria-label': 'The cause' }, cause),
  ];
}

function headersOf(headers) {
  const rows = Object.entries(headers).flatMap(([name, values]) =>
    values.map(({ value }) => [name, value]),
  );
  return element(
    'dl.headers',
    {},
    ...rows.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]),
  );
}

function json(value) {
  return element('pre', { tabIndex: 0 }, JSON.stringify(value, undefined, 2));
}

function folded(title, content) {
  return element('details', {}, element('summary', {}, title), content);
}

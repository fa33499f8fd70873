/**
 * What happened to a request, for people at a terminal: a line, or the whole way.
 */
import { tame } from '../../cli/paint.js';
import { inWords } from './diff.js';
import { functionsOf, originsOf, summaryOf, timesOf } from './json.js';

/**
 * @typedef {import('../../cli/paint.js').Paint} Paint
 * @typedef {import('./record.js').TraceRecord} TraceRecord
 * @typedef {import('./record.js').TraceError} TraceError
 * @typedef {import('./record.js').FunctionStep} FunctionStep
 * @typedef {import('./record.js').CacheStep} CacheStep
 * @typedef {import('./record.js').OriginStep} OriginStep
 */

/** The triggers in a line that is short of room. */
const SHORT = {
  'viewer-request': 'vreq',
  'origin-request': 'oreq',
  'origin-response': 'ores',
  'viewer-response': 'vres',
};

/** Longest value of a change that is shown whole. */
const LONGEST = 160;

/**
 * Time, place, request, status, behavior, cache, functions' times, outcome, origin, total.
 *
 * @param {TraceRecord} record
 * @param {Paint} paint
 * @returns {string} one line
 */
export function toLine(record, paint) {
  const { time, pop, edge, method, path, status, behavior, cache, ms } = summaryOf(record);
  const colour = colourOf(status, paint);
  // Of a failure, `x-cache` has the error's name, which the outcome tells already.
  const lookup = record.answer?.error ? '' : (cache ?? '');
  const way = [behavior ?? 'no behavior', lookup, functionTimes(record), lastOrigin(record)];
  return [
    paint.faint(time.slice(11, 23)),
    [pop, edge ?? '?'].filter(Boolean).join('/').padEnd(18),
    method.padEnd(4),
    tame(path),
    colour(String(status)),
    colour(tame(outcomeInWords(record))),
    ...way.filter(Boolean).map((part) => paint.faint(tame(part))),
    `${ms.toFixed(1)} ms`,
  ].join('  ');
}

/**
 * @param {TraceRecord} record
 * @param {Paint} paint
 * @returns {string} the line, and below it what went wrong and what the functions logged
 */
export function toText(record, paint) {
  const { logs, error } = summaryOf(record);
  const below = [
    ...logs.map(({ trigger, line }) => `${trigger}: ${line}`),
    ...(error ? errorLines(error) : []),
  ];
  const lines = below.map((line) => paint.faint(`    ${tame(line)}`));
  return [toLine(record, paint), ...lines].join('\n');
}

/**
 * @param {TraceRecord} record
 * @param {Paint} paint
 * @returns {string} the way through every stage, with what the functions changed
 */
export function toWay(record, paint) {
  const { behavior, id, method, steps, url, viewer } = record;
  const status = record.answer?.status ?? 0;
  const came = colourOf(status, paint)(`${status} ${tame(outcomeInWords(record))}`);
  const place = [viewer.pop, viewer.city, viewer.country].filter(Boolean).join(' ');
  /** @type {[string, string, string[]?][]} */
  const stages = [
    ['viewer', `${place || 'somewhere'} to ${viewer.edge ?? 'no edge'}, ${viewer.proto}`],
    ['behavior', tame(behavior ? `${behavior.pattern} to ${behavior.target}` : 'none')],
    ...steps.map((step) => stageOf(step, paint)),
    ['answer', answerInWords(record), belowAnswer(record, paint)],
    ['time', timesInWords(record)],
  ];
  return [
    `${paint.bold(`${method} ${tame(url)}`)}  ${came}  ${paint.faint(id)}`,
    ...stages.flatMap(([name, text, below = []]) => [
      `  ${paint.bold(name.padEnd(16))} ${text}`,
      ...below.map((line) => `      ${line}`),
    ]),
  ].join('\n');
}

/**
 * @param {FunctionStep | CacheStep | OriginStep} step
 * @param {Paint} paint
 * @returns {[string, string, string[]?]} its name, what happened, and lines below
 */
function stageOf(step, paint) {
  if (step.kind === 'cache') return ['cache', cacheInWords(step)];
  if (step.kind === 'origin') return ['origin', originInWords(step, paint)];
  return [step.trigger, functionInWords(step, paint), belowFunction(step, paint)];
}

/** @param {TraceRecord} record */
function answerInWords({ answer }) {
  if (!answer) return 'none';
  const { status, answeredBy, cache, bytes } = answer;
  const size = `${bytes.toLocaleString('en')} ${bytes === 1 ? 'byte' : 'bytes'}`;
  return `${status} by ${answeredBy}, ${cache ?? 'no cache'}, ${size}`;
}

/**
 * @param {TraceRecord} record
 * @param {Paint} paint
 * @returns {string[]} the error, unless a function's stage has told it
 */
function belowAnswer({ answer, steps }, paint) {
  const isTold = steps.some((step) => step.kind === 'function' && step.error);
  if (!answer?.error || isTold) return [];
  return errorLines(answer.error).map((line) => paint.red(tame(line)));
}

/** @param {TraceRecord} record */
function timesInWords(record) {
  const { functions, origins, rest } = timesOf(record);
  const parts = Object.entries({ functions, origin: origins, 'the rest': rest });
  const total = (record.answer?.ms ?? 0).toFixed(1);
  return `${total} ms: ${parts.map(([name, ms]) => `${name} ${ms.toFixed(1)}`).join(', ')}`;
}

/** @param {TraceRecord} record */
function outcomeInWords(record) {
  if (!record.answer) return 'no answer';
  const { outcome, region, reason, code } = record.answer.outcome;
  if (region) return `${outcome} ${region} (${reason ?? 'no reason'})`;
  return code ? `${outcome} ${code}` : outcome;
}

/** @param {TraceRecord} record */
function functionTimes(record) {
  return functionsOf(record)
    .filter(({ skipped }) => !skipped)
    .map(({ trigger, ms, initMs }) =>
      [
        SHORT[trigger],
        ms.toFixed(1),
        ...(initMs === null ? [] : [`cold+${initMs.toFixed(0)}`]),
      ].join(' '),
    )
    .join(' ');
}

/** @param {TraceRecord} record */
function lastOrigin(record) {
  const origins = originsOf(record);
  const last = origins.at(-1);
  if (!last) return '';
  const leg = last.leg > 1 ? ` leg ${last.leg}` : '';
  return `${last.domainName} ${last.status ?? last.failure?.kind ?? ''}${leg}`;
}

/** @param {CacheStep} step */
function cacheInWords({ state, key, age }) {
  return [state, age === null ? '' : `${age} s old`, key ? `key ${key}` : '']
    .filter(Boolean)
    .join(', ');
}

/**
 * @param {OriginStep} step
 * @param {Paint} paint
 */
function originInWords({ leg, id, domainName, url, ms, wayMs, attempts, status, failure }, paint) {
  const came = failure
    ? paint.red(tame(`${failure.kind}: ${failure.message}`))
    : colourOf(status ?? 0, paint)(String(status));
  const way = wayMs === null ? '' : `, of it ${wayMs.toFixed(1)} the way`;
  const tries = attempts !== null && attempts > 1 ? `, ${attempts} attempts` : '';
  return [
    leg > 1 ? `leg ${leg}  ` : '',
    tame(`${domainName} (${id})  `),
    came,
    `  ${ms.toFixed(1)} ms${way}${tries}`,
    url ? paint.faint(`  ${tame(url)}`) : '',
  ].join('');
}

/**
 * @param {FunctionStep} step
 * @param {Paint} paint
 */
function functionInWords({ skipped, ms, initMs, leg, result, error, ...step }, paint) {
  if (skipped)
    return paint.faint(`skipped, ${[skipped.rule, skipped.why].filter(Boolean).join(': ')}`);
  const cold = initMs === null ? '' : `, and ${initMs.toFixed(1)} to start`;
  const came = error
    ? paint.red(error.reason)
    : result === 'generated'
      ? paint.yellow('answered')
      : '';
  return [
    leg > 1 ? `leg ${leg}  ` : '',
    tame(step.function ?? ''),
    `  ${ms.toFixed(1)} ms${cold}`,
    came && `  ${came}`,
  ].join('');
}

/**
 * @param {FunctionStep} step
 * @param {Paint} paint
 * @returns {string[]}
 */
function belowFunction({ skipped, changes, logs, error }, paint) {
  if (skipped) return [];
  const changed = changes.map((change) => {
    const line = tame(inWords({ ...change, ...shortened(change) }));
    return line.startsWith('+') ? paint.green(line) : line.startsWith('-') ? paint.red(line) : line;
  });
  return [
    ...(changed.length > 0 || error ? changed : [paint.faint('changed nothing')]),
    ...logs.map((line) => paint.faint(tame(`log: ${line}`))),
    ...(error ? errorLines(error).map((line) => paint.red(tame(line))) : []),
  ];
}

/** @param {import('./diff.js').Change} change */
function shortened({ before, after }) {
  const cut = (/** @type {string | undefined} */ value) =>
    value && value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value;
  return { before: cut(before), after: cut(after) };
}

/**
 * @param {TraceError} error
 * @returns {string[]} lines; for the developer, with what the function or the system said
 */
function errorLines({ status, reason, message, rule, at, found, allowed, cause }) {
  const facts = Object.entries({ rule, at, found, allowed })
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `  ${name.padEnd(8)} ${value}`);
  const said = (cause ?? '').split('\n').filter((line) => line !== '');
  return [[status, reason].filter(Boolean).join(' '), message, ...facts, ...said];
}

/**
 * @param {number} status
 * @param {Paint} paint
 */
function colourOf(status, paint) {
  if (status >= 500 || status === 0) return paint.red;
  return status >= 400 ? paint.yellow : paint.green;
}

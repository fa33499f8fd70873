/**
 * What happened to a request, for programs: one object with the same keys each time, `null` where
 * there is nothing to say.
 */

/**
 * @typedef {import('./record.js').TraceRecord} TraceRecord
 * @typedef {import('./record.js').TraceError} TraceError
 *
 * @typedef {object} Summary times are milliseconds
 * @property {string} time start of the request, ISO 8601
 * @property {string} request_id
 * @property {string | null} pop
 * @property {string | null} edge edge Region
 * @property {string | null} country
 * @property {string} method
 * @property {string} path without the query
 * @property {number} status 0 if the request had no answer
 * @property {import('./outcome.js').Outcome['outcome'] | null} outcome
 * @property {string | null} region the API Region
 * @property {string | null} reason why that one
 * @property {string | null} code
 * @property {string | null} answered_by
 * @property {string | null} behavior path pattern
 * @property {string | null} cache
 * @property {{ trigger: string, function: string | null, leg: number, ms: number,
 *   init_ms: number | null, skipped: string | null }[]} functions
 * @property {string | null} origin domain name of the last one asked
 * @property {number | null} origin_status
 * @property {string | null} origin_failure
 * @property {number} legs how many origins were asked
 * @property {number} bytes
 * @property {number} ms
 * @property {number} function_ms all functions together, cold starts included
 * @property {number} origin_ms
 * @property {TraceError | null} error
 * @property {{ trigger: string, line: string }[]} logs
 */

/**
 * @param {TraceRecord} record
 * @returns {string} one line
 */
export function toJson(record) {
  return JSON.stringify(summaryOf(record));
}

/**
 * @param {TraceRecord} record
 * @returns {Summary}
 */
export function summaryOf(record) {
  const { answer, viewer } = record;
  const origins = originsOf(record);
  const last = origins.at(-1);
  const spent = timesOf(record);
  return {
    time: record.time,
    request_id: record.id,
    pop: viewer.pop,
    edge: viewer.edge,
    country: viewer.country,
    method: record.method,
    path: record.url.split('?')[0],
    status: answer?.status ?? 0,
    outcome: answer?.outcome.outcome ?? null,
    region: answer?.outcome.region ?? null,
    reason: answer?.outcome.reason ?? null,
    code: answer?.outcome.code ?? null,
    answered_by: answer?.answeredBy ?? null,
    behavior: record.behavior?.pattern ?? null,
    cache: answer?.cache ?? null,
    functions: functionsOf(record).map((step) => ({
      trigger: step.trigger,
      function: step.function,
      leg: step.leg,
      ms: step.ms,
      init_ms: step.initMs,
      skipped: step.skipped && [step.skipped.rule, step.skipped.why].filter(Boolean).join(': '),
    })),
    origin: last?.domainName ?? null,
    origin_status: last?.status ?? null,
    origin_failure: last?.failure?.kind ?? null,
    legs: origins.length,
    bytes: answer?.bytes ?? 0,
    ms: answer?.ms ?? 0,
    function_ms: spent.functions,
    origin_ms: spent.origins,
    error: answer?.error ?? null,
    logs: functionsOf(record).flatMap(({ trigger, logs }) =>
      logs.map((line) => ({ trigger, line })),
    ),
  };
}

/** @param {TraceRecord} record */
export function functionsOf({ steps }) {
  return steps.filter((step) => step.kind === 'function');
}

/** @param {TraceRecord} record */
export function originsOf({ steps }) {
  return steps.filter((step) => step.kind === 'origin');
}

/**
 * Where the time went. `rest` is the local CloudFront's own, and the body's.
 *
 * @param {TraceRecord} record
 * @returns {{ functions: number, origins: number, rest: number }}
 */
export function timesOf(record) {
  const sum = (/** @type {number[]} */ all) => hundredths(all.reduce((a, b) => a + b, 0));
  const functions = sum(functionsOf(record).map(({ ms, initMs }) => ms + (initMs ?? 0)));
  const origins = sum(originsOf(record).map(({ ms }) => ms));
  const total = record.answer?.ms ?? 0;
  return { functions, origins, rest: Math.max(0, hundredths(total - functions - origins)) };
}

/** @param {number} ms */
function hundredths(ms) {
  return Math.round(ms * 100) / 100;
}

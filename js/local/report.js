/**
 * What happened to each request: a line for people, a JSON object for programs.
 */
import { tame } from '../cli/paint.js';

/**
 * @typedef {import('../cloudfront/exchange.js').Decision} Decision
 *
 * @typedef {object} Outcome
 * @property {'site'|'api'|'refused'|'answered'|'failed'} outcome `site` and `api`: who answered;
 *   `refused`: the edge answered with an error; `answered`: the edge answered otherwise; `failed`:
 *   CloudFront answered in place of the function or the origin
 * @property {string} [region] the API Region
 * @property {string} [reason] why that Region
 * @property {string} [code] stable error code of a refusal; the error's name and the rule of a
 *   failure
 */

/**
 * @param {Decision} decision
 * @returns {Outcome}
 */
export function outcomeOf({ answeredBy, body, error, headers, origin, status }) {
  if (error)
    return { outcome: 'failed', code: [error.reason, error.rule].filter(Boolean).join(' ') };
  const [region, reason] = ['x-nearhop-region', 'x-nearhop-reason'].map(
    (name) => headers[name]?.[0].value,
  );
  if (origin?.kind === 's3') return { outcome: 'site' };
  if (origin) return { outcome: 'api', region, reason };
  return status >= 400 ? { outcome: 'refused', code: errorCode(body) } : { outcome: 'answered' };
}

/**
 * @param {Decision} decision
 * @returns {string} one line of JSON
 */
export function toJson(decision) {
  const { time, edge, method, path, status, answeredBy, ms, requestId, error, logs } = decision;
  return JSON.stringify({
    time,
    edge,
    method,
    path,
    status,
    ...outcomeOf(decision),
    answered_by: answeredBy,
    ms: Math.round(ms * 10) / 10,
    request_id: requestId,
    ...(error ? { error: explain(error) } : {}),
    logs: logs.map(({ trigger, line }) => ({ trigger, line })),
  });
}

/**
 * @param {Decision} decision
 * @param {import('../cli/paint.js').Paint} paint
 * @returns {string} one line, and one more for each line the function logged
 */
export function toText(decision, paint) {
  const { time, edge = '?', method, path, status, ms, error, logs } = decision;
  const { outcome, region, reason, code } = outcomeOf(decision);
  const detail = region ? ` ${region} (${reason ?? 'no reason'})` : code ? ` ${code}` : '';
  const colour = status >= 500 ? paint.red : status >= 400 ? paint.yellow : paint.green;
  const line = [
    paint.faint(time.slice(11, 23)),
    edge.padEnd(14),
    method.padEnd(4),
    tame(path),
    colour(String(status)),
    colour(tame(outcome + detail)),
    paint.faint(`${ms.toFixed(1)} ms`),
  ].join('  ');
  const below = [
    ...logs.map(({ trigger, line: logged }) => `${trigger}: ${logged}`),
    ...(error ? explain(error) : []),
  ];
  return [line, ...below.map((text) => paint.faint(`    ${tame(text)}`))].join('\n');
}

/**
 * @param {import('../cloudfront/error.js').CloudFrontError} error
 * @returns {string[]} lines; for the developer, with what the function or the system said
 */
function explain(error) {
  const { cause } = error;
  const said = cause instanceof Error ? (cause.stack ?? String(cause)) : String(cause ?? '');
  return [...error.page().trimEnd().split('\n'), ...said.split('\n')].filter((line) => line !== '');
}

/** @param {string | undefined} body */
function errorCode(body) {
  try {
    return String(JSON.parse(body ?? '').error);
  } catch {
    return undefined;
  }
}

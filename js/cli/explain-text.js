/**
 * An explanation as text for people.
 */
import { tame } from './paint.js';
import { section, table } from './report.js';

/**
 * @typedef {import('./paint.js').Paint} Paint
 * @typedef {import('./explain.js').Explained} Explained
 */

/**
 * @param {Explained} told
 * @param {Paint} paint
 * @returns {string}
 */
export function explanationAsText(told, paint) {
  const head = `${told.method} ${told.url} at ${told.trigger} in ${told.edge}`;
  return [
    section(head, table(requestRows(told)), paint),
    told.candidates.length > 0 && section('Candidates', table(candidateRows(told), [1]), paint),
    told.stages.length > 0 && section('Stages', table(stageRows(told)), paint),
    outcome(told, paint),
    told.notes.map((note) => `${paint.yellow('note:')} ${tame(note)}\n`).join(''),
  ]
    .filter(Boolean)
    .join('\n');
}

/** @param {Explained} told */
function requestRows({ path, route, caller, place, refusal, sign_in: signIn }) {
  return [
    ['path', path ?? 'cannot be read in one way only'],
    ...(signIn?.step === 'reserved' ? [['belongs to', 'sign-in']] : []),
    ...(route ? [['route', `${route.target}, ${route.access}: ${route.why}`]] : []),
    ...(route ? [['asks for', demands(route)]] : []),
    ...(route?.access === 'authenticated' ? [['caller', callerOf(caller, refusal, signIn)]] : []),
    ...(place ? [['viewer', placeOf(place)]] : []),
  ];
}

/** @param {NonNullable<Explained['route']>} route */
function demands({ access, clients, groups, scopes }) {
  if (access === 'public') return 'nothing';
  const more = [
    clients.length > 0 && `of ${clients.join(' or ')}`,
    groups.length > 0 && `in group ${groups.join(' or ')}`,
    scopes.length > 0 && `with scope ${scopes.join(' and ')}`,
  ];
  return ['a token that verifies', ...more.filter(Boolean)].join(', ');
}

/**
 * @param {Explained['caller']} caller
 * @param {Explained['refusal']} refusal
 * @param {Explained['sign_in']} signIn
 */
function callerOf(caller, refusal, signIn) {
  const isNobody = signIn !== null || refusal?.code === 'token_missing';
  if (!caller) return isNobody ? 'nobody: no token' : 'not let in';
  const { subject, client, groups, residency, home } = caller;
  return [
    `${subject}, client ${client}`,
    groups.length > 0 && `groups ${groups.join(' ')}`,
    residency !== null && `residency ${residency}`,
    home !== null && `home ${home}`,
  ]
    .filter(Boolean)
    .join(', ');
}

/** @param {NonNullable<Explained['place']>} place */
function placeOf({ ip, country, continent, network_rule: rule }) {
  const where = country === null ? 'country not known' : `${country} in ${continent ?? '?'}`;
  return `${ip}, ${where}${rule === null ? '' : `, in a network of api.rules[${rule}]`}`;
}

/** @param {Explained} told */
function candidateRows({ candidates }) {
  return candidates.map(({ region, ms, measured, bias_ms, score, weight, ...by }) => [
    region,
    ms === null ? '' : `${ms.toFixed(1)} ms`,
    [
      ms === null ? 'edge not known' : measured ? 'measured' : 'fitted from distance',
      bias_ms !== 0 && `bias ${signed(bias_ms)} ms, so ${score.toFixed(1)} ms`,
      weight !== 100 && `weight ${weight}`,
      by.removed_by !== null && `removed by ${by.removed_by}`,
      by.moved_back_by.length > 0 && `moved back by ${by.moved_back_by.join(', ')}`,
    ]
      .filter(Boolean)
      .join('; '),
  ]);
}

/** @param {Explained} told */
function stageRows({ stages }) {
  return stages.map(({ stage, effect, regions, first, changed_first: changed }) => [
    stage,
    `${effect} ${regions.join(', ') || 'none'}`,
    first === null ? 'none is left' : changed ? `now first: ${first}` : '',
  ]);
}

/**
 * @param {Explained} told
 * @param {Paint} paint
 */
function outcome({ outcome: kind, refusal, sign_in: signIn, ...told }, paint) {
  const { region, reason, order, destination } = told;
  const lines = [];
  if (signIn) lines.push(`${paint.green('Sign-in')}: ${tame(signIn.says)}`);
  if (signIn?.step === 'redirect') lines.push('Once signed in, it would be:');
  if (signIn?.step === 'refresh') lines.push('Then it would be:');
  if (refusal) {
    const { status, code, detail } = refusal;
    lines.push(`${paint.red(`Refused: ${status} ${code}`)} (${tame(detail)})`);
    if (region) lines.push('Were the caller let in, it would be:');
  }
  if (region) {
    lines.push(`${paint.green(region)} because of ${paint.bold(tame(String(reason)))}`);
    const rest = order.filter((name) => name !== region);
    if (rest.length > 0) lines.push(`  then ${rest.join(', ')}`);
    lines.push(`  at ${tame(String(destination))}`);
  }
  if (kind === 'site' || (signIn && !region && destination)) lines.push(`${paint.green('The site')}: ${tame(String(destination))} in S3`);
  if (kind === 'preflight') lines.push(`${paint.green('Answered at the edge')}: a CORS preflight`);
  return lines.map((line) => `${line}\n`).join('');
}

/** @param {number} number */
function signed(number) {
  return number > 0 ? `+${number}` : String(number);
}

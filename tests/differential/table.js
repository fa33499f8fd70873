/**
 * The result of a run as docs/hostile.md has it.
 *
 * @typedef {import('./main.js').Result} Result
 * @typedef {import('./run.js').Report} Report
 */
import { NOW } from '../vectors/mint/pool.js';
import { REASONS } from './reasons.js';

/** @param {Result} result @returns {string} Markdown */
export function markdown({ date, seed, seconds, counts, reports, keySets }) {
  const { mutants, accepted, libraries, refused, stricter } = counts;
  const names = Object.keys(libraries);
  const others = names.map((name) => `${name} ${figure(libraries[name])}`);
  const rows = [...REASONS.map(({ name }) => name), ...unexplained(stricter)].flatMap((name) =>
    stricter[name] ? [{ name, by: ['any', ...names].map((by) => stricter[name][by] ?? 0) }] : [],
  );
  const lines = [
    `Run of ${date}, seed ${seed}: ${figure(mutants)} mutants in ${figure(seconds)} s.`,
    '',
    `- Nearhop accepts ${figure(accepted)}; ${others.join(', ')}.`,
    `- It refuses ${figure(mutants - accepted)}: ${codes(refused)}.`,
    `- Counterexamples: ${reports.length === 0 ? 'none' : reports.length}.`,
    '',
    `| refused by Nearhop, accepted elsewhere | by any | ${names.join(' | ')} | because |`,
    `|---|---:|${names.map(() => '---:|').join('')}---|`,
    ...rows.map(({ name, by }) => `| ${name} | ${by.map(figure).join(' | ')} | ${because(name)} |`),
  ];
  const found = reports.map((report) => `${JSON.stringify(report, null, 2)}\n`);
  const needed = { now: NOW, keySets };
  const shown = reports.length > 0 ? ['', ...found, JSON.stringify(needed, null, 2)] : [];
  return `${[...lines, ...shown].join('\n')}\n`;
}

/** @param {Record<string, object>} stricter */
function unexplained(stricter) {
  const known = new Set(REASONS.map(({ name }) => name));
  return Object.keys(stricter).filter((name) => !known.has(name));
}

/** @param {string} name */
function because(name) {
  return REASONS.find((reason) => reason.name === name)?.because ?? '';
}

/** @param {Record<string, number>} refused */
function codes(refused) {
  const sorted = Object.entries(refused).sort(([, a], [, b]) => b - a);
  return sorted.map(([code, count]) => `\`${code}\` ${figure(count)}`).join(', ');
}

/** @param {number} number */
function figure(number) {
  return number.toLocaleString('en');
}

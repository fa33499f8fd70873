/**
 * What a run under load came to, as tables in Markdown.
 */

/** @typedef {import('./run.js').Report} Report */

const HEAD = ['requests', 'sent', 'as it should be', 'lost', 'p50', 'p90', 'p99', 'p99.9', 'max'];

/**
 * @param {Report} report
 * @returns {string}
 */
export function tableOf({ requests, seed, seconds, per_second: rate, kinds, failing, memory }) {
  const { region, from, until } = failing;
  const rows = Object.entries(kinds).map(([kind, { sent, well, lost, ms }]) => [
    kind,
    ...[sent, well, lost].map(String),
    ...[ms.p50, ms.p90, ms.p99, ms['p99.9'], ms.max].map((each) => `${each.toFixed(0)} ms`),
  ]);
  const held = memory.map(({ process, start, end }) => [
    process,
    `${start.toFixed(1)} MB`,
    `${end.toFixed(1)} MB`,
  ]);
  return [
    `${requests} requests, seed ${seed}, in ${seconds.toFixed(0)} s: ${rate.toFixed(0)} per second.`,
    `${region} was dead from ${from.toFixed(0)} s to ${until.toFixed(0)} s.`,
    '',
    ...lines([HEAD, ...rows]),
    '',
    ...(held.length > 0 ? lines([['memory', 'after the first sixth', 'at the end'], ...held]) : []),
    '',
  ].join('\n');
}

/** @param {string[][]} rows the first is the head */
function lines([head, ...rows]) {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}

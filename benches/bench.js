#!/usr/bin/env node
/**
 * What Nearhop costs, beside its peers (docs/speed.md):
 *
 *   npm run bench -- [--quick] [--json] [--only NAME,…] [--rounds N] [--svg FILE] [--write]
 *
 * Exit codes: 0 measured, 1 not (verifiers disagree, npm fails), 2 options. No figure is an error.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { chart } from './chart.js';
import { EXTENTS, PARTS, measure } from './measure.js';
import { figures, markdown } from './report.js';
import { NAMES } from './rows.js';
import { writeDocs } from './write.js';

const USAGE = `npm run bench -- [OPTION…]

  --quick      fewer rounds: within a minute; without growth and the fraction of a core
  --json       figures for programs
  --only A,B   of ${[...NAMES, ...PARTS].join(', ')}
  --rounds N   samples of each row
  --svg FILE   writes the chart
  --write      writes the tables into docs/speed.md and the chart to docs/speed.svg
`;

/** @param {string} line */
function progress(line) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
  else if (line.split(':')[0] !== stage) process.stderr.write(`bench: ${line}\n`);
  stage = line.split(':')[0];
}
let stage = '';

/** @returns {ReturnType<typeof parse>} */
function options() {
  try {
    return parse();
  } catch (error) {
    process.stderr.write(`bench: ${/** @type {Error} */ (error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}

function parse() {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      only: { type: 'string' },
      rounds: { type: 'string' },
      svg: { type: 'string' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const only = values.only?.split(',');
  const unknown = only?.find((name) => ![...NAMES, ...PARTS].includes(name));
  if (unknown !== undefined) throw new Error(`--only: there is no row or part "${unknown}"`);
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0)) {
    throw new Error(`--rounds: "${values.rounds}" is no whole number above 0`);
  }
  if (values.write && (values.quick || only)) {
    throw new Error('--write: only a whole run is written, without --quick and --only');
  }
  return { ...values, only, rounds };
}

const { quick, json, only, rounds, svg, write, help } = options();
if (help) {
  process.stdout.write(USAGE);
} else {
  const extent = { ...EXTENTS[quick ? 'quick' : 'full'], ...(rounds && { rounds }) };
  try {
    const report = await measure(extent, { only, progress });
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    if (svg) await writeFile(svg, chart(report));
    if (write) await writeDocs(report);
    process.stdout.write(json ? `${JSON.stringify(figures(report), null, 2)}\n` : markdown(report));
  } catch (error) {
    process.stderr.write(`\nbench: ${/** @type {Error} */ (error).message}\n`);
    process.exitCode = 1;
  }
}

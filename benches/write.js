/**
 * Puts a run's figures where they are read: the table under a heading of docs/speed.md, up to the
 * next one, and the chart beside it.
 */
import { readFile, writeFile } from 'node:fs/promises';

import { chart } from './chart.js';
import { markdown } from './report.js';

const HEADING = '## The figures';
const PAGE = new URL('../docs/speed.md', import.meta.url);
const CHART = new URL('../docs/speed.svg', import.meta.url);

/** @param {import('./measure.js').Report} report of a whole run */
export async function writeDocs(report) {
  await writeFile(PAGE, replaced(await readFile(PAGE, 'utf8'), markdown(report)));
  await writeFile(CHART, chart(report));
}

/**
 * @param {string} page
 * @param {string} figures
 * @returns {string} with the figures under HEADING, in place of what stood there
 * @throws {Error} where the heading is missing
 */
export function replaced(page, figures) {
  const start = page.indexOf(`${HEADING}\n`);
  if (start < 0) throw new Error(`docs/speed.md has no heading "${HEADING}"`);
  const after = start + HEADING.length + 1;
  const next = page.indexOf('\n## ', after);
  return `${page.slice(0, after)}\n${figures}${next < 0 ? '' : page.slice(next)}`;
}

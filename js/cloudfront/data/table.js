/**
 * Tables of data, as CSV files with a head line (RFC 4180).
 */
import { readFileSync } from 'node:fs';

/**
 * @param {URL} file
 * @returns {Record<string, string>[]} a row each, by the names in the head line
 */
export function readTable(file) {
  const [head, ...rows] = readFileSync(file, 'utf8').trimEnd().split('\n').map(fields);
  return rows.map((row) => Object.fromEntries(head.map((name, index) => [name, row[index]])));
}

/**
 * @param {string} line fields with commas are in double quotes; no field has a line end in it
 * @returns {string[]}
 */
function fields(line) {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain,
  );
}

/**
 * What a function changed, as a person would say it: `headers.host: a → b`.
 */
import { isObject } from '../validate/demand.js';

/**
 * @typedef {object} Change of one field or of one header. Only `after`: it was added. Only
 *   `before`: it was removed.
 * @property {string} path such as `headers.host` or `origin.custom.domainName`
 * @property {string} [before]
 * @property {string} [after]
 */

/** What holds headers: a map from lower-case name to a list of values (rules E3 and E6). */
const HEADER_MAPS = new Set(['headers', 'customHeaders']);

/**
 * Compares two requests or two responses. The case of headers' names and their order do not count;
 * neither does the order of one header's values.
 *
 * @param {unknown} before
 * @param {unknown} after
 * @param {{ before: unknown, after: unknown }} [shown] copies of the same shape, to show in their
 *   place: redacted ones, which may look alike where the true ones differ
 * @returns {Change[]}
 */
export function diff(before, after, shown = { before, after }) {
  const [was, is] = [fields(before), fields(after)];
  const [wasShown, isShown] = [fields(shown.before), fields(shown.after)];
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((path) =>
    changesAt(path, {
      was: was.get(path) ?? [],
      is: is.get(path) ?? [],
      wasShown: wasShown.get(path) ?? [],
      isShown: isShown.get(path) ?? [],
    }),
  );
}

/**
 * @param {Change} change
 * @returns {string} one line
 */
export function inWords({ path, before, after }) {
  if (before === undefined) return `+ ${path}: ${after}`;
  if (after === undefined) return `- ${path}: ${before}`;
  return before === after
    ? `${path}: ${before} → another, ${after}`
    : `${path}: ${before || 'empty'} → ${after || 'empty'}`;
}

/**
 * @param {string} path
 * @param {{ was: string[], is: string[], wasShown: string[], isShown: string[] }} values
 * @returns {Change[]}
 */
function changesAt(path, { was, is, wasShown, isShown }) {
  if (was.length === 1 && is.length === 1) {
    return was[0] === is[0] ? [] : [{ path, before: wasShown[0], after: isShown[0] }];
  }
  return [
    ...missing(was, is).map((index) => ({ path, before: wasShown[index] })),
    ...missing(is, was).map((index) => ({ path, after: isShown[index] })),
  ];
}

/**
 * @param {string[]} values
 * @param {string[]} others
 * @returns {number[]} where the values stand that the others lack; a value may be there twice
 */
function missing(values, others) {
  const left = [...others];
  return values.flatMap((value, index) => {
    const found = left.indexOf(value);
    if (found < 0) return [index];
    left.splice(found, 1);
    return [];
  });
}

/**
 * @param {unknown} value
 * @param {string} path
 * @param {Map<string, string[]>} found
 * @returns {Map<string, string[]>} every leaf by its path
 */
function fields(value, path = '', found = new Map()) {
  if (!isObject(value)) {
    if (value !== undefined && path) found.set(path, [leaf(value)]);
    return found;
  }
  for (const [key, item] of Object.entries(value)) {
    const at = path ? `${path}.${key}` : key;
    if (HEADER_MAPS.has(key) && isObject(item)) headerFields(item, at, found);
    else fields(item, at, found);
  }
  return found;
}

/**
 * @param {Record<string, unknown>} headers
 * @param {string} path
 * @param {Map<string, string[]>} found
 */
function headerFields(headers, path, found) {
  for (const [name, entries] of Object.entries(headers)) {
    const values = Array.isArray(entries)
      ? entries.map((entry) => leaf(isObject(entry) ? entry.value : entry))
      : [leaf(entries)];
    if (values.length > 0) found.set(`${path}.${name.toLowerCase()}`, values);
  }
}

/** @param {unknown} value */
function leaf(value) {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
}

/**
 * What a returned header map may hold.
 */
import { demand, describe, isObject } from './demand.js';
import { READ_ONLY, isDisallowed } from './headers.js';

/**
 * Form (rule E3), disallowed names (rule W7), read-only names (rules W4, W5, W6).
 *
 * @param {string} at
 * @param {unknown} headers
 * @param {import('./headers.js').HeaderMap} sent
 * @param {import('./behaviors.js').EventType} eventType
 */
export function validateHeaders(at, headers, sent, eventType) {
  demand(isObject(headers), 'E3', at, describe(headers), 'an object');
  for (const [name, entries] of Object.entries(headers)) {
    validateHeader(`${at}.${name}`, name, entries);
    demand(
      !isDisallowed(name),
      'W7',
      `${at}.${name}`,
      'added',
      'not this header: functions never see or set it',
    );
  }
  const { rule, names } = READ_ONLY[eventType];
  for (const name of names) {
    demand(
      sameValues(sent[name], headers[name]),
      rule,
      `${at}.${name}`,
      'added, changed or removed',
      `read-only at ${eventType}`,
    );
  }
}

/**
 * One header's form (rule E3).
 *
 * @param {string} at
 * @param {string} name
 * @param {unknown} entries
 * @returns {asserts entries is { key?: string, value: string }[]}
 */
export function validateHeader(at, name, entries) {
  demand(
    /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name),
    'E3',
    at,
    JSON.stringify(name),
    'a header name in lower case',
  );
  demand(
    Array.isArray(entries) && entries.length > 0,
    'E3',
    at,
    describe(entries),
    'an array of { key, value }',
  );
  for (const [index, entry] of entries.entries()) {
    const here = `${at}[${index}]`;
    demand(isObject(entry), 'E3', here, describe(entry), 'an object { key, value }');
    const { key, value } = entry;
    demand(
      key === undefined || (typeof key === 'string' && key.toLowerCase() === name),
      'E3',
      `${here}.key`,
      describe(key),
      `left out, or "${name}" in any case`,
    );
    demand(
      typeof value === 'string' && isFieldText(value),
      'E3',
      `${here}.value`,
      describe(value),
      'Latin-1 text without line breaks or control characters',
    );
  }
}

/**
 * Whether HTTP can carry the text. What CloudFront does with characters outside Latin-1 is not
 * documented; here they are refused, so that nobody comes to rely on it.
 *
 * @param {string} text
 */
export function isFieldText(text) {
  return /^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(text);
}

/**
 * @param {{ value: string }[] | undefined} sent
 * @param {unknown} returned
 */
function sameValues(sent, returned) {
  const values = (/** @type {any} */ entries) =>
    JSON.stringify(entries?.map((/** @type {any} */ entry) => entry.value));
  return values(sent) === values(returned);
}

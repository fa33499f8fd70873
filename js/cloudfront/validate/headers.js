/**
 * What a returned header map may hold.
 */
import { capitals, isDisallowed } from '../headers.js';
import { demand, describe, isFieldText, isObject } from './demand.js';

/**
 * @typedef {import('../distribution.js').EventType} EventType
 * @typedef {import('../headers.js').HeaderMap} HeaderMap
 */

/** Visible to a function but not to be added, changed or deleted by it (rules W4, W5, W6). */
export const READ_ONLY = Object.freeze({
  'viewer-request': Object.freeze({
    rule: 'W4',
    names: Object.freeze(['cdn-loop', 'content-length', 'host', 'transfer-encoding', 'via']),
  }),
  'origin-request': Object.freeze({
    rule: 'W5',
    names: Object.freeze([
      'accept-encoding',
      'cdn-loop',
      'content-length',
      'if-modified-since',
      'if-none-match',
      'if-range',
      'if-unmodified-since',
      'transfer-encoding',
      'via',
    ]),
  }),
  'origin-response': Object.freeze({
    rule: 'W6',
    names: Object.freeze(['transfer-encoding', 'via']),
  }),
  'viewer-response': Object.freeze({
    rule: 'W6',
    names: Object.freeze([
      'content-encoding',
      'content-length',
      'transfer-encoding',
      'via',
      'warning',
    ]),
  }),
});

/**
 * Form (rule E3), disallowed names (rule W7), read-only names (rules W4, W5, W6). Read-only is
 * judged by the values and their order; the case of a name is the function's to choose.
 *
 * @param {string} at
 * @param {unknown} headers
 * @param {HeaderMap} sent
 * @param {EventType} eventType
 * @returns {asserts headers is HeaderMap}
 * @throws {import('./demand.js').Breach}
 */
export function validateHeaders(at, headers, sent, eventType) {
  demand(isObject(headers), { rule: 'E3', at, found: describe(headers), allowed: 'an object' });
  for (const [name, entries] of Object.entries(headers)) {
    validateHeader(at, name, entries);
    validateNotDisallowed(at, name);
  }
  const { rule, names } = READ_ONLY[eventType];
  for (const name of names) validateUnchanged(rule, eventType, at, name, sent, headers);
}

/**
 * One header's form (rule E3).
 *
 * @param {string} map where the header is: `request.headers`
 * @param {string} name
 * @param {unknown} entries
 * @returns {asserts entries is { key?: string, value: string }[]}
 * @throws {import('./demand.js').Breach}
 */
export function validateHeader(map, name, entries) {
  demand(/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name), {
    rule: 'E3',
    at: map,
    found: `the name ${JSON.stringify(name.slice(0, 100))}`,
    allowed: 'header names in lower case',
    did: `returned a header named ${JSON.stringify(name.slice(0, 100))}`,
  });
  const at = `${map}.${name}`;
  demand(Array.isArray(entries) && entries.length > 0, {
    rule: 'E3',
    at,
    found: describe(entries),
    allowed: 'an array of { key, value }',
  });
  for (const [index, entry] of entries.entries()) validateEntry(`${at}[${index}]`, name, entry);
}

/**
 * @param {string} at
 * @param {string} name
 * @param {unknown} entry
 */
function validateEntry(at, name, entry) {
  demand(isObject(entry), {
    rule: 'E3',
    at,
    found: describe(entry),
    allowed: 'an object { key, value }',
  });
  const { key, value } = entry;
  demand(key === undefined || (typeof key === 'string' && key.toLowerCase() === name), {
    rule: 'E3',
    at: `${at}.key`,
    found: describe(key),
    allowed: `nothing, or "${name}" in any case`,
  });
  demand(typeof value === 'string' && isFieldText(value), {
    rule: 'E3',
    at: `${at}.value`,
    found: describe(value),
    allowed: 'Latin-1 text without line breaks or control characters',
  });
}

/**
 * Rule W7.
 *
 * @param {string} map
 * @param {string} name
 * @throws {import('./demand.js').Breach}
 */
export function validateNotDisallowed(map, name) {
  demand(!isDisallowed(name), {
    rule: 'W7',
    at: `${map}.${name}`,
    found: 'added',
    allowed: 'not this header: functions never see or set it',
    did: `added disallowed header ${capitals(name)}`,
  });
}

/**
 * @param {string} rule
 * @param {EventType} eventType
 * @param {string} map
 * @param {string} name
 * @param {HeaderMap} sent
 * @param {Record<string, unknown>} headers
 */
function validateUnchanged(rule, eventType, map, name, sent, headers) {
  const before = valuesOf(sent[name]);
  const after = valuesOf(headers[name]);
  const deed = before === undefined ? 'added' : after === undefined ? 'deleted' : 'changed';
  demand(before === after, {
    rule,
    at: `${map}.${name}`,
    found: deed,
    allowed: `what the event held: the header is read-only at ${eventType}`,
    did: `${deed} read-only header ${capitals(name)}`,
  });
}

/** @param {any} entries */
function valuesOf(entries) {
  return entries && JSON.stringify(entries.map((/** @type {any} */ entry) => entry.value));
}

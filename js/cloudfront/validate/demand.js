/**
 * Demands on what a function returns, and words for what was found in place of it.
 *
 * @typedef {object} Facts
 * @property {string} rule id of the rule that asks for it
 * @property {string} at where: `request.headers.host`
 * @property {string} found what was there; of a header, never its value
 * @property {string} allowed what may be there
 * @property {string} [did] what the function did, in words that follow the event type: `changed
 *   the method`; left out, `returned {found} as {at}`
 */

/** A demand that was not met. `validate` makes a CloudFrontError of it. */
export class Breach extends Error {
  /** @param {Facts} facts */
  constructor(facts) {
    super(facts.rule);
    this.facts = facts;
  }
}

/**
 * Throws unless the condition holds.
 *
 * @param {unknown} condition
 * @param {Facts} facts
 * @returns {asserts condition}
 * @throws {Breach}
 */
export function demand(condition, facts) {
  if (!condition) throw new Breach(facts);
}

/**
 * @param {unknown} value
 * @returns {string} what kind of value it is, never the value
 */
export function describe(value) {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? 'other text' : `a ${typeof value}`;
}

/**
 * A value that holds no secret, as it was found.
 *
 * @param {unknown} value
 * @returns {string} text in quotes and cut at 100 characters, numbers, booleans; else what kind of
 *   value it is
 */
export function show(value) {
  const isScalar = ['string', 'number', 'boolean'].includes(typeof value);
  return isScalar ? JSON.stringify(value).slice(0, 100) : describe(value);
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
export function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * @param {string} text
 * @returns {boolean} whether it is base64 with padding (RFC 4648 section 4)
 */
export function isBase64(text) {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

/**
 * Whether HTTP can carry the text. What CloudFront does with characters outside Latin-1 is not
 * documented; here they are refused, so that nobody comes to rely on it.
 *
 * @param {string} text
 * @returns {boolean}
 */
export function isFieldText(text) {
  return /^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(text);
}

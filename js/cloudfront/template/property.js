/**
 * A property in a template: reads what is there, and says where it is when it is wrong.
 */
import { isRecord } from './document.js';
import { shown } from './error.js';
import { plain, resolve } from './intrinsics.js';

/** @typedef {import('./error.js').Path} Path */
/** @typedef {import('./stack.js').Stack} Stack */

/** @type {Set<unknown>} */
const NOTHING = new Set([undefined, null, '', false, 'false']);

export class Property {
  /**
   * @param {Stack} stack
   * @param {unknown} raw the value as written; `undefined` of a property that is not there
   * @param {Path} path
   */
  constructor(stack, raw, path) {
    this.stack = stack;
    const resolved = resolve(stack, raw, path);
    /** Its value; of objects and lists, with parts as written. */
    this.value = resolved.value;
    /** @type {Path} Where the value stands: inside the branch that a condition chose. */
    this.path = resolved.path;
  }

  /** Whether there is a value. */
  get isThere() {
    return this.value !== undefined;
  }

  /**
   * @param {string} key
   * @returns {Property} of an object, or of nothing
   */
  get(key) {
    const { stack, value, path } = this;
    if (value === undefined) return new Property(stack, undefined, [...path, key]);
    if (!isRecord(value) || Array.isArray(value)) this.fail({ allowed: 'an object' });
    return new Property(stack, Object.hasOwn(value, key) ? value[key] : undefined, [...path, key]);
  }

  /** @returns {string[]} the keys of an object, also those whose value turns out to be nothing */
  keys() {
    return isRecord(this.value) && !Array.isArray(this.value) ? Object.keys(this.value) : [];
  }

  /** @returns {Property[]} of a list; none where there is nothing */
  items() {
    const { stack, value, path } = this;
    if (value === undefined) return [];
    if (!Array.isArray(value)) this.fail({ allowed: 'a list' });
    return value
      .map((item, index) => new Property(stack, item, [...path, index]))
      .filter(({ isThere }) => isThere);
  }

  /**
   * @param {{ otherwise?: string, rule?: string, matches?: RegExp, allowed?: string }} [demands]
   *   `otherwise` is the value of a property that is not there; without it there must be one
   * @returns {string}
   */
  text({ otherwise, rule, matches, allowed = 'text' } = {}) {
    const { value } = this;
    if (value === undefined && otherwise !== undefined) return otherwise;
    const text = typeof value === 'number' ? String(value) : value;
    if (typeof text === 'string' && (!matches || matches.test(text))) return text;
    return this.fail({ allowed, rule });
  }

  /** @returns {string[]} of a list; none where there is nothing */
  texts() {
    return this.items().map((item) => item.text());
  }

  /**
   * @template {string} T
   * @param {readonly T[]} choices
   * @param {{ otherwise?: T, rule?: string, advice?: string }} [demands]
   * @returns {T}
   */
  oneOf(choices, { otherwise, rule, advice } = {}) {
    if (this.value === undefined && otherwise !== undefined) return otherwise;
    const chosen = choices.find((choice) => choice === this.value);
    return chosen ?? this.fail({ allowed: choices.join(', '), rule, advice });
  }

  /**
   * @param {{ least?: number, most?: number, otherwise?: number, rule?: string, unit?: string }}
   *   [demands] both ends are allowed
   * @returns {number} CloudFormation takes `"5"` for 5
   */
  integer({ least = 0, most = Number.MAX_SAFE_INTEGER, otherwise, rule, unit } = {}) {
    const { value } = this;
    if (value === undefined && otherwise !== undefined) return otherwise;
    const isNumber = typeof value === 'number' || /^-?\d+$/.test(String(value));
    const number = isNumber ? Number(value) : NaN;
    if (Number.isInteger(number) && number >= least && number <= most) return number;
    const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
    return this.fail({ allowed: unit ? `${range} ${unit}` : range, rule });
  }

  /**
   * @param {{ otherwise?: boolean }} [demands]
   * @returns {boolean} CloudFormation takes `"true"` for true
   */
  boolean({ otherwise } = {}) {
    const { value } = this;
    if (value === undefined && otherwise !== undefined) return otherwise;
    if (value === true || value === 'true') return true;
    if (value === false || value === 'false') return false;
    return this.fail({ allowed: 'true or false' });
  }

  /** @returns {unknown} the whole value, without intrinsic functions */
  plain() {
    return plain(this.stack, this.value, this.path);
  }

  /** Whether it asks for anything: `''`, `false`, `[]`, `{}` and what is not enabled do not. */
  get hasEffect() {
    return asksForSomething(this.plain());
  }

  /**
   * @param {Omit<import('./error.js').Fault, 'found'> & { found?: string }} fault what was found is
   *   its value if not said otherwise
   * @returns {never}
   */
  fail({ found = shown(this.value), ...fault }) {
    throw this.stack.fault(this.path, { found, ...fault });
  }

  /** @param {string} text what its author should know */
  warn(text) {
    this.stack.warn(this.path, text);
  }
}

/**
 * @param {import('./stack.js').Resource} resource
 * @returns {Property} its `Properties`
 */
export function propertiesOf({ stack, id }) {
  const raw = /** @type {Record<string, unknown>} */ (stack.section('Resources')[id]);
  return new Property(stack, raw.Properties ?? {}, ['Resources', id, 'Properties']);
}

/**
 * @param {unknown} value
 * @returns {boolean}
 */
function asksForSomething(value) {
  if (!isRecord(value)) return !NOTHING.has(value);
  const isEnabled = !('Enabled' in value) || asksForSomething(value.Enabled);
  return isEnabled && Object.values(value).some(asksForSomething);
}

/**
 * What may be asked of the faults and of the control API, and what is said of anything else.
 */
import { describe, isObject } from '../validate/demand.js';

/** @type {readonly import('../distribution.js').EventType[]} */
const EVENT_TYPES = ['viewer-request', 'origin-request', 'origin-response', 'viewer-response'];
/** @type {readonly import('./faults.js').OriginFaultKind[]} */
const ORIGIN_FAULTS = ['kill', 'hang', 'slow', 'reset'];
/** @type {readonly import('./faults.js').FunctionFaultKind[]} */
const FUNCTION_FAULTS = ['throttle', 'trap', 'crash', 'hang', 'skip'];

/** The form of Regions' names, such as `eu-west-1`. */
const REGION = /^[a-z]{2}(-[a-z]+)+-\d{1,2}$/;

const DAY = 24 * 60 * 60 * 1000;
const MOST_TIMES = 1_000_000;
const LONGEST_NAME = 253;

/** Something that was asked for and cannot be. */
export class WrongInput extends Error {
  /**
   * @param {string} at where: a key, or a part of the address
   * @param {string} found
   * @param {string} allowed
   */
  constructor(at, found, allowed) {
    super(`${at}: found ${found}, allowed: ${allowed}`);
    this.name = 'WrongInput';
    this.at = at;
    this.found = found;
    this.allowed = allowed;
  }
}

/**
 * @param {string} name
 * @param {unknown} wanted
 * @returns {import('./faults.js').OriginFault & { forMs?: number }}
 */
export function originFault(name, wanted) {
  const input = objectWith(wanted, ['fault', 'ms', 'times', 'for_ms']);
  const fault = oneOf(input, 'fault', ORIGIN_FAULTS);
  if (fault !== 'slow' && input.ms !== undefined) {
    throw new WrongInput('ms', `it beside "${fault}"`, 'only with "slow"');
  }
  return {
    on: 'origin',
    name: nameOf(name, 'an id, a domain name, a Region or *'),
    fault,
    ...(fault === 'slow' && { ms: integer(input, 'ms', 1, DAY) }),
    ...howLong(input),
  };
}

/**
 * @param {string} name
 * @param {unknown} wanted
 * @returns {import('./faults.js').FunctionFault & { forMs?: number }}
 */
export function functionFault(name, wanted) {
  const input = objectWith(wanted, ['fault', 'trigger', 'region', 'times', 'for_ms']);
  return {
    on: 'function',
    name: nameOf(name, "a function's name or *"),
    fault: oneOf(input, 'fault', FUNCTION_FAULTS),
    ...(input.trigger !== undefined && { trigger: oneOf(input, 'trigger', EVENT_TYPES) }),
    ...(input.region !== undefined && { region: regionIn(input) }),
    ...howLong(input),
  };
}

/**
 * @param {unknown} wanted
 * @returns {{ name?: string, region?: string }} of the environments to recycle
 */
export function recycled(wanted) {
  const input = objectWith(wanted ?? {}, ['name', 'region']);
  return {
    ...(input.name !== undefined && { name: nameOf(input.name, "a function's name") }),
    ...(input.region !== undefined && { region: regionIn(input) }),
  };
}

/**
 * @param {unknown} wanted
 * @returns {string[]} paths as an invalidation of CloudFront takes them
 */
export function purged(wanted) {
  const { paths } = objectWith(wanted, ['paths']);
  const isPath = (/** @type {unknown} */ path) =>
    typeof path === 'string' && /^\/[^\s#]*$/.test(path);
  if (!Array.isArray(paths) || paths.length === 0) {
    throw new WrongInput('paths', describe(paths), 'a list of paths such as "/*"');
  }
  const wrong = paths.find((path) => !isPath(path));
  if (wrong !== undefined) throw new WrongInput('paths', shown(wrong), 'paths that begin with "/"');
  return paths;
}

/**
 * @param {unknown} wanted
 * @returns {number} milliseconds, also negative
 */
export function clockSkew(wanted) {
  return integer(objectWith(wanted, ['skew_ms']), 'skew_ms', -3650 * DAY, 3650 * DAY);
}

/** @param {Record<string, unknown>} input */
function howLong(input) {
  return {
    ...(input.times !== undefined && { times: integer(input, 'times', 1, MOST_TIMES) }),
    ...(input.for_ms !== undefined && { forMs: integer(input, 'for_ms', 1, DAY) }),
  };
}

/**
 * @param {unknown} value
 * @param {string[]} keys
 */
function objectWith(value, keys) {
  if (!isObject(value)) throw new WrongInput('body', describe(value), 'a JSON object');
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown !== undefined) throw new WrongInput('body', `the key ${shown(unknown)}`, list(keys));
  return value;
}

/**
 * @template {string} T
 * @param {Record<string, unknown>} input
 * @param {string} key
 * @param {readonly T[]} allowed
 * @returns {T}
 */
function oneOf(input, key, allowed) {
  const value = /** @type {T} */ (input[key]);
  if (!allowed.includes(value)) throw new WrongInput(key, shown(value), list(allowed));
  return value;
}

/**
 * @param {Record<string, unknown>} input
 * @param {string} key
 * @param {number} least
 * @param {number} most
 */
function integer(input, key, least, most) {
  const value = input[key];
  if (!Number.isInteger(value) || Number(value) < least || Number(value) > most) {
    throw new WrongInput(key, shown(value), `a whole number from ${least} to ${most}`);
  }
  return Number(value);
}

/** @param {Record<string, unknown>} input */
function regionIn({ region }) {
  if (typeof region !== 'string' || !REGION.test(region)) {
    throw new WrongInput('region', shown(region), 'a Region such as "eu-west-1"');
  }
  return region;
}

/**
 * @param {unknown} name
 * @param {string} allowed
 */
function nameOf(name, allowed) {
  if (typeof name !== 'string' || !/^[\x21-\x7e]+$/.test(name) || name.length > LONGEST_NAME) {
    throw new WrongInput('name', shown(name), allowed);
  }
  return name;
}

/** @param {readonly string[]} names */
function list(names) {
  return names.map((name) => `"${name}"`).join(', ');
}

/** @param {unknown} value */
function shown(value) {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/**
 * Faults on command: what is to go wrong with which origin or function, how often and how long.
 * Origins and functions ask here before they do their work; nothing goes wrong by itself.
 */
import { regionOf } from '../origins/latency.js';
import { functionFault, originFault } from './input.js';

/**
 * @typedef {import('../distribution.js').EventType} EventType
 *
 * @typedef {'kill'|'hang'|'slow'|'reset'} OriginFaultKind `kill`: refuses connections; `hang`:
 *   accepts them and never answers; `slow`: answers `ms` later; `reset`: breaks the connection off
 * @typedef {'throttle'|'trap'|'crash'|'hang'|'skip'} FunctionFaultKind `throttle`: no room for it,
 *   a 503 `LambdaLimitExceeded` (rule F1); `trap`: its next call into WebAssembly fails; `crash`: its
 *   process ends; `hang`: it never answers; `skip`: the trigger does not run at all
 *
 * @typedef {object} OriginFault
 * @property {'origin'} on
 * @property {string} name of a domain, of an origin (its id) or of a Region, which means all domain
 *   names in it; `*` is all of them
 * @property {OriginFaultKind} fault
 * @property {number} [ms] of `slow`
 * @property {number} [times] how many more requests it meets; all of them unless said
 * @property {number} [until] when it ends, in milliseconds since 1970
 *
 * @typedef {object} FunctionFault
 * @property {'function'} on
 * @property {string} name of the function, or `*`
 * @property {FunctionFaultKind} fault
 * @property {EventType} [trigger] all of them unless said
 * @property {string} [region] edge Region; all of them unless said
 * @property {number} [times]
 * @property {number} [until]
 */

export class Faults {
  #now;
  /** The newest first. @type {(OriginFault | FunctionFault)[]} */
  #faults = [];

  /** Milliseconds that the functions' clock is ahead of this machine's. */
  clockSkewMs = 0;

  /** @param {{ now?: () => number }} [options] a clock in milliseconds since 1970 */
  constructor({ now = Date.now } = {}) {
    this.#now = now;
  }

  /**
   * Sets a fault in place of the one that was set for the same: the same origin, or the same
   * function, trigger and Region. Where several fit, the one set last acts.
   *
   * @param {'origin'|'function'} on
   * @param {string} name
   * @param {unknown} wanted `{ fault, ms?, times?, for_ms? }`, of a function
   *   `{ fault, trigger?, region?, times?, for_ms? }`
   * @returns {OriginFault | FunctionFault}
   * @throws {import('./input.js').WrongInput}
   */
  set(on, name, wanted) {
    const fault = on === 'origin' ? originFault(name, wanted) : functionFault(name, wanted);
    const { forMs, ...set } = fault;
    const made = forMs === undefined ? set : { ...set, until: this.#now() + forMs };
    this.#faults = [made, ...this.#faults.filter((other) => !isSameTarget(other, made))];
    return { ...made };
  }

  /**
   * Ends all faults, or those of one origin or function. The clock stays as it is.
   *
   * @param {'origin'|'function'} [on]
   * @param {string} [name] as it was set
   * @returns {number} how many there were
   */
  clear(on, name) {
    const before = this.list().length;
    this.#faults = this.#faults.filter(
      (fault) =>
        (on !== undefined && fault.on !== on) || (name !== undefined && fault.name !== name),
    );
    return before - this.#faults.length;
  }

  /** @returns {(OriginFault | FunctionFault)[]} what is set, the newest first */
  list() {
    this.#faults = this.#faults.filter(({ until = Infinity }) => until > this.#now());
    return this.#faults.map((fault) => ({ ...fault }));
  }

  /**
   * What happens to one fetch. Asking counts as one of the fault's `times`.
   *
   * @param {string} domainName
   * @param {string} [originId]
   * @returns {{ kind: OriginFaultKind, ms?: number } | undefined}
   */
  origin(domainName, originId) {
    const names = new Set(['*', domainName, originId, regionOf(domainName)]);
    const found = this.#take((fault) => fault.on === 'origin' && names.has(fault.name));
    if (found?.on !== 'origin') return undefined;
    return { kind: found.fault, ...(found.ms !== undefined && { ms: found.ms }) };
  }

  /**
   * What happens to one invocation. Asking counts as one of the fault's `times`.
   *
   * @param {string} functionName
   * @param {string} region edge Region
   * @param {EventType} eventType
   * @returns {{ kind: Exclude<FunctionFaultKind, 'skip'> } | undefined}
   */
  invocation(functionName, region, eventType) {
    const found = this.#take(
      (fault) => fault.fault !== 'skip' && fits(fault, functionName, region, eventType),
    );
    if (found?.on !== 'function' || found.fault === 'skip') return undefined;
    return { kind: found.fault };
  }

  /**
   * Whether one trigger does not run at all. Asking counts as one of the fault's `times`.
   *
   * @param {string} functionName
   * @param {string} region edge Region
   * @param {EventType} eventType
   */
  skips(functionName, region, eventType) {
    const isSkipped = (/** @type {OriginFault | FunctionFault} */ fault) =>
      fault.fault === 'skip' && fits(fault, functionName, region, eventType);
    return this.#take(isSkipped) !== undefined;
  }

  /**
   * @param {(fault: OriginFault | FunctionFault) => boolean} matches
   */
  #take(matches) {
    this.list();
    const found = this.#faults.find(matches);
    if (found?.times !== undefined) {
      found.times -= 1;
      if (found.times === 0) this.#faults = this.#faults.filter((fault) => fault !== found);
    }
    return found;
  }
}

/**
 * @param {OriginFault | FunctionFault} fault
 * @param {string} functionName
 * @param {string} region
 * @param {EventType} eventType
 */
function fits(fault, functionName, region, eventType) {
  return (
    fault.on === 'function' &&
    ['*', functionName].includes(fault.name) &&
    [undefined, region].includes(fault.region) &&
    [undefined, eventType].includes(fault.trigger)
  );
}

/**
 * @param {OriginFault | FunctionFault} one
 * @param {OriginFault | FunctionFault} other
 */
function isSameTarget(one, other) {
  if (one.on !== other.on || one.name !== other.name) return false;
  if (one.on === 'origin' || other.on === 'origin') return true;
  return one.trigger === other.trigger && one.region === other.region;
}

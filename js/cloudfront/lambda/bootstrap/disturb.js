/**
 * Faults that only the inside of an environment can show: a clock that is wrong, and WebAssembly
 * that traps. Loaded before the function and only where faults can be asked for.
 */

let clockSkewMs = 0;
let isTrapArmed = false;

/**
 * Sets the faults of the event that comes now.
 *
 * @param {import('node:http').IncomingHttpHeaders} headers of the Runtime API's answer to `next`
 */
export function disturb(headers) {
  clockSkewMs = Number(headers['nearhop-clock-skew-ms'] ?? 0);
  isTrapArmed = headers['nearhop-trap'] !== undefined;
}

/** A trap that no call fell into is gone with the event. The clock stays as it is. */
export function calm() {
  isTrapArmed = false;
}

/** `Date` ahead by the skew. `performance` is not: it measures time, and does not tell it. */
const RealDate = Date;
const now = () => RealDate.now() + clockSkewMs;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  apply: () => new RealDate(now()).toString(),
  get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
});
RealDate.prototype.constructor = globalThis.Date;

/** Exported functions of every instance, with the trap in front. */
const exportsOf = /** @type {(this: WebAssembly.Instance) => WebAssembly.Exports} */ (
  Object.getOwnPropertyDescriptor(WebAssembly.Instance.prototype, 'exports')?.get
);
/** @type {WeakMap<WebAssembly.Instance, WebAssembly.Exports>} */
const trappable = new WeakMap();
Object.defineProperty(WebAssembly.Instance.prototype, 'exports', {
  configurable: true,
  enumerable: true,
  get() {
    if (!trappable.has(this)) trappable.set(this, withTrap(exportsOf.call(this)));
    return trappable.get(this);
  },
});

/**
 * @param {WebAssembly.Exports} exports
 * @returns {WebAssembly.Exports}
 */
function withTrap(exports) {
  const wrapped = Object.entries(exports).map(([name, value]) => [
    name,
    typeof value === 'function' ? new Proxy(value, { apply: applyOrTrap }) : value,
  ]);
  return Object.freeze(Object.fromEntries(wrapped));
}

/**
 * @param {Function} target
 * @param {unknown} self
 * @param {unknown[]} args
 */
function applyOrTrap(target, self, args) {
  if (isTrapArmed) {
    isTrapArmed = false;
    throw new WebAssembly.RuntimeError('unreachable');
  }
  return Reflect.apply(target, self, args);
}

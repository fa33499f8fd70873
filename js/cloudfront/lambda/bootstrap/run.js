/**
 * Calls a handler and waits for what it gives, in the ways that Lambda's Node runtimes know.
 */
import { takesCallbacks } from './handler.js';

/** @type {(() => void) | undefined} what to do when the event loop has nothing left */
let whenEmpty;
process.on('beforeExit', () => whenEmpty?.());

/**
 * From nodejs24.x on a handler gives its result, or a promise of it. Before, it gives a promise, or
 * calls the callback or one of `context.done`, `succeed` and `fail`; any other value it returns is
 * ignored, and the result is null if the event loop empties without a call.
 *
 * @param {import('./handler.js').Handler} handler
 * @param {unknown} event
 * @param {Record<string, any>} context
 * @returns {Promise<unknown>}
 * @throws {unknown} what the handler threw, rejected with or gave its callback as an error
 */
export function runHandler(handler, event, context) {
  return new Promise((resolve, reject) => {
    whenEmpty = () => {
      reject(new Error('The event loop is empty and the promise of a result is not settled.'));
    };
    if (!takesCallbacks()) {
      Promise.resolve(handler(event, context)).then(resolve, reject);
      return;
    }
    const callback = withCallbacks(context, resolve, reject);
    const returned = handler(event, context, callback);
    if (typeof returned?.then === 'function') returned.then(resolve, reject);
    else whenEmpty = callback.whenEmpty;
  }).finally(() => {
    whenEmpty = undefined;
  });
}

/**
 * Gives the context what belongs to callbacks. With `callbackWaitsForEmptyEventLoop`, which is set
 * at first, what the callback was called with counts once the event loop is empty.
 *
 * @param {Record<string, any>} context
 * @param {(result: unknown) => void} resolve
 * @param {(error: unknown) => void} reject
 */
function withCallbacks(context, resolve, reject) {
  let settle = () => resolve(null);
  const whenEmpty = () => settle();
  let isCalled = false;
  const callback = (/** @type {unknown} */ error, /** @type {unknown} */ result) => {
    if (isCalled) return;
    isCalled = true;
    const isError = error !== null && error !== undefined;
    settle = () => (isError ? reject(error) : resolve(result));
    if (!context.callbackWaitsForEmptyEventLoop) settle();
  };
  const done = (/** @type {unknown} */ error, /** @type {unknown} */ result) => {
    context.callbackWaitsForEmptyEventLoop = false;
    callback(error, result);
  };
  Object.assign(context, {
    callbackWaitsForEmptyEventLoop: true,
    done,
    succeed: (/** @type {unknown} */ result) => done(null, result),
    fail: (/** @type {unknown} */ error) => done(error ?? 'handled', undefined),
  });
  return Object.assign(callback, { whenEmpty });
}

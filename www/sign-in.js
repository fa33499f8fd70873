/**
 * The way in: links to the edge, which has the visitor sign in and comes back to this page.
 */
import { problemOf } from '/call.js';
import { element } from '/element.js';

/** @returns {string} */
export function signInPath() {
  return `/_nearhop/sign-in?return=${encodeURIComponent(location.pathname + location.search)}`;
}

/**
 * What to say of an answer that is not as wished. Nobody is sent anywhere: a page that did so by
 * itself would do it again after each refusal.
 *
 * @param {import('./call.js').Answer} answer
 * @returns {Node | string} the way in, where nobody is signed in
 */
export function explain(answer) {
  if (answer.status !== 401) return problemOf(answer);
  return element('a', { href: signInPath() }, 'Sign in to see this');
}

/**
 * Likewise, where a form holds what somebody wrote: another tab does not lose it.
 *
 * @param {import('./call.js').Answer} answer
 */
export function explainBeside(answer) {
  if (answer.status !== 401) return problemOf(answer);
  return element('a', { href: signInPath(), target: '_blank' }, 'Sign in, then save again');
}

/**
 * When CloudFront answers with an object that has expired: "Serve stale (expired) content" of the
 * CloudFront Developer Guide.
 */
import { cacheControl, deltaSeconds } from './fields.js';

/**
 * @typedef {import('../distribution.js').CachePolicy} CachePolicy
 * @typedef {import('./entry.js').Entry} Entry
 */

/**
 * What an expired entry may still be used for.
 *
 * `whileRevalidating`: it is the answer, and the origin is asked in the background. `onError`: it
 * is the answer if the origin cannot be reached or answers 5xx; `Cache.extend` then keeps it for
 * the error caching minimum TTL before the origin is asked again. A 4xx is always passed on.
 *
 * Without `stale-if-error` CloudFront does so for as long as it has the object; with
 * `stale-if-error=0` never. The maximum TTL limits either; the guide leaves open from when it
 * counts, here from the entry's expiry. `must-revalidate` forbids both, as RFC 9111 section 4.2.4
 * asks (unverified of CloudFront).
 *
 * @param {Entry} entry
 * @param {Pick<CachePolicy, 'maxTtl'>} cachePolicy
 * @returns {{ whileRevalidating: boolean, onError: boolean }}
 */
export function staleUse(entry, { maxTtl }) {
  const directives = cacheControl(entry.headers);
  const isForbidden = ['must-revalidate', 'proxy-revalidate'].some((name) => directives.has(name));
  const isObject = entry.status < 400;
  const since = entry.staleFor() / 1_000;
  /** @param {number} seconds */
  const isWithin = (seconds) => isObject && !isForbidden && since < Math.min(seconds, maxTtl);
  return {
    whileRevalidating: isWithin(deltaSeconds(directives.get('stale-while-revalidate')) ?? 0),
    onError: isWithin(deltaSeconds(directives.get('stale-if-error')) ?? Infinity),
  };
}

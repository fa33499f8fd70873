/**
 * Response headers policies: what CloudFront removes from answers and adds to them on their way to
 * the viewer, from the cache and from the origin alike (guide, "Understand response headers
 * policies").
 */
import { corsHeaders } from './cors.js';
import { securityHeaders } from './security-headers.js';
import { isTimed, serverTiming } from './server-timing.js';

/**
 * @typedef {import('../distribution.js').ResponseHeadersPolicy} ResponseHeadersPolicy
 * @typedef {import('../headers.js').HeaderMap} HeaderMap
 * @typedef {import('./cors.js').CorsConfig} CorsConfig
 * @typedef {import('./security-headers.js').SecurityHeadersConfig} SecurityHeadersConfig
 * @typedef {import('./server-timing.js').Timing} Timing
 */

/**
 * Applies a policy. Headers are removed first: one that is both removed and added is there in the
 * end. A removed `Server` gives way to CloudFront's own.
 *
 * @param {HeaderMap} headers the answer's; not changed
 * @param {ResponseHeadersPolicy} policy
 * @param {{ method: string, headers: HeaderMap }} request the viewer's
 * @param {{ timing?: Timing, random?: () => number }} [facts] without `timing` there is no
 *   `Server-Timing`; `random` decides which answers have it
 * @returns {HeaderMap}
 */
export function withPolicy(headers, policy, request, { timing, random } = {}) {
  const gone = new Set(policy.remove);
  const kept = Object.entries(headers).filter(([name]) => !gone.has(name));
  const result = structuredClone(Object.fromEntries(kept));
  const set = (/** @type {string} */ key, /** @type {string} */ value) => {
    result[key.toLowerCase()] = [{ key, value }];
  };
  if (gone.has('server')) set('Server', 'CloudFront');
  if (policy.cors) {
    const cors = /** @type {CorsConfig} */ (policy.cors);
    for (const [key, value] of corsHeaders(cors, request, result)) set(key, value);
  }
  const security = policy.security
    ? securityHeaders(/** @type {SecurityHeadersConfig} */ (policy.security))
    : [];
  for (const { header, value, override } of [...security, ...policy.custom]) {
    if (override || !Object.hasOwn(result, header.toLowerCase())) set(header, value);
  }
  const { serverTiming: rate } = policy;
  if (timing && rate !== undefined && isTimed(request, rate, random)) {
    set('Server-Timing', serverTiming(result, timing));
  }
  return result;
}

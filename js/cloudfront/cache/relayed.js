/**
 * "HTTP response headers that CloudFront removes or replaces" in "Request and response behavior for
 * custom origins" of the CloudFront Developer Guide: what the store, and viewers, get of an
 * origin's headers. The guide does not say whether origin-response functions see the others
 * (unverified).
 */
import { forwardsCookies } from './conditional.js';
import { fieldValue } from './fields.js';

/**
 * @typedef {import('../distribution.js').Behavior} Behavior
 * @typedef {import('../headers.js').HeaderMap} HeaderMap
 */

/** Of one connection, or of one message on it. */
const OF_THE_CONNECTION = ['trailer', 'transfer-encoding', 'upgrade'];

/** With one of these at the origin, `Vary: User-Agent` is said truly. */
const DEVICE = [
  'cloudfront-is-desktop-viewer',
  'cloudfront-is-mobile-viewer',
  'cloudfront-is-smarttv-viewer',
  'cloudfront-is-tablet-viewer',
];

/**
 * Drops `Set-Cookie` where the behavior forwards no cookies, and from `Vary` what the origin never
 * saw. CloudFront's cache itself goes by the cache policy, never by `Vary`.
 *
 * @param {HeaderMap} headers of the origin's answer
 * @param {Pick<Behavior, 'cachePolicy' | 'originRequestPolicy'>} behavior
 * @returns {HeaderMap}
 */
export function relayedHeaders(headers, behavior) {
  const removed = new Set(OF_THE_CONNECTION);
  if (!forwardsCookies(behavior)) removed.add('set-cookie');
  const { vary, ...rest } = Object.fromEntries(
    Object.entries(headers).filter(([name]) => !removed.has(name)),
  );
  const value = vary && keptVary(fieldValue(headers, 'vary') ?? '', behavior);
  return value ? { ...rest, vary: [{ key: 'Vary', value }] } : rest;
}

/**
 * @param {string} vary
 * @param {Pick<Behavior, 'cachePolicy' | 'originRequestPolicy'>} behavior
 */
function keptVary(vary, behavior) {
  return vary
    .split(',')
    .map((name) => name.trim())
    .filter((name) => isTrue(name.toLowerCase(), behavior))
    .join(', ');
}

/**
 * @param {string} name in lower case
 * @param {Pick<Behavior, 'cachePolicy' | 'originRequestPolicy'>} behavior
 * @returns {boolean} whether the origin's answer can depend on that header
 */
function isTrue(name, behavior) {
  if (name === 'accept-encoding' || name === 'cookie') return true;
  if (name === '*') return behavior.cachePolicy.minTtl === 0;
  if (forwardsHeader(name, behavior)) return true;
  return name === 'user-agent' && DEVICE.some((device) => forwardsHeader(device, behavior));
}

/**
 * @param {string} name in lower case
 * @param {Pick<Behavior, 'cachePolicy' | 'originRequestPolicy'>} behavior
 */
function forwardsHeader(name, { cachePolicy, originRequestPolicy }) {
  const lists = [cachePolicy.headers, originRequestPolicy?.headers];
  return lists.some((list) => {
    if (list === undefined || list.behavior === 'none') return false;
    const isNamed = list.names.includes(name);
    const isCloudFronts = name.startsWith('cloudfront-');
    if (list.behavior === 'whitelist') return isNamed;
    if (list.behavior === 'allExcept') return !isNamed;
    return isNamed || !isCloudFronts;
  });
}

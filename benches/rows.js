/**
 * The rows of the table: what one request asks, of whom.
 *
 * @typedef {import('./rounds.js').Row} Row
 * @typedef {import('./children/load.js').Handler} Handler
 */
import { bearer, longCookie, originRequest, viewerRequest } from './events.js';
import { handOut } from './tokens.js';

/** Nearhop's rows, and what is left of some where nothing is decided (limits.js). */
export const NAMES = [
  'first_seen',
  'first_seen_cookie',
  'first_seen_origin',
  'repeat',
  'repeat_cookie',
  'origin_request',
  'static',
  'refusal',
  'refusal_no_token',
  'limit_first_seen',
  'limit_repeat',
  'limit_repeat_cookie',
  'limit_origin_request',
  'limit_static',
  'limit_refusal',
  'crossing_repeat',
  'crossing_repeat_cookie',
  'crossing_origin_request',
  'crossing_static',
  'crossing_refusal',
];

/** Requests in one sample: where a signature is verified, and where none is. */
export const HEAVY = 200;
const LIGHT = 1_000;

const GARBAGE = `${'e30'.repeat(100)}.${'e30'.repeat(200)}.${'x'.repeat(342)}`;

/**
 * Nearhop's, each the whole handler: event object in, result object out.
 *
 * @param {Handler} handler
 * @param {string[]} tokens access tokens; the rows of unseen ones share them
 * @returns {Record<string, Row>}
 */
export function nearhopRows(handler, tokens) {
  const [known] = tokens;
  const fresh = handOut(tokens.slice(1));
  const unseen = (/** @type {(token: string) => string} */ event) => ({
    requests: HEAVY,
    inputs: (/** @type {number} */ count) => fresh(count).map((token) => JSON.parse(event(token))),
    request: handler,
  });
  const same = (/** @type {string} */ event) => ({
    requests: LIGHT,
    inputs: (/** @type {number} */ count) => copies(event, count),
    request: handler,
  });
  const page = { accept: 'text/html,application/xhtml+xml', 'sec-fetch-dest': 'document' };
  return {
    first_seen: unseen((token) => viewerRequest(bearer(token))),
    first_seen_cookie: unseen((token) => viewerRequest(longCookie(token))),
    first_seen_origin: unseen((token) => originRequest(bearer(token))),
    repeat: same(viewerRequest(bearer(known))),
    repeat_cookie: same(viewerRequest(longCookie(known))),
    origin_request: same(originRequest(bearer(known))),
    static: same(viewerRequest(page, '/orders/17')),
    refusal: same(viewerRequest(bearer(GARBAGE))),
    refusal_no_token: same(viewerRequest({})),
  };
}

/**
 * A peer's: over tokens it has not seen, and over one it has.
 *
 * @param {import('./verifiers.js').Peer} peer
 * @param {string[]} tokens of its kind; those without a cache may be given one again
 * @returns {{ first_seen: Row, repeat: Row }}
 */
export function peerRows({ input, request, sync, caches }, tokens) {
  const [known] = tokens;
  let at = 0;
  const unseen = (/** @type {number} */ count) =>
    Array.from({ length: count }, () => input(tokens[(at += 1) % tokens.length]));
  const seen = (/** @type {number} */ count) => Array.from({ length: count }, () => input(known));
  return {
    first_seen: { requests: HEAVY, inputs: unseen, request, sync },
    repeat: { requests: caches ? LIGHT : HEAVY, inputs: seen, request, sync },
  };
}

/**
 * @param {string} event
 * @param {number} count
 */
function copies(event, count) {
  return Array.from({ length: count }, () => JSON.parse(event));
}

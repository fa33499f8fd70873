/**
 * What can go wrong at a user pool's domain, and how often each endpoint was asked.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { peekForm } from './form.js';

/**
 * @typedef {import('koa').Middleware} Middleware
 *
 * @typedef {import('./wrong.js').TokenFault} TokenFault
 *
 * @typedef {'unavailable'|'throttled'|'invalid_client'|'not_json'|'too_large'|'redirect'|'hang'
 *   |'stall'|'reset'} EndpointFault
 *   what `/oauth2/token` does instead: 500; 429; 401; 200 with text; 200 with a megabyte; 307 to
 *   itself; no answer at all; the beginning of one; the connection is cut
 *
 * @typedef {object} Faults each may be changed while the domain runs; null or 0 for none
 * @property {EndpointFault | TokenFault | null} token
 * @property {number} tokenTimes how many calls of `/oauth2/token` have the fault, after which there
 *   is none; Infinity unless set
 * @property {number} tokenDelayMs how long `/oauth2/token` waits before it does anything
 * @property {boolean} refuseRefresh whether each refresh is an `invalid_grant`
 * @property {EndpointFault | null} revoke as `token`, for `/oauth2/revoke`
 * @property {string | null} authorize an error that `/oauth2/authorize` sends the visitor back with
 *   (RFC 6749, section 4.1.2.1), such as `access_denied`, `server_error`, `temporarily_unavailable`
 *
 * @typedef {object} Counts calls so far, whatever became of them
 * @property {number} authorize
 * @property {number} exchanges of codes for tokens
 * @property {number} refreshes
 * @property {number} revokes
 * @property {number} logouts
 */

/** @type {Faults} */
const NONE = {
  token: null,
  tokenTimes: Infinity,
  tokenDelayMs: 0,
  refuseRefresh: false,
  revoke: null,
  authorize: null,
};

/** @type {Record<string, 'authorize'|'token'|'revoke'|'logout'>} */
const ENDPOINTS = {
  '/oauth2/authorize': 'authorize',
  '/auth': 'authorize',
  '/oauth2/token': 'token',
  '/token': 'token',
  '/oauth2/revoke': 'revoke',
  '/token/revocation': 'revoke',
  '/logout': 'logout',
  '/session/end': 'logout',
};

/** @param {Partial<Faults>} [faults] from the start */
export function newFaults(faults) {
  /** @type {Counts} */
  const counts = { authorize: 0, exchanges: 0, refreshes: 0, revokes: 0, logouts: 0 };
  return { faults: { ...NONE, ...faults }, counts };
}

/**
 * Counts calls, and answers those that are to fail.
 *
 * @param {import('./domain.js').Parts} parts
 * @returns {Middleware}
 */
export function enactFaults({ faults, counts, clients }) {
  return async (ctx, next) => {
    const endpoint = ENDPOINTS[ctx.path];
    if (endpoint === 'authorize') {
      counts.authorize += 1;
      if (faults.authorize && sendBack(ctx, clients, faults.authorize)) return;
    }
    if (endpoint === 'logout') counts.logouts += 1;
    if (endpoint === 'revoke') {
      counts.revokes += 1;
      if (failWith(ctx, faults.revoke)) return;
    }
    if (endpoint === 'token' && (await failToken(ctx, faults, counts))) return;
    await next();
  };
}

/**
 * A fault that only some calls have is used up by this one.
 *
 * @param {Faults} faults
 * @returns {Faults['token']}
 */
export function takeTokenFault(faults) {
  const { token } = faults;
  if (token === null || faults.tokenTimes <= 0) return null;
  faults.tokenTimes -= 1;
  return token;
}

/**
 * @param {import('koa').Context} ctx
 * @param {Faults} faults
 * @param {Counts} counts
 * @returns {Promise<boolean>} whether it has been answered
 */
async function failToken(ctx, faults, counts) {
  const form = await peekForm(ctx.req);
  const isRefresh = form.get('grant_type') === 'refresh_token';
  if (isRefresh) counts.refreshes += 1;
  else counts.exchanges += 1;
  const fault = takeTokenFault(faults);
  ctx.state.tokenFault = fault;
  // A connection that is given up meanwhile must not hold the process.
  if (faults.tokenDelayMs > 0) await sleep(faults.tokenDelayMs, undefined, { ref: false });
  if (isRefresh && faults.refuseRefresh) {
    ctx.status = 400;
    ctx.body = { error: 'invalid_grant' };
    return true;
  }
  return failWith(ctx, fault);
}

/**
 * @param {import('koa').Context} ctx
 * @param {Faults['token']} fault
 * @returns {boolean} whether it has been answered
 */
function failWith(ctx, fault) {
  /** @type {Record<string, [number, object | string]>} */
  const answers = {
    unavailable: [500, { error: 'internal_error' }],
    throttled: [429, { error: 'too_many_requests' }],
    invalid_client: [401, { error: 'invalid_client' }],
    not_json: [200, 'OK'],
    too_large: [200, { access_token: 'x'.repeat(1_000_000) }],
    redirect: [307, ''],
  };
  if (fault === 'hang' || fault === 'stall' || fault === 'reset') {
    ctx.respond = false;
    if (fault === 'reset') ctx.req.socket.destroy();
    if (fault === 'stall') ctx.res.write('{"access_token":');
    return true;
  }
  if (fault === 'redirect') ctx.set('location', ctx.href);
  const answer = fault && answers[fault];
  if (!answer) return false;
  [ctx.status, ctx.body] = answer;
  return true;
}

/**
 * @param {import('koa').Context} ctx
 * @param {import('./domain.js').Client[]} clients
 * @param {string} error
 * @returns {boolean} false where nobody knows whom to send back to: nothing is redirected to then
 */
function sendBack(ctx, clients, error) {
  const {
    client_id: id,
    redirect_uri: uri,
    state,
  } = /** @type {Record<string, string>} */ (ctx.query);
  const client = clients.find((each) => each.id === id);
  if (!client?.redirectUris.includes(uri)) return false;
  const query = new URLSearchParams({ error, ...(state && { state }) });
  ctx.redirect(`${uri}?${query}`);
  return true;
}

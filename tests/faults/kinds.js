/**
 * The kinds of requests that come, with what each is to be answered.
 */
import { PAGE_SHOWN, REFRESHED, SENT_TO_SIGN_IN, refusedWith, served } from './judge.js';
import { EU } from './template.js';

/**
 * @typedef {import('./people.js').Holder} Holder
 * @typedef {import('./people.js').Signed} Signed
 * @typedef {import('./judge.js').Expected} Expected
 * @typedef {import('../differential/random.js').Random} Random
 * @typedef {Pick<import('./people.js').People, 'users'|'residents'|'refused'>} Strangers
 *
 * @typedef {object} Made
 * @property {string} path
 * @property {Record<string, string>} headers
 * @property {string} [body]
 * @property {Expected} expected
 *
 * @typedef {object} Kind
 * @property {string} name
 * @property {'GET'|'POST'} method
 * @property {boolean} hasRight to be served
 * @property {number} weight how often it comes, beside the others
 * @property {(random: Random) => Made} make
 *
 * @typedef {import('./send.js').Asked & Pick<Made, 'expected'> & { kind: Kind, edge: string }}
 *   Request
 */

/** How a page is loaded, and how a page's own script calls. */
const LOAD = { accept: 'text/html,*/*;q=0.8', 'sec-fetch-mode': 'navigate' };
const CALL = { accept: 'application/json', 'sec-fetch-mode': 'cors' };

/** Where viewers are: the first is nearest to eu-west-1. */
export const EDGES = ['eu-west-1', 'us-east-1', 'ap-northeast-1'];

/**
 * One request.
 *
 * @param {Kind} kind
 * @param {Random} random
 * @returns {Request}
 */
export function requestOf(kind, random) {
  const { headers, ...made } = kind.make(random);
  const edge = random.pick(EDGES);
  const place = {
    'x-nearhop-dev-edge': edge,
    'x-nearhop-dev-ip': `198.51.100.${random.below(250)}`,
    'sec-fetch-site': 'same-origin',
  };
  const { method } = kind;
  return { method, body: undefined, ...made, headers: { ...headers, ...place }, kind, edge };
}

/**
 * With tokens, good and bad, and without.
 *
 * @param {Strangers} people
 * @returns {Kind[]}
 */
export function callsOf({ users, residents, refused }) {
  return [
    reading('page', 1, () => ({ path: '/orders/17', headers: LOAD, expected: PAGE_SHOWN })),
    reading('public call', 1, () => call('/open', undefined)),
    reading('read', 3, (random) => call('/hello', random.pick(users))),
    reading('read with a second leg', 3, (random) =>
      call(`/read/${random.below(1_000)}`, random.pick(users)),
    ),
    { name: 'write', method: 'POST', hasRight: true, weight: 3, make: writing(users) },
    reading('read of a resident', 2, (random) => call('/hello', random.pick(residents), EU)),
    refusing('no token', 401, 'token_missing', () => undefined),
    refusing('expired token', 401, 'token_expired', pickOf(refused.expired)),
    refusing('forged token', 401, 'token_signature', pickOf(refused.forged)),
    refusing('token of another pool', 401, 'token_issuer', pickOf(refused.foreign)),
    refusing('token by an unknown key', 401, 'token_key_unknown', pickOf(refused.unknown)),
    refusing('not in the group', 403, 'group_required', pickOf(users)),
  ];
}

/**
 * Of browsers.
 *
 * @param {{ sessions: Signed[], expired: Signed[] }} people
 * @returns {Kind[]}
 */
export function visitsOf({ sessions, expired }) {
  const load = (/** @type {Expected} */ expected, cookie = '') => ({
    ...{ path: '/app/', expected },
    headers: { ...LOAD, ...(cookie !== '' && { cookie }) },
  });
  return [
    reading('call in a session', 2, (random) => {
      const { sub, cookie } = random.pick(sessions);
      const { path, expected } = call('/hello', { sub, token: '' });
      return { path, headers: { ...CALL, cookie }, expected: { ...expected, instead: [307] } };
    }),
    reading('page in a session', 1, (random) =>
      load({ ...PAGE_SHOWN, instead: [302, 307] }, random.pick(sessions).cookie),
    ),
    reading('refresh', 1, (random) => load(REFRESHED, random.pick(expired).cookie)),
    reading('start of a sign-in', 1, () => load(SENT_TO_SIGN_IN)),
  ];
}

/**
 * With tokens by the key that the issuer rotates to.
 *
 * @param {Holder[]} holders
 * @returns {Kind}
 */
export function callsByNextKey(holders) {
  return reading('read, by the new key', 3, (random) => call('/hello', random.pick(holders)));
}

/**
 * That damage the memory of the instance they meet (saboteur.mjs).
 *
 * @param {Holder[]} holders
 * @returns {Kind}
 */
export function sabotageBy(holders) {
  return reading('read that damages the memory', 2, (random) => {
    const made = call('/hello', random.pick(holders));
    return { ...made, headers: { ...made.headers, 'x-sabotage': '1' } };
  });
}

/**
 * @param {string} name
 * @param {number} weight
 * @param {Kind['make']} make
 * @returns {Kind}
 */
function reading(name, weight, make) {
  return { name, method: 'GET', hasRight: true, weight, make };
}

/**
 * @param {string} name
 * @param {401 | 403} status
 * @param {string} code
 * @param {(random: Random) => Holder | undefined} who
 * @returns {Kind}
 */
function refusing(name, status, code, who) {
  const path = status === 403 ? '/staff' : '/hello';
  const make = (/** @type {Random} */ random) => ({
    ...call(path, who(random)),
    expected: refusedWith(status, code),
  });
  return { name, method: 'GET', hasRight: false, weight: 1, make };
}

/** @param {Holder[]} holders */
function pickOf(holders) {
  return (/** @type {Random} */ random) => random.pick(holders);
}

/**
 * @param {Holder[]} users
 * @returns {Kind['make']}
 */
function writing(users) {
  return (random) => {
    const user = random.pick(users);
    const body = JSON.stringify({ n: random.below(1e6), text: 'x'.repeat(random.below(4_000)) });
    const { path, headers } = call('/notes', user);
    const expected = served({ method: 'POST', path: '/notes', sub: user.sub, body });
    return { path, headers: { ...headers, 'content-type': 'application/json' }, body, expected };
  };
}

/**
 * A call as a program makes it.
 *
 * @param {string} path as the API sees it
 * @param {Holder} [holder]
 * @param {string[]} [regions] who may serve it
 * @returns {Made}
 */
function call(path, holder, regions) {
  const headers = { ...CALL, ...(holder && { authorization: `Bearer ${holder.token}` }) };
  const expected = served({ method: 'GET', path, sub: holder?.sub ?? null, regions });
  return { path: `/api${path}`, headers, expected };
}

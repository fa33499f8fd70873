/**
 * Whose tokens count: a user pool's domain, and its key set on a server that can fail and lie. Both
 * go wrong at once, as they would.
 */
import { SignJWT, importJWK } from 'jose';
import { startUserPoolDomain } from '../../js/local/domain/domain.js';
import { makeKey, publicKeys } from '../../js/local/pool.js';
import { Server } from './server.js';
import { CLIENT } from './toml.js';

/**
 * @typedef {import('jose').JWK} Jwk
 * @typedef {import('../../js/local/domain/domain.js').User} User
 *
 * @typedef {'down'|'slow'|'rotating'|'wrong_keys'|'not_json'|'huge'|'redirect'|'empty'} IssuerFault
 *   connections are refused and cut; nothing comes within any time limit; a new key is published
 *   beside the old ones; other keys under the known names; text; a body beyond all limits; a
 *   redirect to keys of somebody else; a set without keys
 */

export const ISSUER = 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Faults001';
const ID = 'us-east-1_Faults001';
const PATH = `/${ID}/.well-known/jwks.json`;

/** What the token endpoint does beside the key set. */
const AT_THE_DOMAIN = /** @type {const} */ ({
  down: 'reset',
  slow: 'hang',
  rotating: null,
  wrong_keys: 'other_key',
  not_json: 'not_json',
  huge: 'too_large',
  redirect: 'redirect',
  empty: 'unavailable',
});

/** @typedef {Awaited<ReturnType<typeof startIssuer>>} Issuer */

/**
 * @param {{ url: string, users: User[] }} site whose visitors sign in
 */
export async function startIssuer({ url, users }) {
  const [access, id, next, stranger] = await Promise.all([1, 2, 3, 4].map(makeKey));
  const pool = { issuer: ISSUER, id: ID, keys: { access, id } };
  const domain = await startUserPoolDomain({
    pool,
    clients: [
      {
        id: CLIENT,
        redirectUris: [`${url}/_nearhop/callback`],
        logoutUris: [`${url}/_nearhop/signed-out`],
      },
    ],
    users,
  });
  const keys = await serveKeys(setsOf(pool, next, stranger));
  return {
    domain,
    /** Keys that sign: the pool's own, the one it rotates to, and one it has nothing to do with. */
    keys: { access, next, stranger },
    jwksUrl: keys.url,
    /** @param {IssuerFault | null} fault null ends it */
    async disturb(fault) {
      domain.faults.token = fault && AT_THE_DOMAIN[fault];
      await keys.disturb(fault);
    },
    async close() {
      await Promise.all([keys.close(), domain.close()]);
    },
  };
}

/**
 * An access token as Cognito makes them (rule C2), valid for most of a day unless claims say else.
 *
 * @param {Jwk} key
 * @param {Record<string, unknown> & { sub: string }} claims
 * @param {{ kid?: string }} [header]
 */
export async function sign(key, claims, { kid = key.kid } = {}) {
  const now = Math.floor(Date.now() / 1_000);
  const usual = {
    ...{ iss: ISSUER, client_id: CLIENT, token_use: 'access', scope: 'openid' },
    username: claims.sub,
    ...{ iat: now - 2 * 3_600, auth_time: now - 2 * 3_600, exp: now + 20 * 3_600 },
  };
  return new SignJWT({ ...usual, ...claims })
    .setProtectedHeader({ alg: 'RS256', kid })
    .sign(await importJWK(key, 'RS256'));
}

/**
 * What is published in which case.
 *
 * @param {import('../../js/local/pool.js').Pool} pool
 * @param {Jwk} next
 * @param {Jwk} stranger
 */
function setsOf(pool, next, stranger) {
  const { keys } = publicKeys(pool);
  const only = (/** @type {Jwk} */ { kty, n, e, kid }) => ({ kty, n, e, kid, alg: 'RS256' });
  const others = keys.map(({ kid }) => ({ ...only(stranger), kid }));
  return {
    well: JSON.stringify({ keys }),
    rotating: JSON.stringify({ keys: [...keys, only(next)] }),
    wrong_keys: JSON.stringify({ keys: others }),
    theirs: JSON.stringify({ keys: [only(stranger)] }),
    huge: `{"keys":[],"x":"${'x'.repeat(5_000_000)}"}`,
    not_json: '<!doctype html><title>Welcome</title>',
    empty: '{"keys":[]}',
  };
}

/**
 * The key set on a server of its own.
 *
 * @param {ReturnType<typeof setsOf>} sets
 */
async function serveKeys(sets) {
  /** @type {IssuerFault | null} */
  let fault = null;
  const server = new Server(({ url }, response) => {
    if (fault === 'slow') return;
    if (fault === 'redirect' && url === PATH) {
      response.writeHead(302, { location: `${server.url}/elsewhere` }).end();
      return;
    }
    const own = fault === null || fault === 'redirect' || fault === 'down' ? 'well' : fault;
    const text = sets[url === PATH ? own : 'theirs'];
    response.writeHead(200, { 'content-type': 'application/json' }).end(text);
  });
  await server.open();
  return {
    url: server.url + PATH,
    /** @param {IssuerFault | null} wanted */
    async disturb(wanted) {
      fault = wanted;
      server.cut();
      await (fault === 'down' ? server.close() : server.open());
    },
    close: () => server.close(),
  };
}

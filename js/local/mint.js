/**
 * Tokens as Cognito makes them (rules C1, C2), and tokens that are wrong in one way each.
 */
import { randomUUID } from 'node:crypto';
import { SignJWT, importJWK } from 'jose';
import { makeKey } from './pool.js';

/**
 * @typedef {'expired'|'not-yet'|'wrong-client'|'wrong-issuer'|'wrong-key'|'tampered'|'none'} Fault
 *
 * @typedef {object} Wish
 * @property {import('./pool.js').TokenUse} [use] kind of token; access if left out
 * @property {string} client client id
 * @property {string} [sub]
 * @property {string} [username]
 * @property {string[]} [groups] left out or empty: the claim is absent, as Cognito leaves it
 * @property {string} [scope] space separated; access tokens only
 * @property {number} [ttl] seconds from now until `exp`; 3600 if left out
 * @property {string} [kid] put in place of the key's own
 * @property {Fault[]} [faults]
 */

/** The developer: one and the same in every token. */
const SUBJECT = '00000000-0000-4000-8000-000000000de5';

/**
 * @param {import('./pool.js').Pool} pool
 * @param {Wish} wish
 * @returns {Promise<string>} the token, in compact form (RFC 7515)
 */
export async function mint(pool, { use = 'access', kid, faults = [], ...wish }) {
  const has = (/** @type {Fault} */ fault) => faults.includes(fault);
  const claims = claimsOf(pool, use, wish, has);
  const own = pool.keys[use];
  const header = { kid: kid ?? own.kid };
  if (has('none')) return `${segment({ ...header, alg: 'none' })}.${segment(claims)}.`;
  const key = has('wrong-key') ? await makeKey() : own;
  const token = await new SignJWT(claims)
    .setProtectedHeader({ ...header, alg: 'RS256' })
    .sign(await importJWK(key, 'RS256'));
  return has('tampered') ? tamper(token) : token;
}

/**
 * @param {import('./pool.js').Pool} pool
 * @param {import('./pool.js').TokenUse} use
 * @param {Omit<Wish, 'use'|'kid'|'faults'>} wish
 * @param {(fault: Fault) => boolean} has
 */
function claimsOf(pool, use, wish, has) {
  const { sub = SUBJECT, username = 'dev', groups = [], ttl = 3_600 } = wish;
  const { scope = 'aws.cognito.signin.user.admin' } = wish;
  const now = Math.floor(Date.now() / 1_000);
  const iat = now + (has('expired') ? -7_200 : has('not-yet') ? 3_600 : 0);
  const client = has('wrong-client') ? `${wish.client}x` : wish.client;
  const shared = {
    sub,
    ...(groups.length > 0 ? { 'cognito:groups': groups } : {}),
    iss: has('wrong-issuer') ? `${pool.issuer}x` : pool.issuer,
    origin_jti: randomUUID(),
    event_id: randomUUID(),
    token_use: use,
    auth_time: iat,
    ...(has('not-yet') ? { nbf: iat } : {}),
    exp: has('expired') ? now - 3_600 : iat + ttl,
    iat,
    jti: randomUUID(),
  };
  return use === 'access'
    ? { ...shared, client_id: client, scope, version: 2, username }
    : {
        ...shared,
        aud: client,
        'cognito:username': username,
        email: 'dev@example.com',
        email_verified: true,
      };
}

/**
 * Another subject under the signature of the first.
 *
 * @param {string} token
 */
function tamper(token) {
  const [header, payload, signature] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  return [header, segment({ ...claims, sub: randomUUID() }), signature].join('.');
}

/** @param {object} part */
function segment(part) {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

/**
 * The two user pools of the vectors and an OpenID provider: their key pairs, and tokens as they make
 * them.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { compact, sign } from './jose.js';

/** Unix seconds at which vectors run. */
export const NOW = 1_790_000_000;

/**
 * @typedef {import('node:crypto').KeyObject} KeyObject
 *
 * @typedef {object} Key
 * @property {string} kid
 * @property {KeyObject} privateKey
 * @property {KeyObject} publicKey
 *
 * @typedef {object} Pool
 * @property {string} issuer
 * @property {string} client
 * @property {Key} access signs access tokens
 * @property {Key} id signs ID tokens (rule C1)
 *
 * @typedef {object} Provider an OpenID provider
 * @property {string} issuer
 * @property {string} client
 * @property {Key} key signs all its tokens
 *
 * @typedef {object} Pools
 * @property {Pool} one the first issuer of nearhop.toml: access tokens, no leeway
 * @property {Pool} two the second: access and ID tokens, a minute's leeway
 * @property {Provider} oidc the issuer of oidc.toml
 * @property {Record<OtherKey, Key>} other keys that are in some key set or in none
 *
 * @typedef {'stranger'|'rotated'|'rsa1024'|'e3'|'rsa3072'|'rsa4096'|'enc'|'rs512'|'ec'} OtherKey
 *
 * @typedef {Record<string, [why: string, token: string]>} Tokens by name
 */

/** @returns {Pools} */
export function makePools() {
  return {
    ...makeIssuers(),
    oidc: { issuer: 'https://id.example.com/', client: 'oidc0client', key: rsa() },
    other: {
      stranger: rsa(),
      rotated: rsa(),
      rsa1024: rsa({ modulusLength: 1024 }),
      e3: rsa({ publicExponent: 3 }),
      rsa3072: rsa({ modulusLength: 3072 }),
      rsa4096: rsa({ modulusLength: 4096 }),
      enc: rsa(),
      rs512: rsa(),
      ec: { kid: makeKid(), ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) },
    },
  };
}

/**
 * The two pools alone, each with two key pairs (rule C1).
 *
 * @param {(name: string) => Key} [makeKey] new ones if left out
 * @returns {{ one: Pool, two: Pool }}
 */
export function makeIssuers(makeKey = () => rsa()) {
  return {
    one: {
      issuer: 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Vectors01',
      client: 'web0client',
      access: makeKey('one access'),
      id: makeKey('one id'),
    },
    two: {
      issuer: 'https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Vectors02',
      client: 'machine0client',
      access: makeKey('two access'),
      id: makeKey('two id'),
    },
  };
}

/** @param {{ modulusLength?: number, publicExponent?: number }} [changes] */
function rsa(changes) {
  return { kid: makeKid(), ...generateKeyPairSync('rsa', { modulusLength: 2048, ...changes }) };
}

/** As Cognito's look: standard base64. */
function makeKid() {
  return randomBytes(32).toString('base64');
}

/**
 * A public key as a pool publishes it (rule C4).
 *
 * @param {Key} key
 */
export function jwk({ kid, publicKey }) {
  return { alg: 'RS256', kid, use: 'sig', ...publicKey.export({ format: 'jwk' }) };
}

/**
 * A pool's key set.
 *
 * @param {Pool} pool
 */
export function keySet({ access, id }) {
  return { keys: [jwk(id), jwk(access)] };
}

/**
 * The claims of an access token (rule C2).
 *
 * @param {Pool} pool
 * @param {Record<string, unknown>} [changes] undefined leaves a claim out
 */
export function accessClaims({ issuer, client }, changes) {
  return {
    sub: '5c2f8a10-3b1e-4d57-9a44-0e6f1d2c7b90',
    iss: issuer,
    client_id: client,
    origin_jti: '2d9a6c1e-51f0-4f3b-8a0c-7a1be0d4c9f2',
    event_id: '81f4c3d7-6f0b-4c7e-9d35-52b8a9e6f013',
    token_use: 'access',
    scope: 'aws.cognito.signin.user.admin',
    auth_time: NOW - 600,
    exp: NOW + 3_000,
    iat: NOW - 600,
    jti: 'b7d0e9a2-1c64-4e0e-b1f9-36a5c8d7e241',
    username: 'ada',
    ...changes,
  };
}

/**
 * The claims of an ID token (rule C2).
 *
 * @param {Pool} pool
 * @param {Record<string, unknown>} [changes]
 */
export function idClaims({ issuer, client }, changes) {
  return {
    sub: '5c2f8a10-3b1e-4d57-9a44-0e6f1d2c7b90',
    email_verified: true,
    iss: issuer,
    'cognito:username': 'ada',
    origin_jti: '2d9a6c1e-51f0-4f3b-8a0c-7a1be0d4c9f2',
    aud: client,
    event_id: '81f4c3d7-6f0b-4c7e-9d35-52b8a9e6f013',
    token_use: 'id',
    auth_time: NOW - 600,
    exp: NOW + 3_000,
    iat: NOW - 600,
    jti: 'b7d0e9a2-1c64-4e0e-b1f9-36a5c8d7e241',
    email: 'ada@example.com',
    ...changes,
  };
}

/**
 * An access token of a pool.
 *
 * @param {Pool} pool
 * @param {Record<string, unknown>} [changes] of the claims
 */
export function access(pool, changes) {
  return signed(pool.access, accessClaims(pool, changes));
}

/**
 * @param {Pool} pool
 * @param {Record<string, unknown>} [changes]
 */
export function id(pool, changes) {
  return signed(pool.id, idClaims(pool, changes));
}

/**
 * What a key signs, RS256, under its own kid.
 *
 * @param {Key} key
 * @param {import('./jose.js').Content} payload
 */
export function signed(key, payload) {
  return signedUnder({ kid: key.kid, alg: 'RS256' }, key, payload);
}

/**
 * The same under any header at all, always RS256.
 *
 * @param {import('./jose.js').Content} header
 * @param {Key} key
 * @param {import('./jose.js').Content} payload
 */
export function signedUnder(header, { privateKey }, payload) {
  return compact(header, payload, (input) => sign('RS256', privateKey, input));
}

/**
 * Claims as JSON text with one member's text replaced: for what `JSON.stringify` would not write.
 *
 * @param {object} claims
 * @param {string} name
 * @param {string} text of the value
 */
export function withText(claims, name, text) {
  const placeholder = 'f3b1c2d4';
  return JSON.stringify({ ...claims, [name]: placeholder }).replace(`"${placeholder}"`, () => text);
}

/**
 * Claims as JSON text with members added as they are.
 *
 * @param {object} claims
 * @param {string} members such as `"exp":1`
 */
export function withMembers(claims, members) {
  return `${JSON.stringify(claims).slice(0, -1)},${members}}`;
}

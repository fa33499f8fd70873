/**
 * Tokens as Cognito makes them (rules C1, C2), of what oidc-provider grants.
 */
import { createHash, randomUUID } from 'node:crypto';
import { SignJWT, decodeJwt, importJWK } from 'jose';
import { makeKey } from '../pool.js';
import { isTokenFault, makeWrong } from './wrong.js';

/**
 * @typedef {{ access_token: string, id_token?: string, refresh_token?: string, expires_in: number,
 *   token_type: string, scope?: string }} Granted
 *   an answer of the token endpoint (RFC 6749, section 5.1)
 * @typedef {import('./wrong.js').Claims} Claims
 * @typedef {import('./wrong.js').TokenFault} TokenFault
 */

/**
 * What the token endpoint gives out goes through here.
 *
 * @param {import('./domain.js').Parts} parts
 * @returns {import('koa').Middleware}
 */
export function dressTokens(parts) {
  return async (context, next) => {
    await next();
    const ctx = /** @type {import('oidc-provider').KoaContextWithOIDC} */ (context);
    const granted = /** @type {Partial<Granted> | undefined} */ (ctx.body);
    const { tokenFault } = ctx.state;
    const fault = isTokenFault(tokenFault) ? tokenFault : null;
    if (!granted?.access_token || (parts.kind === 'oidc' && !fault)) return;
    ctx.body = await dressed(/** @type {Granted} */ (granted), ctx, fault, parts);
  };
}

/**
 * @param {Granted} granted
 * @param {import('oidc-provider').KoaContextWithOIDC} ctx
 * @param {TokenFault | null} fault
 * @param {import('./domain.js').Parts} parts
 * @returns {Promise<Granted>}
 */
async function dressed(granted, ctx, fault, parts) {
  const { kind, pool } = parts;
  const claims = kind === 'oidc' ? asTheyAre(granted) : asCognitos(granted, ctx, parts);
  if (fault) makeWrong(claims, fault);
  const stranger = fault === 'other_key' ? await makeKey() : undefined;
  const sign = (/** @type {Claims} */ payload, /** @type {import('jose').JWK} */ key, typ = '') =>
    // Cognito's tokens have no `typ`.
    signed(payload, { ...(stranger ?? key), kid: key.kid }, kind === 'oidc' ? typ : '');
  const access = await sign(claims.access, pool.keys.access, 'at+jwt');
  const answer = kind === 'oidc' ? granted : answerOf(granted, ctx);
  if (!claims.id) return { ...answer, access_token: access, id_token: undefined };
  const id = await sign({ ...claims.id, at_hash: hashOf(access) }, pool.keys.id, 'JWT');
  if (fault === 'swapped') return { ...answer, access_token: id, id_token: access };
  return { ...answer, access_token: access, id_token: id };
}

/**
 * Cognito tells no scope, and gives out no refresh token that the client has already.
 *
 * @param {Granted} granted
 * @param {import('oidc-provider').KoaContextWithOIDC} ctx
 * @returns {Granted}
 */
function answerOf({ scope, refresh_token: refresh, ...rest }, { oidc }) {
  return refresh === oidc.params?.refresh_token ? rest : { ...rest, refresh_token: refresh };
}

/**
 * @param {Granted} granted
 * @returns {import('./wrong.js').Both}
 */
function asTheyAre({ access_token: access, id_token: id }) {
  return { access: decodeJwt(access), id: id === undefined ? undefined : decodeJwt(id) };
}

/**
 * @param {Granted} granted
 * @param {import('oidc-provider').KoaContextWithOIDC} ctx
 * @param {import('./domain.js').Parts} parts
 * @returns {import('./wrong.js').Both}
 */
function asCognitos(granted, { oidc }, { pool, users }) {
  const { AccessToken: access, Account: account } = oidc.entities;
  const user = users.find(({ sub }) => sub === account?.accountId);
  if (!access || !user) throw new Error('tokens for nobody');
  const { sub, username, email, name, groups = [] } = user;
  const iat = Math.floor(Date.now() / 1_000);
  const shared = {
    sub,
    ...(groups.length > 0 && { 'cognito:groups': groups }),
    iss: pool.issuer,
    origin_jti: access.grantId,
    event_id: randomUUID(),
    auth_time: iat,
    exp: iat + granted.expires_in,
    iat,
  };
  const id = granted.id_token === undefined ? undefined : decodeJwt(granted.id_token);
  return {
    access: {
      ...shared,
      version: 2,
      client_id: access.clientId,
      token_use: 'access',
      scope: access.scope,
      jti: randomUUID(),
      username,
    },
    id: id && {
      ...shared,
      aud: access.clientId,
      token_use: 'id',
      // Whether Cognito repeats it after a refresh is unverified; OpenID Connect allows both.
      ...(id.nonce !== undefined && { nonce: id.nonce }),
      jti: randomUUID(),
      'cognito:username': username,
      email,
      email_verified: true,
      name,
    },
  };
}

/**
 * @param {Claims} claims
 * @param {import('jose').JWK} key private
 * @param {string} typ '' for none
 */
async function signed(claims, key, typ) {
  return new SignJWT(claims)
    .setProtectedHeader({ kid: key.kid, alg: 'RS256', ...(typ && { typ }) })
    .sign(await importJWK(key, 'RS256'));
}

/**
 * The ID token's `at_hash` (OpenID Connect Core 1.0, section 3.1.3.6).
 *
 * @param {string} token
 */
function hashOf(token) {
  return createHash('sha256').update(token).digest().subarray(0, 16).toString('base64url');
}

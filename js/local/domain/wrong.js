/**
 * Tokens that are wrong in one way each.
 */
import { randomUUID } from 'node:crypto';

/**
 * @typedef {'wrong_nonce'|'other_client'|'other_person'|'other_issuer'|'expired'|'no_id_token'
 *   |'swapped'|'other_key'} TokenFault
 *   what is wrong with tokens that are given out: the ID token's `nonce`; the app client both are
 *   for; the `sub` of the ID token alone; the `iss` of both; `exp` of both, an hour ago; there is
 *   no ID token; each stands in the other's place; the key both are signed with, which has a known
 *   `kid`
 *
 * @typedef {import('jose').JWTPayload} Claims
 * @typedef {{ access: Claims, id: Claims | undefined }} Both
 */

/** What changes before they are signed. @type {Record<TokenFault, (tokens: Both) => void>} */
const CHANGES = {
  wrong_nonce: ({ id }) => void (id && (id.nonce = randomUUID())),
  other_client: ({ access, id }) => {
    access.client_id = 'another-client';
    if (id) id.aud = 'another-client';
  },
  other_person: ({ id }) => void (id && (id.sub = randomUUID())),
  other_issuer: ({ access, id }) => {
    for (const claims of [access, id]) if (claims) claims.iss = `${claims.iss}x`;
  },
  expired: ({ access, id }) => {
    for (const claims of [access, id]) if (claims) claims.exp = Number(claims.iat) - 3_600;
  },
  no_id_token: (tokens) => void (tokens.id = undefined),
  swapped: () => {},
  other_key: () => {},
};

/**
 * @param {unknown} fault
 * @returns {fault is TokenFault}
 */
export function isTokenFault(fault) {
  return typeof fault === 'string' && Object.hasOwn(CHANGES, fault);
}

/**
 * @param {Both} tokens changed
 * @param {TokenFault} fault
 */
export function makeWrong(tokens, fault) {
  CHANGES[fault](tokens);
}

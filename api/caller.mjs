/**
 * Who is calling: what the JWT authorizer verified, and nothing a client could have written.
 *
 * @typedef {object} Caller
 * @property {string} user `sub`
 * @property {string | null} username
 * @property {string[]} groups
 * @property {string[]} scopes
 * @property {string | null} client app client's id
 */
import { Refusal } from './answer.mjs';

/**
 * @param {import('./request.mjs').Request} request
 * @returns {Caller}
 * @throws {Refusal} 401, where the route has no authorizer or the token has no subject
 */
export function callerOf({ claims = {} }) {
  const user = text(claims.sub);
  if (!user) throw new Refusal(401, 'unauthorized', 'No caller: the authorizer verified no token.');
  return {
    user,
    username: text(claims.username) ?? text(claims['cognito:username']),
    groups: list(claims['cognito:groups']),
    scopes: list(claims.scope),
    client: text(claims.client_id) ?? text(claims.aud),
  };
}

/** @param {unknown} claim */
function text(claim) {
  return typeof claim === 'string' && claim !== '' ? claim : null;
}

/**
 * API Gateway makes every claim a string: the array of groups arrives as `[staff pilots]`. Names of
 * Cognito's groups and scopes have no spaces. Unverified: its guide does not describe the form.
 *
 * @param {unknown} claim
 * @returns {string[]}
 */
function list(claim) {
  if (Array.isArray(claim)) return claim.map(String);
  const words = typeof claim === 'string' ? claim.replace(/^\[(.*)\]$/s, '$1') : '';
  return words.split(/[\s,]+/).filter((word) => word !== '');
}

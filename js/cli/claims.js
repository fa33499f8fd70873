/**
 * Claims without a token, as a token: signed by a key that is made for it and thrown away, so that
 * they are verified by the code that verifies every token.
 */
import { generateKeyPairSync, sign } from 'node:crypto';
import { readText } from './configuration.js';
import { CommandFault } from './fault.js';

const KID = 'nearhop-explain';

/**
 * @typedef {object} SignedClaims
 * @property {string} token
 * @property {(string | null)[]} keySets for the issuers in their order: the one key
 * @property {string[]} filledIn claims that the file lacks, or has of another issuer's, with the
 *   values they were given
 */

/**
 * @param {string} file a JSON object of claims
 * @returns {Promise<Record<string, unknown>>}
 * @throws {CommandFault}
 */
export async function readClaims(file) {
  const allowed = 'allowed: a file with a JSON object of claims, such as {"sub": "alice"}';
  const text = await readText(file, 'usage', allowed);
  let claims;
  try {
    claims = JSON.parse(text);
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    throw new CommandFault('usage', `--claims: found ${file}, not JSON (${message}); ${allowed}`);
  }
  if (claims === null || typeof claims !== 'object' || Array.isArray(claims)) {
    throw new CommandFault('usage', `--claims: found ${file}, not an object; ${allowed}`);
  }
  return claims;
}

/**
 * @param {Record<string, unknown>} claims
 * @param {import('./tools.js').Issuer[]} issuers
 * @param {number} now milliseconds since 1970
 * @returns {SignedClaims}
 * @throws {CommandFault} where there is no issuer whose token it could be
 */
export function signClaims(claims, issuers, now) {
  if (issuers.length === 0) {
    throw new CommandFault(
      'usage',
      '--claims: the configuration has no [[issuers]], so no token counts; leave the option out',
    );
  }
  const at = Math.max(0, issuers.findIndex(({ issuer }) => issuer === claims.iss));
  const { use, payload, filledIn } = complete(claims, issuers[at], now);
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const signed = `${segment(headerOf(issuers[at], use))}.${segment(payload)}`;
  const signature = sign('sha256', Buffer.from(signed), privateKey).toString('base64url');
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: KID, alg: 'RS256', use: 'sig' };
  return {
    token: `${signed}.${signature}`,
    keySets: issuers.map((_, index) => (index === at ? JSON.stringify({ keys: [jwk] }) : null)),
    filledIn,
  };
}

/**
 * What every token of the issuer says (rule C2), where the claims do not: they are taken as a
 * verified token's, whatever pool they were saved from and however long ago. `use`: which kind of
 * token they are of.
 *
 * @param {Record<string, unknown>} claims
 * @param {import('./tools.js').Issuer} issuer
 * @param {number} now
 */
function complete(claims, issuer, now) {
  const { nbf: _, ...payload } = claims;
  /** @type {string[]} */
  const filledIn = [];
  const demand = (/** @type {string} */ name, /** @type {string[]} */ allowed) => {
    if (allowed.some((value) => value === payload[name])) return;
    payload[name] = allowed[0];
    filledIn.push(`${name} = ${allowed[0]}`);
  };
  demand('iss', [issuer.issuer]);
  // Of other issuers' tokens no claim says which kind they are.
  if (issuer.kind === 'cognito') demand('token_use', issuer.token_use);
  const use = issuer.kind === 'cognito' ? payload.token_use : issuer.token_use[0];
  demand(use === 'id' ? 'aud' : 'client_id', issuer.clients);
  if (use !== 'id' && issuer.audiences.length > 0) demand('aud', issuer.audiences);
  if (typeof payload.sub !== 'string' || payload.sub === '') demand('sub', ['nobody']);
  const seconds = Math.floor(now / 1000);
  return { use, payload: { ...payload, iat: seconds, exp: seconds + 300 }, filledIn };
}

/**
 * An access token of other issuers than Cognito says what it is in its header (RFC 9068, section
 * 2.1).
 *
 * @param {import('./tools.js').Issuer} issuer
 * @param {unknown} use
 */
function headerOf({ kind }, use) {
  const saysSo = kind === 'oidc' && use === 'access';
  return { alg: 'RS256', kid: KID, ...(saysSo && { typ: 'at+jwt' }) };
}

/** @param {unknown} json */
function segment(json) {
  return Buffer.from(JSON.stringify(json)).toString('base64url');
}

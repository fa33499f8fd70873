/** fast-jwt, with and without its cache. Whose the token is and for whom is asked of the claims. */
import { createPublicKey } from 'node:crypto';
// @ts-ignore: has types once installed
import { createVerifier } from 'fast-jwt';

/**
 * @param {import('../verifiers.js').UserPool} pool
 * @param {{ cache?: boolean }} [options]
 */
export function create({ issuer, client, jwks, accessKid }, { cache = false } = {}) {
  const jwk = jwks.keys.find(({ kid }) => kid === accessKid);
  const key = createPublicKey({ key: /** @type {any} */ (jwk), format: 'jwk' });
  const verify = createVerifier({
    key: key.export({ type: 'spki', format: 'pem' }),
    algorithms: ['RS256'],
    allowedIss: issuer,
    requiredClaims: ['exp', 'iss', 'sub'],
    cache,
  });
  return {
    /** @param {string} token */
    verify(token) {
      const claims = verify(token);
      if (claims.token_use !== 'access' || claims.client_id !== client) throw new Error('claims');
      return claims;
    },
  };
}

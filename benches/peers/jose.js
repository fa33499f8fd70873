/** jose's jwtVerify with a key set at hand. Whom the token is for is asked of the claims. */
import { createLocalJWKSet, jwtVerify } from 'jose';

/** @param {import('../verifiers.js').UserPool} pool */
export function create({ issuer, client, jwks }) {
  const keys = createLocalJWKSet(jwks);
  const options = { issuer, algorithms: ['RS256'], requiredClaims: ['exp', 'sub'] };
  return {
    /** @param {string} token */
    async verify(token) {
      const { payload } = await jwtVerify(token, keys, options);
      if (payload.token_use !== 'access' || payload.client_id !== client) throw new Error('claims');
      return payload;
    },
  };
}

/** aws-jwt-verify, and the smallest handler around it. Its keys are given beforehand. */
// @ts-ignore: has types once installed
import { CognitoJwtVerifier } from 'aws-jwt-verify';
import { bearerOf, unauthorized } from './handler.js';

/** @param {import('../verifiers.js').UserPool} pool */
export function create({ userPoolId, client, jwks }) {
  const verifier = CognitoJwtVerifier.create({ userPoolId, clientId: client, tokenUse: 'access' });
  verifier.cacheJwks(/** @type {any} */ (jwks));
  return {
    /** @param {string} token */
    verify: (token) => verifier.verifySync(token),

    /** @param {any} event */
    async handler(event) {
      const { request } = event.Records[0].cf;
      try {
        verifier.verifySync(bearerOf(request));
        return request;
      } catch {
        return unauthorized();
      }
    },
  };
}

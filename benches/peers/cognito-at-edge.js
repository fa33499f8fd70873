/**
 * cognito-at-edge's own handler. It takes ID tokens out of a cookie, and no others. Its verifier's
 * keys are given beforehand through a member that is not public: it would fetch them otherwise.
 */
// @ts-ignore: has types once installed
import { Authenticator } from 'cognito-at-edge';

/** @param {import('../verifiers.js').UserPool} pool */
export function create({ region, userPoolId, client, jwks }) {
  const userPoolDomain = 'nearhop-demo.auth.us-east-1.amazoncognito.com';
  const authenticator = new Authenticator({
    region,
    userPoolId,
    userPoolAppId: client,
    userPoolDomain,
  });
  /** @type {any} */ (authenticator)._jwtVerifier.cacheJwks(jwks);
  return { handler: (/** @type {any} */ event) => authenticator.handle(event) };
}

/**
 * Three independent verifiers, given what nearhop.toml gives us: each pool's issuer, keys, clients,
 * kinds of token and leeway, as far as the library asks for it. For all of them it is NOW.
 *
 * @typedef {Record<string, any>} Claims
 * @typedef {(token: string) => Promise<Claims>} Library rejects what it does not accept
 * @typedef {import('./pools.js').Settings} Settings
 */
import { CognitoJwtVerifier } from 'aws-jwt-verify';
import { createDecoder, createVerifier } from 'fast-jwt';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { NOW } from '../vectors/mint/pool.js';

/**
 * @param {Settings[]} pools
 * @returns {Record<string, Library>}
 */
export function makeLibraries(pools) {
  return { 'aws-jwt-verify': awsJwtVerify(pools), jose: jose(pools), 'fast-jwt': fastJwt(pools) };
}

/** @param {Settings[]} pools @returns {Library} */
function awsJwtVerify(pools) {
  const poolId = (/** @type {Settings} */ { issuer }) => issuer.split('/')[3];
  const verifier = CognitoJwtVerifier.create(
    pools.map((pool) => ({
      userPoolId: poolId(pool),
      clientId: pool.clients,
      tokenUse: pool.uses.length === 1 ? pool.uses[0] : null,
      graceSeconds: pool.leeway,
    })),
  );
  for (const pool of pools) verifier.cacheJwks(/** @type {any} */ (pool.set), poolId(pool));
  return async (token) => {
    const clock = Date.now; // it asks no other
    Date.now = () => NOW * 1_000;
    try {
      return verifier.verifySync(token);
    } finally {
      Date.now = clock;
    }
  };
}

/** @param {Settings[]} pools @returns {Library} */
function jose(pools) {
  return ofAnyPool(
    pools.map(({ issuer, set, leeway }) => {
      const keys = createLocalJWKSet(/** @type {any} */ (set));
      const now = new Date(NOW * 1_000);
      const options = {
        issuer,
        algorithms: ['RS256'],
        requiredClaims: ['exp'],
        currentDate: now,
        clockTolerance: leeway,
      };
      return async (token) => (await jwtVerify(token, keys, options)).payload;
    }),
  );
}

/** @param {Settings[]} pools @returns {Library} */
function fastJwt(pools) {
  const decode = createDecoder({ complete: true });
  return ofAnyPool(
    pools.map(({ issuer, access, id, leeway }) => {
      const verifiers = [access, id].map(({ kid, publicKey }) => {
        const key = publicKey.export({ type: 'spki', format: 'pem' }).toString();
        const verify = createVerifier({
          key,
          algorithms: ['RS256'],
          allowedIss: issuer,
          // Of the others it checks what is there.
          requiredClaims: ['iss', 'exp'],
          clockTimestamp: NOW * 1_000,
          clockTolerance: leeway * 1_000,
        });
        return { kid, verify };
      });
      return async (token) => {
        const { header } = decode(token);
        const found = verifiers.find(({ kid }) => kid === header.kid);
        if (!found) throw new Error('no such key');
        return found.verify(token);
      };
    }),
  );
}

/**
 * A verifier of every pool's tokens, where a library knows one issuer at a time.
 *
 * @param {Library[]} verifiers
 * @returns {Library}
 */
function ofAnyPool(verifiers) {
  return async (token) => {
    const faults = [];
    for (const verify of verifiers) {
      try {
        return await verify(token);
      } catch (error) {
        faults.push(error instanceof Error ? error.message : error);
      }
    }
    throw new Error(faults.join('; '));
  };
}

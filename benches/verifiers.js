/**
 * What verifies tokens: Nearhop as bundled, its peers, and beneath them all OpenSSL.
 */
import { createPublicKey, verify } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { bundle } from '../js/cli/bundle.js';
import { openPool, publicKeys } from '../js/local/pool.js';
import { bearer, viewerRequest } from './events.js';
import { CLIENT, ISSUER } from './tokens.js';

/**
 * What verifiers are told of a user pool.
 *
 * @typedef {object} UserPool
 * @property {string} region
 * @property {string} userPoolId
 * @property {string} issuer
 * @property {string} client
 * @property {{ keys: import('jose').JWK[] }} jwks as the issuer publishes them
 * @property {string} accessKid the key of access tokens
 *
 * @typedef {object} Peer
 * @property {string} name
 * @property {import('../js/local/pool.js').TokenUse} use the kind of token it takes
 * @property {boolean} [sync] whether nothing is to be awaited
 * @property {boolean} [caches] whether it remembers tokens
 * @property {(token: string) => any} input made of a token, before time is taken
 * @property {(input: any) => unknown} request
 * @property {(outcome: any) => boolean} accepts
 */

/** @param {string} keys the folder that the pool's keys are in */
export async function userPool(keys) {
  const pool = await openPool(ISSUER, keys);
  const { keys: published } = publicKeys(pool);
  const accessKid = /** @type {string} */ (pool.keys.access.kid);
  const names = { region: 'us-east-1', userPoolId: pool.id, issuer: ISSUER, client: CLIENT };
  return { ...names, jwks: { keys: published }, accessKid };
}

/**
 * Bundles a configuration, the key set in it.
 *
 * @param {UserPool} pool
 * @param {string} folder
 * @param {string} [config] the demonstration's if left out
 */
export async function bundled(pool, folder, config) {
  const jwks = join(folder, 'jwks.json');
  await writeFile(jwks, JSON.stringify(pool.jwks));
  return bundle({
    config: config ?? fileURLToPath(new URL('../nearhop.toml', import.meta.url)),
    out: config ? `${config}-bundle` : join(folder, 'bundle'),
    jwks: { '': jwks },
    env: {
      NEARHOP_ORIGIN_SECRET: 'a-secret-for-the-benchmark',
      NEARHOP_SIGN_IN_KEY: 'a-key-of-sign-in-for-the-benchmark',
    },
  });
}

/**
 * The peers, each asked for the same decision: RS256 by a key of the pool, `iss`, `exp`, `nbf`,
 * `token_use` and the client.
 *
 * @param {UserPool} pool
 * @returns {Promise<Peer[]>}
 */
export async function peers(pool) {
  const create = async (/** @type {string} */ name, /** @type {any[]} */ ...options) =>
    (await import(`./peers/${name}.js`)).create(pool, ...options);
  const cookie = `CognitoIdentityServiceProvider.${pool.client}.dev.idToken`;
  const use = /** @type {const} */ ('access');
  const alone = { use, sync: true, input: String, accepts: claimsOf };
  const forwards = (/** @type {any} */ result) => result.status === undefined;
  const awsJwtVerify = await create('aws-jwt-verify');
  const fastJwt = await create('fast-jwt');
  const fastJwtCached = await create('fast-jwt', { cache: true });
  const jose = await create('jose');
  const handWritten = await create('hand-written');
  const cognitoAtEdge = await create('cognito-at-edge');
  return [
    {
      name: 'hand-written handler',
      use: 'access',
      input: (token) => JSON.parse(viewerRequest(bearer(token))),
      request: handWritten.handler,
      accepts: forwards,
    },
    { name: 'hand-written verify', ...alone, request: handWritten.verify },
    { name: 'fast-jwt', ...alone, request: fastJwt.verify },
    { name: 'fast-jwt with cache', ...alone, caches: true, request: fastJwtCached.verify },
    { name: 'aws-jwt-verify', ...alone, request: awsJwtVerify.verify },
    {
      name: 'cognito-at-edge handler',
      use: 'id',
      input: (token) => JSON.parse(viewerRequest({ cookie: `${cookie}=${token}` })),
      request: cognitoAtEdge.handler,
      accepts: forwards,
    },
    { name: 'jose', ...alone, sync: false, request: jose.verify },
  ];
}

/**
 * The floor: nothing but RSA over bytes at hand, by a key imported once.
 *
 * @param {UserPool} pool
 * @param {string[]} tokens
 * @param {number} requests in one sample
 * @returns {import('./rounds.js').Row}
 */
export function floorOf(pool, tokens, requests) {
  const jwk = pool.jwks.keys.find(({ kid }) => kid === pool.accessKid);
  const key = createPublicKey({ key: /** @type {any} */ (jwk), format: 'jwk' });
  const parts = tokens.slice(0, requests).map((token) => {
    const at = token.lastIndexOf('.');
    return [Buffer.from(token.slice(0, at)), Buffer.from(token.slice(at + 1), 'base64url')];
  });
  let at = 0;
  return {
    requests,
    inputs: (count) => Array.from({ length: count }, () => parts[(at += 1) % parts.length]),
    sync: true,
    request([message, signature]) {
      if (!verify('RSA-SHA256', message, key, signature)) throw new Error('does not verify');
    },
  };
}

/** @param {any} claims */
function claimsOf(claims) {
  return typeof claims?.sub === 'string';
}

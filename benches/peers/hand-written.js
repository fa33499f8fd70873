/**
 * A handler as one writes it by hand for one user pool: no library, no cache, and nothing that is
 * not asked for. It takes a token out of the header, verifies it, tells the API who is calling, and
 * lets nobody claim to be somebody else by those headers.
 */
import { createPublicKey, verify } from 'node:crypto';
import { bearerOf, unauthorized } from './handler.js';

/** Headers that only the edge may set. */
const IDENTITY = ['x-user-sub', 'x-user-name', 'x-user-groups', 'x-user-scope'];

/** @param {import('../verifiers.js').UserPool} pool */
export function create({ issuer, client, jwks }) {
  const imported = (/** @type {any} */ key) => createPublicKey({ key, format: 'jwk' });
  const keys = new Map(jwks.keys.map((key) => [key.kid, imported(key)]));

  /** @param {string} token */
  function verified(token) {
    const [header, payload, signature, ...more] = token.split('.');
    if (signature === undefined || more.length > 0) throw new Error('not a JWT');
    const { alg, kid } = JSON.parse(Buffer.from(header, 'base64url').toString('latin1'));
    const key = keys.get(kid);
    if (alg !== 'RS256' || key === undefined) throw new Error('no such key');
    const signed = Buffer.from(token.slice(0, header.length + 1 + payload.length), 'latin1');
    if (!verify('RSA-SHA256', signed, key, Buffer.from(signature, 'base64url'))) {
      throw new Error('the signature does not verify');
    }
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const now = Date.now() / 1_000;
    if (claims.iss !== issuer) throw new Error('another issuer');
    if (!(claims.exp > now) || claims.nbf > now) throw new Error('not now');
    if (claims.token_use !== 'access' || claims.client_id !== client) throw new Error('not for us');
    return claims;
  }

  return {
    verify: verified,

    /** @param {any} event */
    async handler(event) {
      const { request } = event.Records[0].cf;
      const { headers } = request;
      for (const name of IDENTITY) delete headers[name];
      try {
        const claims = verified(bearerOf(request));
        const groups = claims['cognito:groups'] ?? [];
        headers['x-user-sub'] = [{ key: 'x-user-sub', value: claims.sub }];
        headers['x-user-name'] = [{ key: 'x-user-name', value: claims.username ?? '' }];
        headers['x-user-groups'] = [{ key: 'x-user-groups', value: groups.join(',') }];
        headers['x-user-scope'] = [{ key: 'x-user-scope', value: claims.scope ?? '' }];
        return request;
      } catch {
        return unauthorized();
      }
    },
  };
}

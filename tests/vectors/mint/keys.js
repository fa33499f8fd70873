/**
 * The key sets of the vectors, and tokens signed with keys that are in some of them.
 */
import { access, accessClaims, jwk, keySet, signed, signedUnder } from './pool.js';

/** @type {(pools: import('./pool.js').Pools) => import('./pool.js').Tokens} */
export function keys({ one, other }) {
  const by = (/** @type {import('./pool.js').OtherKey} */ name) =>
    signed(other[name], accessClaims(one));
  return {
    'key-rotated': ['signed with the key the issuer rotated to', by('rotated')],
    'key-rotated-week': [
      'the same, valid for a week',
      signed(other.rotated, accessClaims(one, { exp: accessClaims(one).exp + 604_800 })),
    ],
    'key-rsa1024': ['signed with an RSA key of 1,024 bits', by('rsa1024')],
    'key-e3': ['signed with an RSA key whose exponent is 3', by('e3')],
    'key-rsa3072': ['signed with an RSA key of 3,072 bits', by('rsa3072')],
    'key-rsa4096': ['signed with an RSA key of 4,096 bits', by('rsa4096')],
    'key-enc': ['signed with a key that is for encryption', by('enc')],
    'key-rs512': ['RS256 signed with a key that is for RS512', by('rs512')],
    'key-ec': [
      'RS256 under the kid of a key on an elliptic curve',
      signedUnder({ kid: other.ec.kid, alg: 'RS256' }, one.access, accessClaims(one)),
    ],
    'key-no-kid': [
      'without a kid, where the set has a key without one',
      signedUnder({ alg: 'RS256' }, other.stranger, accessClaims(one)),
    ],
    'key-length-other': [
      'a signature of 256 bytes under the kid of a key of 3,072 bits',
      access(one).replace(/^[^.]*/, () =>
        Buffer.from(JSON.stringify({ kid: other.rsa3072.kid, alg: 'RS256' })).toString('base64url'),
      ),
    ],
  };
}

/**
 * @param {import('./pool.js').Pools} pools
 * @returns {Record<string, { keys: unknown[] }>} by name
 */
export function keySets({ one, two, oidc, other }) {
  const { keys: pool } = keySet(one);
  const weak = [jwk(other.rsa1024), jwk(other.e3)];
  const ec = { ...jwk(other.ec), alg: 'ES256' };
  const enc = { ...jwk(other.enc), use: 'enc' };
  const rs512 = { ...jwk(other.rs512), alg: 'RS512' };
  const secret = { kty: 'oct', kid: 'secret', alg: 'HS256', k: 'bm90IGEgc2VjcmV0' };
  const { kid, ...withoutKid } = jwk(other.stranger);
  const long = [jwk(other.rsa3072), jwk(other.rsa4096)];
  return {
    1: { keys: pool },
    2: keySet(two),
    oidc: { keys: [jwk(oidc.key)] },
    rotating: { keys: [...pool, jwk(other.rotated)] },
    rotated: { keys: [jwk(one.id), jwk(other.rotated)] },
    mixed: { keys: [ec, ...weak, enc, rs512, withoutKid, ...long, ...pool] },
    empty: { keys: [] },
    weak: { keys: weak },
    'other-kinds': { keys: [ec, secret, enc, rs512, withoutKid] },
    'duplicate-kid': { keys: [...pool, { ...jwk(other.stranger), kid: one.access.kid }] },
    'shared-kid': { keys: [...pool, { ...ec, kid: one.access.kid }, { ...enc, kid: one.id.kid }] },
    'null-member': { keys: [null, ...pool] },
  };
}

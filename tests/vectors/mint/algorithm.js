/**
 * Tokens that would have the verifier use another algorithm than RS256 (RFC 8725, section 3.1).
 */
import { compact, hmac, sign } from './jose.js';
import { accessClaims, signedUnder } from './pool.js';

/** @type {(pools: import('./pool.js').Pools) => import('./pool.js').Tokens} */
export function algorithm({ one, other }) {
  const { kid, privateKey, publicKey } = one.access;
  const claims = accessClaims(one);
  const unsigned = (/** @type {string} */ alg) => compact({ kid, alg }, claims, () => Buffer.of());
  /** @type {(alg: 'HS256'|'HS384'|'HS512', secret: string | Buffer) => string} */
  const keyed = (alg, secret) => compact({ kid, alg }, claims, (input) => hmac(alg, secret, input));
  /**
   * @param {'RS384'|'RS512'|'PS256'|'ES256'} alg
   * @param {string} [named]
   * @param {import('./jose.js').KeyObject} [key]
   */
  const signed = (alg, named = alg, key = privateKey) =>
    compact({ kid, alg: named }, claims, (input) => sign(alg, key, input));
  const genuine = (/** @type {object} */ header) => signedUnder(header, one.access, claims);
  const jwk = publicKey.export({ format: 'jwk' });
  const pem = publicKey.export({ type: 'spki', format: 'pem' });

  return {
    none: ['not signed, and says so', unsigned('none')],
    'none-capital': ['None', unsigned('None')],
    'none-upper-case': ['NONE', unsigned('NONE')],
    'none-mixed': ['nOnE', unsigned('nOnE')],
    'none-signed': ['alg none above a signature that holds', genuine({ kid, alg: 'none' })],
    'none-empty': ['alg is the empty text', unsigned('')],
    'unsigned-rs256': ['alg RS256 and no signature', unsigned('RS256')],
    'hs256-pem': ['an HMAC keyed with the public key as PEM', keyed('HS256', pem)],
    'hs256-pem-trimmed': ['the same without the last line feed', keyed('HS256', `${pem}`.trim())],
    'hs256-pkcs1': [
      'keyed with the public key as PKCS #1 PEM',
      keyed('HS256', publicKey.export({ type: 'pkcs1', format: 'pem' })),
    ],
    'hs256-der': [
      'keyed with the public key as DER',
      keyed('HS256', publicKey.export({ type: 'spki', format: 'der' })),
    ],
    'hs256-jwk': ['keyed with the text of the JWK', keyed('HS256', JSON.stringify(jwk))],
    'hs256-modulus': [
      'keyed with the bytes of the modulus',
      keyed('HS256', Buffer.from(`${jwk.n}`, 'base64url')),
    ],
    'hs256-modulus-text': ['keyed with the text of the modulus', keyed('HS256', `${jwk.n}`)],
    'hs256-empty': ['keyed with nothing', keyed('HS256', '')],
    'hs384-pem': ['HS384 keyed with the PEM', keyed('HS384', pem)],
    'hs512-pem': ['HS512 keyed with the PEM', keyed('HS512', pem)],
    'rs256-hmac': [
      'an HMAC under alg RS256',
      compact({ kid, alg: 'RS256' }, claims, (input) => hmac('HS256', pem, input)),
    ],
    ps256: ['the right key, with PSS padding', signed('PS256')],
    rs384: ['the right key, with SHA-384', signed('RS384')],
    rs512: ['the right key, with SHA-512', signed('RS512')],
    es256: ['another kind of key', signed('ES256', 'ES256', other.ec.privateKey)],
    'rs256-ps256': ['PSS padding under alg RS256', signed('PS256', 'RS256')],
    'rs256-rs512': ['SHA-512 under alg RS256', signed('RS512', 'RS256')],
    'rs256-es256': ['ECDSA under alg RS256', signed('ES256', 'RS256', other.ec.privateKey)],
    'alg-lower-case': ['rs256', genuine({ kid, alg: 'rs256' })],
    'alg-space': ['RS256 with a space', genuine({ kid, alg: 'RS256 ' })],
    'alg-nul': ['RS256 with a NUL', genuine({ kid, alg: 'RS256\0' })],
    'alg-missing': ['no alg', genuine({ kid })],
    'alg-null': ['alg is null', genuine({ kid, alg: null })],
    'alg-number': ['alg is a number', genuine({ kid, alg: 256 })],
    'alg-array': ['alg is a list', genuine({ kid, alg: ['RS256'] })],
    'alg-object': ['alg is an object', genuine({ kid, alg: { RS256: true } })],
  };
}

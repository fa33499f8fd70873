/**
 * Header members that ask the verifier to understand more, or to take its key from the token.
 */
import { segment, sign } from './jose.js';
import { accessClaims, signedUnder } from './pool.js';

/** @type {(pools: import('./pool.js').Pools) => import('./pool.js').Tokens} */
export function header({ one, other }) {
  const { kid } = one.access;
  const claims = accessClaims(one);
  const genuine = (/** @type {object | string} */ more) =>
    signedUnder(
      typeof more === 'string' ? more : { kid, alg: 'RS256', ...more },
      one.access,
      claims,
    );
  const { stranger } = other;
  const forged = (/** @type {object} */ more) =>
    signedUnder({ kid, alg: 'RS256', ...more }, stranger, claims);
  const jwk = { ...stranger.publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' };
  const x5c = [stranger.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')];
  const url = 'https://keys.example.net/jwks.json';
  const base = `"kid":${JSON.stringify(kid)},"alg":"RS256"`;

  return {
    'crit-exp': ['crit names a claim', genuine({ crit: ['exp'] })],
    'crit-empty': ['crit names nothing', genuine({ crit: [] })],
    'crit-text': ['crit is a text', genuine({ crit: 'exp' })],
    'crit-null': ['crit is null', genuine({ crit: null })],
    'crit-false': ['crit is false', genuine({ crit: false })],
    'crit-unknown': ['crit names what the token carries', genuine({ crit: ['x'], x: 1 })],
    'b64-crit': ['a payload said not to be encoded', genuine({ b64: false, crit: ['b64'] })],
    'b64-unencoded': [
      'a payload that is not encoded (RFC 7797)',
      unencoded({ kid, alg: 'RS256', b64: false, crit: ['b64'] }),
    ],
    'b64-false': ['b64 without crit', genuine({ b64: false })],
    'b64-true': ['b64 is true', genuine({ b64: true })],
    'b64-null': ['b64 is null', genuine({ b64: null })],
    zip: ['a payload said to be compressed', genuine({ zip: 'DEF' })],
    'zip-null': ['zip is null', genuine({ zip: null })],
    jwk: ['a key in the token, which belongs to another', genuine({ jwk })],
    jku: ['a key set named by the token', genuine({ jku: url })],
    x5u: ['a certificate named by the token', genuine({ x5u: url })],
    x5c: ['a certificate in the token', genuine({ x5c })],
    typ: ['typ JWT, as other issuers write', genuine({ typ: 'JWT' })],
    'jwk-forged': ['signed by the key in the token', forged({ jwk })],
    'jku-forged': ['signed by a key of the set named', forged({ jku: url })],
    'x5u-forged': ['signed by the key of the certificate named', forged({ x5u: url })],
    'x5c-forged': ['signed by the key in x5c', forged({ x5c })],
    'jwk-forged-kid': [
      'signed by the key in the token, whose kid nobody knows',
      forged({ kid: stranger.kid, jwk: { ...jwk, kid: stranger.kid } }),
    ],
    'jku-forged-kid': [
      'signed by a key of the set named, whose kid nobody knows',
      forged({ kid: stranger.kid, jku: url }),
    ],
    'duplicate-alg': ['alg twice', genuine(`{"alg":"none",${base}}`)],
    'duplicate-alg-same': ['alg twice, the same', genuine(`{"alg":"RS256",${base}}`)],
    'duplicate-alg-last': ['alg twice, none last', genuine(`{${base},"alg":"none"}`)],
    'duplicate-alg-escaped': ['alg twice, once escaped', genuine(`{${base},"\\u0061lg":"none"}`)],
    'duplicate-kid': ['kid twice', genuine(`{"kid":"x",${base}}`)],
    'duplicate-kid-last': ['kid twice, the wrong one last', genuine(`{${base},"kid":"x"}`)],
    'duplicate-crit': ['crit twice', genuine(`{${base},"crit":null,"crit":null}`)],
    'header-array': ['the header is an array', genuine(`["RS256",${JSON.stringify(kid)}]`)],
    'header-text': ['the header is a text', genuine('"RS256"')],
    'header-null': ['the header is null', genuine('null')],
    'header-empty': ['the header has no members', genuine('{}')],
    'header-trailing': ['something after the header', genuine(`{${base}}{}`)],
    'header-comma': ['a comma before the brace', genuine(`{${base},}`)],
    'header-comment': ['a comment in the header', genuine(`{${base}/**/}`)],
    'header-single-quotes': ['quotes of the wrong kind', genuine(`{${base}}`.replaceAll('"', "'"))],
  };

  /** @param {object} head */
  function unencoded(head) {
    const encoded = segment(head);
    const payload = 'a payload with no dot in it';
    const input = Buffer.from(`${encoded}.${payload}`);
    const made = sign('RS256', one.access.privateKey, input).toString('base64url');
    return `${encoded}.${Buffer.from(payload).toString('base64url')}.${made}`;
  }
}

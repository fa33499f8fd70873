/**
 * Key ids that name no key of the issuer, or another one than signed.
 */
import { accessClaims, signedUnder } from './pool.js';

/** @type {(pools: import('./pool.js').Pools) => import('./pool.js').Tokens} */
export function kid({ one, two, other }) {
  const claims = accessClaims(one);
  const genuine = (/** @type {unknown} */ named) =>
    signedUnder({ kid: named, alg: 'RS256' }, one.access, claims);

  return {
    'kid-missing': ['no kid', genuine(undefined)],
    'kid-empty': ['kid is the empty text', genuine('')],
    'kid-null': ['kid is null', genuine(null)],
    'kid-number': ['kid is a number', genuine(0)],
    'kid-array': ['kid is a list', genuine([one.access.kid])],
    'kid-path': ['kid is a path', genuine('../../../../dev/null')],
    'kid-url': ['kid is a URL', genuine('https://keys.example.net/key')],
    'kid-sql': ['kid is SQL', genuine("x' UNION SELECT 'key")],
    'kid-proto': ['kid is a member every object has', genuine('__proto__')],
    'kid-constructor': ['kid is another member every object has', genuine('constructor')],
    'kid-index': ['kid is an index', genuine('0')],
    'kid-space': ['kid with a space before it', genuine(` ${one.access.kid}`)],
    'kid-nul': ['kid with a NUL after it', genuine(`${one.access.kid}\0`)],
    'kid-case': ['kid in other case', genuine(swapCase(one.access.kid))],
    'kid-prefix': ['all of kid but the last character', genuine(one.access.kid.slice(0, -1))],
    'kid-256': ['kid as long as one may be', genuine('k'.repeat(256))],
    'kid-257': ['kid longer than one may be', genuine('k'.repeat(257))],
    'kid-other-pool': [
      'another pool’s kid and signature',
      signedUnder({ kid: two.access.kid, alg: 'RS256' }, two.access, claims),
    ],
    'kid-other-pool-signature': [
      'the right kid and another pool’s signature',
      signedUnder({ kid: one.access.kid, alg: 'RS256' }, two.access, claims),
    ],
    'kid-id-key': [
      'an access token signed with the key for ID tokens',
      signedUnder({ kid: one.id.kid, alg: 'RS256' }, one.id, claims),
    ],
    'kid-id-named': [
      'names the key for ID tokens, signed with the one for access tokens',
      signedUnder({ kid: one.id.kid, alg: 'RS256' }, one.access, claims),
    ],
    'kid-stranger': [
      'a key that is in no set',
      signedUnder({ kid: other.stranger.kid, alg: 'RS256' }, other.stranger, claims),
    ],
  };
}

/** @param {string} text */
function swapCase(text) {
  return text.replace(/[a-z]/gi, (letter) =>
    letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase(),
  );
}

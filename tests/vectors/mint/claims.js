/**
 * Claims that are absent, of another kind, or not what they should be: times and issuer.
 */
import { NOW, access, accessClaims, signed, withText } from './pool.js';

/** @type {(pools: import('./pool.js').Pools) => import('./pool.js').Tokens} */
export function claims({ one, two }) {
  const put = (/** @type {string} */ name, /** @type {string} */ value) =>
    signed(one.access, withText(accessClaims(one), name, value));
  const { issuer } = one;

  return {
    'exp-missing': ['no exp', access(one, { exp: undefined })],
    'exp-null': ['exp is null', access(one, { exp: null })],
    'exp-now': ['exp is now', access(one, { exp: NOW })],
    'exp-past': ['exp was a second ago', access(one, { exp: NOW - 1 })],
    'exp-next': ['exp is in a second', access(one, { exp: NOW + 1 })],
    'exp-zero': ['exp is 0', access(one, { exp: 0 })],
    'exp-float': ['exp with a fraction', put('exp', '1790003000.5')],
    'exp-float-whole': ['exp with a fraction of nothing', put('exp', '1790003000.0')],
    'exp-text': ['exp is a text', access(one, { exp: `${NOW + 3_000}` })],
    'exp-true': ['exp is true', access(one, { exp: true })],
    'exp-array': ['exp is a list', access(one, { exp: [NOW + 3_000] })],
    'exp-negative': ['exp is negative', access(one, { exp: -1 })],
    'exp-2-53': ['exp is 2^53', put('exp', '9007199254740992')],
    'exp-2-53-1': ['exp is 2^53 + 1', put('exp', '9007199254740993')],
    'exp-2-64': ['exp is 2^64', put('exp', '18446744073709551616')],
    'exp-milliseconds': ['exp in milliseconds', access(one, { exp: (NOW + 3_000) * 1_000 })],
    'nbf-now': ['nbf is now', access(one, { nbf: NOW })],
    'nbf-next': ['nbf is in a second', access(one, { nbf: NOW + 1 })],
    'nbf-null': ['nbf is null', access(one, { nbf: null })],
    'nbf-text': ['nbf is a text', access(one, { nbf: `${NOW - 1}` })],
    'nbf-float': ['nbf with a fraction', put('nbf', '1789999999.5')],
    'nbf-negative': ['nbf is negative', access(one, { nbf: -1 })],
    'nbf-2-53-1': ['nbf is 2^53 + 1', put('nbf', '9007199254740993')],
    'iat-now': ['iat is now', access(one, { iat: NOW })],
    'iat-next': ['iat is in a second', access(one, { iat: NOW + 1 })],
    'iat-null': ['iat is null', access(one, { iat: null })],
    'iat-text': ['iat is a text', access(one, { iat: 'now' })],
    'iat-missing': ['no iat', access(one, { iat: undefined })],
    'leeway-exp-held': ['exp was 59 s ago, where 60 are allowed', access(two, { exp: NOW - 59 })],
    'leeway-exp-past': ['exp was 60 s ago, where 60 are allowed', access(two, { exp: NOW - 60 })],
    'leeway-nbf-held': ['nbf is in 60 s, where 60 are allowed', access(two, { nbf: NOW + 60 })],
    'leeway-nbf-next': ['nbf is in 61 s, where 60 are allowed', access(two, { nbf: NOW + 61 })],
    'leeway-iat-held': ['iat is in 60 s, where 60 are allowed', access(two, { iat: NOW + 60 })],
    'leeway-iat-next': ['iat is in 61 s, where 60 are allowed', access(two, { iat: NOW + 61 })],
    'iss-missing': ['no iss', access(one, { iss: undefined })],
    'iss-null': ['iss is null', access(one, { iss: null })],
    'iss-number': ['iss is a number', access(one, { iss: 1 })],
    'iss-array': ['iss is a list', access(one, { iss: [issuer] })],
    'iss-object': ['iss is an object', access(one, { iss: { [issuer]: issuer } })],
    'iss-empty': ['iss is the empty text', access(one, { iss: '' })],
    'iss-prefix': ['iss without its last character', access(one, { iss: issuer.slice(0, -1) })],
    'iss-suffix': ['iss with a character more', access(one, { iss: `${issuer}x` })],
    'iss-slash': ['iss with a slash at its end', access(one, { iss: `${issuer}/` })],
    'iss-space': ['iss with a space at its end', access(one, { iss: `${issuer} ` })],
    'iss-fragment': ['iss with a fragment', access(one, { iss: `${issuer}#` })],
    'iss-http': ['iss without TLS', access(one, { iss: issuer.replace('https', 'http') })],
    'iss-host': [
      'iss whose host only begins like ours',
      access(one, { iss: issuer.replace('.com/', '.com.example.net/') }),
    ],
    'iss-upper-case': ['iss in upper case', access(one, { iss: issuer.toUpperCase() })],
    'iss-region': [
      'iss with the pool’s id at another Region’s host',
      access(one, { iss: issuer.replace('us-east-1.', 'eu-west-1.') }),
    ],
    'iss-other-form': [
      'the first pool’s name in the other form (rule C3)',
      access(one, { iss: issuer.replace('//cognito-idp', '//issuer-cognito-idp') }),
    ],
    'iss-other-form-two': [
      'the second pool’s name in the other form (rule C3)',
      access(two, { iss: two.issuer.replace('issuer-cognito-idp', 'cognito-idp') }),
    ],
    'iss-other-pool': [
      'another pool’s iss, our key and client',
      access(one, { iss: two.issuer, client_id: two.client }),
    ],
    'iss-unknown-pool': [
      'a pool that is not configured',
      access(one, { iss: issuer.replace('Vectors01', 'Vectors99') }),
    ],
  };
}

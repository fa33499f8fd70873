/**
 * Payloads that JSON readers read differently, all under a signature that holds.
 */
import { NOW, accessClaims, signed, withMembers, withText } from './pool.js';

/** @type {(pools: import('./pool.js').Pools) => import('./pool.js').Tokens} */
export function json({ one, two }) {
  const claims = accessClaims(one);
  const text = JSON.stringify(claims);
  const genuine = (/** @type {string} */ content) => signed(one.access, content);
  const also = (/** @type {string} */ members) => genuine(withMembers(claims, members));
  const before = (/** @type {string} */ members) => genuine(`{${members},${text.slice(1)}`);
  const put = (/** @type {string} */ name, /** @type {string} */ value) =>
    genuine(withText(claims, name, value));

  return {
    'duplicate-exp': ['exp twice, the later one last', also(`"exp":${NOW + 9_000}`)],
    'duplicate-exp-first': ['exp twice, the earlier one first', before(`"exp":${NOW - 9_000}`)],
    'duplicate-exp-same': ['exp twice, the same', also(`"exp":${NOW + 3_000}`)],
    'duplicate-exp-escaped': ['exp twice, once escaped', also(`"\\u0065xp":${NOW + 9_000}`)],
    'duplicate-iss': ['iss twice', before(`"iss":${JSON.stringify(two.issuer)}`)],
    'duplicate-iss-last': [
      'iss twice, another pool’s last',
      also(`"iss":${JSON.stringify(two.issuer)}`),
    ],
    'duplicate-sub': ['sub twice', also('"sub":"root"')],
    'duplicate-client': ['client_id twice', also('"client_id":"partner0client"')],
    'duplicate-use': ['token_use twice', before('"token_use":"id"')],
    'duplicate-groups': ['groups twice', also('"cognito:groups":[],"cognito:groups":["admin"]')],
    'duplicate-scope': ['scope twice', also('"scope":"reports/read reports/export"')],
    'duplicate-nbf': ['nbf twice', also('"nbf":1,"nbf":2')],
    'duplicate-unknown': ['a claim nobody reads twice', also('"device_key":"a","device_key":"b"')],
    'payload-array': [
      'an array of what would be the claims in order',
      genuine(
        // In the order src/token.rs has them in.
        JSON.stringify([
          ...[claims.iss, claims.sub, claims.exp, NOW, NOW, 'access', 'web0client'],
          ...['https://api.example.com', claims.jti, claims.scope, ['admin'], 'ada', 'ada'],
        ]),
      ),
    ],
    'payload-in-array': ['the claims in an array', genuine(`[${text}]`)],
    'payload-text': ['a text', genuine(JSON.stringify(text))],
    'payload-number': ['a number', genuine('1790003000')],
    'payload-null': ['null', genuine('null')],
    'payload-true': ['true', genuine('true')],
    'payload-nothing': ['no payload at all', genuine('')],
    'payload-empty': ['an object without members', genuine('{}')],
    'payload-space': ['nothing but white space', genuine('  ')],
    'payload-twice': ['two objects', genuine(`${text}${text}`)],
    'payload-trailing': ['something after the object', genuine(`${text}x`)],
    'payload-unfinished': ['no brace at the end', genuine(text.slice(0, -1))],
    'payload-comma': ['a comma before the brace', genuine(`${text.slice(0, -1)},}`)],
    'payload-comment': ['a comment', genuine(`/**/${text}`)],
    'payload-single-quotes': ['quotes of the wrong kind', genuine(text.replaceAll('"', "'"))],
    'payload-unquoted': ['names without quotes', genuine(text.replace(/"(\w+)":/g, '$1:'))],
    'payload-jwt': ['a token as the payload', genuine(signed(one.access, text))],
    'number-1e400': ['exp is 1e400', put('exp', '1e400')],
    'number-exponent': ['exp with an exponent', put('exp', '1.790003e9')],
    'number-minus-zero': ['exp is -0', put('exp', '-0')],
    'number-leading-zero': ['exp with a zero before it', put('exp', '01790003000')],
    'number-plus': ['exp with a plus', put('exp', '+1790003000')],
    'number-hexadecimal': ['exp in hexadecimal', put('exp', '0x6ab155f8')],
    'number-nan': ['exp is NaN', put('exp', 'NaN')],
    'number-infinity': ['exp is Infinity', put('exp', 'Infinity')],
    'number-nan-unknown': ['a claim nobody reads is NaN', also('"device_key":NaN')],
    'number-1e400-unknown': ['a claim nobody reads is 1e400', also('"device_key":1e400')],
    'number-minus-zero-nbf': ['nbf is -0', put('nbf', '-0')],
    'surrogate-sub': ['sub is half a surrogate pair', put('sub', '"\\ud800"')],
    'surrogate-username': ['username is half a surrogate pair', put('username', '"a\\udfff"')],
    'surrogate-group': [
      'a group is half a surrogate pair',
      put('cognito:groups', '["admin\\ud83d"]'),
    ],
    'surrogate-client': [
      'client_id with half a surrogate pair',
      put('client_id', '"web0client\\ud800"'),
    ],
    'surrogate-unknown': [
      'a claim nobody reads is half a surrogate pair',
      also('"device_key":"\\ud800"'),
    ],
    escaped: [
      'every letter escaped that can be',
      genuine(text.replace('web0client', '\\u0077eb0client').replace('"iss"', '"\\u0069ss"')),
    ],
    'escape-unknown': ['an escape JSON does not know', put('username', '"\\x61da"')],
    'depth-unknown': ['a claim nobody reads, 4,000 deep', also(`"device_key":${nested(4_000)}`)],
    'depth-aud': ['aud, 4,000 deep', also(`"aud":${nested(4_000)}`)],
    'depth-groups': ['groups, 4,000 deep', also(`"cognito:groups":${nested(4_000)}`)],
    'depth-object': [
      'objects, 1,500 deep',
      also(`"device_key":${'{"a":'.repeat(1_500)}1${'}'.repeat(1_500)}`),
    ],
    'depth-open': ['4,000 brackets that never close', genuine('['.repeat(4_000))],
    'depth-10000': ['a claim nobody reads, 10,000 deep', also(`"device_key":${nested(10_000)}`)],
    'depth-10000-aud': ['aud, 10,000 deep', also(`"aud":${nested(10_000)}`)],
    'member-proto': ['a member that every object has', also('"__proto__":{"exp":1}')],
  };
}

/** @param {number} depth */
function nested(depth) {
  return '['.repeat(depth) + ']'.repeat(depth);
}

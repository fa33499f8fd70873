/**
 * Tokens that count, for what a route demands of them and for the headers the API is told by.
 */
import { NOW, access, accessClaims, id, signedUnder } from './pool.js';

/** @type {(pools: import('./pool.js').Pools) => import('./pool.js').Tokens} */
export function valid({ one, two }) {
  const groups = (/** @type {unknown} */ list) => access(one, { 'cognito:groups': list });
  const scope = (/** @type {string} */ text) => access(one, { scope: text });
  return {
    access: ['an access token of the first pool', access(one)],
    'access-second-user': [
      'another user of the first pool',
      access(one, { sub: '0b6d3a57-7f3c-4f0e-8f55-2e9b1ad04c66', username: 'grace' }),
    ],
    'access-week': ['valid for a week', access(one, { exp: NOW + 604_800 })],
    'access-two': ['an access token of the second pool', access(two)],
    'id-two': ['an ID token of the second pool', id(two)],
    'id-one': ['an ID token of the first pool, which accepts access tokens only', id(one)],
    machine: [
      'client credentials: sub is the client, no username, no groups (rule C2)',
      access(two, {
        sub: two.client,
        username: undefined,
        origin_jti: undefined,
        event_id: undefined,
        scope: 'reports/read reports/export',
      }),
    ],
    'resource-bound': [
      'an access token bound to a resource carries aud besides (rule C2)',
      access(one, { aud: 'https://api.example.com' }),
    ],
    'resource-bound-several': [
      'the same for several resources',
      access(one, { aud: ['https://a.example.com', 'https://b.example.com'] }),
    ],
    'group-admin': ['in the group admin', groups(['admin'])],
    'group-ops': ['in the groups staff and ops', groups(['staff', 'ops'])],
    'group-staff': ['in the group staff', groups(['staff'])],
    'group-administrators': ['a group whose name begins like another', groups(['administrators'])],
    'group-upper-case': ['a group spelled in other case', groups(['Admin'])],
    'group-comma': ['one group whose name holds a comma', groups(['admin,ops'])],
    'group-odd-names': [
      'names of groups that are not plain ASCII',
      groups(['café', 'a b', '%41', 'x\r\ny', '管理']),
    ],
    'group-empty-name': ['names of groups that are empty', groups(['', 'ops', ''])],
    'groups-empty': ['in no group, said so', groups([])],
    'scope-both': ['both scopes of the reports', scope('openid reports/export reports/read')],
    'scope-one': ['one of the two scopes', scope('reports/read')],
    'scope-similar': [
      'scopes that begin like the two',
      scope('reports/read-all reports/export-all'),
    ],
    'scope-tab': ['scopes separated by a tab', scope('reports/read\treports/export')],
    'scope-empty': ['no scope, said so', scope('')],
    'scope-missing': ['no claim scope', access(one, { scope: undefined })],
    'scope-id': [
      'an ID token that claims scopes',
      id(two, { scope: 'reports/read reports/export' }),
    ],
    partner: ['of the partner’s client', access(one, { client_id: 'partner0client' })],
    'partner-admin': [
      'of the partner’s client, in the group admin, with both scopes',
      access(one, {
        client_id: 'partner0client',
        'cognito:groups': ['admin'],
        scope: 'reports/read reports/export',
      }),
    ],
    'username-odd': ['a user name in another script', access(one, { username: 'Ада, Ж. "x"' })],
    'sub-odd': [
      'a subject that is no UUID (rule C5)',
      access(one, { sub: 'a/b c\u0000\u{1f511}' }),
    ],
    'unknown-claims': [
      'claims nobody knows (rule C5)',
      access(one, { 'custom:tenant': { a: [1, null] }, version: 2, device_key: 'x' }),
    ],
    'size-16384': ['as long as a token may be', sized(one, 16_384)],
    'size-16385': ['one byte longer than a token may be', sized(one, 16_385)],
  };
}

/**
 * A token of exactly that many bytes.
 *
 * @param {import('./pool.js').Pool} pool
 * @param {number} bytes
 */
function sized(pool, bytes) {
  // base64url has no text of 4n + 1 characters: where the payload alone cannot make the length,
  // the header grows as well.
  for (const typ of ['', 'J', 'JW', 'JWT']) {
    const bare = token(typ, '');
    let filler = Math.floor(((bytes - bare.length) * 3) / 4) - 4;
    for (const last = filler + 8; filler < last; filler += 1) {
      const made = token(typ, 'x'.repeat(filler));
      if (made.length === bytes) return made;
    }
  }
  throw new Error(`no token has ${bytes} bytes`);

  /** @type {(typ: string, filler: string) => string} */
  function token(typ, filler) {
    const header = { kid: pool.access.kid, alg: 'RS256', ...(typ ? { typ } : {}) };
    return signedUnder(header, pool.access, accessClaims(pool, { filler }));
  }
}

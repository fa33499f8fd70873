/**
 * Claims that are absent, of another kind, or not what they should be: whom the token is for, what
 * kind it is, and about whom it speaks (rule C2).
 */
import { access, id } from './pool.js';

/** @type {(pools: import('./pool.js').Pools) => import('./pool.js').Tokens} */
export function clients({ one, two }) {
  return {
    'client-missing': ['no client_id', access(one, { client_id: undefined })],
    'client-null': ['client_id is null', access(one, { client_id: null })],
    'client-number': ['client_id is a number', access(one, { client_id: 1 })],
    'client-array': ['client_id is a list', access(one, { client_id: [one.client] })],
    'client-empty': ['client_id is the empty text', access(one, { client_id: '' })],
    'client-prefix': [
      'all of the client’s id but the last letter',
      access(one, { client_id: 'web0clien' }),
    ],
    'client-suffix': ['the client’s id and a letter', access(one, { client_id: 'web0clientx' })],
    'client-case': ['the client’s id in other case', access(one, { client_id: 'Web0client' })],
    'client-list': ['two ids in one text', access(one, { client_id: 'web0client partner0client' })],
    'client-other-pool': ['the other pool’s client', access(one, { client_id: two.client })],
    'client-in-aud': [
      'an access token with aud for client_id',
      access(one, { client_id: undefined, aud: one.client }),
    ],
    'aud-null': ['an access token whose aud is null', access(one, { aud: null })],
    'aud-missing': ['an ID token without aud', id(two, { aud: undefined })],
    'aud-null-id': ['an ID token whose aud is null', id(two, { aud: null })],
    'aud-number': ['an ID token whose aud is a number', id(two, { aud: 1 })],
    'aud-number-access': ['an access token whose aud is a number', access(one, { aud: 1 })],
    'jti-null': ['jti is null', access(one, { jti: null })],
    'jti-number': ['jti is a number', access(one, { jti: 1 })],
    'aud-array': ['an ID token with a list for aud', id(two, { aud: [two.client] })],
    'aud-prefix': ['an ID token for the beginning of an id', id(two, { aud: 'machine0clien' })],
    'aud-suffix': ['an ID token for an id and more', id(two, { aud: 'machine0client,x' })],
    'aud-in-client': [
      'an ID token with client_id for aud',
      id(two, { aud: undefined, client_id: two.client }),
    ],
    'aud-other-client': [
      'an ID token for another client, whose client_id is ours',
      id(two, { aud: 'stranger0client', client_id: two.client }),
    ],
    'use-missing': ['no token_use', access(one, { token_use: undefined })],
    'use-null': ['token_use is null', access(one, { token_use: null })],
    'use-array': ['token_use is a list', access(one, { token_use: ['access'] })],
    'use-refresh': ['token_use is refresh', access(one, { token_use: 'refresh' })],
    'use-upper-case': ['token_use in other case', access(one, { token_use: 'Access' })],
    'use-space': ['token_use with a space', access(one, { token_use: 'access ' })],
    'use-id': [
      'an access token’s claims said to be an ID token’s',
      access(one, { token_use: 'id', aud: one.client }),
    ],
    'sub-missing': ['no sub', access(one, { sub: undefined })],
    'sub-empty': ['sub is the empty text', access(one, { sub: '' })],
    'sub-number': ['sub is a number', access(one, { sub: 7 })],
    'sub-null': ['sub is null', access(one, { sub: null })],
    'groups-text': ['groups is a text', access(one, { 'cognito:groups': 'admin' })],
    'groups-null': ['groups is null', access(one, { 'cognito:groups': null })],
    'groups-object': ['groups is an object', access(one, { 'cognito:groups': { admin: true } })],
    'groups-mixed': ['a group is a number', access(one, { 'cognito:groups': ['admin', 1] })],
    'groups-nested': ['a list in the list', access(one, { 'cognito:groups': [['admin']] })],
    'groups-true': ['groups is true', access(one, { 'cognito:groups': true })],
    'scope-array': ['scope is a list', access(one, { scope: ['reports/read', 'reports/export'] })],
    'scope-null': ['scope is null', access(one, { scope: null })],
    'username-number': ['username is a number', access(one, { username: 7 })],
    'username-null': ['username is null', access(one, { username: null })],
  };
}

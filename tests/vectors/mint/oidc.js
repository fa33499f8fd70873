/**
 * Tokens of an OpenID provider that signs all of them with one key: access tokens as in RFC 9068, ID
 * tokens as in OpenID Connect Core 1.0, and what must not pass for either.
 */
import { NOW, signedUnder } from './pool.js';

/** @type {(pools: import('./pool.js').Pools) => import('./pool.js').Tokens} */
export function oidc({ oidc: provider }) {
  const { client } = provider;
  const access = (/** @type {Claims} */ changes, typ = 'at+jwt') =>
    signed(provider, typ, accessClaims(provider, changes));
  const id = (/** @type {Claims} */ changes, /** @type {unknown} */ typ = undefined) =>
    signed(provider, typ, idClaims(provider, changes));
  return {
    'oidc-access': ['an access token', access({})],
    'oidc-access-media-type': ['its typ spelled out', access({}, 'application/at+jwt')],
    'oidc-access-upper-case': ['its typ in upper case', access({}, 'AT+JWT')],
    'oidc-access-scopes': [
      'with the scopes of the reports',
      access({ scope: 'openid reports/read reports/export' }),
    ],
    'oidc-access-group': ['in the group admin', access({ groups: ['admin'] })],
    'oidc-access-group-objects': [
      'its groups are objects (RFC 7643, section 4.1.2)',
      access({ groups: [{ value: 'admin' }] }),
    ],
    'oidc-access-cognito-group': [
      'its groups under Cognito’s name',
      access({ 'cognito:groups': ['admin'] }),
    ],
    'oidc-access-client-missing': ['no client_id', access({ client_id: undefined })],
    'oidc-access-client-other': ['of another client', access({ client_id: 'other0client' })],
    'oidc-access-client-azp': [
      'its client in azp and aud only',
      access({ client_id: undefined, azp: client, aud: client }),
    ],
    'oidc-access-audience-other': [
      'meant for another API of the same client',
      access({ aud: 'https://api.example.org' }),
    ],
    'oidc-access-audience-missing': ['meant for nobody', access({ aud: undefined })],
    'oidc-access-audience-prefix': [
      'meant for an API whose name begins so',
      access({ aud: 'https://api.example.com/x' }),
    ],
    'oidc-access-audience-several': [
      'meant for several, one of them ours',
      access({ aud: ['https://a.example', 'https://api.example.com'] }),
    ],
    'oidc-access-audience-none-of': [
      'meant for several, none of them ours',
      access({ aud: ['https://a.example', 'https://b.example'] }),
    ],
    'oidc-access-issuer-bare': [
      'the issuer without the / at its end',
      access({ iss: provider.issuer.slice(0, -1) }),
    ],
    'oidc-access-untyped': [
      'an access token of a server that does not say so in typ',
      signed(provider, undefined, accessClaims(provider, { aud: client })),
    ],
    'oidc-access-untyped-scp': [
      'the same, its scopes as a list in scp',
      signed(provider, 'JWT', idClaims(provider, { scp: ['reports/read'] })),
    ],
    'oidc-id': ['an ID token', id({})],
    'oidc-id-jwt': ['an ID token whose typ is JWT', id({}, 'JWT')],
    'oidc-id-token-use': ['with a token_use that says access', id({ token_use: 'access' })],
    'oidc-id-client-id': [
      'for another client, with ours as client_id',
      id({ aud: 'other0client', client_id: client }),
    ],
    'oidc-id-one-of-one': ['its aud a list of one', id({ aud: [client] })],
    'oidc-id-azp': ['of one audience, azp the same', id({ azp: client })],
    'oidc-id-azp-other': ['of one audience, issued to another client', id({ azp: 'other0client' })],
    'oidc-id-azp-number': ['azp is a number', id({ azp: 1 })],
    'oidc-id-several': [
      'of several audiences, issued to us',
      id({ aud: ['other0client', client], azp: client }),
    ],
    'oidc-id-several-no-azp': ['of several audiences, no azp', id({ aud: ['other0client', client] })],
    'oidc-id-several-other': [
      'of several audiences, issued to another client',
      id({ aud: ['other0client', client], azp: 'other0client' }),
    ],
    'oidc-id-several-outside': [
      'of several audiences, azp not among them',
      id({ aud: ['other0client', 'third0client'], azp: client }),
    ],
    'oidc-id-no-aud': ['no aud', id({ aud: undefined, azp: client })],
    'oidc-id-aud-empty': ['an empty list for aud', id({ aud: [], azp: client })],
    'oidc-id-typ-number': ['typ is a number', id({}, 1)],
    'oidc-logout': [
      'a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.4)',
      id({ events: logout }, 'logout+jwt'),
    ],
    'oidc-logout-untyped': ['the same without a typ', id({ events: logout })],
  };
}

const logout = { 'http://schemas.openid.net/event/backchannel-logout': {} };

/** @typedef {Record<string, unknown>} Claims undefined leaves one out */

/**
 * @param {import('./pool.js').Provider} provider
 * @param {unknown} typ undefined for none
 * @param {Claims} claims
 */
function signed({ key }, typ, claims) {
  return signedUnder({ alg: 'RS256', typ, kid: key.kid }, key, claims);
}

/** @type {(provider: import('./pool.js').Provider, changes: Claims) => Claims} */
function accessClaims({ issuer, client }, changes) {
  return {
    ...commonClaims(issuer),
    aud: 'https://api.example.com',
    client_id: client,
    scope: 'openid',
    jti: 'bA9tH2PzB7n0',
    ...changes,
  };
}

/** @type {(provider: import('./pool.js').Provider, changes: Claims) => Claims} */
function idClaims({ issuer, client }, changes) {
  return {
    ...commonClaims(issuer),
    aud: client,
    nonce: 'wq3PzT-n0nce',
    email: 'ada@example.com',
    ...changes,
  };
}

/** @type {(issuer: string) => Claims} */
function commonClaims(issuer) {
  return { iss: issuer, sub: 'ada|17', iat: NOW - 600, exp: NOW + 3_000 };
}

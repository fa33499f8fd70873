/**
 * An app client that walks through a user pool's domain with fetch alone.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { startUserPoolDomain } from '../../js/local/domain/domain.js';
import { makeKey } from '../../js/local/pool.js';
import { Jar } from './jar.js';

/** @typedef {import('../../js/local/domain/domain.js').UserPoolDomain} UserPoolDomain */

export const BACK = 'http://localhost:5000/_nearhop/callback';
export const SIGNED_OUT = 'http://localhost:5000/_nearhop/signed-out';
export const PASSWORD = randomBytes(9).toString('base64url');
const ADA = {
  username: 'ada',
  password: PASSWORD,
  sub: 'subject-1',
  email: 'ada@example.com',
  name: 'Ada',
  groups: ['staff'],
};
const CLIENTS = [
  { id: 'public-client', redirectUris: [BACK], logoutUris: [SIGNED_OUT] },
  { id: 'secret-client', secret: 's3:cr/t', redirectUris: [BACK], logoutUris: [] },
];
export const KEYS = Promise.all([makeKey(), makeKey()]);

/**
 * @param {import('node:test').TestContext} test
 * @param {Partial<import('../../js/local/domain/domain.js').Options>} [options]
 */
export async function started(test, options) {
  const [access, id] = await KEYS;
  const issuer = 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example01';
  const pool = { issuer, id: 'us-east-1_Example01', keys: { access, id } };
  const domain = await startUserPoolDomain({ pool, clients: CLIENTS, users: [ADA], ...options });
  test.after(domain.close);
  return domain;
}

/** An attempt to sign in: what a client keeps, and where it sends the visitor. */
export function attempt(/** @type {UserPoolDomain} */ { url, issuer }, changes = {}) {
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: 'public-client',
    redirect_uri: BACK,
    scope: 'openid email profile',
    state: 'the-state',
    nonce: 'the-nonce',
    code_challenge_method: 'S256',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    ...changes,
  });
  const path = issuer === url ? '/auth' : '/oauth2/authorize';
  return { verifier, to: `${url}${path}?${query}` };
}

/**
 * @param {Jar} jar
 * @param {string} to
 * @param {Record<string, string>} [form]
 * @returns {Promise<URL>} the callback the visitor is sent to
 */
export async function signIn(
  jar,
  to,
  form = { username: 'ada', password: PASSWORD, action: 'sign-in' },
) {
  const login = await jar.ask(to);
  assert.match(new URL(login.to).pathname, /^\/login\//);
  assert.match((await jar.ask(login.to)).text, /<label for="password">/);
  const answered = await jar.ask(login.to, { form });
  const back = await jar.ask(answered.to);
  assert.ok(back.to.startsWith(`${BACK}?`), back.to);
  return new URL(back.to);
}

/**
 * @param {UserPoolDomain} domain
 * @param {Record<string, string>} form
 * @param {Record<string, string>} [headers]
 */
export async function token({ url, issuer }, form, headers) {
  const path = issuer === url ? '/token' : '/oauth2/token';
  const body = new URLSearchParams({ client_id: 'public-client', ...form });
  const answer = await fetch(url + path, { method: 'POST', headers, body, redirect: 'manual' });
  const text = await answer.text();
  const json = () => JSON.parse(text);
  return { status: answer.status, text, json };
}

/**
 * @param {UserPoolDomain} domain
 * @param {{ jar?: Jar, changes?: object }} [how]
 */
export async function signedIn(domain, { jar = new Jar(), changes } = {}) {
  const { verifier, to } = attempt(domain, changes);
  const code = String((await signIn(jar, to)).searchParams.get('code'));
  const form = {
    grant_type: 'authorization_code',
    redirect_uri: BACK,
    code,
    code_verifier: verifier,
  };
  return { form, ...(await token(domain, form)) };
}

/**
 * @param {UserPoolDomain} domain
 * @param {string} value
 */
export function refresh(domain, value) {
  return token(domain, { grant_type: 'refresh_token', refresh_token: value });
}

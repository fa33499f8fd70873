/**
 * The user pool's domain of this machine, which the tests of sign-in stand on.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import {
  BACK,
  KEYS,
  SIGNED_OUT,
  attempt,
  refresh,
  signIn,
  signedIn,
  started,
  token,
} from './client.js';
import { Jar } from './jar.js';

describe('the domain of a user pool', { timeout: 60_000 }, () => {
  it('C6: a code for tokens, by a sign-in page and PKCE', async (test) => {
    const domain = await started(test);
    const { to, verifier } = attempt(domain);
    const back = await signIn(new Jar(), to);
    assert.deepEqual([...back.searchParams.keys()].sort(), ['code', 'state']);
    assert.equal(back.searchParams.get('state'), 'the-state');
    const code = String(back.searchParams.get('code'));
    const form = { grant_type: 'authorization_code', redirect_uri: BACK, code };
    const { status, json } = await token(domain, { ...form, code_verifier: verifier });
    assert.equal(status, 200);
    const { access_token: access, id_token: id, refresh_token: opaque, ...rest } = json();
    assert.deepEqual(rest, { expires_in: 3_600, token_type: 'Bearer' });
    assert.doesNotMatch(opaque, /\./);
    const keys = createRemoteJWKSet(new URL(domain.jwksUrl));
    const [{ payload: accessClaims }, { payload: idClaims }] = await Promise.all(
      [access, id].map((each) => jwtVerify(each, keys, { issuer: domain.issuer })),
    );
    assert.equal(domain.issuer, 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example01');
    assert.equal(accessClaims.scope, 'openid email profile');
    assert.equal(idClaims.nonce, 'the-nonce');
    assert.deepEqual([idClaims.email, idClaims.name], ['ada@example.com', 'Ada']);
  });

  it('C1, C2: ID and access tokens by different keys, with the claims of each', async (test) => {
    const domain = await started(test);
    const { access_token: access, id_token: id } = (await signedIn(domain)).json();
    const [accessKey, idKey] = await KEYS;
    assert.deepEqual(decodeProtectedHeader(access), { alg: 'RS256', kid: accessKey.kid });
    assert.deepEqual(decodeProtectedHeader(id), { alg: 'RS256', kid: idKey.kid });
    const keys = createRemoteJWKSet(new URL(domain.jwksUrl));
    const { payload: ofAccess } = await jwtVerify(access, keys);
    const { payload: ofId } = await jwtVerify(id, keys);
    assert.deepEqual(
      [ofAccess.client_id, ofAccess.aud, ofAccess.token_use, ofAccess.username, ofAccess.sub],
      ['public-client', undefined, 'access', 'ada', 'subject-1'],
    );
    assert.deepEqual(
      [ofId.client_id, ofId.aud, ofId.token_use, ofId['cognito:username'], ofId.sub],
      [undefined, 'public-client', 'id', 'ada', 'subject-1'],
    );
    for (const claims of [ofAccess, ofId]) assert.deepEqual(claims['cognito:groups'], ['staff']);
  });

  it('takes no code twice, nor without its verifier, nor without PKCE', async (test) => {
    const domain = await started(test);
    const { form, status } = await signedIn(domain);
    assert.equal(status, 200);
    assert.equal((await token(domain, form)).json().error, 'invalid_grant');
    const jar = new Jar();
    const code = String((await signIn(jar, attempt(domain).to)).searchParams.get('code'));
    const other = await token(domain, { ...form, code });
    assert.deepEqual([other.status, other.json().error], [400, 'invalid_grant']);
    const plain = new URL(attempt(domain).to);
    plain.searchParams.delete('code_challenge');
    plain.searchParams.delete('code_challenge_method');
    const { to } = await jar.ask(plain.href);
    assert.equal(new URL(to).searchParams.get('error'), 'invalid_request');
  });

  it('refuses a wrong password, and "Cancel" is access_denied', async (test) => {
    const domain = await started(test);
    const jar = new Jar();
    const login = await jar.ask(attempt(domain).to);
    const form = { username: '"><b>', password: 'wrong', action: 'sign-in' };
    const refused = await jar.ask(login.to, { form });
    assert.equal(refused.status, 401);
    assert.match(refused.text, /role="alert"/);
    assert.match(refused.text, /value="&quot;&gt;&lt;b&gt;"/);
    const back = await signIn(jar, attempt(domain).to, { action: 'cancel' });
    assert.equal(back.searchParams.get('error'), 'access_denied');
    assert.equal(back.searchParams.get('state'), 'the-state');
    assert.equal((await new Jar().ask(login.to)).status, 400, 'another browser’s');
  });

  it('knows a visitor who has signed in, until /logout', async (test) => {
    const domain = await started(test);
    const jar = new Jar();
    await signIn(jar, attempt(domain, { identity_provider: 'Example' }).to);
    const { to } = await jar.ask(attempt(domain).to);
    assert.equal(new URL(to).searchParams.get('state'), 'the-state', 'at once');
    const leave = (/** @type {Record<string, string>} */ query) =>
      jar.ask(`${domain.url}/logout?${new URLSearchParams(query)}`);
    const wrong = await leave({ client_id: 'public-client', logout_uri: 'https://evil.example/' });
    assert.deepEqual([wrong.status, wrong.to], [400, '']);
    const left = await leave({ client_id: 'public-client', logout_uri: SIGNED_OUT });
    assert.equal(left.to, SIGNED_OUT);
    assert.match((await jar.ask(attempt(domain).to)).to, /\/login\//);
    assert.equal(domain.counts.logouts, 2);
  });

  it('demands a client’s secret', async (test) => {
    const domain = await started(test);
    const { verifier, to } = attempt(domain, { client_id: 'secret-client' });
    const code = String((await signIn(new Jar(), to)).searchParams.get('code'));
    const form = {
      grant_type: 'authorization_code',
      redirect_uri: BACK,
      code,
      code_verifier: verifier,
      client_id: 'secret-client',
    };
    assert.equal((await token(domain, form)).json().error, 'invalid_client');
    const pair = ['secret-client', 's3:cr/t'].map(encodeURIComponent).join(':');
    const authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
    assert.equal((await token(domain, form, { authorization })).status, 200);
  });

  it('C7: refreshes: one token for good, or rotating with a grace', async (test) => {
    const domain = await started(test);
    const { refresh_token: first } = (await signedIn(domain)).json();
    const again = (await refresh(domain, first)).json();
    assert.equal(again.refresh_token, undefined);
    assert.ok(again.access_token && again.id_token);

    domain.settings.rotation = { graceSeconds: 60 };
    const { refresh_token: second } = (await refresh(domain, first)).json();
    const { refresh_token: beside } = (await refresh(domain, first)).json();
    assert.equal(new Set([first, second, beside]).size, 3);
    domain.settings.rotation = { graceSeconds: 0 };
    assert.equal((await refresh(domain, first)).json().error, 'invalid_grant');
    const { refresh_token: third } = (await refresh(domain, second)).json();
    assert.ok(third, 'the others live on');

    domain.settings.rotation = { graceSeconds: 0, revokes: true };
    assert.equal((await refresh(domain, second)).json().error, 'invalid_grant');
    assert.equal((await refresh(domain, third)).json().error, 'invalid_grant', 'gone with it');
  });

  it('C6: a revoked refresh token is none', async (test) => {
    const domain = await started(test);
    const { refresh_token: value } = (await signedIn(domain)).json();
    const body = new URLSearchParams({ client_id: 'public-client', token: value });
    const answer = await fetch(`${domain.url}/oauth2/revoke`, { method: 'POST', body });
    assert.equal(answer.status, 200);
    assert.equal((await refresh(domain, value)).json().error, 'invalid_grant');
    assert.deepEqual(domain.counts, {
      authorize: 1,
      exchanges: 1,
      refreshes: 1,
      revokes: 1,
      logouts: 0,
    });
  });

  it('gives out tokens for as long as it is told', async (test) => {
    const domain = await started(test, { settings: { accessSeconds: 7 } });
    const { id_token: id, expires_in: seconds } = (await signedIn(domain)).json();
    const keys = createRemoteJWKSet(new URL(domain.jwksUrl));
    const { exp, iat } = (await jwtVerify(id, keys)).payload;
    assert.deepEqual([seconds, Number(exp) - Number(iat)], [7, 7]);
  });

  it('is a plain issuer as well', async (test) => {
    const domain = await started(test, { kind: 'oidc' });
    const found = await fetch(`${domain.url}/.well-known/openid-configuration`);
    const { issuer, token_endpoint, jwks_uri } = /** @type {any} */ (await found.json());
    assert.deepEqual(
      [issuer, token_endpoint, jwks_uri],
      [domain.url, `${domain.url}/token`, domain.jwksUrl],
    );
    const { access_token: access, id_token: id } = (await signedIn(domain)).json();
    const keys = createRemoteJWKSet(new URL(domain.jwksUrl));
    const { payload } = await jwtVerify(access, keys, {
      issuer,
      audience: 'https://api.example.com',
      typ: 'at+jwt',
    });
    assert.equal(payload.client_id, 'public-client');
    const { payload: ofId } = await jwtVerify(id, keys, { issuer, audience: 'public-client' });
    assert.deepEqual([ofId.email, ofId.nonce], ['ada@example.com', 'the-nonce']);
    assert.equal(ofId.token_use, undefined);
  });
});

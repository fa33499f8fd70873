/**
 * Sign-in as it may be configured otherwise: a client with a secret, several hosts, ID tokens as
 * the credential, Amplify's cookies, an issuer that is not Cognito, early refreshes.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeJwt } from 'jose';
import { ask } from '../local/world.js';
import { OWN_CALL, PAGE_LOAD } from './jar.js';
import { CLIENT, OTHER_CLIENT } from './toml.js';
import { ACCESS, ID, REFRESH, Visitor, assertPage, setCookies } from './visitor.js';
import { ADA, MALLORY, startSignInWorld } from './world.js';

/**
 * @param {import('node:test').TestContext} test
 * @param {import('./world.js').WorldOptions} options
 */
async function started(test, options) {
  const world = await startSignInWorld(options);
  test.after(world.close);
  return world;
}

describe('sign-in, configured otherwise', { timeout: 120_000 }, () => {
  it('a client’s secret: with it codes, refreshes and revocations go through', async (test) => {
    const world = await started(test, { hasSecret: true });
    const visitor = new Visitor(world);
    assert.equal((await visitor.signIn('/app/x')).to, `${world.url}/app/x`);
    visitor.dropTokens();
    assert.equal((await visitor.call('/api/orders')).status, 200);
    const old = visitor.jar.copy();
    const headers = { ...PAGE_LOAD, 'sec-fetch-site': 'same-origin' };
    assert.equal((await visitor.ask('/_nearhop/sign-out', { headers })).status, 302);
    const thief = new Visitor(world, { jar: old });
    thief.dropTokens();
    assert.equal((await thief.call('/api/orders')).status, 401);
  });

  it('a host with a client of its own', async (test) => {
    const world = await started(test, {});
    const jar = new Visitor(world).jar;
    for (const [url, client] of [
      [world.url, CLIENT],
      [world.otherUrl, OTHER_CLIENT],
    ]) {
      const visitor = new Visitor(world, { url, jar });
      const { start } = await visitor.begin('/app/');
      const { searchParams } = new URL(start.to);
      assert.equal(searchParams.get('client_id'), client);
      assert.equal(searchParams.get('redirect_uri'), `${url}/_nearhop/callback`);
      assert.equal((await visitor.signIn('/app/y')).to, `${url}/app/y`);
      const { authorization } = (await visitor.call('/api/orders')).json();
      assert.equal(decodeJwt(authorization.slice('Bearer '.length)).client_id, client);
    }
  });

  it('ID tokens alone as the credential', async (test) => {
    const world = await started(test, { issuer: { token_use: ['id'] } });
    const visitor = new Visitor(world);
    await visitor.signIn();
    assert.deepEqual(visitor.names(ACCESS), []);
    const { status, json } = await visitor.call('/api/orders');
    assert.equal(status, 200);
    const { token_use: use, aud } = decodeJwt(json().authorization.slice('Bearer '.length));
    assert.deepEqual([use, aud], ['id', CLIENT]);
    assert.equal((await visitor.me()).claims.email, ADA.email);
    visitor.dropTokens();
    assert.equal((await visitor.call('/api/orders')).status, 200, 'refreshed');
  });

  it('a page load refreshes tokens that are about to expire', async (test) => {
    const world = await started(test, {
      signIn: { refresh_before_seconds: 60 },
      settings: { accessSeconds: 50 },
    });
    const visitor = new Visitor(world);
    await visitor.signIn();
    const call = await visitor.ask('/api/orders', { headers: OWN_CALL });
    assert.equal(call.status, 200);
    const { last, steps } = await visitor.jar.load(`${world.url}/app/`);
    assert.deepEqual(
      steps.map(({ status }) => status),
      [307, 200],
    );
    assert.equal(last.url, `${world.url}/app/`);
    assert.equal(world.domain.counts.refreshes, 1);
    world.domain.faults.token = 'unavailable';
    const later = new Visitor(world);
    world.domain.faults.token = null;
    await later.signIn();
    world.domain.faults.token = 'unavailable';
    assert.equal((await later.ask('/app/')).status, 200, 'the token still holds');
  });

  it('the whole site: everything but sign-in’s own paths needs a session', async (test) => {
    const routes = [{ pattern: '/*', target: 'site', access: 'authenticated' }];
    const world = await started(test, { routes });
    const visitor = new Visitor(world);
    assert.equal((await visitor.signIn('/')).to, `${world.url}/`);
    const headers = { ...PAGE_LOAD, 'sec-fetch-site': 'same-origin' };
    const { last } = await visitor.jar.load(`${world.url}/_nearhop/sign-out`, headers);
    assert.deepEqual([last.status, last.url], [200, `${world.url}/_nearhop/signed-out`]);
    assert.equal(await visitor.me(), undefined);
    for (const path of [
      '//evil.example/',
      '/\\evil.example',
      '/%2fevil.example/',
      '/.//evil.example',
    ]) {
      const step = await ask(world.url, path, {
        headers: { ...PAGE_LOAD, host: new URL(world.url).host },
      });
      assert.equal(step.status, 400, path);
      assert.equal(step.headers.location, undefined);
    }
  });

  it('a page of the site after signing out', async (test) => {
    const world = await started(test, { signIn: { after_sign_out: '/goodbye' } });
    const visitor = new Visitor(world);
    await visitor.signIn();
    const headers = { ...PAGE_LOAD, 'sec-fetch-site': 'same-origin' };
    const { to } = await visitor.ask('/_nearhop/sign-out?local', { headers });
    assert.equal(to, `${world.url}/goodbye`);
    const whole = await visitor.ask('/_nearhop/sign-out', { headers });
    assert.equal(new URL(whole.to).searchParams.get('logout_uri'), `${world.url}/goodbye`);
  });
});

describe('Amplify’s cookies', { timeout: 120_000 }, () => {
  const OF_CLIENT = `CognitoIdentityServiceProvider.${CLIENT}.`;

  it('are set under its names, for scripts to read', async (test) => {
    const world = await started(test, { signIn: { cookies: 'amplify' } });
    const visitor = new Visitor(world);
    const step = await visitor.signIn();
    const set = setCookies(step).filter(({ name }) => name.startsWith('Cognito'));
    assert.deepEqual(
      set.map(({ name }) => name).sort(),
      ['LastAuthUser', 'ada.accessToken', 'ada.idToken', 'ada.refreshToken'].map(
        (name) => OF_CLIENT + name,
      ),
    );
    for (const { name, attributes } of set) {
      assert.ok(!attributes.includes('HttpOnly'), name);
      assert.ok(attributes.includes('Secure') && attributes.includes('SameSite=Lax'), name);
    }
    assert.equal(visitor.jar.value(world.url, `${OF_CLIENT}LastAuthUser`), 'ada');
    const { json } = await visitor.call('/api/orders');
    const token = visitor.jar.value(world.url, `${OF_CLIENT}ada.accessToken`);
    assert.equal(json().authorization, `Bearer ${token}`);
    assert.equal(world.api.asked[0].headers.cookie, undefined);
    assert.equal((await visitor.me()).claims.email, ADA.email);
  });

  it('go on to no API, not even one that is to see cookies', async (test) => {
    const world = await started(test, { signIn: { cookies: 'amplify' } });
    const visitor = new Visitor(world);
    await visitor.signIn();
    visitor.jar.set(world.url, 'theme', 'dark');
    for (const path of ['/api/forward', '/api/open/forward']) {
      assert.equal((await visitor.call(path)).status, 200);
      const sent = String(world.api.asked.at(-1)?.headers.cookie);
      assert.match(sent, /theme=dark/);
      assert.doesNotMatch(sent, /Token=|__Host-nearhop-/);
    }
  });

  it('are refreshed, replaced by another user’s, and cleared', async (test) => {
    const world = await started(test, { signIn: { cookies: 'amplify' } });
    const visitor = new Visitor(world);
    await visitor.signIn();
    visitor.jar.set(world.url, `${OF_CLIENT}ada.accessToken`, undefined);
    assert.equal((await visitor.call('/api/orders')).status, 200);
    assert.ok(visitor.jar.value(world.url, `${OF_CLIENT}ada.accessToken`));

    const other = new Visitor(world);
    const { login } = await other.begin('/_nearhop/sign-in');
    const callback = await other.answer(login, MALLORY);
    for (const { name, value } of visitor.jar.cookies(world.url))
      other.jar.set(world.url, name, value);
    assert.equal((await other.come(callback)).status, 302);
    assert.deepEqual(other.names(`${OF_CLIENT}ada.`), []);
    assert.equal((await other.me()).claims.sub, MALLORY.sub);

    const headers = { ...PAGE_LOAD, 'sec-fetch-site': 'same-origin' };
    await other.ask('/_nearhop/sign-out', { headers });
    assert.deepEqual(other.names('Cognito'), []);
    assert.deepEqual(other.names('__Host-nearhop-'), []);
  });
});

describe('an issuer that is not Cognito', { timeout: 120_000 }, () => {
  it('signs in, refreshes and signs out by its discovery document', async (test) => {
    const world = await started(test, { kind: 'oidc' });
    const visitor = new Visitor(world);
    assert.equal((await visitor.signIn('/app/z')).to, `${world.url}/app/z`);
    assert.deepEqual(visitor.names('__Host-nearhop-').slice(0, 1), [ACCESS]);
    assert.ok(visitor.names().includes(ID) && visitor.names().includes(REFRESH));
    const { status, json } = await visitor.call('/api/orders');
    assert.equal(status, 200);
    const claims = decodeJwt(json().authorization.slice('Bearer '.length));
    assert.equal(claims.iss, world.domain.url);
    assert.deepEqual((await visitor.me()).claims, {
      sub: ADA.sub,
      email: ADA.email,
      name: ADA.name,
    });
    visitor.dropTokens();
    assert.equal((await visitor.call('/api/orders')).status, 200);
    assert.equal(world.domain.counts.refreshes, 1);

    const headers = { ...PAGE_LOAD, 'sec-fetch-site': 'same-origin' };
    const { to } = await visitor.ask('/_nearhop/sign-out', { headers });
    const { origin, pathname, searchParams } = new URL(to);
    assert.equal(origin + pathname, `${world.domain.url}/session/end`);
    assert.equal(searchParams.get('post_logout_redirect_uri'), `${world.url}/_nearhop/signed-out`);
    assert.equal(world.domain.counts.revokes, 1);
    assert.equal(await visitor.me(), undefined);
    const { text } = await visitor.jar.ask(to);
    const [, action = ''] = /<form[^>]* action="([^"]+)"/.exec(text) ?? [];
    const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(text) ?? [];
    const left = await visitor.jar.ask(action, { form: { xsrf, logout: 'yes' } });
    assert.equal(left.to, `${world.url}/_nearhop/signed-out`, text);
    assert.match((await visitor.begin('/app/')).login, /\/login\//);
  });

  it('is not believed where its tokens are wrong', async (test) => {
    const world = await started(test, { kind: 'oidc' });
    for (const fault of /** @type {const} */ ([
      'wrong_nonce',
      'other_key',
      'other_client',
      'other_person',
      'other_issuer',
      'expired',
      'no_id_token',
      'swapped',
    ])) {
      world.domain.faults.token = fault;
      const visitor = new Visitor(world);
      assertPage(await visitor.signIn(), 502);
      assert.deepEqual(visitor.names(ACCESS), [], fault);
    }
  });
});

/**
 * Signing out: here, at the user pool's domain, and nowhere by somebody else's hand.
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { PAGE_LOAD } from './jar.js';
import { CLIENT } from './toml.js';
import { ACCESS, ENDED, ID, REFRESH, Visitor, assertGenerated, assertPage } from './visitor.js';
import { GRACE, startSignInWorld } from './world.js';

describe('signing out', { timeout: 120_000 }, () => {
  /** @type {import('./world.js').World} */
  let world;
  before(async () => {
    world = await startSignInWorld();
  });
  after(() => world?.close());
  afterEach(() => world.calm());

  const OWN_LINK = { ...PAGE_LOAD, 'sec-fetch-site': 'same-origin' };

  it('clears every cookie, revokes the refresh token, ends the domain’s session', async () => {
    const visitor = new Visitor(world);
    await visitor.signIn('/app/', GRACE);
    const before = { ...world.domain.counts };
    const old = visitor.jar.copy();
    const step = await visitor.ask('/_nearhop/sign-out', { headers: OWN_LINK });
    assert.equal(step.status, 302);
    assertGenerated(step);
    const { origin, pathname, searchParams } = new URL(step.to);
    assert.equal(origin + pathname, `${world.domain.url}/logout`);
    assert.deepEqual(Object.fromEntries(searchParams), {
      client_id: CLIENT,
      logout_uri: `${world.url}/_nearhop/signed-out`,
    });
    assert.deepEqual(visitor.names('__Host-nearhop-'), [ENDED]);
    assert.equal(world.domain.counts.revokes - before.revokes, 1);
    const { last } = await visitor.jar.load(step.to);
    assert.equal(last.url, `${world.url}/_nearhop/signed-out`);
    assertPage(last, 200);
    assert.equal(await visitor.me(), undefined);
    assert.match((await visitor.begin('/app/')).login, /\/login\//, 'the password is asked for');

    const thief = new Visitor(world, { jar: old });
    thief.dropTokens();
    assert.equal(
      (await thief.call('/api/orders')).status,
      401,
      'the refresh token is worth nothing',
    );
  });

  it('?local: the session at the domain goes on', async () => {
    const visitor = new Visitor(world);
    await visitor.signIn();
    const step = await visitor.ask('/_nearhop/sign-out?local', { headers: OWN_LINK });
    assert.deepEqual([step.status, step.to], [302, `${world.url}/_nearhop/signed-out`]);
    assert.deepEqual(visitor.names('__Host-nearhop-'), [ENDED]);
    assert.equal(world.domain.counts.logouts, 1, 'that of the test before');
    const { login } = await visitor.begin('/app/');
    assert.ok(login.startsWith(`${world.url}/_nearhop/callback?code=`), 'nothing is asked');
  });

  it('by a form: 303, so that what follows is a GET', async () => {
    const visitor = new Visitor(world);
    await visitor.signIn();
    const step = await visitor.ask('/_nearhop/sign-out', {
      form: {},
      headers: { ...OWN_LINK, origin: world.url },
    });
    assert.equal(step.status, 303);
    assert.deepEqual(visitor.names('__Host-nearhop-'), [ENDED]);
  });

  it('works without cookies and with broken ones, and asks the domain nothing', async () => {
    const broken = ['', '2~a', 'a b', '"', '%', 'é', '9~', 'x'.repeat(3_000)];
    const before = world.domain.counts.revokes;
    for (const value of [undefined, ...broken]) {
      const visitor = new Visitor(world);
      for (const name of [ACCESS, ID]) visitor.jar.set(world.url, name, value && latin(value));
      visitor.jar.set(world.url, `${ACCESS}-1`, value && latin(value));
      const step = await visitor.ask('/_nearhop/sign-out', { headers: OWN_LINK });
      assert.equal(step.status, 302, value);
      assert.ok(step.to.startsWith(`${world.domain.url}/logout?`), value);
      const left = visitor.names('__Host-nearhop-').filter((name) => name !== ENDED);
      assert.deepEqual(left, [], value);
    }
    assert.equal(world.domain.counts.revokes, before);
    const visitor = new Visitor(world);
    visitor.jar.set(world.url, REFRESH, 'no-such-token');
    assert.equal((await visitor.ask('/_nearhop/sign-out', { headers: OWN_LINK })).status, 302);
    assert.deepEqual(visitor.names('__Host-nearhop-'), [ENDED]);
  });

  for (const fault of /** @type {const} */ (['unavailable', 'hang', 'reset', 'invalid_client'])) {
    it(`works where the token cannot be revoked: ${fault}`, async () => {
      const visitor = new Visitor(world);
      await visitor.signIn();
      world.domain.faults.revoke = fault;
      const step = await visitor.ask('/_nearhop/sign-out', { headers: OWN_LINK });
      assert.equal(step.status, 302);
      assert.deepEqual(visitor.names('__Host-nearhop-'), [ENDED]);
    });
  }

  it('another site can lead to a page that asks, and no further', async () => {
    for (const site of ['cross-site', 'same-site']) {
      const visitor = new Visitor(world);
      await visitor.signIn();
      const before = { ...world.domain.counts };
      const headers = { ...PAGE_LOAD, 'sec-fetch-site': site };
      const step = await visitor.ask('/_nearhop/sign-out', { headers });
      assertPage(step, 200);
      assert.match(step.text, /<a href="\/_nearhop\/sign-out">/);
      assert.deepEqual([step.to, step.cookies], ['', []]);
      assert.deepEqual(world.domain.counts, before);
      assert.ok(await visitor.me(), 'still signed in');

      const sent = await visitor.ask('/_nearhop/sign-out', {
        form: {},
        headers: { ...headers, origin: 'https://evil.example' },
      });
      assert.deepEqual([sent.to, sent.cookies], ['', []], 'nor by a form of its own');
      assert.ok(await visitor.me());
    }
  });

  /** @type {[string, Record<string, string>][]} */
  const unasked = [
    [
      'an image that somebody put there',
      { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
    ],
    ['a link that is fetched ahead', { 'sec-fetch-mode': 'no-cors', 'sec-purpose': 'prefetch' }],
    [
      'a frame that somebody put there',
      { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
    ],
    ['a page that is rendered ahead', { 'sec-purpose': 'prefetch;prerender' }],
  ];
  for (const [name, headers] of unasked) {
    it(`the site’s own page signs nobody out by ${name}`, async () => {
      const visitor = new Visitor(world);
      await visitor.signIn();
      const before = world.domain.counts.revokes;
      const step = await visitor.ask('/_nearhop/sign-out', {
        headers: { ...OWN_LINK, ...headers },
      });
      assert.deepEqual([step.to, step.cookies], ['', []]);
      assert.equal(world.domain.counts.revokes, before);
      assert.ok(await visitor.me());
    });
  }

  it('no page of another site may show it in a frame', async () => {
    const step = await new Visitor(world).ask('/_nearhop/signed-out');
    const policy = `${step.headers.get('content-security-policy')}`;
    assert.match(policy, /frame-ancestors 'none'/);
    assert.equal(step.headers.get('x-content-type-options'), 'nosniff');
  });

  /** @param {string} text bytes of UTF-8 as a header takes them */
  function latin(text) {
    return Buffer.from(text).toString('latin1');
  }
});

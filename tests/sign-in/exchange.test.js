/**
 * A code is exchanged for tokens: with a token endpoint that fails, and with tokens that are wrong.
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { ACCESS, Visitor, assertPage, exchangesIn } from './visitor.js';
import { HUGE, startSignInWorld } from './world.js';

describe('the token endpoint', { timeout: 120_000 }, () => {
  /** @type {import('./world.js').World} */
  let world;
  before(async () => {
    world = await startSignInWorld();
  });
  after(() => world?.close());
  afterEach(() => world.calm());

  for (const [of, fault] of /** @type {const} */ ([
    ['provider-500', 'unavailable'],
    ['provider-500', 'reset'],
    ['provider-slow', 'hang'],
    ['provider-slow', 'stall'],
  ])) {
    it(`sign-in/${of}: ${fault} once: asked again, and nobody notices`, async () => {
      Object.assign(world.domain.faults, { token: fault, tokenTimes: 1 });
      const visitor = new Visitor(world);
      const count = await exchangesIn(world, async () => {
        assert.equal((await visitor.signIn('/app/x')).to, `${world.url}/app/x`);
      });
      assert.equal(count, 2);
    });

    it(`sign-in/${of}: ${fault} for good: asked a few times, then a page`, async () => {
      world.domain.faults.token = fault;
      const visitor = new Visitor(world);
      const count = await exchangesIn(world, async () => assertPage(await visitor.signIn(), 503));
      assert.ok(count >= 2 && count <= 4, `asked ${count} times`);
      assert.deepEqual(visitor.names(ACCESS), []);
    });
  }

  for (const [of, fault, status] of /** @type {const} */ ([
    ['provider-error', 'throttled', 503],
    ['provider-error', 'invalid_client', 502],
    ['provider-error', 'not_json', 502],
    ['provider-error', 'redirect', 502],
    ['provider-error', 'too_large', 503],
    ['bad-token', 'wrong_nonce', 502],
    ['bad-token', 'other_key', 502],
    ['bad-token', 'other_client', 502],
    ['bad-token', 'other_person', 502],
    ['bad-token', 'other_issuer', 502],
    ['bad-token', 'expired', 502],
    ['bad-token', 'no_id_token', 502],
    ['bad-token', 'swapped', 502],
  ])) {
    it(`sign-in/${of}: ${fault}: not asked again, no session, a page with one way on`, async () => {
      world.domain.faults.token = fault;
      const visitor = new Visitor(world);
      const count = await exchangesIn(world, async () =>
        assertPage(await visitor.signIn(), status),
      );
      assert.equal(count, 1);
      assert.deepEqual(visitor.names(), []);
      assert.equal(await visitor.me(), undefined);
    });
  }

  it('tokens too large for any browser’s cookies: a page with one way on', async () => {
    const visitor = new Visitor(world);
    assertPage(await visitor.signIn('/app/', HUGE), 502);
    assert.deepEqual(visitor.names(), []);
  });

  it('sign-in/provider-slow: slow, but within the time: waited for', async () => {
    world.domain.faults.tokenDelayMs = 150;
    assert.equal((await new Visitor(world).signIn('/app/x')).to, `${world.url}/app/x`);
  });
});

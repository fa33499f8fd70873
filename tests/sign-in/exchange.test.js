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

  for (const fault of /** @type {const} */ (['unavailable', 'reset', 'hang', 'stall'])) {
    it(`${fault} once: asked again, and nobody notices`, async () => {
      Object.assign(world.domain.faults, { token: fault, tokenTimes: 1 });
      const visitor = new Visitor(world);
      const count = await exchangesIn(world, async () => {
        assert.equal((await visitor.signIn('/app/x')).to, `${world.url}/app/x`);
      });
      assert.equal(count, 2);
    });

    it(`${fault} for good: asked a few times, then a page with one way on`, async () => {
      world.domain.faults.token = fault;
      const visitor = new Visitor(world);
      const count = await exchangesIn(world, async () => assertPage(await visitor.signIn(), 503));
      assert.ok(count >= 2 && count <= 4, `asked ${count} times`);
      assert.deepEqual(visitor.names(ACCESS), []);
    });
  }

  for (const [fault, status] of /** @type {const} */ ([
    ['throttled', 503],
    ['invalid_client', 502],
    ['not_json', 502],
    ['redirect', 502],
    ['too_large', 503],
    ['wrong_nonce', 502],
    ['other_key', 502],
    ['other_client', 502],
    ['other_person', 502],
    ['other_issuer', 502],
    ['expired', 502],
    ['no_id_token', 502],
    ['swapped', 502],
  ])) {
    it(`${fault}: not asked again, no session, a page with one way on`, async () => {
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

  it('slow, but within the time: waited for', async () => {
    world.domain.faults.tokenDelayMs = 150;
    assert.equal((await new Visitor(world).signIn('/app/x')).to, `${world.url}/app/x`);
  });
});

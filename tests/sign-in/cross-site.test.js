/**
 * What other sites can do with a visitor's session: nothing that changes anything.
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { PAGE_LOAD } from './jar.js';
import { PARTNER } from './toml.js';
import { ACCESS, Visitor, assertGenerated, signedIn, signedInLongAgo } from './visitor.js';
import { startSignInWorld } from './world.js';

describe('other sites and the session', { timeout: 120_000 }, () => {
  /** @type {import('./world.js').World} */
  let world;
  before(async () => {
    world = await startSignInWorld();
  });
  after(() => world?.close());
  afterEach(() => world.calm());

  /** @type {[string, Record<string, string>, boolean][]} */
  const senders = [
    ['the site’s own page', { 'sec-fetch-site': 'same-origin' }, true],
    ['the visitor’s own hand', { 'sec-fetch-site': 'none' }, true],
    ['another site', { 'sec-fetch-site': 'cross-site' }, false],
    ['a sibling of the site', { 'sec-fetch-site': 'same-site' }, false],
    ['an old browser on the site’s own page', { origin: 'OWN' }, true],
    ['an old browser on another site', { origin: 'https://evil.example' }, false],
    ['an old browser on a sandboxed page', { origin: 'null' }, false],
    ['something that says nothing', {}, false],
  ];
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
    for (const [name, headers, isAllowed] of senders) {
      it(`${method} from ${name} is ${isAllowed ? 'let through' : 'cross_site'}`, async () => {
        const visitor = await signedIn(world);
        const sent = Object.entries(headers).map(([key, value]) => [
          key,
          value === 'OWN' ? world.url : value,
        ]);
        const step = await visitor.ask('/api/orders', {
          method,
          headers: { accept: '*/*', ...Object.fromEntries(sent) },
          body: 'x',
        });
        if (isAllowed) {
          assert.equal(step.status, 200, step.text);
        } else {
          assert.deepEqual([step.status, JSON.parse(step.text).error], [403, 'cross_site']);
          assertGenerated(step);
          assert.equal(world.api.asked.length, 0);
        }
      });
    }
  }

  it('an origin the route names, with credentials, is let through there', async () => {
    const visitor = await signedIn(world);
    const headers = { origin: PARTNER, 'sec-fetch-site': 'cross-site', accept: '*/*' };
    const shared = await visitor.ask('/api/shared', { method: 'POST', headers });
    assert.equal(shared.status, 200, shared.text);
    const other = await visitor.ask('/api/orders', { method: 'POST', headers });
    assert.deepEqual([other.status, JSON.parse(other.text).error], [403, 'cross_site']);
  });

  it('a bearer token is no cookie: whoever has it may send it from anywhere', async () => {
    const visitor = await signedIn(world);
    const authorization = `Bearer ${visitor.jar.value(world.url, ACCESS)}`;
    for (const each of [visitor, new Visitor(world)]) {
      const headers = {
        authorization,
        'sec-fetch-site': 'cross-site',
        origin: 'https://a.example',
      };
      const step = await each.ask('/api/orders', { method: 'POST', headers });
      assert.equal(step.status, 200);
    }
  });

  it('an expired session is not refreshed by another site’s POST', async () => {
    const visitor = await signedInLongAgo(world);
    const { counts } = world.domain;
    const before = counts.refreshes;
    const headers = { 'sec-fetch-site': 'cross-site', accept: '*/*' };
    const step = await visitor.ask('/api/orders', { method: 'POST', headers });
    assert.ok(step.status === 401 || step.status === 403, String(step.status));
    assert.deepEqual([step.to, step.cookies], ['', []]);
    assert.equal(counts.refreshes, before);
  });

  it('a link on another site leads to a page with the session: it is safe', async () => {
    const visitor = await signedIn(world);
    const headers = { ...PAGE_LOAD, 'sec-fetch-site': 'cross-site' };
    assert.equal((await visitor.ask('/app/', { headers })).status, 200);
  });
});

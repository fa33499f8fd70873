/**
 * A session whose tokens have expired is refreshed, or is over.
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { OWN_CALL, PAGE_LOAD } from './jar.js';
import { PARTNER } from './toml.js';
import { ACCESS, REFRESH, Visitor, assertGenerated, signedIn, signedInLongAgo } from './visitor.js';
import { ADA, startSignInWorld } from './world.js';

describe('a session whose tokens have expired', { timeout: 120_000 }, () => {
  /** @type {import('./world.js').World} */
  let world;
  before(async () => {
    world = await startSignInWorld();
  });
  after(() => world?.close());
  afterEach(() => world.calm());

  it('is refreshed by an API call, with its method, query and body', async () => {
    const visitor = await signedInLongAgo(world);
    const old = visitor.jar.value(world.url, ACCESS);
    const how = {
      method: 'POST',
      body: '{"a":"é"}',
      headers: { 'content-type': 'application/json' },
    };
    const first = await visitor.ask('/api/orders?a=%2F&b', {
      ...how,
      headers: { ...OWN_CALL, ...how.headers },
    });
    assert.equal(first.status, 307);
    assertGenerated(first);
    assert.equal(first.to, `${world.url}/api/orders?a=%2F&b`);
    assert.equal(world.api.asked.length, 0, 'the API has not been asked');
    const { status, json } = await visitor.call('/api/orders?a=%2F&b', how);
    assert.equal(status, 200);
    const { method, path, body, authorization } = json();
    assert.deepEqual([method, path, body], ['POST', '/orders?a=%2F&b', '{"a":"é"}']);
    assert.notEqual(authorization, `Bearer ${old}`);
  });

  it('is refreshed by a page load and by /_nearhop/me', async () => {
    for (const path of ['/app/a?b=c', '/_nearhop/me']) {
      const visitor = await signedInLongAgo(world);
      const { last, steps } = await visitor.jar.load(world.url + path);
      assert.deepEqual([last.status, steps.length, last.url], [200, 2, world.url + path]);
    }
  });

  it('is refreshed where the browser has forgotten the tokens', async () => {
    const visitor = await signedIn(world);
    visitor.dropTokens();
    assert.equal((await visitor.call('/api/orders')).status, 200);
  });

  it('C7: takes the new refresh token of an issuer that rotates them', async () => {
    world.domain.settings.rotation = { graceSeconds: 0, revokes: true };
    const visitor = await signedInLongAgo(world);
    const old = visitor.jar.value(world.url, REFRESH);
    assert.equal((await visitor.call('/api/orders')).status, 200);
    const next = visitor.jar.value(world.url, REFRESH);
    assert.notEqual(next, old);
    visitor.dropTokens();
    assert.equal((await visitor.call('/api/orders')).status, 200, 'and the one after');
    assert.equal(new Set([old, next, visitor.jar.value(world.url, REFRESH)]).size, 3);
  });

  it('C7: parallel calls with one refresh token all succeed, within the grace', async () => {
    world.domain.settings.rotation = { graceSeconds: 60 };
    const visitor = await signedInLongAgo(world);
    const calls = await Promise.all([1, 2, 3, 4, 5].map((n) => visitor.call(`/api/orders/${n}`)));
    assert.deepEqual(
      calls.map(({ status }) => status),
      [200, 200, 200, 200, 200],
    );
    assert.equal((await visitor.me()).claims.sub, ADA.sub);
  });

  it('C7: and without grace, as long as a reuse revokes nothing', async () => {
    world.domain.settings.rotation = { graceSeconds: 0 };
    const visitor = await signedInLongAgo(world);
    const calls = await Promise.all([1, 2, 3, 4, 5].map((n) => visitor.call(`/api/orders/${n}`)));
    assert.deepEqual(
      calls.map(({ status }) => status),
      [200, 200, 200, 200, 200],
    );
    assert.equal((await visitor.me()).claims.sub, ADA.sub);
  });

  it('C7: and where a reuse revokes them all: nobody is sent in a circle', async () => {
    world.domain.settings.rotation = { graceSeconds: 0, revokes: true };
    const visitor = await signedInLongAgo(world);
    const calls = await Promise.all([1, 2, 3, 4, 5].map((n) => visitor.call(`/api/orders/${n}`)));
    for (const { status } of calls) assert.ok(status === 200 || status === 401, String(status));
    const { last } = await visitor.jar.load(`${world.url}/app/x`);
    assert.deepEqual([last.status, last.url], [200, `${world.url}/app/x`]);
    assert.equal((await visitor.me()).claims.sub, ADA.sub);
  });

  it('is over once the issuer refuses: an API call gets 401 and no cookie is left', async () => {
    const visitor = await signedInLongAgo(world);
    world.domain.faults.refuseRefresh = true;
    const { counts } = world.domain;
    const before = counts.refreshes;
    const { status, json } = await visitor.call('/api/orders');
    assert.deepEqual([status, json().error], [401, 'token_expired']);
    assert.equal(counts.refreshes - before, 1, 'asked once');
    assert.deepEqual(visitor.names('__Host-nearhop-'), []);
    assert.equal(world.api.asked.length, 0);
  });

  it('is over once the issuer refuses: a page load starts over', async () => {
    const visitor = await signedInLongAgo(world);
    world.domain.faults.refuseRefresh = true;
    const { last, steps } = await visitor.jar.load(`${world.url}/app/a?b=c`);
    assert.ok(steps.some(({ to }) => to.startsWith(`${world.domain.url}/oauth2/authorize?`)));
    assert.equal(last.status, 200);
    assert.equal(last.url, `${world.url}/app/a?b=c`, 'by the session at the domain');
    assert.equal((await visitor.me()).claims.sub, ADA.sub);
  });

  for (const fault of /** @type {const} */ (['unavailable', 'hang', 'throttled', 'invalid_client'])) {
    it(`outlives an issuer that is ${fault}`, async () => {
      const visitor = await signedInLongAgo(world);
      world.domain.faults.token = fault;
      const step = await visitor.call('/api/orders');
      assert.equal(step.status, 503, step.text);
      assertGenerated(step);
      assert.equal(world.api.asked.length, 0);
      world.domain.faults.token = null;
      assert.equal((await visitor.call('/api/orders')).status, 200);
    });
  }

  it('is over where the new tokens do not hold: who loads a page signs in again', async () => {
    const visitor = await signedInLongAgo(world);
    world.domain.faults.token = 'other_key';
    const { status, json } = await visitor.call('/api/orders');
    assert.deepEqual([status, json().error], [401, 'token_expired']);
    assert.deepEqual(visitor.names('__Host-nearhop-'), []);
    world.domain.faults.token = null;
    assert.equal((await visitor.signIn('/app/a')).to, `${world.url}/app/a`);
  });

  it('that was signed out of does not come back by an answer that was on its way', async () => {
    const visitor = await signedInLongAgo(world);
    const late = await visitor.jar.copy().ask(`${world.url}/api/orders`, { headers: OWN_CALL });
    assert.equal(late.status, 307, 'refreshed');
    await visitor.ask('/_nearhop/sign-out', {
      headers: { ...PAGE_LOAD, 'sec-fetch-site': 'same-origin' },
    });
    for (const field of late.cookies) visitor.jar.keep(world.url, field);
    assert.ok(visitor.names().includes(ACCESS), 'it is there again');
    assert.equal(await visitor.me(), undefined);
    for (const field of late.cookies) visitor.jar.keep(world.url, field);
    assert.equal((await visitor.call('/api/orders')).status, 401);
    assert.equal((await visitor.signIn('/app/b')).to, `${world.url}/app/b`);
    assert.equal((await visitor.me()).claims.sub, ADA.sub, 'until somebody signs in');
  });

  it('of a page on another origin: the way back is one its browser may follow', async () => {
    const visitor = await signedInLongAgo(world);
    const headers = { ...OWN_CALL, 'sec-fetch-site': 'same-site', origin: PARTNER };
    const step = await visitor.ask('/api/shared', { headers });
    assert.deepEqual(
      [step.status, step.headers.get('access-control-allow-origin')],
      [307, PARTNER],
    );
    assert.equal(step.headers.get('access-control-allow-credentials'), 'true');
  });

  it('with a refresh token that is none: refused once, then gone', async () => {
    const visitor = new Visitor(world);
    visitor.jar.set(world.url, REFRESH, 'no-such-token');
    const { status, json } = await visitor.call('/api/orders');
    assert.deepEqual([status, json().error], [401, 'token_missing']);
    assert.deepEqual(visitor.names('__Host-nearhop-'), []);
  });

  it('a browser that keeps no new cookies is not sent in a circle', async () => {
    const visitor = await signedInLongAgo(world);
    const first = await visitor.ask('/api/orders', { headers: OWN_CALL });
    assert.equal(first.status, 307);
    // It has kept the mark, and brings the old tokens again.
    const stubborn = await signedInLongAgo(world);
    const mark = visitor.jar.value(world.url, '__Host-nearhop-refreshed');
    assert.ok(mark);
    const old = stubborn.jar.copy();
    await stubborn.ask('/api/orders', { headers: OWN_CALL });
    old.set(
      world.url,
      '__Host-nearhop-refreshed',
      stubborn.jar.value(world.url, '__Host-nearhop-refreshed'),
    );
    const again = new Visitor(world, { jar: old });
    const second = await again.ask('/api/orders', { headers: OWN_CALL });
    assert.equal(second.status, 401);
    assert.deepEqual(again.names('__Host-nearhop-'), []);
  });
});

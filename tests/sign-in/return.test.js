/**
 * The visitor comes back from the user pool's domain: to the URL asked for, or to a page that says
 * why not.
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { PAGE_LOAD } from './jar.js';
import {
  ACCESS,
  ATTEMPT,
  ID,
  REFRESH,
  Visitor,
  assertGenerated,
  assertPage,
  exchangesIn,
  setCookies,
} from './visitor.js';
import { ADA, GRACE, MALLORY, startSignInWorld } from './world.js';

/** @type {import('./world.js').World} */
let world;
before(async () => {
  world = await startSignInWorld();
});
after(() => world?.close());
afterEach(() => world.calm());

describe('a visitor comes back', { timeout: 120_000 }, () => {
  it('to the URL asked for, with a session', async () => {
    const visitor = new Visitor(world);
    const step = await visitor.signIn('/app/orders/17?sort=a%2Fb&x=');
    assert.equal(step.status, 302);
    assertGenerated(step);
    assert.equal(step.headers.get('location'), `${world.url}/app/orders/17?sort=a%2Fb&x=`);
    const page = await visitor.ask('/app/orders/17?sort=a%2Fb&x=');
    assert.equal(page.status, 200);
    assert.match(page.text, /<h1>Hello/);
  });

  it('with the tokens in cookies no script can read, and the attempt gone', async () => {
    const visitor = new Visitor(world);
    const step = await visitor.signIn();
    const set = setCookies(step).filter(({ name }) => [ACCESS, ID, REFRESH].includes(name));
    assert.deepEqual(set.map(({ name }) => name).sort(), [ACCESS, ID, REFRESH]);
    for (const { attributes } of set) {
      assert.deepEqual(attributes.sort(), [
        'HttpOnly',
        'Max-Age=2592000',
        'Path=/',
        'SameSite=Lax',
        'Secure',
      ]);
    }
    for (const { name, attributes } of setCookies(step)) {
      assert.match(name, /^__Host-/);
      assert.ok(attributes.includes('HttpOnly') && attributes.includes('Secure'), name);
      assert.ok(!attributes.some((each) => each.startsWith('Domain')), name);
    }
    assert.deepEqual(visitor.names(ATTEMPT), []);
  });

  it('sign-in/mixed-up-tabs: to one page each from two tabs, whichever ends first', async () => {
    const visitor = new Visitor(world);
    const first = await visitor.begin('/app/first');
    const second = await visitor.begin('/app/second');
    const ofSecond = await visitor.come(await visitor.answer(second.login));
    const ofFirst = await visitor.come(await visitor.answer(first.login));
    assert.deepEqual(
      [ofFirst.to, ofSecond.to],
      [`${world.url}/app/first`, `${world.url}/app/second`],
    );
    assert.deepEqual(visitor.names(ATTEMPT), []);
  });

  it('to another edge Region than they left from: nothing is kept at the edge', async () => {
    const visitor = new Visitor(world);
    const { login } = await visitor.begin('/app/far');
    const callback = await visitor.answer(login);
    const headers = { ...PAGE_LOAD, 'x-nearhop-dev-edge': 'eu-central-1' };
    const step = await visitor.jar.ask(callback, { headers });
    assert.deepEqual([step.status, step.to], [302, `${world.url}/app/far`]);
    const page = { ...PAGE_LOAD, 'x-nearhop-dev-edge': 'ap-southeast-2' };
    assert.equal((await visitor.ask('/app/far', { headers: page })).status, 200);
  });

  it('sign-in/replayed-code, sign-in/state-reused: once, then they are worth nothing', async () => {
    const visitor = new Visitor(world);
    const { login } = await visitor.begin('/app/');
    const callback = await visitor.answer(login);
    assert.equal((await visitor.come(callback)).status, 302);
    const me = await visitor.me();
    const count = await exchangesIn(world, async () => {
      const step = await visitor.come(callback);
      assertPage(step, 400);
      assert.deepEqual(step.cookies, [], 'the session stays');
    });
    assert.equal(count, 0);
    assert.deepEqual(await visitor.me(), me);
  });

  it('sign-in/replayed-code, sign-in/state-reused: not even with the attempt’s cookie', async () => {
    const visitor = new Visitor(world);
    const { login } = await visitor.begin('/app/');
    const callback = await visitor.answer(login);
    const earlier = new Visitor(world, { jar: visitor.jar.copy() });
    assert.equal((await visitor.come(callback)).status, 302);
    // One instance remembers for seconds what a code brought; another one does not.
    await world.cloudFront.recycle();
    const step = await earlier.come(callback);
    assertPage(step, 502);
    assert.deepEqual(earlier.names(ACCESS), []);
  });

  it('sign-in/replayed-code: once as well for a browser that asks twice at once', async () => {
    const visitor = new Visitor(world);
    const { login } = await visitor.begin('/app/a');
    const callback = await visitor.answer(login);
    const count = await exchangesIn(world, async () => {
      const steps = await Promise.all([visitor.come(callback), visitor.come(callback)]);
      const ended = steps.filter(({ to }) => to === `${world.url}/app/a`);
      assert.ok(ended.length >= 1);
      for (const { status } of steps) assert.ok([302, 400, 502].includes(status), String(status));
    });
    assert.ok(count >= 1 && count <= 2);
    assert.equal((await visitor.me())?.claims.sub, ADA.sub);
  });

  it('sign-in/no-cookie: a forged callback signs nobody in who began nothing', async () => {
    const mallory = new Visitor(world);
    const { login } = await mallory.begin('/app/');
    const callback = await mallory.answer(login, MALLORY);
    for (const victim of [new Visitor(world), await begun()]) {
      const before = victim.names();
      const count = await exchangesIn(world, async () =>
        assertPage(await victim.come(callback), 400),
      );
      assert.equal(count, 0, 'the code goes nowhere');
      assert.deepEqual(victim.names(), before);
      assert.equal(await victim.me(), undefined);
    }
  });

  it('sign-in/other-tabs-cookie, sign-in/mixed-up-tabs: not with another’s cookie or code', async () => {
    const visitor = new Visitor(world);
    const first = await visitor.begin('/app/first');
    const second = await visitor.begin('/app/second');
    const [callback, other] = [
      await visitor.answer(first.login),
      await visitor.answer(second.login),
    ];
    const nameOf = (/** @type {string} */ state) => ATTEMPT + state.slice(0, 11);
    const swapped = new Visitor(world, { jar: visitor.jar.copy() });
    const sealed = swapped.jar.value(world.url, nameOf(second.state));
    swapped.jar.set(world.url, nameOf(first.state), sealed);
    const count = await exchangesIn(world, async () =>
      assertPage(await swapped.come(callback), 400),
    );
    assert.equal(count, 0);

    // PKCE ties a code to its attempt: the other one's verifier does not open it.
    const mixed = new URL(callback);
    mixed.searchParams.set('code', String(new URL(other).searchParams.get('code')));
    assertPage(await visitor.come(mixed.href), 502);
    assert.deepEqual(visitor.names(ACCESS), []);
  });

  it('sign-in/broken: not with a state or a cookie that was changed', async () => {
    const visitor = new Visitor(world);
    const { login, state } = await visitor.begin('/app/');
    const callback = await visitor.answer(login);
    const name = ATTEMPT + state.slice(0, 11);
    const sealed = String(visitor.jar.value(world.url, name));
    const lies = new URL(callback);
    lies.searchParams.set('state', `${state.slice(0, -1)}${state.endsWith('A') ? 'B' : 'A'}`);
    const count = await exchangesIn(world, async () => {
      assertPage(await visitor.come(lies.href), 400);
      for (const changed of [
        sealed.slice(0, -4),
        `${sealed}AAAA`,
        flipped(sealed),
        '',
        '.',
        'x.y',
      ]) {
        visitor.jar.set(world.url, name, changed);
        assertPage(await visitor.come(callback), 400);
      }
    });
    assert.equal(count, 0);
    visitor.jar.set(world.url, name, sealed);
    assert.equal((await visitor.come(callback)).status, 302, 'unchanged it is good');
  });

  /** @type {[string, (callback: URL) => void][]} */
  const broken = [
    [
      'without anything',
      ({ searchParams }) => [...searchParams.keys()].forEach((key) => searchParams.delete(key)),
    ],
    ['without a state', ({ searchParams }) => searchParams.delete('state')],
    ['with two states', ({ searchParams }) => searchParams.append('state', 'x')],
    ['with two codes', ({ searchParams }) => searchParams.append('code', 'x')],
    [
      'with a state of 8,000 bytes',
      ({ searchParams }) => searchParams.set('state', 'A'.repeat(8_000)),
    ],
    [
      'with a state of odd characters',
      ({ searchParams }) => searchParams.set('state', '\r\n%00é=;'),
    ],
  ];
  for (const [name, change] of broken) {
    it(`sign-in/broken: not by a callback ${name}`, async () => {
      const visitor = new Visitor(world);
      const { login } = await visitor.begin('/app/');
      const callback = new URL(await visitor.answer(login));
      change(callback);
      const count = await exchangesIn(world, async () =>
        assertPage(await visitor.come(callback.href), 400),
      );
      assert.equal(count, 0);
      assert.deepEqual(visitor.names(ACCESS), []);
    });
  }

  it('sign-in/broken: with neither code nor error: a page, and the attempt is over', async () => {
    const visitor = new Visitor(world);
    const { state } = await visitor.begin('/app/');
    assertPage(await visitor.come(`${world.url}/_nearhop/callback?state=${state}`), 502);
    assert.deepEqual(visitor.names(ATTEMPT), []);
  });

  it('sign-in/provider-error: who cancelled: a page that leads to where they were going', async () => {
    const visitor = new Visitor(world);
    const step = await visitor.signIn('/app/a?b=c&d', 'cancel');
    assertPage(step, 403);
    assert.deepEqual(visitor.names(), []);
    const way = /href="([^"]+)"/.exec(step.text)?.[1].replaceAll('&amp;', '&') ?? '';
    assert.equal((await visitor.signIn(way)).to, `${world.url}/app/a?b=c&d`);
  });

  it('takes the place of whoever was signed in before', async () => {
    const visitor = new Visitor(world);
    await visitor.signIn('/app/', GRACE);
    assert.ok(visitor.names(ACCESS).length > 1, 'hers are cut up');
    const { jar } = new Visitor(world);
    const fresh = new Visitor(world, { jar });
    const { login } = await fresh.begin('/_nearhop/sign-in');
    const callback = await fresh.answer(login, ADA);
    for (const { name, value } of visitor.jar.cookies(world.url)) jar.set(world.url, name, value);
    assert.equal((await fresh.come(callback)).status, 302);
    assert.deepEqual(fresh.names(ACCESS), [ACCESS], 'what was left of hers is gone');
    assert.equal((await fresh.me()).claims.sub, ADA.sub);
  });

  /** A visitor who has begun, elsewhere. */
  async function begun() {
    const visitor = new Visitor(world);
    await visitor.begin('/app/');
    return visitor;
  }
});

describe('a circle', { timeout: 120_000 }, () => {
  it('of sign-ins that lead to no session is stopped, with one way on', async () => {
    const visitor = new Visitor(world);
    /** @type {number[]} */
    const statuses = [];
    for (let n = 0; n < 6; n++) {
      const step = await visitor.ask('/app/');
      statuses.push(step.status);
      if (step.status !== 302) {
        assertPage(step, step.status);
        break;
      }
      const { to } = await visitor.jar.ask(step.to);
      await visitor.come(await visitor.answer(to));
      // A browser that does not keep the session.
      for (const name of [ACCESS, ID, REFRESH]) visitor.jar.set(world.url, name, undefined);
    }
    assert.deepEqual(statuses, [302, 302, 302, 400]);
    assert.equal(
      (await visitor.signIn('/_nearhop/sign-in?return=/app/x')).to,
      `${world.url}/app/x`,
    );
    assert.equal((await visitor.ask('/app/x')).status, 200);
  });

  it('there is none for whoever may not enter: they are refused, not sent to sign in', async () => {
    const visitor = new Visitor(world);
    await visitor.signIn();
    const step = await visitor.ask('/staff/', { headers: PAGE_LOAD });
    assert.deepEqual([step.status, step.to], [403, '']);
  });
});

describe('what is kept and written', { timeout: 120_000 }, () => {
  it('secrets/log-line, secrets/error-body: no token, code, verifier or secret', async () => {
    const visitor = new Visitor(world);
    const { login, state } = await visitor.begin('/app/');
    const callback = await visitor.answer(login);
    const sealed = visitor.jar.value(world.url, ATTEMPT + state.slice(0, 11));
    const step = await visitor.come(callback);
    const { text: page } = await visitor.come(callback);
    await visitor.call('/api/orders');
    world.domain.faults.token = 'other_key';
    await visitor.call('/api/orders', { headers: { authorization: 'Bearer a-wrong-token-0123' } });
    await new Visitor(world).signIn();
    const secrets = [
      'a-wrong-token-0123',
      sealed,
      state,
      new URL(callback).searchParams.get('code'),
      ...setCookies(step)
        .filter(({ value }) => value.length > 8)
        .map(({ value }) => value),
      ...world.secrets(),
    ].map(String);
    assert.ok(secrets.length >= 9);
    const said = world.logs().join('\n');
    assert.match(said, /\/api\/orders|completed/, 'the log is read at all');
    for (const secret of secrets) {
      assert.ok(!said.includes(secret), `logged: ${secret}`);
      assert.ok(!page.includes(secret), `shown: ${secret}`);
    }
  });
});

/** @param {string} text with one character changed in its middle */
function flipped(text) {
  const at = Math.floor(text.length / 2);
  return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
}

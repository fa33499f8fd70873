/**
 * A session: what the API and the frontend are told of it.
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { decodeJwt } from 'jose';
import { OWN_CALL, PAGE_LOAD } from './jar.js';
import { ACCESS, ID, Visitor, assertGenerated, signedIn } from './visitor.js';
import { ADA, GRACE, MALLORY, startSignInWorld } from './world.js';

/** @type {import('./world.js').World} */
let world;
before(async () => {
  world = await startSignInWorld();
});
after(() => world?.close());
afterEach(() => world.calm());

describe('a session', { timeout: 120_000 }, () => {
  it('an API call carries the identity by cookie alone, and no cookie goes on', async () => {
    const visitor = await signedIn(world);
    const token = visitor.jar.value(world.url, ACCESS);
    const { status, json } = await visitor.call('/api/orders?a=b');
    assert.equal(status, 200);
    assert.equal(json().authorization, `Bearer ${token}`);
    await visitor.ask('/app/');
    await visitor.call('/api/open');
    assert.equal(world.api.asked.length, 2);
    assert.equal(world.bucket.asked.length, 1);
    for (const { headers } of [...world.api.asked, ...world.bucket.asked]) {
      assert.equal(headers.cookie, undefined);
    }
    assert.equal(world.bucket.asked[0].headers['x-nearhop-user'], undefined);
  });

  it('cookies/not-forwarded: a route that is to see cookies sees the others only', async () => {
    const visitor = await signedIn(world, GRACE);
    await visitor.begin('/_nearhop/sign-in');
    visitor.jar.set(world.url, 'theme', 'dark');
    const ours = visitor.names('__Host-nearhop-');
    assert.ok(ours.length >= 6, ours.join());
    for (const path of ['/api/forward', '/api/open/forward']) {
      assert.equal((await visitor.call(path)).status, 200);
      assert.equal(world.api.asked.at(-1)?.headers.cookie, 'theme=dark', path);
    }
  });

  it('a bearer token goes on working beside it, and comes first', async () => {
    const [ada, mallory] = [await signedIn(world), await signedIn(world, MALLORY)];
    const authorization = `Bearer ${mallory.jar.value(world.url, ACCESS)}`;
    for (const visitor of [ada, new Visitor(world)]) {
      const { status, json } = await visitor.call('/api/orders', { headers: { authorization } });
      assert.deepEqual([status, json().authorization], [200, authorization]);
    }
  });

  it('bearer-parsing/header-and-cookie: a bad header never falls back to the cookies', async () => {
    const visitor = await signedIn(world);
    for (const headers of [OWN_CALL, PAGE_LOAD]) {
      for (const path of ['/api/orders', '/app/', '/_nearhop/me']) {
        const step = await visitor.ask(path, {
          headers: { ...headers, authorization: 'Bearer x' },
        });
        assert.deepEqual([step.status, step.to, step.cookies], [401, '', []], path);
      }
    }
    assert.equal(world.api.asked.length + world.bucket.asked.length, 0);
  });

  it('tokens that do not fit one cookie are cut, and are whole again at the API', async () => {
    const visitor = await signedIn(world, GRACE);
    const names = visitor.names(ACCESS);
    assert.ok(names.length >= 2, names.join());
    for (const { name, value } of visitor.jar.cookies(world.url)) {
      assert.ok(name.length + value.length <= 4_000, name);
    }
    const { status, json } = await visitor.call('/api/orders');
    assert.equal(status, 200);
    const { sub, 'cognito:groups': groups } = decodeJwt(
      json().authorization.slice('Bearer '.length),
    );
    assert.deepEqual([sub, groups], [GRACE.sub, GRACE.groups]);
    const { claims } = await visitor.me();
    assert.equal(claims.email, GRACE.email);
  });

  it('cookies/chunk-missing: missing or changed: no token, and a refresh', async () => {
    /** @type {[string, (names: string[], visitor: Visitor) => void][]} */
    const losses = [
      ['the first', ([first], { jar }) => jar.set(world.url, first, undefined)],
      ['the last', (names, { jar }) => jar.set(world.url, String(names.at(-1)), undefined)],
      [
        'two that changed places',
        ([, one], { jar }) =>
          jar.set(world.url, one, jar.value(world.url, one)?.split('').reverse().join('')),
      ],
    ];
    for (const [name, lose] of losses) {
      const visitor = await signedIn(world, GRACE);
      lose(visitor.names(ACCESS), visitor);
      const step = await visitor.ask('/api/orders', { headers: OWN_CALL });
      assert.equal(step.status, 307, name);
      const { status } = await visitor.call('/api/orders');
      assert.equal(status, 200, name);
    }
  });

  it('/_nearhop/me: claims the configuration chose and the expiry, or 401', async () => {
    const visitor = await signedIn(world);
    const step = await visitor.call('/_nearhop/me');
    assertGenerated(step);
    assert.match(String(step.headers.get('content-type')), /^application\/json/);
    const { exp } = decodeJwt(String(visitor.jar.value(world.url, ACCESS)));
    const { sub, email, name } = ADA;
    assert.deepEqual(step.json(), { claims: { sub, email, name }, expires: exp });

    const nobody = await new Visitor(world).call('/_nearhop/me');
    assert.equal(nobody.status, 401);
    assertGenerated(nobody);
    assert.equal(nobody.json().error, 'token_missing');
    assert.deepEqual(nobody.cookies, []);
    const loaded = await new Visitor(world).ask('/_nearhop/me');
    assert.deepEqual([loaded.status, loaded.to], [401, ''], 'a page load as well');
  });
});

describe('cookies as they may come', { timeout: 120_000 }, () => {
  it('cookies/quotes, cookies/no-equals: broken ones are no session', async () => {
    const odd = [
      ['', ''],
      ['2~', ''],
      ['9~aaaa', 'bbbb'],
      ['0~aaaa', ''],
      ['99~aaaa', ''],
      ['-1~aaaa', ''],
      ['1~aaaa', ''],
      ['~', '~'],
      ['é\u00a0', ''],
      ['"a.b.c"', ''],
      ['a'.repeat(3_800), ''],
      ['a.b.c', ''],
    ];
    for (const [first, second] of odd) {
      const cookie = `${ACCESS}=${first}; ${ACCESS}-1=${second}; ${ID}=${first}; =; ;; ${ACCESS}`;
      const headers = { ...OWN_CALL, cookie: Buffer.from(cookie).toString('latin1') };
      for (const path of ['/api/orders', '/_nearhop/me']) {
        const step = await new Visitor(world).ask(path, { headers });
        assert.equal(step.status, 401, cookie.slice(0, 60));
        assertGenerated(step);
      }
    }
  });

  it('cookies/duplicates: the good one counts, wherever it stands among others', async () => {
    const good = (await signedIn(world)).jar.value(world.url, ACCESS);
    const bad = (await signedIn(world, MALLORY)).jar.value(world.url, ID);
    for (const values of [
      [good, bad],
      [bad, good],
      ['', 'a.b.c', good],
    ]) {
      const cookie = values.map((value) => `${ACCESS}=${value}`).join('; ');
      const step = await new Visitor(world).ask('/api/orders', {
        headers: { ...OWN_CALL, cookie },
      });
      assert.equal(step.status, 200, step.text);
      assert.equal(JSON.parse(step.text).authorization, `Bearer ${good}`);
    }
  });

  it('an ID token is no access token', async () => {
    const visitor = await signedIn(world);
    const cookie = `${ACCESS}=${visitor.jar.value(world.url, ID)}`;
    const step = await new Visitor(world).ask('/api/orders', { headers: { ...OWN_CALL, cookie } });
    assert.deepEqual([step.status, JSON.parse(step.text).error], [401, 'token_use']);
    assert.equal(world.api.asked.length, 0);
  });

  it('the ID token of somebody else says nothing', async () => {
    const visitor = await signedIn(world);
    const other = await signedIn(world, MALLORY);
    visitor.jar.set(world.url, ID, other.jar.value(world.url, ID));
    const { claims } = await visitor.me();
    assert.equal(claims.sub, ADA.sub);
    assert.ok(!JSON.stringify(claims).includes(MALLORY.email));
  });

  it('cookies/200: 200 of them, and the session among them', async () => {
    const visitor = await signedIn(world);
    for (let n = 0; n < 200; n++) visitor.jar.set(world.url, `other-${n}`, `${n}`);
    assert.equal((await visitor.call('/api/orders')).status, 200);
    assert.equal(world.api.asked[0].headers.cookie, undefined);
  });
});

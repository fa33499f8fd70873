/**
 * Signing in to a whole world by its user pool's own pages, with no browser. What else may happen
 * on the way is tested in tests/sign-in/.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Jar, OWN_CALL, PAGE_LOAD } from '../sign-in/jar.js';

/** A path of the site that is for those who signed in, and names something in it. */
const DEEP_LINK = '/notes/17?from=mail';

/** Of the session's tokens, those that expire soon. */
const SHORT_LIVED = ['__Host-nearhop-access', '__Host-nearhop-id'];

/**
 * @typedef {import('../../js/local/users.js').User} User
 *
 * @param {{ url: () => string, user: () => User }} world
 */
export function signInWithoutScripts({ url, user }) {
  it('signs somebody in, calls the API in their name, refreshes, and signs them out', async () => {
    const jar = new Jar();
    const own = (/** @type {string} */ path, how = {}) =>
      jar.ask(url() + path, { headers: OWN_CALL, ...how });

    const login = await jar.load(url() + DEEP_LINK);
    assert.notEqual(new URL(login.last.url).origin, url(), 'the user pool asks who it is');
    const { last, steps } = await answer(jar, login.last, user());
    assert.deepEqual([last.url, last.status], [url() + DEEP_LINK, 200]);
    assert.ok(steps.some((step) => step.url.startsWith(`${url()}/_nearhop/callback?`)));
    const again = await jar.ask(last.url, { headers: PAGE_LOAD });
    assert.deepEqual([again.status, again.text], [200, last.text]);

    const { claims, expires } = JSON.parse((await own('/_nearhop/me')).text);
    assert.equal(claims.email, user().email);
    assert.ok(expires > Date.now() / 1_000);
    const hello = await own('/api/hello');
    assert.equal(hello.status, 200, hello.text);
    assert.equal(JSON.parse(hello.text).caller.user, claims.sub);

    for (const name of SHORT_LIVED) jar.set(url(), name, undefined);
    const refreshing = await own('/api/hello');
    assert.deepEqual([refreshing.status, refreshing.to], [307, `${url()}/api/hello`]);
    assert.equal((await own('/api/hello')).status, 200);

    const out = await jar.load(`${url()}/_nearhop/sign-out`);
    assert.deepEqual([out.last.url, out.last.status], [`${url()}/_nearhop/signed-out`, 200]);
    const left = jar.cookies(url()).map(({ name }) => name);
    assert.deepEqual(
      left.filter((name) => name.startsWith('__Host-nearhop-')),
      ['__Host-nearhop-ended'],
    );
    assert.equal((await own('/_nearhop/me')).status, 401);
  });
}

/**
 * Fills in the form of a sign-in page, whichever it is, and goes where that leads.
 *
 * @param {Jar} jar
 * @param {import('../sign-in/jar.js').Step} page
 * @param {User} user
 */
async function answer(jar, { url, text }, { email, password }) {
  const action = /<form[^>]* action="([^"]*)"/.exec(text)?.[1] ?? url;
  const hidden = [...text.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)];
  const form = {
    ...Object.fromEntries(hidden.map(([, name, value]) => [name, value])),
    ...{ username: email, password, action: 'sign-in' },
  };
  const { to } = await jar.ask(new URL(action, url).href, { form });
  return jar.load(to, { ...PAGE_LOAD, 'sec-fetch-site': 'cross-site' });
}

/**
 * Sign-in in a real browser when something goes wrong, or somebody wants it to.
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { WITHOUT_CHROMIUM, launchChromium } from '../chromium.js';
import { newVisitor } from './browser.js';
import { startOrigin } from './origin.js';
import { Visitor } from './visitor.js';
import { ADA, MALLORY, startSignInWorld } from './world.js';

describe('trouble in a browser', { timeout: 300_000, skip: WITHOUT_CHROMIUM }, () => {
  /** @type {import('./world.js').World} */
  let world;
  /** @type {import('playwright-core').Browser} */
  let browser;
  before(async () => {
    [world, browser] = await Promise.all([startSignInWorld(), launchChromium()]);
  });
  after(async () => {
    await browser?.close();
    await world?.close();
  });
  afterEach(() => world.calm());

  /** @param {import('node:test').TestContext} test */
  const visit = (test) => newVisitor(test, browser, world);

  it('a callback that was used shows a page with one way on, and changes nothing', async (test) => {
    const visitor = await visit(test);
    const { page } = visitor;
    /** @type {string[]} */
    const callbacks = [];
    page.on('request', (request) => {
      if (request.url().includes('/_nearhop/callback?')) callbacks.push(request.url());
    });
    await visitor.signIn();
    assert.equal(callbacks.length, 1);
    const before = world.domain.counts.exchanges;
    const replayed = await page.goto(callbacks[0]);
    assert.equal(replayed?.status(), 400);
    assert.equal((await page.reload())?.status(), 400);
    assert.equal(world.domain.counts.exchanges, before);
    assert.equal(await visitor.me(), ADA.sub, 'still signed in');
    await page.getByRole('link').click();
    assert.equal(page.url(), `${world.url}/`);
  });

  it('the back button leads to no error, and forward to the page', async (test) => {
    const visitor = await visit(test);
    const { page } = visitor;
    await visitor.signIn('/app/a');
    await page.goBack();
    assert.ok(page.url().startsWith(world.domain.url), 'the callback is not in the history');
    await page.goForward();
    assert.equal(page.url(), `${world.url}/app/a`);
    assert.equal(await page.textContent('h1'), 'Hello');
  });

  it('login CSRF: another’s callback signs nobody in', async (test) => {
    const mallory = new Visitor(world);
    const { login } = await mallory.begin('/app/');
    const callback = await mallory.answer(login, MALLORY);
    const bait = await elsewhere(test, `<a href="${escaped(callback)}">Win a prize</a>`);
    const victim = await visit(test);
    await victim.load('/app/');
    await victim.page.goto(bait.far);
    const before = world.domain.counts.exchanges;
    const [answer] = await Promise.all([
      victim.page.waitForResponse(/\/_nearhop\/callback\?/),
      victim.page.getByRole('link').click(),
    ]);
    assert.equal(answer.status(), 400);
    await victim.page.waitForURL(/callback/);
    assert.equal(await victim.me(), undefined);
    assert.equal(world.domain.counts.exchanges, before, 'the code went nowhere');
    await victim.signIn('/app/mine');
    assert.equal(await victim.me(), ADA.sub);
  });

  it('mixed-up tabs: the code of one with the state of the other is refused', async (test) => {
    const visitor = await visit(test);
    const other = await visitor.context.newPage();
    const first = new URL(await visitor.unfinished('/app/first'));
    const second = new URL(await visitor.unfinished('/app/second', other));
    const mixed = new URL(first);
    mixed.searchParams.set('code', String(second.searchParams.get('code')));
    const answer = await visitor.page.goto(mixed.href);
    assert.equal(answer?.status(), 502);
    assert.equal(await visitor.me(), undefined);
    assert.deepEqual(await visitor.names('__Host-nearhop-access'), []);
    await other.goto(second.href);
    assert.equal(other.url(), `${world.url}/app/second`, 'the other tab’s is still good');
  });

  for (const fault of /** @type {const} */ (['unavailable', 'reset', 'hang', 'throttled'])) {
    it(`an issuer that is ${fault}: a page with one way on, which works later`, async (test) => {
      world.domain.faults.token = fault;
      const visitor = await visit(test);
      await visitor.signIn('/app/late?a=b');
      assert.match(visitor.page.url(), /\/_nearhop\/callback\?/);
      assert.match(String(await visitor.page.textContent('h1')), /not possible at present/);
      assert.deepEqual(await visitor.names(), []);
      world.domain.faults.token = null;
      await visitor.page.getByRole('link').click();
      await visitor.page.waitForURL(`${world.url}/app/late?a=b`);
      assert.equal(await visitor.me(), ADA.sub);
    });
  }

  it('an issuer that is slow is waited for', async (test) => {
    world.domain.faults.tokenDelayMs = 200;
    const visitor = await visit(test);
    await visitor.signIn('/app/slow');
    assert.equal(visitor.page.url(), `${world.url}/app/slow`);
  });

  for (const fault of /** @type {const} */ (['other_key', 'wrong_nonce', 'other_client'])) {
    it(`tokens that do not hold are not taken: ${fault}`, async (test) => {
      world.domain.faults.token = fault;
      const visitor = await visit(test);
      await visitor.signIn('/app/');
      assert.match(String(await visitor.page.textContent('h1')), /failed/);
      assert.equal(await visitor.page.getByRole('link').count(), 1);
      assert.deepEqual(await visitor.names(), []);
      assert.equal(await visitor.me(), undefined);
    });
  }

  it('who cancels is told so, and may try again', async (test) => {
    const visitor = await visit(test);
    await visitor.load('/app/wanted');
    await visitor.page.getByRole('button', { name: 'Cancel' }).click();
    await visitor.page.waitForURL(/\/_nearhop\/callback\?/);
    assert.match(String(await visitor.page.textContent('h1')), /not signed in/);
    await visitor.page.getByRole('link').click();
    await visitor.answer();
    assert.equal(visitor.page.url(), `${world.url}/app/wanted`);
  });

  it('a browser that keeps no session is not sent in a circle', async (test) => {
    const visitor = await visit(test);
    await visitor.loseSessions();
    const before = world.domain.counts.authorize;
    await visitor.load('/app/');
    await visitor.answer();
    await visitor.page.getByText('several times in a row').waitFor();
    assert.equal(world.domain.counts.authorize - before, 3);
    assert.equal(visitor.page.url(), `${world.url}/app/`);
    assert.equal(await visitor.page.getByRole('link').count(), 1);
  });

  it('an image that somebody put on a page of the site signs nobody out', async (test) => {
    const visitor = await visit(test);
    await visitor.signIn();
    const [answer] = await Promise.all([
      visitor.page.waitForResponse(`${world.url}/_nearhop/sign-out`),
      visitor.page.locator('body').evaluate((/** @type {any} */ body) => {
        body.innerHTML = '<img src="/_nearhop/sign-out" alt="A kitten">';
      }),
    ]);
    await answer.finished();
    assert.equal(await visitor.me(), ADA.sub);
  });

  for (const place of /** @type {const} */ (['far', 'near'])) {
    const where = place === 'far' ? 'another site' : 'another port of the same site';

    it(`a form on ${where} cannot use the session`, async (test) => {
      const visitor = await visit(test);
      await visitor.signIn();
      const action = `${world.url}/api/orders`;
      const form = `<form method="post" action="${action}"><button>Send</button></form>`;
      await visitor.page.goto((await elsewhere(test, form))[place]);
      const [answer] = await Promise.all([
        visitor.page.waitForResponse(`${world.url}/api/orders`),
        visitor.page.getByRole('button').click(),
      ]);
      // SameSite=Lax keeps the cookies from another site's POST, but not from another port's.
      assert.equal(answer.status(), place === 'far' ? 401 : 403);
      const { error } = JSON.parse(String(await visitor.page.textContent('body')));
      assert.equal(error, place === 'far' ? 'token_missing' : 'cross_site');
      assert.equal(world.api.asked.length, 0);
      await visitor.load('/app/');
      assert.equal(await visitor.me(), ADA.sub, 'the session is as it was');
    });

    it(`a script on ${where} cannot use the session`, async (test) => {
      const visitor = await visit(test);
      await visitor.signIn();
      await visitor.page.goto((await elsewhere(test, ''))[place]);
      await visitor.page.evaluate(async (url) => {
        const how = /** @type {const} */ ({ mode: 'no-cors', credentials: 'include' });
        await fetch(url, { ...how, method: 'POST', body: 'x' });
      }, `${world.url}/api/orders`);
      assert.equal(world.api.asked.length, 0);
      const readable = await visitor.page.evaluate(
        (url) =>
          fetch(url, { credentials: 'include' }).then(
            () => true,
            () => false,
          ),
        `${world.url}/_nearhop/me`,
      );
      assert.equal(readable, false, 'nor read who is signed in');
    });

    it(`a link on ${where} signs nobody out: it leads to a page that asks`, async (test) => {
      const visitor = await visit(test);
      await visitor.signIn();
      const link = `<a href="${world.url}/_nearhop/sign-out">Out</a>`;
      await visitor.page.goto((await elsewhere(test, link))[place]);
      await visitor.page.getByRole('link').click();
      await visitor.page.waitForURL(`${world.url}/_nearhop/sign-out`);
      assert.equal(await visitor.me(), ADA.sub);
      const { page } = visitor;
      await page.getByRole('button').or(page.getByRole('link')).click();
      await page.waitForURL(`${world.url}/_nearhop/signed-out`);
      assert.equal(await visitor.me(), undefined);
    });
  }
});

/**
 * A page on another site, by a name of its own, and at another port of this site's.
 *
 * @param {import('node:test').TestContext} test
 * @param {string} content
 */
async function elsewhere(test, content) {
  const text = `<!doctype html><title>Elsewhere</title><link rel="icon" href="data:,">${content}`;
  const { url, close } = await startOrigin(() => ({ type: 'text/html', text }));
  test.after(close);
  const { port } = new URL(url);
  return { far: `http://app.example.com:${port}/`, near: `http://localhost:${port}/` };
}

/** @param {string} text */
function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
}

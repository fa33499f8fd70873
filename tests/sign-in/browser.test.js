/**
 * Sign-in as a visitor meets it, in a real browser.
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { WITHOUT_CHROMIUM, launchChromium } from '../chromium.js';
import { newVisitor } from './browser.js';
import { ADA, GRACE, MALLORY, startSignInWorld } from './world.js';

describe('sign-in in a browser', { timeout: 300_000, skip: WITHOUT_CHROMIUM }, () => {
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

  it('the first visit: to the sign-in page, and back to the page asked for', async (test) => {
    const visitor = await newVisitor(test, browser, world);
    const { page } = visitor;
    await visitor.load('/app/');
    assert.ok(page.url().startsWith(`${world.domain.url}/login/`), page.url());
    await visitor.answer();
    assert.equal(page.url(), `${world.url}/app/`);
    assert.equal(await page.textContent('h1'), 'Hello');
    assert.equal(await visitor.me(), ADA.sub);
    assert.equal(await page.evaluate('document.cookie'), '', 'no script sees a token');
    assert.deepEqual(await visitor.names('__Host-nearhop-attempt-'), []);
  });

  it('a deep link with its query, and a reload of it', async (test) => {
    const visitor = await newVisitor(test, browser, world);
    const path = '/app/orders/17?sort=a%2Fb&q=caf%C3%A9&empty=';
    await visitor.signIn(path);
    assert.equal(visitor.page.url(), world.url + path);
    const before = world.domain.counts.authorize;
    const again = await visitor.page.reload();
    assert.deepEqual([again?.status(), visitor.page.url()], [200, world.url + path]);
    assert.equal(world.domain.counts.authorize, before);
  });

  it('by keyboard alone', async (test) => {
    const visitor = await newVisitor(test, browser, world);
    await visitor.load('/app/');
    await visitor.page.locator('#username:focus').waitFor();
    await visitor.page.keyboard.type(ADA.username);
    await visitor.page.keyboard.press('Tab');
    await visitor.page.keyboard.type(ADA.password);
    await visitor.page.keyboard.press('Enter');
    await visitor.page.waitForURL(`${world.url}/app/`);
  });

  for (const count of [2, 5]) {
    it(`${count} tabs at once: each comes back to its own page`, async (test) => {
      const visitor = await newVisitor(test, browser, world);
      const tabs = await Promise.all(
        Array.from({ length: count }, () => visitor.context.newPage()),
      );
      await Promise.all(tabs.map((tab, n) => tab.goto(`${world.url}/app/${n}`)));
      const names = await visitor.names('__Host-nearhop-attempt-');
      assert.equal(names.length, count);
      for (const tab of [...tabs].reverse()) await visitor.answer(ADA, tab);
      assert.deepEqual(
        tabs.map((tab) => tab.url()),
        tabs.map((_, n) => `${world.url}/app/${n}`),
      );
      for (const tab of tabs) assert.equal(await tab.textContent('h1'), 'Hello');
      assert.deepEqual(await visitor.names('__Host-nearhop-attempt-'), []);
    });
  }

  it('somebody with many groups: cookies that are cut', async (test) => {
    const visitor = await newVisitor(test, browser, world);
    await visitor.signIn('/app/', GRACE);
    assert.ok((await visitor.names('__Host-nearhop-access')).length > 1);
    const [{ status, body }] = await visitor.call(['/api/orders']);
    assert.deepEqual([status, body.authorization.startsWith('Bearer ')], [200, true]);
    assert.equal(await visitor.me(), GRACE.sub);
  });

  it('API calls carry the identity by themselves, and no cookie goes on', async (test) => {
    const visitor = await newVisitor(test, browser, world);
    await visitor.signIn();
    world.bucket.asked.splice(0);
    const how = { method: 'POST', body: 'sent' };
    const [read] = await visitor.call(['/api/orders?a=b']);
    const [written] = await visitor.call(['/api/orders'], how);
    assert.deepEqual([read.status, written.status], [200, 200]);
    assert.match(read.body.authorization, /^Bearer ey/);
    assert.deepEqual([written.body.method, written.body.body], ['POST', 'sent']);
    await visitor.page.reload();
    for (const { headers } of [...world.api.asked, ...world.bucket.asked]) {
      assert.equal(headers.cookie, undefined);
    }
    assert.ok(world.bucket.asked.length > 0);
  });

  it('expired tokens are refreshed by the next page load', async (test) => {
    const visitor = await newVisitor(test, browser, world);
    await visitor.signIn('/app/a?b=c');
    await visitor.expire();
    const { counts } = world.domain;
    const before = { ...counts };
    await visitor.page.reload();
    assert.equal(visitor.page.url(), `${world.url}/app/a?b=c`);
    assert.equal(await visitor.page.textContent('h1'), 'Hello');
    assert.deepEqual(
      [counts.refreshes - before.refreshes, counts.authorize - before.authorize],
      [1, 0],
    );
  });

  it('a form of the site’s own page is sent with its fields, after a refresh', async (test) => {
    const visitor = await newVisitor(test, browser, world);
    const { page } = visitor;
    await visitor.signIn();
    await visitor.expire();
    const form = '<form method="post" action="/api/orders"><input name="a" value="b c">';
    await page.locator('body').evaluate((/** @type {any} */ body, html) => {
      body.innerHTML = html;
    }, `${form}<button>Send</button></form>`);
    await page.getByRole('button').click();
    await page.waitForURL(`${world.url}/api/orders`);
    const { method, body } = JSON.parse(String(await page.textContent('body')));
    assert.deepEqual([method, body], ['POST', 'a=b+c']);
  });

  /** @type {[string, import('../../js/local/domain/domain.js').Rotation | null][]} */
  const rotations = [
    ['a refresh token that stays', null],
    ['rotation with grace', { graceSeconds: 60 }],
    ['rotation without grace', { graceSeconds: 0 }],
  ];
  for (const [name, rotation] of rotations) {
    it(`parallel calls with expired tokens all succeed: ${name}`, async (test) => {
      world.domain.settings.rotation = rotation;
      const visitor = await newVisitor(test, browser, world);
      await visitor.signIn();
      await visitor.expire();
      const paths = Array.from({ length: 8 }, (_, n) => `/api/orders/${n}`);
      const answers = await visitor.call(paths, { method: 'PUT', body: 'kept' });
      assert.deepEqual(
        answers.map(({ status, body }) => [status, body.method, body.path, body.body]),
        paths.map((_, n) => [200, 'PUT', `/orders/${n}`, 'kept']),
      );
      assert.equal(await visitor.me(), ADA.sub);
      await visitor.page.reload();
      assert.equal(visitor.page.url(), `${world.url}/app/`);
    });
  }

  it('a session the issuer has ended: the next page load signs in again', async (test) => {
    const visitor = await newVisitor(test, browser, world);
    await visitor.signIn('/app/x');
    await visitor.expire();
    world.domain.faults.refuseRefresh = true;
    const [{ status, body }] = await visitor.call(['/api/orders']);
    assert.equal(status, 401);
    assert.match(body.error, /^token_/);
    assert.deepEqual(await visitor.names('__Host-nearhop-'), []);
    await visitor.context.clearCookies({ name: 'cognito' });
    await visitor.page.reload();
    await visitor.answer();
    assert.equal(visitor.page.url(), `${world.url}/app/x`);
  });

  it('signing out: nothing of the session is left, and the password is asked for', async (test) => {
    const visitor = await newVisitor(test, browser, world);
    await visitor.signIn('/app/', GRACE);
    await leave(visitor.page, '/_nearhop/sign-out');
    assert.equal(visitor.page.url(), `${world.url}/_nearhop/signed-out`);
    assert.deepEqual(await visitor.names(), ['__Host-nearhop-ended']);
    assert.equal(await visitor.me(), undefined);
    await visitor.page.getByRole('link').click();
    assert.ok(visitor.page.url().startsWith(`${world.domain.url}/login/`), visitor.page.url());
    await visitor.answer(MALLORY);
    assert.equal(await visitor.me(), MALLORY.sub);
  });

  it('signing out here alone: the next sign-in asks nothing', async (test) => {
    const visitor = await newVisitor(test, browser, world);
    await visitor.signIn();
    await leave(visitor.page, '/_nearhop/sign-out?local');
    assert.equal(visitor.page.url(), `${world.url}/_nearhop/signed-out`);
    assert.equal(await visitor.me(), undefined);
    await visitor.load('/app/y');
    assert.equal(visitor.page.url(), `${world.url}/app/y`);
  });

  it('signing out in one tab: calls of the other are refused', async (test) => {
    const visitor = await newVisitor(test, browser, world);
    await visitor.signIn();
    const other = await visitor.context.newPage();
    await other.goto(`${world.url}/app/other`);
    await leave(visitor.page, '/_nearhop/sign-out');
    const [{ status, body }] = await visitor.call(['/api/orders'], {}, other);
    assert.deepEqual([status, body.error], [401, 'token_missing']);
  });

  it('signing out with no cookies, and with broken ones', async (test) => {
    for (const value of [undefined, '2~half', 'no-token']) {
      const visitor = await newVisitor(test, browser, world);
      const names = ['access', 'access-1', 'id', 'refresh'].map((name) => `__Host-nearhop-${name}`);
      if (value) {
        const shared = { domain: 'localhost', path: '/', secure: true, httpOnly: true, value };
        await visitor.context.addCookies(names.map((name) => ({ name, ...shared })));
        assert.equal((await visitor.names()).length, 4);
      }
      await visitor.load('/_nearhop/sign-out');
      assert.equal(visitor.page.url(), `${world.url}/_nearhop/signed-out`);
      assert.deepEqual(await visitor.names(), value ? ['__Host-nearhop-ended'] : []);
    }
  });
});

/**
 * Follows a link of the site's own page.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} path
 */
async function leave(page, path) {
  await page.locator('body').evaluate((/** @type {any} */ body, href) => {
    const link = body.ownerDocument.createElement('a');
    body.append(Object.assign(link, { href, textContent: 'Leave' }));
  }, path);
  await page.getByRole('link', { name: 'Leave' }).click();
  await page.waitForURL(/signed-out/);
}

/**
 * Visitors with a real browser.
 */
import { Visitor } from './visitor.js';
import { ADA } from './world.js';

/**
 * @typedef {import('playwright-core').BrowserContext} BrowserContext
 * @typedef {import('playwright-core').Page} Page
 * @typedef {import('./world.js').World} World
 */

/**
 * A browser of somebody's own, closed when the test is over.
 *
 * @param {{ after: (end: () => Promise<void>) => void }} test
 * @param {import('playwright-core').Browser} browser
 * @param {World} world
 */
export async function newVisitor(test, browser, world) {
  const context = await browser.newContext();
  context.setDefaultTimeout(20_000);
  test.after(() => context.close());
  return new BrowserVisitor(context, await context.newPage(), world);
}

export class BrowserVisitor {
  /**
   * @param {BrowserContext} context
   * @param {Page} page
   * @param {World} world
   */
  constructor(context, page, world) {
    this.context = context;
    this.page = page;
    this.world = world;
  }

  /** @param {string} path of the site */
  load(path) {
    return this.page.goto(this.world.url + path);
  }

  /**
   * Answers the sign-in page, and waits for what comes of it.
   *
   * @param {import('./world.js').User} [who]
   * @param {Page} [page]
   */
  async answer({ username, password } = ADA, page = this.page) {
    await page.getByLabel('Username').fill(username);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL((url) => url.href.startsWith(this.world.url));
  }

  /**
   * @param {string} [path]
   * @param {import('./world.js').User} [who]
   */
  async signIn(path = '/app/', who = ADA) {
    await this.load(path);
    await this.answer(who);
  }

  /**
   * Calls the API from the page, several times at once.
   *
   * @param {string[]} paths
   * @param {RequestInit} [how]
   * @param {Page} [page]
   * @returns {Promise<{ status: number, body: any }[]>}
   */
  call(paths, how = {}, page = this.page) {
    return page.evaluate(
      async ({ paths, how }) =>
        Promise.all(
          paths.map(async (path) => {
            const answer = await fetch(path, how);
            return { status: answer.status, body: await answer.json() };
          }),
        ),
      { paths, how },
    );
  }

  /**
   * Asks from a page of the site: Nearhop's own pages may ask nothing.
   *
   * @returns {Promise<string | undefined>} who is signed in, as the frontend is told
   */
  async me() {
    const page = await this.context.newPage();
    await page.goto(this.world.url);
    const [{ status, body }] = await this.call(['/_nearhop/me'], {}, page);
    await page.close();
    return status === 200 ? body.claims.sub : undefined;
  }

  /** @param {string} [beginning] @returns {Promise<string[]>} names of cookies the site has set */
  async names(beginning = '__Host-nearhop-') {
    const cookies = await this.context.cookies(this.world.url);
    const names = cookies.map(({ name }) => name);
    return names.filter((name) => name.startsWith(beginning)).sort();
  }

  /** Time goes by: the tokens of the session have expired. */
  async expire() {
    for (const cookie of await this.context.cookies(this.world.url)) {
      if (!/^__Host-nearhop-(access|id)$/.test(cookie.name)) continue;
      await this.context.addCookies([{ ...cookie, value: await this.world.expire(cookie.value) }]);
    }
  }

  /**
   * Begins to sign in, and has somebody else answer the sign-in page.
   *
   * @param {string} path
   * @param {Page} [page]
   * @returns {Promise<string>} the callback's URL, where the browser has not been
   */
  async unfinished(path, page = this.page) {
    const [request] = await Promise.all([
      page.waitForRequest(/\/oauth2\/authorize\?/),
      page.goto(this.world.url + path),
    ]);
    const other = new Visitor(this.world);
    const { to: login } = await other.jar.ask(request.url());
    return other.answer(login);
  }

  /**
   * From now on the browser keeps no session: what a callback sets of it is lost.
   */
  async loseSessions() {
    const session = await this.context.newCDPSession(this.page);
    session.on('Fetch.requestPaused', async ({ requestId, request }) => {
      const cookies = await this.context.cookies(this.world.url);
      const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
      const headers = { ...request.headers, cookie };
      const answer = await fetch(request.url, { headers, redirect: 'manual' });
      const kept = [...answer.headers].filter(
        ([name, value]) => name === 'location' || (name === 'set-cookie' && !isOfSession(value)),
      );
      const responseHeaders = kept.map(([name, value]) => ({ name, value }));
      await session.send('Fetch.fulfillRequest', {
        requestId,
        responseCode: answer.status,
        responseHeaders,
      });
    });
    await session.send('Fetch.enable', { patterns: [{ urlPattern: '*/_nearhop/callback?*' }] });
  }
}

/** @param {string} field a Set-Cookie field */
function isOfSession(field) {
  return /^__Host-nearhop-(access|id|refresh)/.test(field);
}

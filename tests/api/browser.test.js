/**
 * The page, as a visitor uses it.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startSite } from './browser.js';
import { WITHOUT_CHROMIUM, launchChromium } from '../chromium.js';

/** @typedef {import('playwright-core').Page} Page */

describe('the page in a browser', { timeout: 180_000, skip: WITHOUT_CHROMIUM }, () => {
  /** @type {Awaited<ReturnType<typeof startSite>>} */
  let site;
  /** @type {import('playwright-core').Browser} */
  let browser;
  before(async () => {
    [site, browser] = await Promise.all([startSite(), launchChromium()]);
  });
  after(async () => {
    await browser?.close();
    await site?.close();
  });

  /**
   * A page as it is once its first calls are answered. What it complains of is collected.
   *
   * @param {{ after: (end: () => Promise<void>) => void }} test
   * @param {{ path?: string, host?: string, user?: string }} [visit] `user`: who is signed in, and
   *   sees `/notes` if no path is given
   */
  async function open(test, { user, path = user ? '/notes' : '/', host = '127.0.0.1' } = {}) {
    const context = await browser.newContext({ viewport: { width: 1200, height: 900 } });
    test.after(() => context.close());
    const origin = `http://${host}:${site.port}`;
    if (user) await context.addCookies([{ name: 'name', value: user, url: origin }]);
    const page = await context.newPage();
    /** @type {string[]} */
    const complaints = [];
    page.on('pageerror', ({ message }) => void complaints.push(message));
    page.on('console', (line) => {
      // A 404 is how the API says that there is no avatar, a 401 how the edge says that nobody is
      // signed in.
      const isError = line.type() === 'error' && !/status of 40[14]/.test(line.text());
      if (isError) complaints.push(line.text());
    });
    await page.goto(origin + path);
    await page.locator(path.startsWith('/notes') ? '#new-note' : '.region.chosen').waitFor();
    return { page, context, complaints };
  }

  it('shows to anybody where calls go', async (test) => {
    const { page, complaints } = await open(test);
    assert.equal(await page.textContent('#way'), 'Frankfurt → Ireland');
    assert.match(String(await page.textContent('#why')), /^eu-west-1: the shortest measured/);
    const regions = await page.locator('.region .id').allTextContents();
    assert.deepEqual(regions, ['us-east-1', 'eu-west-1']);
    assert.equal(await page.locator('.ways .second').count(), 1);
    assert.match(String(await page.getAttribute('#map svg', 'aria-label')), /to eu-west-1/);
    await page.getByRole('link', { name: 'Sign in' }).waitFor();
    assert.equal(await page.isVisible('text=Signed in as'), false);
    assert.equal(await page.isVisible('#notes'), false);
    assert.deepEqual(complaints, []);
  });

  it('shows a path that is nobody’s, and goes back without a load', async (test) => {
    const { page } = await open(test, { path: '/trips/42' });
    assert.equal(await page.textContent('#place-path'), '/trips/42');
    await page.evaluate(() => Object.assign(globalThis, { sameLoad: true }));
    await page.getByRole('link', { name: 'Start' }).click();
    assert.equal(await page.isVisible('#place-path'), false);
    assert.equal(await page.evaluate(() => 'sameLoad' in globalThis), true);
    await page.goBack();
    assert.equal(await page.textContent('#place-path'), '/trips/42');
  });

  it('leaves it to the edge who may see notes', async (test) => {
    const { page, complaints } = await open(test);
    await page.evaluate(() => Object.assign(globalThis, { sameLoad: true }));
    await page.getByRole('link', { name: 'Notes' }).click();
    await page.getByText('Signed in as ada@example.com').waitFor();
    assert.equal(new URL(page.url()).pathname, '/notes');
    assert.equal(await page.evaluate(() => 'sameLoad' in globalThis), false);
    await page.getByRole('link', { name: 'Start' }).click();
    await page.locator('.region.chosen').waitFor();
    await page.locator('.region .id', { hasText: 'us-east-1' }).waitFor();
    await page.getByRole('link', { name: 'Sign out' }).click();
    await page.getByRole('link', { name: 'Sign in', exact: true }).waitFor();
    assert.equal(new URL(page.url()).pathname, '/');
    assert.deepEqual(complaints, []);
  });

  it('calls the API with nothing added, and shows whom it knows', async (test) => {
    const { page, context } = await open(test, { user: 'gil' });
    await page.locator('#caller', { hasText: 'gil' }).waitFor();
    const asked = page.waitForRequest(/\/api\/hello$/);
    await page.evaluate(() => void fetch('/api/hello'));
    const plain = Object.keys(await (await asked).allHeaders());
    const ownAsked = page.waitForRequest(/\/api\/notes/);
    await page.reload();
    const own = Object.keys(await (await ownAsked).allHeaders());
    // By `cache: 'no-store'`.
    assert.deepEqual(own.sort(), [...plain, 'cache-control', 'pragma'].sort());
    assert.equal(own.includes('authorization'), false);
    const { origins } = await context.storageState();
    assert.deepEqual(origins, [], 'nothing is kept by the page');
  });

  it('says how to see what a public page may not show, and goes nowhere by itself', async (test) => {
    const { page } = await open(test, { path: '/?from=mail' });
    /** @type {string[]} */
    const loads = [];
    page.on('framenavigated', (frame) => void loads.push(frame.url()));
    await page.fill('#path', '/api/hello');
    await page.getByRole('button', { name: 'Call', exact: true }).click();
    const link = page.getByRole('link', { name: 'Sign in to see this' });
    await link.waitFor();
    assert.deepEqual(loads, []);
    const [signIn] = await Promise.all([page.waitForRequest(/sign-in/), link.click()]);
    assert.equal(new URL(signIn.url()).searchParams.get('return'), '/?from=mail');
    await page.getByText('Signed in as ada@example.com').waitFor();
    assert.equal(page.url(), `http://127.0.0.1:${site.port}/?from=mail`);
  });

  it('loses nothing of what is written when the session ends', async (test) => {
    const { page, context } = await open(test, { user: 'hal' });
    await page.getByRole('button', { name: 'New note' }).click();
    await page.fill('#note-title', 'Half a thought');
    await context.clearCookies();
    await page.getByRole('button', { name: 'Save' }).click();
    const link = page.getByRole('link', { name: 'Sign in, then save again' });
    await Promise.all([context.waitForEvent('page'), link.click()]);
    await context.pages()[1].getByText('Signed in as ada@example.com').waitFor();
    assert.equal(await page.inputValue('#note-title'), 'Half a thought');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('.card', { hasText: 'Half a thought' }).waitFor();
    // Of ada, who should not meet it again.
    await page.locator('.card').click();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete for good' }).click();
    await page.getByText('No notes yet.').waitFor();
  });

  it('shows no one’s notes once they have signed out and go back', async (test) => {
    const { page, context } = await open(test, { user: 'ivy' });
    await add(page, 'secret', '');
    await context.clearCookies();
    // As when the browser kept the page in memory. It loads anew, so not while somebody waits.
    await page.evaluate(() => {
      const { PageTransitionEvent, dispatchEvent } = /** @type {any} */ (globalThis);
      const shown = new PageTransitionEvent('pageshow', { persisted: true });
      setTimeout(() => dispatchEvent(shown));
    });
    await page.getByText('Signed in as ada@example.com').waitFor();
    await page.getByText('No notes yet.').waitFor();
  });

  it('has a path for each note', async (test) => {
    const { page, complaints } = await open(test, { user: 'jon' });
    await add(page, 'deep', 'down');
    await page.locator('.card').click();
    const { pathname } = new URL(page.url());
    assert.match(pathname, /^\/notes\/\w+$/);
    await page.reload();
    await page.locator('#note-dialog[open]').waitFor();
    assert.equal(await page.inputValue('#note-text'), 'down');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.waitForURL('**/notes');
    await page.goBack();
    await page.locator('#note-dialog[open]').waitFor();
    await page.goForward();
    await page.locator('#note-dialog').waitFor({ state: 'hidden' });
    await page.goto(`http://127.0.0.1:${site.port}/notes/nothing`);
    await page.locator('#note-missing', { hasText: 'You have no note of this id.' }).waitFor();
    assert.equal(await page.isVisible('#note-dialog'), false);
    assert.deepEqual(complaints, []);
  });

  it('is elsewhere by the list and by the map, and says so', async (test) => {
    const { page } = await open(test);
    await page.getByLabel('Be near').selectOption('sa-east-1');
    await page.getByText('Sao Paulo → N. Virginia').waitFor();
    assert.match(String(await page.textContent('#said')), /from edge sa-east-1 to us-east-1/);
    await page.locator('.edge', { hasText: 'Frankfurt' }).click();
    await page.getByText('Frankfurt → Ireland').waitFor();
    assert.equal(await page.inputValue('#edge'), 'eu-central-1');
    await page.reload();
    assert.equal(await page.inputValue('#edge'), 'eu-central-1', 'after a reload as well');
  });

  it('offers no other places where it is not local', async (test) => {
    const { page } = await open(test, { host: 'app.example.com' });
    for (const id of ['#edge', '#everywhere', '#edge-hint']) {
      assert.equal(await page.isVisible(id), false, id);
    }
    assert.equal(await page.locator('.edge.choice').count(), 0);
  });

  it('shows a Region that fails, and where calls go instead', async (test) => {
    const { page } = await open(test);
    test.after(() => site.down.clear());
    await page.getByRole('button', { name: 'Every 2 s' }).click();
    site.down.add('eu-west-1');
    await page.getByText('eu-west-1 → us-east-1: failover').first().waitFor();
    assert.equal(await page.locator('.region.failing .id').textContent(), 'eu-west-1');
    assert.equal(await page.locator('.region.chosen .id').textContent(), 'us-east-1');
    site.down.clear();
    await page.getByText('us-east-1 → eu-west-1: the shortest').first().waitFor();
    assert.equal(await page.locator('.region.failing').count(), 0);
    await page.getByRole('button', { name: 'Every 2 s', pressed: true }).click();
  });

  it('keeps notes: by keyboard alone', async (test) => {
    const { page, complaints } = await open(test, { user: 'ada' });
    await page.locator('#new-note').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.type('<b>Milk</b>');
    await page.keyboard.press('Tab');
    await page.keyboard.type('two litres');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    const card = page.locator('.card', { hasText: '<b>Milk</b>' });
    await card.waitFor();
    await page.locator('#new-note:focus').waitFor();
    await card.focus();
    await page.keyboard.press('Enter');
    assert.equal(await page.inputValue('#note-text'), 'two litres');
    await page.keyboard.press('Escape');
    assert.equal(await page.isVisible('#note-dialog'), false);
    assert.deepEqual(complaints, []);
  });

  it('does not write over what somebody else wrote, unless told to', async (test) => {
    const user = 'bob';
    const [here, there] = await Promise.all([open(test, { user }), open(test, { user })]);
    await add(here.page, 'first', '');
    await there.page.reload();
    await edit(there.page, 'first', 'theirs');
    await there.page.locator('.card', { hasText: 'theirs' }).waitFor();
    await edit(here.page, 'first', 'ours');
    await here.page.getByText('Meanwhile it was changed to “theirs”').waitFor();
    await here.page.getByRole('button', { name: 'Save' }).click();
    await here.page.locator('.card', { hasText: 'ours' }).waitFor();
    await here.page.locator('.card').click();
    await here.page.getByRole('button', { name: 'Delete' }).click();
    await here.page.getByRole('button', { name: 'Delete for good' }).click();
    await here.page.getByText('No notes yet.').waitFor();
  });

  it('shows notes page by page', async (test) => {
    const { page } = await open(test, { user: 'cleo' });
    for (let n = 1; n <= 7; n++) await add(page, `note ${n}`, '');
    assert.equal(await page.locator('.card').count(), 6);
    await page.getByRole('button', { name: 'More' }).click();
    await page.locator('.card', { hasText: 'note 1' }).waitFor();
    assert.equal(await page.locator('.card').count(), 7);
    assert.equal(await page.isVisible('#more-notes'), false);
  });

  it('sends a picture to the bucket and shows it', async (test) => {
    const { page, complaints } = await open(test, { user: 'dora' });
    const buffer = await page.screenshot({ clip: { x: 0, y: 0, width: 40, height: 40 } });
    await page.setInputFiles('#picture-file', { name: 'a.png', mimeType: 'image/png', buffer });
    await page.getByText('Kept in eu-west-1.').waitFor();
    const shown = page.locator('#picture');
    await shown.evaluate((/** @type {any} */ picture) => picture.decode());
    assert.equal(await shown.evaluate((/** @type {any} */ picture) => picture.naturalWidth), 40);
    await page.getByRole('button', { name: 'Remove' }).click();
    await page.getByText('PNG, JPEG or WebP, up to 1 MB.').waitFor();
    assert.equal(await page.isVisible('#picture'), false);
    assert.deepEqual(complaints, []);
  });

  it('sends no picture that would be refused', async (test) => {
    const { page } = await open(test, { user: 'eve' });
    const big = { name: 'a.png', mimeType: 'image/png', buffer: Buffer.alloc(1024 * 1024 + 1) };
    await page.setInputFiles('#picture-file', big);
    await page.getByText('This picture has more than 1 MB.').waitFor();
    const other = { name: 'a.svg', mimeType: 'image/svg+xml', buffer: Buffer.from('<svg/>') };
    await page.setInputFiles('#picture-file', other);
    await page.getByText('This is no PNG, JPEG or WebP').waitFor();
  });

  it('fits a phone, light and dark', async (test) => {
    for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
      const viewport = { width: 360, height: 740 };
      const context = await browser.newContext({ viewport, colorScheme });
      test.after(() => context.close());
      const origin = `http://127.0.0.1:${site.port}`;
      await context.addCookies([{ name: 'name', value: 'kim', url: origin }]);
      const page = await context.newPage();
      const widthOf = (/** @type {any} */ html) => html.scrollWidth;
      await page.goto(`${origin}/`);
      await page.getByText('Signed in as').waitFor();
      await page.locator('.region.chosen').waitFor();
      for (const summary of await page.locator('summary').all()) await summary.click();
      assert.equal(await page.locator('html').evaluate(widthOf), 360);
      await page.getByRole('link', { name: 'Notes' }).click();
      await page.locator('#new-note').waitFor();
      assert.equal(await page.locator('html').evaluate(widthOf), 360);
    }
  });
});

/**
 * @param {Page} page
 * @param {string} title
 * @param {string} text
 */
async function add(page, title, text) {
  await page.getByRole('button', { name: 'New note' }).click();
  await page.fill('#note-title', title);
  await page.fill('#note-text', text);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.locator('.card', { hasText: title }).waitFor();
}

/**
 * @param {Page} page
 * @param {string} title that the note has
 * @param {string} to that it gets
 */
async function edit(page, title, to) {
  await page.locator('.card', { hasText: title }).click();
  await page.fill('#note-title', to);
  await page.getByRole('button', { name: 'Save' }).click();
}

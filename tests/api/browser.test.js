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
   * A page that has made its first call. What it complains of is collected.
   *
   * @param {{ after: (end: () => Promise<void>) => void }} test
   * @param {{ path?: string, host?: string, user?: string }} [visit]
   */
  async function open(test, { path = '/', host = '127.0.0.1', user } = {}) {
    const context = await browser.newContext({ viewport: { width: 1200, height: 900 } });
    test.after(() => context.close());
    const page = await context.newPage();
    /** @type {string[]} */
    const complaints = [];
    page.on('pageerror', ({ message }) => void complaints.push(message));
    page.on('console', (line) => {
      // A 404 is how the API says that there is no avatar.
      const isError = line.type() === 'error' && !line.text().includes('404');
      if (isError) complaints.push(line.text());
    });
    await page.goto(`http://${host}:${site.port}${path}`);
    await page.locator('.region.chosen').waitFor();
    if (user !== undefined) {
      await page.fill('#token', user);
      await page.locator('#token').blur();
      await page.locator('#new-note').waitFor();
    }
    return { page, complaints };
  }

  it('shows without a token where calls go', async (test) => {
    const { page, complaints } = await open(test);
    assert.equal(await page.textContent('#way'), 'Frankfurt → Ireland');
    assert.match(String(await page.textContent('#why')), /^eu-west-1: the shortest measured/);
    const regions = await page.locator('.region .id').allTextContents();
    assert.deepEqual(regions, ['us-east-1', 'eu-west-1']);
    assert.equal(await page.locator('.ways .second').count(), 1);
    assert.match(String(await page.getAttribute('#map svg', 'aria-label')), /to eu-west-1/);
    assert.match(String(await page.textContent('#no-notes')), /need a token/);
    assert.deepEqual(complaints, []);
  });

  it('shows a deep link, and goes back without a load', async (test) => {
    const { page } = await open(test, { path: '/trips/42' });
    assert.equal(await page.textContent('#place-path'), '/trips/42');
    await page.evaluate(() => Object.assign(globalThis, { sameLoad: true }));
    await page.getByRole('link', { name: 'Start' }).click();
    assert.equal(await page.isVisible('#place'), false);
    assert.equal(await page.evaluate(() => 'sameLoad' in globalThis), true);
    await page.goBack();
    assert.equal(await page.textContent('#place-path'), '/trips/42');
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
    const [here, there] = await Promise.all([open(test), open(test)]);
    for (const { page } of [here, there]) {
      await page.fill('#token', 'bob');
      await page.locator('#token').blur();
    }
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
      const page = await context.newPage();
      await page.goto(`http://127.0.0.1:${site.port}/`);
      await page.locator('.region.chosen').waitFor();
      for (const summary of await page.locator('summary').all()) await summary.click();
      const widthOf = (/** @type {any} */ html) => html.scrollWidth;
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

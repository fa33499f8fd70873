/**
 * The page over a whole world, in a browser: what a visitor sees of the edge, of a Region, of the
 * user pool and of the files that are kept elsewhere. The page by itself is tested in
 * tests/api/browser.test.js.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { WITHOUT_CHROMIUM, launchChromium } from '../chromium.js';
import { fillIn } from './sign-in-page.js';
import { PIXEL } from './walk.js';

/** @typedef {import('playwright-core').Page} Page */

/** For people, who look at it. */
const SCREENSHOTS = 'target/screenshots';

/**
 * @param {{ url: () => string, user: () => import('../../js/local/users.js').User,
 *   name: string }} world `name`: of the screenshot
 */
export function visit({ url, user, name }) {
  it('is used in a browser: signed in, a note, an avatar, another edge, signed out', {
    skip: WITHOUT_CHROMIUM,
  }, async (test) => {
    const browser = await launchChromium();
    test.after(() => browser.close());
    const page = await browser.newPage({ viewport: { width: 1200, height: 1400 } });
    const complaints = complaintsOf(page);
    const pathOf = () => page.url().slice(url().length);

    await page.goto(url());
    await page.locator('.region.chosen').waitFor();
    assert.match(String(await page.textContent('#why')), /^us-east-1: /);
    await page.getByLabel('Be near').selectOption('eu-central-1');
    await page.getByText(/^Frankfurt.* → Ireland$/).waitFor();

    await page.getByRole('link', { name: 'Notes' }).click();
    await page.getByLabel('Password').waitFor();
    assert.notEqual(new URL(page.url()).origin, url(), 'the user pool asks who it is');
    await fillIn(page, user());
    await page.getByText(`Signed in as ${user().displayName}`).waitFor();
    assert.equal(pathOf(), '/notes');
    assert.equal(await page.evaluate('document.cookie'), 'nearhop_dev_place=eu-central-1');
    const { claims } = await page.evaluate("fetch('/_nearhop/me').then((me) => me.json())");
    await page.locator('#caller', { hasText: claims.sub }).waitFor();

    await page.locator('#new-note').click();
    await page.fill('#note-title', 'Seen in a browser');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('.card', { hasText: 'Seen in a browser' }).waitFor();
    const picture = { name: 'pixel.png', mimeType: 'image/png', buffer: PIXEL };
    await page.setInputFiles('#picture-file', picture);
    await page.getByText('Kept in eu-west-1.').waitFor();
    assert.match(String(await page.getAttribute('#picture', 'src')), /^data:image\/png;base64,/);
    await page.screenshot({ path: `${SCREENSHOTS}/${name}.png`, fullPage: true });

    await page.locator('.card', { hasText: 'Seen in a browser' }).click();
    assert.match(pathOf(), /^\/notes\/\w+$/);
    await page.reload();
    await page.locator('#note-dialog[open]').waitFor();
    assert.equal(await page.inputValue('#note-title'), 'Seen in a browser');
    await page.getByRole('button', { name: 'Cancel' }).click();

    await page.getByRole('link', { name: 'Sign out' }).click();
    await page.waitForURL(`${url()}/_nearhop/signed-out`);
    // One of which the browser has no copy.
    await page.goto(`${url()}/notes/another`);
    await page.getByLabel('Password').waitFor();
    assert.notEqual(new URL(page.url()).origin, url());
    assert.deepEqual(complaints, []);
  });
}

/**
 * What a page complains of, as it does.
 *
 * @param {Page} page
 * @returns {string[]}
 */
function complaintsOf(page) {
  /** @type {string[]} */
  const complaints = [];
  page.on('pageerror', ({ message }) => void complaints.push(message));
  page.on('console', (line) => {
    // A 404 is how the API says that there is no avatar, a 401 how the edge says that nobody is
    // signed in.
    const isError = line.type() === 'error' && !/status of 40[14]/.test(line.text());
    if (isError) complaints.push(line.text());
  });
  return complaints;
}

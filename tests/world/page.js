/**
 * The page over a whole world, in a browser: what a visitor sees of the edge, of a Region and of
 * the files that are kept elsewhere. The page by itself is tested in tests/api/browser.test.js.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { WITHOUT_CHROMIUM, launchChromium } from '../chromium.js';
import { PIXEL } from './walk.js';

/** For people, who look at it. */
const SCREENSHOTS = 'target/screenshots';

/**
 * @param {Pick<import('./walk.js').Walked, 'url'|'signIn'> & { name: string }} world `name`: of the
 *   screenshot
 */
export function visit({ url, signIn, name }) {
  it('is used in a browser: a note, an avatar, another edge', { skip: WITHOUT_CHROMIUM }, async (test) => {
    const browser = await launchChromium();
    test.after(() => browser.close());
    const page = await browser.newPage({ viewport: { width: 1200, height: 1400 } });
    /** @type {string[]} */
    const complaints = [];
    page.on('pageerror', ({ message }) => void complaints.push(message));
    page.on('console', (line) => {
      // A 404 is how the API says that there is no avatar.
      const isError = line.type() === 'error' && !line.text().includes('404');
      if (isError) complaints.push(line.text());
    });

    await page.goto(url());
    await page.locator('.region.chosen').waitFor();
    assert.match(String(await page.textContent('#why')), /^us-east-1: /);
    await page.getByLabel('Be near').selectOption('eu-central-1');
    await page.getByText(/^Frankfurt.* → Ireland$/).waitFor();

    const { access } = await signIn('bob');
    await page.fill('#token', access);
    await page.locator('#token').blur();
    await page.locator('#new-note').click();
    await page.fill('#note-title', 'Seen in a browser');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('.card', { hasText: 'Seen in a browser' }).waitFor();
    const picture = { name: 'pixel.png', mimeType: 'image/png', buffer: PIXEL };
    await page.setInputFiles('#picture-file', picture);
    await page.getByText('Kept in eu-west-1.').waitFor();
    assert.match(String(await page.getAttribute('#picture', 'src')), /^data:image\/png;base64,/);
    await page.screenshot({ path: `${SCREENSHOTS}/${name}.png`, fullPage: true });
    assert.deepEqual(complaints, []);
  });
}

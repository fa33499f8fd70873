/**
 * Makes docs/app.png: the page of the light world, with Alice signed in, called from Frankfurt while
 * Ireland is lost.
 *
 *   scripts/run scripts/screenshot-app.js [FILE]
 *
 * It takes a Chromium (tests/chromium.js).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startWorld } from '../js/local/world.js';
import { launchChromium } from '../tests/chromium.js';
import { fillIn } from '../tests/world/sign-in-page.js';

const [, , file = 'docs/app.png'] = process.argv;
const folder = await mkdtemp(join(tmpdir(), 'nearhop-app-'));
const world = await startWorld({
  config: 'nearhop.toml',
  state: folder,
  control: join(folder, 'control.json'),
  edge: 'us-east-1',
  port: 0,
  light: true,
  latency: true,
});
const browser = await launchChromium();
try {
  const viewport = { width: 1100, height: 1010 };
  const page = await browser.newPage({ viewport, colorScheme: 'light' });
  await page.goto(`${world.url}/_nearhop/sign-in?return=/`);
  const [alice] = world.users ?? [];
  await fillIn(page, alice);
  await page.getByText(`Signed in as ${alice.displayName}`).waitFor();
  await page.selectOption('#edge', 'eu-central-1');
  await page.getByRole('button', { name: 'Every 2 s' }).click();
  await page.waitForTimeout(15_000);
  const ireland = world.backend.apis.find(({ region }) => region === 'eu-west-1');
  process.kill(/** @type {number} */ (ireland?.pid), 'SIGKILL');
  await page.waitForSelector('text=failover');
  await page.waitForTimeout(9_000);
  await page.screenshot({ path: file });
} finally {
  await browser.close();
  await world.close();
  await rm(folder, { recursive: true });
}

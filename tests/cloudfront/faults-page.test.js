/**
 * The trace page in a browser.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CloudFrontError } from '../../js/cloudfront/error.js';
import { startControl } from '../../js/cloudfront/faults/control.js';
import { Faults } from '../../js/cloudfront/faults/faults.js';
import { Traces } from '../../js/cloudfront/trace/traces.js';
import { WITHOUT_CHROMIUM, launchChromium } from '../chromium.js';
import { failedOver, traced } from './tracing.js';

describe('the trace page', { skip: WITHOUT_CHROMIUM, timeout: 60_000 }, () => {
  const faults = new Faults();
  const traces = new Traces();
  const [functions, cache] = [{ recycle: () => 0 }, { purge: () => 12 }];
  /** @type {Awaited<ReturnType<typeof startControl>>} */
  let control;
  /** @type {import('playwright-core').Browser} */
  let browser;
  /** @type {import('playwright-core').Page} */
  let page;
  /** What went wrong in the page. @type {string[]} */
  const wrong = [];

  before(async () => {
    control = await startControl({ faults, functions, cache, traces });
    browser = await launchChromium();
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.on('pageerror', (error) => wrong.push(String(error)));
    page.on('console', (said) => said.type() === 'error' && wrong.push(said.text()));
    traces.add(failedOver());
    await page.goto(control.url);
  });
  after(async () => {
    await browser?.close();
    await control.close();
  });

  const rows = () => page.locator('#list a');
  const text = (/** @type {string} */ selector) => page.locator(selector).innerText();

  it('shows the newest request and its way, leg by leg', async () => {
    await page.waitForSelector('.picture');
    assert.match(
      await text('.headline'),
      /200\s*GET\s*\/api\/trips\?page=2[^]*eu-west-1 \(failover:2\)/,
    );
    assert.equal(await page.locator('.lane').count(), 2);
    assert.match(await text('.picture'), /cold \+30[^]*G5\s+skipped: not this time/);
    assert.match(await text('.legend'), /functions 0\.5\s+cold starts 30\s+origins 220/);
    assert.match(await text('.changes'), /headers\.x-a/);
  });

  it('shows markup from requests as text', async () => {
    const evil = '<img src=x onerror="document.title=1"><script>document.title=1</script>';
    const { trace, request } = traced({ 'X-Evil': evil }, { url: `/${evil}`, id: `${evil}'"` });
    const error = new CloudFrontError(503, 'LambdaExecutionError', evil, { cause: evil });
    const returned = { ...request, uri: evil };
    trace.step({ trigger: 'viewer-request', event: { request }, returned, error, logs: [evil] });
    const failure = Object.assign(new Error(evil), { kind: evil });
    trace.origin({ leg: 1, id: evil, domainName: evil, ms: 1, failure });
    const answer = { status: 503, headers: {}, bytes: 0, ms: 1, answeredBy: 'cloudfront' };
    traces.add(trace.end({ ...answer, error }));
    await page.locator('.headline', { hasText: 'onerror' }).waitFor();
    for (const folded of await page.locator('summary').all()) await folded.click();
    assert.equal(await page.locator('main img, main script').count(), 0);
    assert.match(await page.title(), /Requests/);
  });

  it('goes through the list by keys', async () => {
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.locator('.lane').nth(1).waitFor();
    assert.equal(await rows().nth(1).getAttribute('aria-current'), 'true');
    await page.keyboard.press('ArrowUp');
    await page.locator('.lane').nth(1).waitFor({ state: 'detached' });
  });

  it('filters', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('trips 200');
    assert.equal(await rows().count(), 1);
    await page.keyboard.press('Escape');
    assert.equal(await rows().count(), 2);
  });

  it('makes the origin of a request fail, and well again', async () => {
    await rows().nth(1).click();
    await page.locator('.stage.origin').first().getByText('Make it fail').click();
    const form = page.getByRole('form', { name: 'An origin fails' });
    await form.getByLabel('Fault').selectOption('slow');
    await form.getByLabel('Requests').fill('3');
    await form.getByRole('button').click();
    await page.waitForSelector('.active li');
    assert.deepEqual(faults.list(), [
      { on: 'origin', name: 'one.test', fault: 'slow', ms: 3000, times: 3 },
    ]);
    await page.locator('.active').getByText('End').click();
    await page.locator('.active li').waitFor({ state: 'detached' });
    assert.deepEqual(faults.list(), []);
  });

  it('purges the cache', async () => {
    await page.getByText('Purge').click();
    await page.getByText('12 objects purged').waitFor();
  });

  it('keeps its own policy, and nothing in it throws', () => {
    assert.deepEqual(wrong, []);
  });
});

/**
 * Makes docs/trace.png: the trace page with a request that found its first origin dead.
 *
 *   node scripts/screenshot-trace.js [FILE]
 *
 * It takes a Chromium (tests/chromium.js).
 */
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { startCloudFront } from '../js/cloudfront/index.js';
import { launchChromium } from '../tests/chromium.js';

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const [, , file = here('../docs/trace.png')] = process.argv;

const [ireland, virginia] = await Promise.all([startShop('Ireland'), startShop('Virginia')]);
const cloudFront = await startCloudFront({
  template: here('../examples/failover/template.yaml'),
  origins: { ireland: ireland.url, virginia: virginia.url },
  viewer: { pop: 'FRA' },
  controlPort: 0,
  latency: true,
  onWarning: () => {},
});
try {
  await visit(cloudFront);
  await picture(String(cloudFront.controlUrl), file);
} finally {
  await cloudFront.close();
  await Promise.all([ireland.close(), virginia.close()]);
}

/** @param {import('../js/cloudfront/index.js').LocalCloudFront} cloudFront */
async function visit({ url, faults }) {
  const ask = async (/** @type {string} */ path, /** @type {string} */ pop) => {
    const answer = await fetch(`${url}${path}`, { headers: { 'x-nearhop-dev-pop': pop } });
    await answer.arrayBuffer();
  };
  await ask('/shoes', 'FRA');
  await ask('/shoes?utm_source=mail', 'FRA');
  await ask('/shoes?page=2', 'GRU');
  await ask('/shoes/17', 'NRT');
  await ask('/shoes/17', 'FRA');
  faults.set('origin', 'ireland', { fault: 'kill' });
  await ask('/shoes?page=2&utm_source=mail', 'FRA');
}

/**
 * @param {string} url of the trace page; it shows the newest request
 * @param {string} path
 */
async function picture(url, path) {
  const browser = await launchChromium();
  try {
    const viewport = { width: 1280, height: 860 };
    const page = await browser.newPage({ viewport, colorScheme: 'light' });
    await page.goto(url);
    await page.waitForSelector('.picture');
    await page.screenshot({ path });
  } finally {
    await browser.close();
  }
}

/** @param {string} name */
async function startShop(name) {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    const { 'x-currency': currency } = request.headers;
    response.end(JSON.stringify({ from: name, url: request.url, currency }));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startCloudFront } from 'nearhop/cloudfront';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
let cloudFront;

before(async () => {
  cloudFront = await startCloudFront({
    template: here('template.yaml'),
    origins: { bucket: here('site') },
    viewer: { pop: 'FRA' },
  });
});
after(() => cloudFront.close());

const startPage = (headers = {}) => fetch(cloudFront.url, { headers });

test('the start page is in the viewer’s language', async () => {
  const german = await startPage({ 'accept-language': 'de-CH, fr;q=0.8' });
  assert.match(await german.text(), /Hallo/);
  const any = await startPage();
  assert.match(await any.text(), /Hello/);
});

test('without its function there is no start page', async () => {
  cloudFront.faults.set('function', 'Language', { fault: 'throttle', times: 1 });
  const answer = await startPage();
  assert.equal(answer.status, 503);
  assert.equal(answer.headers.get('x-cache'), 'LambdaLimitExceeded from cloudfront');
});

test('a dead bucket does no harm to what is cached', async () => {
  await startPage().then((answer) => answer.text());
  cloudFront.faults.set('origin', 'bucket', { fault: 'kill' });
  const cached = await startPage();
  assert.deepEqual([cached.status, cached.headers.get('x-cache')], [200, 'Hit from cloudfront']);

  cloudFront.purge(['/*']);
  const purged = await startPage();
  assert.equal(purged.status, 502);
  cloudFront.faults.clear();
});

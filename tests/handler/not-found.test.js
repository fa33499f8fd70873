/**
 * The page for what is missing.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { bundle } from '../../js/cli/bundle.js';
import { validated } from '../valid.js';
import { S3_ORIGIN } from '../events/origins.js';
import { eventOf, setHeaders } from './events.js';

/** @type {(() => void)[]} */
const ends = [];
const suite = { after: (/** @type {() => void} */ end) => void ends.push(end) };
after(() => ends.forEach((end) => end()));

describe('the page for what is missing', () => {
  it('takes the place of what S3 says', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nearhop-handler-'));
    suite.after(() => void rm(folder, { recursive: true, force: true }));
    const page = `<!doctype html><h1>Größer als nichts</h1>${'x'.repeat(32_000)}`;
    await writeFile(join(folder, '404.html'), page);
    const config = join(folder, 'nearhop.toml');
    await writeFile(config, '[site]\nnot_found_page = "404.html"\n');
    const out = join(folder, 'bundle');
    await bundle({ config, out, fetchKeys: false, env: {} });
    const { createNearhop } = await import(pathToFileURL(join(out, 'index.mjs')).href);
    const handler = validated(createNearhop(pathToFileURL(`${out}/`), { region: 'eu-west-1' }));
    for (const status of ['403', '404']) {
      const event = eventOf('origin-response', { uri: '/missing.js', origin: S3_ORIGIN });
      const { cf } = event.Records[0];
      cf.response.status = status;
      setHeaders(cf.response.headers, { 'content-type': 'application/xml' });
      const answer = await handler(event);
      assert.deepEqual([answer.status, answer.body], ['404', page]);
      assert.equal(answer.headers['content-type'][0].value, 'text/html; charset=utf-8');
      assert.equal(answer.headers['cache-control'][0].value, 'no-store');
    }
  });
});

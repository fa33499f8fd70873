/**
 * The rules of CloudFront said a second time, by somebody else: what the local CloudFront makes of
 * the handler's answers to the shared vectors; and the page for what is missing.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { bundle } from '../../js/cli/bundle.js';
import { validate } from '../../js/cloudfront/validate/index.js';
import { Edge, load, parse, read } from '../edge.js';
import { S3_ORIGIN, eventOf, setHeaders } from './events.js';

/** @type {(() => void)[]} */
const ends = [];
const suite = { after: (/** @type {() => void} */ end) => void ends.push(end) };
after(() => ends.forEach((end) => end()));

describe('the local CloudFront takes every answer', () => {
  const files = readdirSync(new URL('../vectors/', import.meta.url)).sort();
  for (const file of files.filter((name) => name.endsWith('.vectors.json'))) {
    it(file, async () => {
      const { configuration, key_sets: keySets, vectors } = parse(`vectors/${file}`);
      const loaded = await load(suite, { toml: read(`vectors/${configuration}`), keySets });
      let taken = 0;
      for (const { name, event: given, edge: region = 'us-east-1' } of vectors) {
        const { trigger = 'viewer-request', client_ip: clientIp, response, ...request } = given;
        const event = eventOf(trigger, { ...request, ...(clientIp ? { clientIp } : {}) });
        const { cf } = event.Records[0];
        if (response?.status) cf.response.status = response.status;
        if (response?.headers) setHeaders(cf.response.headers, response.headers);
        const sent = structuredClone({ request: cf.request, response: cf.response });
        const answer = await new Edge(loaded, { region }).handle(event);
        if (!couldBeSent(sent.request)) continue;
        assert.doesNotThrow(() => validate(trigger, sent, JSON.parse(JSON.stringify(answer))), name);
        taken += 1;
      }
      assert(taken > 0);
    });
  }

  /**
   * Some vectors are about what CloudFront never sends: what the viewer cannot change in it, or what
   * passes through, is not the handler's fault.
   *
   * @param {import('aws-lambda').CloudFrontRequest} request
   */
  function couldBeSent({ uri, querystring, headers }) {
    const fields = Object.entries(headers).flatMap(([name, values]) =>
      values.map(({ value }) => name === name.toLowerCase() && /^[\t -~\u0080-\u00ff]*$/.test(value)),
    );
    const size = JSON.stringify(headers).length;
    return !/[\0- \x7f#]/.test(uri + querystring) && !fields.includes(false) && size < 30_000;
  }
});

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
    const handler = createNearhop(pathToFileURL(`${out}/`), { region: 'eu-west-1' });
    for (const status of ['403', '404']) {
      const event = eventOf('origin-response', { uri: '/missing.js', origin: S3_ORIGIN });
      const { cf } = event.Records[0];
      cf.response.status = status;
      setHeaders(cf.response.headers, { 'content-type': 'application/xml' });
      const sent = structuredClone({ request: cf.request, response: cf.response });
      const answer = await handler(event);
      validate('origin-response', sent, answer);
      assert.deepEqual([answer.status, answer.body], ['404', page]);
      assert.equal(answer.headers['content-type'][0].value, 'text/html; charset=utf-8');
      assert.equal(answer.headers['cache-control'][0].value, 'no-store');
    }
  });
});

/**
 * A bundle's code is in two files: nearhop.wasm is loaded by every cold start, rest.wasm when a
 * request first needs something of it. That it then does its work is what the vectors show.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Edge, baseEvent, bearer, load, read, token } from '../edge.js';
import { isSound } from './events.js';

/** As scripts/build makes it, for every bundle. */
const REST = new URL('../../pkg/edge/nearhop_rest.wasm', import.meta.url);

describe('rest.wasm', () => {
  it('is not asked for by pages, API calls and refusals', async (test) => {
    let asked = 0;
    const edge = new Edge(await load(test), {
      rest: () => {
        asked += 1;
        throw new Error('the rest was asked for');
      },
    });
    const page = baseEvent('viewer-request');
    page.Records[0].cf.request.uri = '/orders/17';
    page.Records[0].cf.request.headers.accept = [{ key: 'accept', value: 'text/html' }];
    assert.equal((await edge.handle(page)).uri, '/index.html');
    assert.equal(await edge.ask(token('access')), '/api/hello');
    assert.equal(await edge.ask('a.b.c'), 'token_malformed');
    assert.equal(asked, 0);
  });

  it('cannot be loaded: 500 and a log line, and the next request tries again', async (test) => {
    // A key set that the edge has to read, which is not done every day.
    const loaded = await load(test, { keySets: [null, null] });
    let isThere = false;
    let given = 0;
    const edge = new Edge(loaded, {
      rest: () => {
        if (!isThere) throw new Error('rest.wasm is gone');
        given += 1;
        return new WebAssembly.Module(readFileSync(REST));
      },
    });
    edge.fetch = async () => Buffer.from(read('vectors/jwks-1.json'));
    const answer = await edge.handle(bearer(token('access')));
    isSound(answer, 'without the rest');
    assert.equal(answer.status, '500');
    assert.match(edge.lines.at(-1) ?? '', /^cloudfront-worker: rest\.wasm is gone$/);

    isThere = true;
    assert.equal(await edge.ask(token('access')), '/api/hello');
    assert.equal(await edge.ask(token('access-second-user')), '/api/hello');
    assert.equal(given, 1);
  });
});

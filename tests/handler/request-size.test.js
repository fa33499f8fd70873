/**
 * A request can be as large as CloudFront takes before the edge adds its headers (rule W9).
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { MAX_REQUEST, requestBytes } from '../../js/cloudfront/validate/limits.js';
import { Edge, bearer, load, token } from '../edge.js';

/** @type {import('../edge.js').Loaded} */
let loaded;
/** @type {(() => void)[]} */
const ends = [];
after(() => ends.forEach((end) => end()));
before(async () => {
  loaded = await load({ after: (/** @type {() => void} */ end) => void ends.push(end) });
});

/**
 * An event whose request has so many bytes.
 *
 * @param {string} uri
 * @param {number} bytes
 */
function eventOfSize(uri, bytes) {
  const event = bearer(token('access'), uri);
  const { request } = event.Records[0].cf;
  const field = { key: 'X-Fill', value: '' };
  request.headers['x-fill'] = [field];
  field.value = 'a'.repeat(bytes - requestBytes(request));
  return event;
}

describe('a request near the limit', () => {
  it('W9: is answered 431 where the edge would make it too large', async () => {
    const edge = new Edge(loaded);
    const answer = await edge.handle(eventOfSize('/api/hello', MAX_REQUEST));
    assert.equal(answer.status, '431');
    assert.equal(JSON.parse(answer.body).error, 'request_too_large');
    assert.equal(answer.headers['cache-control'][0].value, 'no-store');
    assert.match(edge.lines[0], /^cloudfront-worker: W9: a request of 3\d{4} bytes$/);
  });

  it('W9: goes on where there is room for what the edge adds', async () => {
    const edge = new Edge(loaded);
    const request = await edge.handle(eventOfSize('/api/hello', MAX_REQUEST - 200));
    assert.equal(request.status, undefined);
    assert(requestBytes(request) > MAX_REQUEST - 200 && requestBytes(request) <= MAX_REQUEST);
  });

  it('W9: goes on where the edge takes off more than it adds', async () => {
    const edge = new Edge(loaded);
    const request = await edge.handle(eventOfSize('/trips/42', MAX_REQUEST));
    assert.equal(request.status, undefined);
    assert(requestBytes(request) < MAX_REQUEST);
  });
});

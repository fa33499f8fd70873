// An outcome that CloudFront would refuse becomes 500 and a log line that names the rule.

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';

import { buildUnruly, eventOf, start } from './load.js';

/** @type {ReturnType<typeof start>} */
let handle;
before(async () => {
  handle = start(await buildUnruly());
});

/** @type {Record<string, Record<string, string>>} */
const BROKEN = {
  'viewer-request': {
    uri: 'E2',
    query: 'W9',
    'long-query': 'W9',
    origin: 'W3',
    'read-only': 'W4',
    disallowed: 'W7',
    geography: 'W8',
    status: 'G1',
    body: 'G6',
    'answer-status': 'G1',
    'answer-size': 'G2',
    'answer-204': 'G3',
  },
  'origin-request': {
    uri: 'E2',
    query: 'W9',
    'origin-path': 'E6',
    'origin-domain': 'E6',
    'custom-header': 'E8',
    'read-only': 'W5',
    disallowed: 'W7',
    status: 'G1',
    body: 'G6',
    'answer-status': 'G1',
    'answer-size': 'G2',
    'answer-204': 'G3',
  },
  'origin-response': {
    uri: 'W2',
    query: 'W2',
    origin: 'W3',
    'read-only': 'W6',
    disallowed: 'W7',
    body: 'G2',
    'answer-status': 'G1',
    'answer-size': 'G2',
    'answer-204': 'G3',
  },
  'viewer-response': {
    uri: 'W2',
    origin: 'W3',
    'read-only': 'W6',
    disallowed: 'W7',
    status: 'W6',
    answer: 'W6',
  },
};

for (const [trigger, cases] of Object.entries(BROKEN)) {
  describe(trigger, () => {
    for (const [name, rule] of Object.entries(cases)) {
      it(`${name} breaks ${rule}`, async () => {
        const { result, log } = await handle(eventFor(trigger, `/break/${name}`));
        assert.equal(result.status, '500');
        assert.equal(log.length, 1);
        assert.match(log[0], new RegExp(`^cloudfront-worker: ${rule}: [^\n]+$`));
        // The worker's own answer to a fault, but for one that is broken itself.
        const body = rule === 'G1' ? 'Internal Server Error' : 'a fault';
        assert.equal(result.body, body);
        assert.equal(JSON.stringify(result).includes('forged'), false);
      });
    }

    it('an outcome that breaks none is carried out', async () => {
      const { result, log } = await handle(eventFor(trigger, '/'));
      const { request, response } = eventFor(trigger, '/').Records[0].cf;
      assert.deepEqual(result, response ?? request);
      assert.deepEqual(log, []);
    });
  });
}

it('a refused outcome leaves the worker as it is', async () => {
  const fresh = start(await buildUnruly());
  await fresh(eventFor('viewer-request', '/break/origin'));
  assert.equal((await fresh(eventFor('viewer-request', '/count'))).result.body, '2');
});

/** @param {string} trigger @param {string} uri */
function eventFor(trigger, uri) {
  return eventOf(trigger, (cf) => (cf.request.uri = uri));
}

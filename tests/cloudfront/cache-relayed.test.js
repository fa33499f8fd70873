import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { relayedHeaders } from '../../js/cloudfront/cache/relayed.js';

const NONE = { behavior: 'none', names: [] };

/**
 * @param {any} [policies]
 * @returns {any}
 */
function behavior({ cached = NONE, forwarded, cookies = NONE, minTtl = 0 } = {}) {
  return {
    cachePolicy: { minTtl, headers: cached, cookies },
    originRequestPolicy: forwarded && { headers: forwarded, cookies: NONE },
  };
}

/**
 * Vary, policies, what is left of it.
 *
 * @type {[string, any, string | undefined][]}
 */
const VARY = [
  ['Accept-Encoding, Cookie', {}, 'Accept-Encoding, Cookie'],
  ['Origin', {}, undefined],
  ['Origin, Accept-Encoding', {}, 'Accept-Encoding'],
  ['Origin', { cached: { behavior: 'whitelist', names: ['origin'] } }, 'Origin'],
  ['Origin', { forwarded: { behavior: 'whitelist', names: ['origin'] } }, 'Origin'],
  ['Origin', { forwarded: { behavior: 'whitelist', names: ['accept'] } }, undefined],
  ['Origin', { forwarded: { behavior: 'allViewer', names: [] } }, 'Origin'],
  ['Origin', { forwarded: { behavior: 'allExcept', names: ['host'] } }, 'Origin'],
  ['Host', { forwarded: { behavior: 'allExcept', names: ['host'] } }, undefined],
  ['CloudFront-Viewer-Country', { forwarded: { behavior: 'allViewer', names: [] } }, undefined],
  [
    'CloudFront-Viewer-Country',
    {
      forwarded: {
        behavior: 'allViewerAndWhitelistCloudFront',
        names: ['cloudfront-viewer-country'],
      },
    },
    'CloudFront-Viewer-Country',
  ],
  ['User-Agent', {}, undefined],
  [
    'User-Agent',
    { cached: { behavior: 'whitelist', names: ['cloudfront-is-mobile-viewer'] } },
    'User-Agent',
  ],
  ['*', {}, '*'],
  ['*', { minTtl: 1 }, undefined],
];

describe('Vary says only what the origin saw', () => {
  for (const [vary, policies, expected] of VARY) {
    it(`${vary} ${JSON.stringify(policies)}`, () => {
      const headers = relayedHeaders({ vary: [{ key: 'Vary', value: vary }] }, behavior(policies));
      assert.deepEqual(headers, expected ? { vary: [{ key: 'Vary', value: expected }] } : {});
    });
  }

  it('several lines become one', () => {
    const vary = [{ value: 'Origin' }, { value: 'Cookie, Accept-Encoding' }];
    const headers = relayedHeaders({ vary }, behavior());
    assert.deepEqual(headers, { vary: [{ key: 'Vary', value: 'Cookie, Accept-Encoding' }] });
  });
});

it('Set-Cookie passes where cookies are forwarded', () => {
  const headers = {
    'set-cookie': [{ key: 'Set-Cookie', value: 'a=1' }],
    'x-a': [{ key: 'X-A', value: '1' }],
  };
  assert.deepEqual(Object.keys(relayedHeaders(headers, behavior())), ['x-a']);
  const cookies = { behavior: 'whitelist', names: ['a'] };
  assert.deepEqual(relayedHeaders(headers, behavior({ cookies })), headers);
});

it('headers of the connection stay on it', () => {
  const names = ['transfer-encoding', 'trailer', 'upgrade', 'content-type'];
  const headers = Object.fromEntries(names.map((key) => [key, [{ key, value: 'x' }]]));
  assert.deepEqual(Object.keys(relayedHeaders(headers, behavior())), ['content-type']);
});

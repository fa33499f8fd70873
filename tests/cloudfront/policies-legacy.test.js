/**
 * Legacy cache settings as policies.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cacheKey } from '../../js/cloudfront/policies/cache-key.js';
import { originRequest } from '../../js/cloudfront/policies/forward.js';
import { fromForwardedValues } from '../../js/cloudfront/policies/legacy.js';
import { API, DISTRIBUTION, VIEWER, behavior, plain, request } from './policies-fixture.js';

const SENT = {
  Host: 'app.example.test',
  'User-Agent': 'test',
  Accept: '*/*',
  'Accept-Language': 'de',
  Authorization: 'Bearer x',
  Origin: 'https://app.example.test',
  Referer: 'https://app.example.test/',
  Cookie: 'sid=s; theme=dark',
  'X-Custom': 'Kept',
};

/**
 * @param {import('../../js/cloudfront/policies/legacy.js').ForwardedValues} forwarded
 * @param {Partial<import('aws-lambda').CloudFrontRequest>} [more]
 */
function through(forwarded, more) {
  const policies = fromForwardedValues(forwarded);
  const by = { ...behavior(), ...policies };
  const asked = request(SENT, { querystring: 'a=1&b=2', ...more });
  const way = { behavior: by, origin: API, viewer: VIEWER, httpVersion: '1.1' };
  const { headers, querystring } = originRequest(asked, { ...way, distribution: DISTRIBUTION });
  const { key } = cacheKey(asked, policies.cachePolicy, VIEWER);
  return { sent: plain(headers), querystring, key };
}

describe('legacy cache settings', () => {
  it('forward other headers by default, which no policy does', () => {
    const { sent, querystring, key } = through({ QueryString: false });
    assert.deepEqual(Object.keys(sent), [
      'Origin',
      'X-Custom',
      'Host',
      'User-Agent',
      'X-Forwarded-For',
      'Via',
    ]);
    assert.equal(sent.Host, 'api.example.test');
    assert.equal(sent['User-Agent'], 'Amazon CloudFront');
    assert.equal(querystring, '');
    assert.equal(key, '/');
  });

  it('put named headers, cookies and query strings into the cache key', () => {
    const { sent, querystring, key } = through({
      QueryString: true,
      Headers: ['Accept-Language', 'Host', 'CloudFront-Viewer-Country'],
      Cookies: { Forward: 'whitelist', WhitelistedNames: ['the*'] },
    });
    assert.equal(sent['Accept-Language'], 'de');
    assert.equal(sent.Host, 'app.example.test');
    assert.equal(sent.Cookie, 'theme=dark');
    assert.equal(sent['CloudFront-Viewer-Country'], 'DE');
    assert.equal(sent['CloudFront-Viewer-City'], undefined);
    assert.equal(querystring, 'a=1&b=2');
    assert.equal(
      key,
      [
        '/?a=1&b=2',
        'accept-language: de',
        'cloudfront-viewer-country: DE',
        'host: app.example.test',
        'cookie theme=dark',
      ].join('\n'),
    );
  });

  it('forward all query strings but tell objects apart by the chosen ones', () => {
    const { querystring, key } = through({ QueryString: true, QueryStringCacheKeys: ['b'] });
    assert.equal(querystring, 'a=1&b=2');
    assert.equal(key, '/?b=2');
  });

  it('forward all headers and cache nothing with *', () => {
    const forwarded = { QueryString: false, Headers: ['*'] };
    const { sent } = through(forwarded);
    assert.equal(sent.Host, SENT.Host);
    assert.equal(sent.Authorization, SENT.Authorization);
    const { cachePolicy } = fromForwardedValues(forwarded, { minTtl: 5, maxTtl: 10 });
    const { minTtl, defaultTtl, maxTtl } = cachePolicy;
    assert.deepEqual([minTtl, defaultTtl, maxTtl], [0, 0, 0]);
  });

  it('forward all cookies', () => {
    const { sent, key } = through({ QueryString: false, Cookies: { Forward: 'all' } });
    assert.equal(sent.Cookie, 'sid=s; theme=dark');
    assert.equal(key, '/\ncookie sid=s\ncookie theme=dark');
  });

  it('P2: keep Authorization but for GET and HEAD', () => {
    const forwarded = { QueryString: false };
    assert.equal(through(forwarded, { method: 'GET' }).sent.Authorization, undefined);
    assert.equal(through(forwarded, { method: 'POST' }).sent.Authorization, 'Bearer x');
  });

  it('normalize Accept-Encoding to gzip, or remove it', () => {
    const encoded = (/** @type {string} */ value) =>
      through(
        { QueryString: false },
        { headers: { 'accept-encoding': [{ key: 'Accept-Encoding', value }] } },
      ).sent['Accept-Encoding'];
    assert.equal(encoded('br, gzip'), 'gzip');
    assert.equal(encoded('deflate'), undefined);
  });

  it("TTLs are as given, or else CloudFormation's", () => {
    for (const [ttls, expected] of /** @type {const} */ ([
      [{}, [0, 86_400, 31_536_000]],
      [{ minTtl: 1, defaultTtl: 2, maxTtl: 3 }, [1, 2, 3]],
      [{ minTtl: 100_000 }, [100_000, 100_000, 31_536_000]],
      [{ defaultTtl: 40_000_000 }, [0, 40_000_000, 40_000_000]],
    ])) {
      const { cachePolicy } = fromForwardedValues({ QueryString: false }, ttls);
      const { minTtl, defaultTtl, maxTtl } = cachePolicy;
      assert.deepEqual([minTtl, defaultTtl, maxTtl], expected);
    }
  });
});

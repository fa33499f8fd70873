/**
 * What reaches the origin, by policy.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { originOf, originRequest } from '../../js/cloudfront/policies/forward.js';
import {
  API,
  DISTRIBUTION,
  VIEWER,
  behavior,
  headerMap,
  managed,
  plain,
  request,
} from './policies-fixture.js';

/**
 * @typedef {import('../../js/cloudfront/distribution.js').Behavior} Behavior
 * @typedef {import('../../js/cloudfront/distribution.js').HeaderSelection} HeaderSelection
 * @typedef {import('../../js/cloudfront/distribution.js').Origin} Origin
 * @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest
 */

const SENT = {
  Host: 'app.example.test',
  'User-Agent': 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148',
  Accept: '*/*',
  Origin: 'https://app.example.test',
  Referer: 'https://app.example.test/',
  Authorization: 'Bearer x',
  Cookie: 'sid=s; theme=dark; a=1',
  'X-Custom': 'Kept',
};

/**
 * @param {CloudFrontRequest} asked
 * @param {Behavior} by
 * @param {Origin} [origin]
 */
function forward(asked, by, origin = API) {
  const way = { behavior: by, origin, viewer: VIEWER, httpVersion: '2.0' };
  return originRequest(asked, { ...way, distribution: DISTRIBUTION });
}

/**
 * @param {HeaderSelection['behavior']} kind
 * @param {...string} names
 * @returns {HeaderSelection}
 */
function select(kind, ...names) {
  return { behavior: kind, names };
}

/**
 * @param {Record<string, string>} headers
 * @param {Behavior} by
 * @param {Partial<CloudFrontRequest>} [more]
 * @returns {Record<string, string>} what is sent of `headers`, and what more
 */
function sent(headers, by, more) {
  return plain(forward(request(headers, more), by).headers);
}

/**
 * @param {string} name
 * @param {Parameters<typeof behavior>[0]} [cachePolicy]
 */
function byManaged(name, cachePolicy) {
  return behavior(cachePolicy, managed(name));
}

describe('origin request', () => {
  it('E5, E11, P2: without an origin request policy, the default headers alone', () => {
    const asked = request(
      { ...SENT, 'X-Forwarded-For': '192.0.2.4,192.0.2.3', Via: '1.0 before', Range: 'bytes=0-9' },
      { uri: '/a', querystring: 'x=1' },
    );
    assert.deepEqual(forward(asked, behavior()), {
      clientIp: '192.0.2.2',
      headers: {
        range: [{ key: 'Range', value: 'bytes=0-9' }],
        host: [{ key: 'Host', value: 'api.example.test' }],
        'user-agent': [{ key: 'User-Agent', value: 'Amazon CloudFront' }],
        'x-forwarded-for': [{ key: 'X-Forwarded-For', value: '192.0.2.4,192.0.2.3,192.0.2.2' }],
        via: [{ key: 'Via', value: '1.0 before, 2.0 d111111abcdef8.cloudfront.net (CloudFront)' }],
      },
      method: 'GET',
      origin: originOf(API, {}),
      querystring: '',
      uri: '/a',
    });
  });

  it('E11: Host is the origin unless a policy forwards it', () => {
    const own = 'api.example.test';
    for (const [by, host] of /** @type {[Behavior, string][]} */ ([
      [behavior(), own],
      [byManaged('AllViewerExceptHostHeader'), own],
      [byManaged('CORS-CustomOrigin'), own],
      [byManaged('AllViewer'), SENT.Host],
      [byManaged('AllViewerAndCloudFrontHeaders-2022-06'), SENT.Host],
      [byManaged('HostHeaderOnly'), SENT.Host],
      [behavior({ headers: { behavior: 'whitelist', names: ['host'] } }), SENT.Host],
    ])) {
      assert.equal(sent(SENT, by).Host, host, by.originRequestPolicy?.name);
    }
    assert.equal(sent({}, byManaged('AllViewer')).Host, own);
  });

  it('E11: User-Agent is CloudFront unless a policy forwards it', () => {
    const agent = SENT['User-Agent'];
    for (const [by, expected] of /** @type {[Behavior, string][]} */ ([
      [behavior(), 'Amazon CloudFront'],
      [byManaged('CORS-S3Origin'), 'Amazon CloudFront'],
      [behavior({}, { headers: select('allExcept', 'user-agent') }), 'Amazon CloudFront'],
      [byManaged('UserAgentRefererHeaders'), agent],
      [byManaged('AllViewerExceptHostHeader'), agent],
    ])) {
      assert.equal(sent(SENT, by)['User-Agent'], expected, by.originRequestPolicy?.name);
    }
  });

  it('headers by none, whitelist, allExcept and allViewer, beside those of the cache key', () => {
    const inKey = { headers: { behavior: /** @type {const} */ ('whitelist'), names: ['accept'] } };
    const some = { Accept: '*/*', Referer: 'r', 'X-Custom': 'Kept', 'X-Other': 'o' };
    for (const [headers, expected] of /** @type {[HeaderSelection, string[]][]} */ ([
      [select('none'), ['Accept']],
      [select('whitelist', 'x-custom'), ['Accept', 'X-Custom']],
      [select('allExcept', 'x-custom', 'accept'), ['Accept', 'Referer', 'X-Other']],
      [select('allViewer'), ['Accept', 'Referer', 'X-Custom', 'X-Other']],
      [select('allViewerAndWhitelistCloudFront'), ['Accept', 'Referer', 'X-Custom', 'X-Other']],
    ])) {
      const got = Object.keys(sent(some, behavior(inKey, { headers })));
      const viewers = got.filter((key) => key in some);
      assert.deepEqual(viewers, expected, headers.behavior);
    }
  });

  it('E3: headers keep their order, the case of their keys and lines of the same name', () => {
    const asked = request();
    asked.headers = {
      'x-b': [
        { key: 'X-B', value: '1' },
        { key: 'x-b', value: '2, 3' },
      ],
      'x-a': [{ key: 'x-A', value: 'a' }],
    };
    const { headers } = forward(asked, byManaged('AllViewer'));
    assert.deepEqual(Object.entries(headers).slice(0, 2), Object.entries(asked.headers));
    headers['x-a'][0].value = 'changed';
    assert.equal(asked.headers['x-a'][0].value, 'a');
  });

  it('cookies and query strings: what either policy selects, cookies sorted by name', () => {
    const only = (/** @type {string} */ name) => ({
      behavior: /** @type {const} */ ('whitelist'),
      names: [name],
    });
    const asked = request(SENT, { querystring: 'q=1&page=2&q=3&utm=x' });
    const union = forward(
      asked,
      behavior(
        { cookies: only('theme'), queryStrings: only('q') },
        { cookies: only('a'), queryStrings: only('page') },
      ),
    );
    assert.deepEqual(union.headers.cookie, [{ key: 'Cookie', value: 'a=1; theme=dark' }]);
    assert.equal(union.querystring, 'q=1&page=2&q=3');
    const except = forward(
      asked,
      behavior({}, {
        cookies: { behavior: 'allExcept', names: ['sid'] },
        queryStrings: { behavior: 'allExcept', names: ['utm'] },
      }),
    );
    assert.deepEqual(except.headers.cookie, [{ key: 'Cookie', value: 'a=1; theme=dark' }]);
    assert.equal(except.querystring, 'q=1&page=2&q=3');
    const all = forward(asked, byManaged('AllViewer'));
    assert.deepEqual(all.headers.cookie, [{ key: 'Cookie', value: 'a=1; sid=s; theme=dark' }]);
    assert.equal(all.querystring, asked.querystring);
    const none = forward(asked, behavior());
    assert.equal(none.headers.cookie, undefined);
    assert.equal(none.querystring, '');
  });

  it('P2: a header added at viewer-request goes on only if a policy forwards it', () => {
    const added = { 'X-Added': '1' };
    assert.equal(sent(added, behavior())['X-Added'], undefined);
    assert.equal(sent(added, byManaged('CORS-S3Origin'))['X-Added'], undefined);
    assert.equal(sent(added, byManaged('AllViewerExceptHostHeader'))['X-Added'], '1');
    const listed = behavior({}, { headers: select('whitelist', 'x-added') });
    assert.equal(sent(added, listed)['X-Added'], '1');
  });

  it('P2: Authorization reaches the origin by an all-viewer policy or in the cache key', () => {
    /** @type {import('../../js/cloudfront/distribution.js').Selection} */
    const authorization = { behavior: 'whitelist', names: ['authorization'] };
    for (const [by, expected] of /** @type {[Behavior, string | undefined][]} */ ([
      [behavior(), undefined],
      [byManaged('CORS-CustomOrigin'), undefined],
      [byManaged('AllViewer'), 'Bearer x'],
      [byManaged('AllViewerExceptHostHeader'), 'Bearer x'],
      [behavior({ headers: authorization }), 'Bearer x'],
      [behavior({}, { headers: select('allExcept', 'authorization') }), undefined],
    ])) {
      assert.equal(sent(SENT, by).Authorization, expected, by.originRequestPolicy?.name);
    }
  });

  it('P2: where no policy forwards Authorization, its removal depends on the method', () => {
    const cached = /** @type {string[]} */ (['GET', 'HEAD']);
    for (const [method, cachedMethods, isKept] of /** @type {[string, string[], boolean][]} */ ([
      ['GET', cached, false],
      ['HEAD', cached, false],
      ['OPTIONS', cached, true],
      ['OPTIONS', [...cached, 'OPTIONS'], false],
      ['POST', cached, true],
      ['PUT', cached, true],
      ['PATCH', cached, true],
      ['DELETE', cached, true],
    ])) {
      const by = behavior({}, undefined, { cachedMethods });
      const got = sent(SENT, by, { method }).Authorization;
      assert.equal(got, isKept ? 'Bearer x' : undefined, `${method}, cached ${cachedMethods}`);
    }
    const excepted = behavior({}, { headers: select('allExcept', 'authorization') });
    assert.equal(sent(SENT, excepted, { method: 'POST' }).Authorization, undefined);
  });

  it('what the message cannot do without goes on without a policy', () => {
    const needed = {
      'Content-Type': 'application/json',
      'Content-Length': '2',
      'If-None-Match': '"1"',
      'If-Modified-Since': 'Sat, 01 Jan 2022 00:00:00 GMT',
      'If-Range': '"1"',
      Range: 'bytes=0-1',
      'Cache-Control': 'no-cache',
    };
    const got = sent(needed, behavior(), { method: 'POST' });
    assert.deepEqual({ ...got, ...needed }, got);
    const hopByHop = { TE: 'trailers', Connection: 'close', 'Proxy-Authorization': 'Basic eA==' };
    const kept = sent(hopByHop, byManaged('AllViewer'));
    assert.deepEqual(Object.keys(kept).filter((key) => key in hopByHop), []);
  });

  it('Accept-Encoding is normalized by the cache policy, or else as the viewer sent it', () => {
    const header = { 'Accept-Encoding': 'zstd, gzip, br' };
    const encoding = (
      /** @type {Behavior} */ by,
      /** @type {Record<string, string>} */ headers = header,
    ) => sent(headers, by)['Accept-Encoding'];
    const both = { gzip: true, brotli: true };
    assert.equal(encoding(behavior(both)), 'br,gzip');
    assert.equal(encoding(behavior({ gzip: true })), 'gzip');
    assert.equal(encoding(behavior(both, managed('AllViewer'))), 'br,gzip');
    assert.equal(encoding(behavior(both), { 'Accept-Encoding': 'deflate' }), 'identity');
    assert.equal(encoding(behavior(both), {}), undefined);
    assert.equal(encoding(behavior()), undefined);
    assert.equal(encoding(byManaged('AllViewer')), 'zstd, gzip, br');
  });

  it('P1: AllViewerExceptHostHeader forwards the CloudFront-* headers; AllViewer does not', () => {
    const own = (/** @type {Behavior} */ by) =>
      Object.keys(sent(SENT, by)).filter((key) => key.startsWith('CloudFront-'));
    assert.deepEqual(own(byManaged('AllViewerExceptHostHeader')), [
      'CloudFront-Forwarded-Proto',
      'CloudFront-Viewer-Http-Version',
      'CloudFront-Viewer-TLS',
      'CloudFront-Is-Android-Viewer',
      'CloudFront-Is-Desktop-Viewer',
      'CloudFront-Is-IOS-Viewer',
      'CloudFront-Is-Mobile-Viewer',
      'CloudFront-Is-SmartTV-Viewer',
      'CloudFront-Is-Tablet-Viewer',
      'CloudFront-Viewer-Address',
      'CloudFront-Viewer-Country',
      'CloudFront-Viewer-Country-Name',
      'CloudFront-Viewer-City',
      'CloudFront-Viewer-Time-Zone',
      'CloudFront-Viewer-Latitude',
      'CloudFront-Viewer-Longitude',
    ]);
    assert.deepEqual(
      own(byManaged('AllViewerAndCloudFrontHeaders-2022-06')),
      own(byManaged('AllViewerExceptHostHeader')),
    );
    assert.deepEqual(own(byManaged('AllViewer')), []);
    assert.deepEqual(own(behavior()), []);
    const [country, count] = ['cloudfront-viewer-country', 'cloudfront-viewer-header-count'];
    assert.deepEqual(own(behavior({}, { headers: select('whitelist', country, count) })), [
      'CloudFront-Viewer-Country',
      'CloudFront-Viewer-Header-Count',
    ]);
    const inKey = managed('Amplify');
    assert.deepEqual(own(behavior(inKey)), ['CloudFront-Viewer-Country']);
    const without = select('allExcept', 'host', 'cloudfront-viewer-city');
    assert(!own(behavior({}, { headers: without })).includes('CloudFront-Viewer-City'));
  });

  it('W8: CloudFront-* headers of the viewer are overwritten or dropped', () => {
    const forged = {
      'cloudfront-viewer-country': 'XX',
      'CloudFront-Viewer-ASN': '64500',
      'CloudFront-Viewer-JA3-Fingerprint': 'f',
      'CloudFront-Anything': '1',
    };
    for (const name of ['AllViewer', 'AllViewerExceptHostHeader', 'CORS-CustomOrigin']) {
      const { headers } = forward(request(forged), byManaged(name));
      const own = name === 'AllViewerExceptHostHeader';
      const country = own ? [{ key: 'CloudFront-Viewer-Country', value: 'DE' }] : undefined;
      assert.deepEqual(headers['cloudfront-viewer-country'], country, name);
      assert.equal(headers['cloudfront-viewer-asn'], undefined, name);
      assert.equal(headers['cloudfront-viewer-ja3-fingerprint'], undefined, name);
      assert.equal(headers['cloudfront-anything'], undefined, name);
    }
    const listed = select('whitelist', 'cloudfront-viewer-ja3-fingerprint', 'cloudfront-anything');
    const { headers } = forward(request(forged), behavior({}, { headers: listed }));
    assert.deepEqual(Object.keys(headers).filter((name) => name.startsWith('cloudfront-')), []);
  });

  it("R2: the viewer's coordinates and country are there at origin-request", () => {
    const got = sent({}, byManaged('AllViewerExceptHostHeader'));
    assert.equal(got['CloudFront-Viewer-Country'], 'DE');
    assert.match(got['CloudFront-Viewer-Latitude'], /^50\.0\d{4}$/);
    assert.match(got['CloudFront-Viewer-Longitude'], /^8\.5\d{4}$/);
  });

  it("E8: what the origin's custom headers are named is not among the request's", () => {
    const origin = { ...API, customHeaders: { 'X-Origin-Secret': 's' } };
    const asked = request({ 'x-origin-secret': 'forged', 'X-Custom': '1' });
    const { headers, origin: seen } = forward(asked, byManaged('AllViewer'), origin);
    assert.equal(headers['x-origin-secret'], undefined);
    assert.equal(headers['x-custom'][0].value, '1');
    assert.deepEqual(seen?.custom?.customHeaders, headerMap({ 'X-Origin-Secret': 's' }));
  });
});

/**
 * Response headers policies.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withPolicy } from '../../js/cloudfront/policies/response-headers.js';
import { headerMap, managed, plain, request } from './policies-fixture.js';

/**
 * @typedef {import('../../js/cloudfront/distribution.js').ResponseHeadersPolicy} Policy
 * @typedef {import('../../js/cloudfront/policies/server-timing.js').Timing} Timing
 */

const APP = 'https://app.example.test';
const CORS = {
  AccessControlAllowCredentials: false,
  AccessControlAllowHeaders: { Items: ['X-One', 'X-Two'] },
  AccessControlAllowMethods: { Items: ['GET', 'POST'] },
  AccessControlAllowOrigins: { Items: [APP] },
  AccessControlExposeHeaders: { Items: ['ETag'] },
  AccessControlMaxAgeSec: 600,
  OriginOverride: false,
};

/**
 * @param {Partial<Policy>} policy
 * @param {Record<string, string>} [answered]
 * @param {{ method?: string, headers?: Record<string, string> }} [asked]
 * @param {Parameters<typeof withPolicy>[3]} [facts]
 */
function applied(policy, answered = {}, { method = 'GET', headers = {} } = {}, facts) {
  /** @type {Policy} */
  const whole = {
    name: 'test',
    cors: undefined,
    security: undefined,
    custom: [],
    remove: [],
    serverTiming: undefined,
    ...policy,
  };
  return plain(withPolicy(headerMap(answered), whole, request(headers, { method }), facts));
}

/**
 * @param {object} [more]
 * @param {Record<string, string>} [answered]
 * @param {{ method?: string, headers?: Record<string, string> }} [asked]
 */
function cors(more = {}, answered = {}, asked = { headers: { Origin: APP } }) {
  return applied({ cors: { ...CORS, ...more } }, answered, asked);
}

describe('CORS headers', () => {
  const anyone = { AccessControlAllowOrigins: { Items: ['*'] } };

  it('are added to answers of CORS requests only', () => {
    assert.deepEqual(cors({}, {}, {}), {});
    assert.deepEqual(cors(), {
      'Access-Control-Allow-Origin': APP,
      'Access-Control-Expose-Headers': 'ETag',
      Vary: 'Origin',
    });
    assert.equal(cors(anyone)['Access-Control-Allow-Origin'], '*');
    assert.equal(cors(anyone).Vary, undefined);
  });

  it('answer preflights with methods, headers and their age', () => {
    const preflight = { method: 'OPTIONS', headers: { Origin: APP } };
    assert.deepEqual(cors(anyone, {}, preflight), {
      'Access-Control-Allow-Origin': '*',
      'Access-Control-Expose-Headers': 'ETag',
      'Access-Control-Allow-Methods': 'GET, POST',
      'Access-Control-Allow-Headers': 'X-One, X-Two',
      'Access-Control-Max-Age': '600',
    });
    const all = { AccessControlAllowMethods: { Items: ['ALL'] } };
    assert.equal(
      cors(all, {}, preflight)['Access-Control-Allow-Methods'],
      'GET, DELETE, HEAD, OPTIONS, PATCH, POST, PUT',
    );
  });

  it('allow credentials if they are told to', () => {
    const allowed = cors({ AccessControlAllowCredentials: true });
    assert.equal(allowed['Access-Control-Allow-Credentials'], 'true');
    assert.equal(cors()['Access-Control-Allow-Credentials'], undefined);
  });

  it('allow origins by scheme, host, port and the wildcard on the left', () => {
    for (const [pattern, origin, isAllowed] of /** @type {[string, string, boolean][]} */ ([
      ['http://example.org', 'http://example.org', true],
      ['http://example.org', 'https://example.org', false],
      ['http://example.org', 'http://www.example.org', false],
      ['http://example.org', 'http://exampleXorg', false],
      ['http://*.example.org', 'http://www.example.org', true],
      ['http://*.example.org', 'http://example.org', false],
      ['http://*.example.org', 'https://www.example.org', false],
      ['*.example.org', 'https://test.example.org', true],
      ['*.example.org', 'https://test.example.org:123', true],
      ['*.example.org', 'https://evil.test/.example.org', false],
      ['example.org', 'http://example.org', true],
      ['example.org', 'https://example.org.evil.test', false],
      ['http://example.org:123', 'http://example.org:123', true],
      ['http://example.org:123', 'http://example.org:124', false],
      ['http://example.org:1*3', 'http://example.org:1893', true],
      ['example.*', 'http://example.org', false],
      ['*', 'null', true],
      ['http://example.org', 'null', false],
    ])) {
      const list = { AccessControlAllowOrigins: { Items: ['https://other.test', pattern] } };
      const got = cors(list, {}, { headers: { Origin: origin } });
      const expected = pattern === '*' ? '*' : isAllowed ? origin : undefined;
      assert.equal(got['Access-Control-Allow-Origin'], expected, `${pattern} ${origin}`);
      if (!isAllowed) assert.deepEqual(got, {});
    }
  });

  it('give way to those of the origin, unless they override them', () => {
    const own = { 'Access-Control-Allow-Origin': 'https://other.test', Vary: 'Accept' };
    assert.deepEqual(cors({}, own), own);
    const overridden = cors({ OriginOverride: true }, own);
    assert.equal(overridden['Access-Control-Allow-Origin'], APP);
    assert.equal(overridden.Vary, 'Accept, Origin');
  });
});

describe('response headers policy', () => {
  it('security headers: values and overriding', () => {
    const security = {
      ContentSecurityPolicy: { ContentSecurityPolicy: "default-src 'self'", Override: true },
      ContentTypeOptions: { Override: true },
      FrameOptions: { FrameOption: 'DENY', Override: false },
      ReferrerPolicy: { ReferrerPolicy: 'same-origin', Override: true },
      StrictTransportSecurity: {
        AccessControlMaxAgeSec: 63_072_000,
        IncludeSubdomains: true,
        Preload: true,
        Override: true,
      },
      XSSProtection: { Protection: true, ReportUri: 'https://r.test/', Override: true },
    };
    assert.deepEqual(applied({ security }), {
      'Content-Security-Policy': "default-src 'self'",
      'Referrer-Policy': 'same-origin',
      'Strict-Transport-Security': 'max-age=63072000; includeSubDomains; preload',
      'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'DENY',
      'X-XSS-Protection': '1; report=https://r.test/',
    });
    const own = { 'X-Frame-Options': 'SAMEORIGIN', 'referrer-policy': 'origin' };
    const got = applied({ security }, own);
    assert.equal(got['X-Frame-Options'], 'SAMEORIGIN');
    assert.equal(got['Referrer-Policy'], 'same-origin');
    const off = { XSSProtection: { Protection: false, Override: true } };
    assert.equal(applied({ security: off })['X-XSS-Protection'], '0');
  });

  it('SecurityHeadersPolicy as the guide lists it', () => {
    assert.deepEqual(applied(managed('SecurityHeadersPolicy')), {
      'Referrer-Policy': 'strict-origin-when-cross-origin',
      'Strict-Transport-Security': 'max-age=31536000',
      'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'SAMEORIGIN',
      'X-XSS-Protection': '1; mode=block',
    });
  });

  it('SimpleCORS adds one header, to CORS requests', () => {
    const asked = { headers: { Origin: APP } };
    assert.deepEqual(applied(managed('SimpleCORS'), {}, asked), {
      'Access-Control-Allow-Origin': '*',
    });
    assert.deepEqual(applied(managed('SimpleCORS')), {});
  });

  it('custom headers: with and without overriding, and empty', () => {
    const custom = [
      { header: 'X-One', value: 'policy', override: true },
      { header: 'X-Two', value: 'policy', override: false },
      { header: 'X-Three', value: '', override: false },
    ];
    const own = { 'x-one': 'origin', 'x-two': 'origin' };
    assert.deepEqual(applied({ custom }, own), {
      'X-One': 'policy',
      'x-two': 'origin',
      'X-Three': '',
    });
  });

  it('headers are removed before others are added', () => {
    const policy = {
      remove: ['x-powered-by', 'x-one', 'server'],
      custom: [{ header: 'X-One', value: 'policy', override: false }],
    };
    const own = { 'X-Powered-By': 'x', 'X-One': 'origin', Server: 'nginx', ETag: '"1"' };
    assert.deepEqual(applied(policy, own), {
      ETag: '"1"',
      Server: 'CloudFront',
      'X-One': 'policy',
    });
  });

  it('the answer it is given stays as it is', () => {
    const headers = headerMap({ Server: 'nginx' });
    const policy = { ...managed('SimpleCORS'), remove: ['server'] };
    withPolicy(headers, policy, request());
    assert.deepEqual(headers, headerMap({ Server: 'nginx' }));
  });
});

describe('Server-Timing', () => {
  const timing = { cache: /** @type {const} */ ('miss'), requestId: 'id==', pop: 'FRA', ms: 436.4 };

  it('is added by chance, at the rate of the policy', () => {
    const at = (/** @type {number} */ rate, /** @type {number} */ chance) =>
      applied({ serverTiming: rate }, {}, {}, { timing, random: () => chance })['Server-Timing'];
    assert.notEqual(at(50, 0.49), undefined);
    assert.equal(at(50, 0.5), undefined);
    assert.equal(at(0, 0), undefined);
    assert.notEqual(at(100, 0.999), undefined);
    assert.equal(applied({}, {}, {}, { timing, random: () => 0 })['Server-Timing'], undefined);
  });

  it('is added whenever the viewer asks with Pragma: server-timing', () => {
    const asked = { headers: { Pragma: 'server-timing' } };
    const got = applied({ serverTiming: 0 }, {}, asked, { timing, random: () => 0.99 });
    assert.match(got['Server-Timing'], /cdn-cache-miss/);
  });

  it("holds what is measured, and the origin's own on a miss", () => {
    const own = { 'Server-Timing': 'db;dur=5' };
    const value = (/** @type {Timing} */ known) =>
      applied({ serverTiming: 100 }, own, {}, { timing: known })['Server-Timing'];
    assert.equal(
      value({ ...timing, upstreamMs: 177 }),
      'db;dur=5,cdn-upstream-layer;desc="REC",cdn-upstream-fbl;dur=177,cdn-cache-miss,' +
        'cdn-pop;desc="FRA",cdn-rid;desc="id==",cdn-downstream-fbl;dur=436',
    );
    assert.equal(
      value({ ...timing, cache: 'hit' }),
      'cdn-cache-hit,cdn-pop;desc="FRA",cdn-rid;desc="id==",cdn-hit-layer;desc="REC",' +
        'cdn-downstream-fbl;dur=436',
    );
  });
});

/**
 * CloudFront's own request headers, made from the viewer.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deviceOf } from '../../js/cloudfront/policies/device.js';
import { aboutHeader, viewerHeaders } from '../../js/cloudfront/policies/viewer-headers.js';
import { viewerFrom } from '../../js/cloudfront/place/viewer.js';

const CONNECTION = {
  ip: '198.51.100.10',
  port: 46532,
  httpVersion: '2.0',
  userAgent: 'curl/8.5.0',
  headerNames: ['Host', 'User-Agent', 'Accept', 'Accept-Encoding'],
};

/** Browsers and devices as they call themselves, and what each is. */
const DEVICES = /** @type {const} */ ([
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/130.0.0.0 Safari/537.36', ['desktop']],
  ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/17.4 Safari/605.1.15', ['desktop']],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0', ['desktop']],
  ['curl/8.5.0', ['desktop']],
  ['', ['desktop']],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) Version/17.4 Mobile/15E148',
    ['ios', 'mobile'],
  ],
  [
    'Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) Version/16.6 Mobile/15E148 Safari/604.1',
    ['ios', 'tablet', 'mobile'],
  ],
  [
    'Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/130.0.0.0 Mobile Safari/537.36',
    ['android', 'mobile'],
  ],
  [
    'Mozilla/5.0 (Linux; Android 13; SM-X906C) Chrome/130.0.0.0 Safari/537.36',
    ['android', 'tablet'],
  ],
  ['Mozilla/5.0 (SMART-TV; Linux; Tizen 7.0) Version/5.0 TV Safari/538.1', ['tv']],
  ['Mozilla/5.0 (Web0S; Linux/SmartTV) Chrome/94.0.4606.128 Safari/537.36', ['tv']],
  ['Mozilla/5.0 (Linux; Android 9; AFTMM) Chrome/70.0.3538.110 Mobile', ['android', 'tv']],
]);

describe('viewer headers', () => {
  it('all of them, of a viewer of whom everything is known', () => {
    const place = {
      pop: 'DTW',
      region: 'MI',
      regionName: 'Michigan',
      city: 'Ann Arbor',
      postalCode: '48105',
      metroCode: '505',
      latitude: 42.3068,
      longitude: -83.7059,
      timeZone: 'America/Detroit',
      asn: 64_500,
    };
    assert.deepEqual(viewerHeaders(viewerFrom(place, CONNECTION)), {
      'cloudfront-forwarded-proto': 'https',
      'cloudfront-viewer-http-version': '2.0',
      'cloudfront-viewer-tls': 'TLSv1.3:TLS_AES_128_GCM_SHA256:fullHandshake',
      'cloudfront-is-android-viewer': 'false',
      'cloudfront-is-desktop-viewer': 'true',
      'cloudfront-is-ios-viewer': 'false',
      'cloudfront-is-mobile-viewer': 'false',
      'cloudfront-is-smarttv-viewer': 'false',
      'cloudfront-is-tablet-viewer': 'false',
      'cloudfront-viewer-address': '198.51.100.10:46532',
      'cloudfront-viewer-asn': '64500',
      'cloudfront-viewer-country': 'US',
      'cloudfront-viewer-country-name': 'United States',
      'cloudfront-viewer-country-region': 'MI',
      'cloudfront-viewer-country-region-name': 'Michigan',
      'cloudfront-viewer-city': 'Ann Arbor',
      'cloudfront-viewer-postal-code': '48105',
      'cloudfront-viewer-metro-code': '505',
      'cloudfront-viewer-time-zone': 'America/Detroit',
      'cloudfront-viewer-latitude': '42.30680',
      'cloudfront-viewer-longitude': '-83.70590',
      'cloudfront-viewer-header-order': 'Host:User-Agent:Accept:Accept-Encoding',
      'cloudfront-viewer-header-count': '4',
    });
  });

  it('what is not known has no header', () => {
    const names = Object.keys(viewerHeaders(viewerFrom({ country: 'IS' }, CONNECTION)));
    for (const name of ['city', 'latitude', 'longitude', 'time-zone', 'asn', 'country-region']) {
      assert(!names.includes(`cloudfront-viewer-${name}`), name);
    }
    assert(names.includes('cloudfront-viewer-country'));
  });

  it('metro codes are of the United States only, TLS of https only', () => {
    const place = /** @type {const} */ ({ pop: 'FRA', metroCode: '505', proto: 'http' });
    const headers = viewerHeaders(viewerFrom(place, CONNECTION));
    assert.equal(headers['cloudfront-viewer-metro-code'], undefined);
    assert.equal(headers['cloudfront-viewer-tls'], undefined);
    assert.equal(headers['cloudfront-forwarded-proto'], 'http');
  });

  it('characters that are not ASCII are percent-encoded', () => {
    const headers = viewerHeaders(viewerFrom({ pop: 'GRU', city: 'São Paulo 🌴' }, CONNECTION));
    assert.equal(headers['cloudfront-viewer-city'], 'S%C3%A3o Paulo %F0%9F%8C%B4');
  });

  it('the order of headers is cut at its limit', () => {
    const headerNames = Array.from({ length: 2_000 }, (_, index) => `X-${index}`);
    const headers = viewerHeaders(viewerFrom({}, { ...CONNECTION, headerNames }));
    assert.equal(headers['cloudfront-viewer-header-order'].length, 7_680);
    assert.equal(headers['cloudfront-viewer-header-count'], '2000');
  });

  it('names are written as the guide writes them', () => {
    assert.equal(aboutHeader('cloudfront-is-smarttv-viewer').key, 'CloudFront-Is-SmartTV-Viewer');
    assert.equal(aboutHeader('cloudfront-is-ios-viewer').key, 'CloudFront-Is-IOS-Viewer');
    assert.equal(aboutHeader('cloudfront-viewer-tls').key, 'CloudFront-Viewer-TLS');
  });

  it('devices by User-Agent', () => {
    for (const [userAgent, kinds] of DEVICES) {
      const device = Object.entries(deviceOf(userAgent));
      const found = device.filter(([, is]) => is).map(([kind]) => kind);
      assert.deepEqual(found.sort(), [...kinds].sort(), userAgent);
    }
    assert.equal(deviceOf(undefined).desktop, true);
  });
});

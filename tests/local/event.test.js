/**
 * HTTP requests as events: the shapes AWS documents, by rule id.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chooseBehavior } from '../../js/cloudfront/behaviors.js';
import { EDGE_REGIONS } from '../../js/cloudfront/regions.js';
import { ECHO, PASS, customOrigin, distribution } from './world.js';

const API = 'abc123.execute-api.us-east-1.amazonaws.com';
const BUCKET = 'nearhop-site.s3.us-east-1.amazonaws.com';
const BEHAVIORS = [
  {
    pattern: '/origin-request/api/*',
    origin: 'api',
    policy: /** @type {const} */ ('all-viewer-except-host'),
  },
];
const WITH_API = {
  origins: { api: customOrigin(API) },
  behaviors: BEHAVIORS,
  hosts: { [API]: 'http://127.0.0.1:9' },
};

describe('events', { timeout: 60_000 }, () => {
  it('E1, E2, E3: viewer-request has the documented fields and nothing else', async (test) => {
    const { ask } = await distribution(test, ECHO);
    const { json } = await ask('/viewer-request/a?x=1&y=%20?', {
      headers: {
        Host: 'app.example.test',
        Accept: ['text/html', 'image/png'],
        'X-Two': ['one', 'two'],
        Cookie: 'a=1; b=2',
        'X-NearHop-Mixed': 'kept',
      },
    });
    const event = json();
    assert.deepEqual(Object.keys(event), ['Records']);
    const { config, request, ...rest } = event.Records[0].cf;
    assert.deepEqual(rest, {});
    assert.deepEqual(Object.keys(config).sort(), [
      'distributionDomainName',
      'distributionId',
      'eventType',
      'requestId',
    ]);
    assert.equal(config.eventType, 'viewer-request');
    assert.match(config.requestId, /^[\w-]{54}==$/);
    assert.deepEqual(request, {
      clientIp: '127.0.0.1',
      headers: {
        host: [{ key: 'Host', value: 'app.example.test' }],
        accept: [
          { key: 'Accept', value: 'text/html' },
          { key: 'Accept', value: 'image/png' },
        ],
        'x-two': [
          { key: 'X-Two', value: 'one' },
          { key: 'X-Two', value: 'two' },
        ],
        cookie: [{ key: 'Cookie', value: 'a=1; b=2' }],
        'x-nearhop-mixed': [{ key: 'X-NearHop-Mixed', value: 'kept' }],
      },
      method: 'GET',
      querystring: 'x=1&y=%20?',
      uri: '/viewer-request/a',
    });
  });

  it('E3: lines of the same name stay apart, but for cookies', async (test) => {
    const { ask } = await distribution(test, ECHO);
    const headers = ['Host', 'h', 'Cookie', 'a=1', 'X-A', '1', 'cookie', 'b=2', 'x-a', '2, 3'];
    const { request } = (await ask('/viewer-request/', { headers })).json().Records[0].cf;
    assert.deepEqual(request.headers, {
      host: [{ key: 'Host', value: 'h' }],
      cookie: [{ key: 'Cookie', value: 'a=1; b=2' }],
      'x-a': [
        { key: 'X-A', value: '1' },
        { key: 'x-a', value: '2, 3' },
      ],
    });
  });

  it('E2: querystring is "" when there is none', async (test) => {
    const { ask } = await distribution(test, ECHO);
    for (const path of ['/viewer-request/', '/viewer-request/?']) {
      const { request } = (await ask(path)).json().Records[0].cf;
      assert.equal(request.querystring, '');
      assert.equal(request.uri, '/viewer-request/');
    }
  });

  it('E3: a header named __proto__ is a header', async (test) => {
    const { ask } = await distribution(test, ECHO);
    const { text } = await ask('/viewer-request/', { headers: { ['__proto__']: 'x' } });
    assert.match(text, /"__proto__":\[{"key":"__proto__","value":"x"}\]/);
  });

  it('W7: functions never see what CloudFront keeps for itself', async (test) => {
    const { ask } = await distribution(test, ECHO);
    const hidden = {
      Connection: 'close',
      'X-Edge-Anything': '1',
      'X-Amz-Cf-Id': '1',
      'X-Forwarded-Proto': 'https',
      'X-Real-IP': '192.0.2.1',
      'Proxy-Authorization': 'Basic eA==',
    };
    const { json } = await ask('/viewer-request/', { headers: { Host: 'h', ...hidden } });
    assert.deepEqual(Object.keys(json().Records[0].cf.request.headers), ['host']);
  });

  it('E5, E7, E11, P2: origin-request to S3 without an origin request policy', async (test) => {
    const { ask } = await distribution(test, ECHO);
    const { json } = await ask('/origin-request/a?x=1', {
      headers: {
        'User-Agent': 'test',
        Authorization: 'Bearer x',
        Cookie: 'a=1',
        'Accept-Encoding': 'zstd, gzip;q=0.5, br',
        'If-None-Match': '"1"',
        'X-Forwarded-For': '192.0.2.7',
        Via: '1.0 before',
      },
    });
    const { config, request } = json().Records[0].cf;
    assert.equal(config.eventType, 'origin-request');
    assert.deepEqual(request, {
      clientIp: '127.0.0.1',
      headers: {
        'if-none-match': [{ key: 'If-None-Match', value: '"1"' }],
        'accept-encoding': [{ key: 'Accept-Encoding', value: 'br,gzip' }],
        host: [{ key: 'Host', value: BUCKET }],
        'user-agent': [{ key: 'User-Agent', value: 'Amazon CloudFront' }],
        'x-forwarded-for': [{ key: 'X-Forwarded-For', value: '192.0.2.7, 127.0.0.1' }],
        via: [{ key: 'Via', value: '1.0 before, 1.1 nearhop-local.cloudfront.net (CloudFront)' }],
      },
      method: 'GET',
      origin: {
        s3: {
          authMethod: 'none',
          customHeaders: {},
          domainName: BUCKET,
          path: '',
          region: 'us-east-1',
        },
      },
      querystring: '',
      uri: '/origin-request/a',
    });
  });

  it("P1, E6, E11, W8: origin-request to an API sees all but the viewer's Host", async (test) => {
    const { ask } = await distribution(test, ECHO, WITH_API);
    const { json } = await ask('/origin-request/api/x?y=1', {
      headers: {
        Host: 'app.example.test',
        'User-Agent': 'test',
        Authorization: 'Bearer x',
        Cookie: 'a=1',
        'CloudFront-Viewer-Country': 'ZZ',
      },
    });
    const { request } = json().Records[0].cf;
    assert.deepEqual(request.origin, customOrigin(API));
    assert.equal(request.querystring, 'y=1');
    const { headers } = request;
    assert.equal(headers.host[0].value, API);
    assert.equal(headers['user-agent'][0].value, 'test');
    assert.equal(headers.authorization[0].value, 'Bearer x');
    assert.equal(headers.cookie[0].value, 'a=1');
    assert.equal('cloudfront-viewer-country' in headers, false, "the viewer's own is dropped");
    assert.match(headers['cloudfront-viewer-address'][0].value, /^127\.0\.0\.1:\d+$/);
  });

  it("E9: origin-response has the origin's head, never its body", async (test) => {
    const { ask } = await distribution(
      test,
      `export async function handler(event) {
        const { config, request, response } = event.Records[0].cf;
        if (config.eventType === 'origin-response') {
          return { ...response, body: JSON.stringify(event.Records[0].cf) };
        }
        return request;
      }`,
    );
    const { status, json } = await ask('/index.html');
    const { config, request, response } = json();
    assert.equal(status, 200);
    assert.equal(config.eventType, 'origin-response');
    assert.equal(request.origin.s3.domainName, BUCKET);
    assert.deepEqual(Object.keys(response).sort(), ['headers', 'status', 'statusDescription']);
    assert.equal(response.status, '200');
    assert.equal(response.statusDescription, 'OK');
    assert.deepEqual(response.headers['content-type'], [
      { key: 'Content-Type', value: 'text/html' },
    ]);
  });

  it('one request has one id in all its events and its answer', async (test) => {
    const { decide } = await distribution(
      test,
      `export async function handler(event) {
        const { config, request, response } = event.Records[0].cf;
        console.log(config.requestId);
        return response ?? request;
      }`,
    );
    const ids = new Set();
    for (const _ of [1, 2]) {
      const { answer, decision } = await decide('/index.html');
      const id = answer.headers['x-amz-cf-id'];
      ids.add(id);
      assert.deepEqual(
        decision.logs,
        ['viewer-request', 'origin-request', 'origin-response'].map((trigger) => ({
          trigger,
          line: id,
        })),
      );
    }
    assert.equal(ids.size, 2);
  });
});

describe('before any function runs', { timeout: 60_000 }, () => {
  const MARK = `export async function handler() { return { status: '200', body: 'function' }; }`;
  /** @type {[string, string, import('./world.js').Asked, number, RegExp][]} */
  const cases = [
    [
      'P3',
      'a GET with a body',
      { method: 'GET', headers: { 'Content-Length': '1' }, body: 'x' },
      403,
      /P3/,
    ],
    [
      'W9',
      'a head of more than 32,768 bytes',
      { headers: { a: 'x'.repeat(32_768) } },
      413,
      /32768/,
    ],
    ['P1', 'a method CloudFront does not have', { method: 'TRACE' }, 403, /TRACE/],
    [
      'R1',
      'an unknown edge',
      { headers: { 'x-nearhop-dev-edge': 'mars-1' } },
      400,
      /mars-1.*ap-southeast-2/,
    ],
  ];
  for (const [rule, what, asked, status, page] of cases) {
    it(`${rule}: ${what} is ${status}`, async (test) => {
      const { ask } = await distribution(test, MARK);
      const answer = await ask('/', asked);
      assert.equal(answer.status, status);
      assert.match(answer.text, page);
    });
  }

  it('W9: 8,192 characters of path and query pass, 8,193 are 413', async (test) => {
    const { ask } = await distribution(test, MARK);
    const url = (/** @type {number} */ length) => `/?${'x'.repeat(length - 2)}`;
    assert.equal((await ask(url(8_192))).status, 200);
    assert.equal((await ask(url(8_193))).status, 413);
  });

  it('a head that Node itself refuses is 413 too', async (test) => {
    const { ask } = await distribution(test, MARK);
    assert.equal((await ask('/', { headers: { a: 'x'.repeat(70_000) } })).status, 413);
  });

  it('GET with Content-Length 0 has no body', async (test) => {
    const { ask } = await distribution(test, MARK);
    assert.equal((await ask('/', { headers: { 'Content-Length': '0' } })).status, 200);
  });

  it("a behavior's methods", async (test) => {
    const behaviors = [
      {
        pattern: '*',
        origin: 'site',
        policy: /** @type {const} */ ('none'),
        methods: ['GET', 'HEAD'],
      },
    ];
    const { ask } = await distribution(test, MARK, { behaviors });
    assert.equal((await ask('/')).status, 200);
    const { status, text } = await ask('/', { method: 'POST' });
    assert.equal(status, 403);
    assert.match(text, /GET, HEAD/);
  });
});

describe('behaviors', () => {
  /** @type {import('../../js/cloudfront/behaviors.js').Behavior[]} */
  const behaviors = [
    { pattern: '/api/*', origin: 'api', policy: 'none' },
    { pattern: 'img/?.png', origin: 'img', policy: 'none' },
    { pattern: '*', origin: 'site', policy: 'none' },
  ];
  /** @type {[string, string][]} */
  const cases = [
    ['/api/hello', 'api'],
    ['/api/', 'api'],
    ['/api', 'site'],
    ['/apix', 'site'],
    ['/API/hello', 'site'],
    ['//api//hello', 'api'],
    ['/x/../api/hello', 'api'],
    ['/./api/hello', 'api'],
    ['/%61pi/hello', 'api'],
    ['/x/%2e%2e/api/hello', 'api'],
    ['/api/../index.html', 'site'],
    ['/../../api/x', 'api'],
    ['/x%2fapi/hello', 'site'],
    ['/img/a.png', 'img'],
    ['/img/ab.png', 'site'],
    ['/img/aXpng', 'site'],
    ['/', 'site'],
  ];
  for (const [path, origin] of cases) {
    it(`${path} goes to ${origin}`, () => {
      assert.equal(chooseBehavior(behaviors, path).origin, origin);
    });
  }

  it('W2: a changed path does not choose another behavior', async (test) => {
    const source = `export async function handler(event) {
      const { config, request } = event.Records[0].cf;
      const body = JSON.stringify(request);
      if (config.eventType === 'origin-request') return { status: '200', body };
      console.log(request.uri);
      request.uri = '/api/hello';
      return request;
    }`;
    const { decide } = await distribution(test, source, {
      ...WITH_API,
      behaviors: [{ pattern: '/api/*', origin: 'api', policy: 'none' }],
    });
    const { answer, decision } = await decide('/x/../y');
    const { uri, origin } = answer.json();
    assert.equal(uri, '/api/hello');
    assert.ok(origin.s3, 'still the bucket');
    assert.equal(decision.logs[0].line, '/x/../y', 'the function sees the raw path');
  });
});

describe('the edge Region', { timeout: 60_000 }, () => {
  it('is chosen by a header that the function never sees, and shown', async (test) => {
    const { ask } = await distribution(test, ECHO, { edge: 'eu-west-2' });
    const here = await ask('/viewer-request/');
    assert.equal(here.headers['x-nearhop-edge'], 'eu-west-2');
    const there = await ask('/viewer-request/', { headers: { 'X-Nearhop-Dev-Edge': 'sa-east-1' } });
    assert.equal(there.headers['x-nearhop-edge'], 'sa-east-1');
    assert.doesNotMatch(there.text, /dev-edge/i);
  });

  it("must be one of CloudFront's", async (test) => {
    await assert.rejects(distribution(test, PASS, { edge: 'eu-north-1' }), /Allowed: us-east-1/);
    assert.equal(EDGE_REGIONS.length, 13);
  });
});

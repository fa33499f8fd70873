/**
 * Events as a running distribution makes them, by rule id.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ALL_VIEWER_EXCEPT_HOST,
  API,
  BUCKET,
  PASS,
  distribution,
} from './serving.js';

/** Answers with the event. */
const SHOW = "return { status: '200', body: JSON.stringify(event) };";
const AT_VIEWER = { at: { 'viewer-request': SHOW } };
const AT_ORIGIN = { at: { 'origin-request': SHOW } };
const api = (/** @type {any} */ _, /** @type {any} */ response) => void response.end('api');

describe('events', { timeout: 120_000 }, () => {
  it('E1, E2, E3: viewer-request has the documented fields and nothing else', async (test) => {
    const { ask } = await distribution(test, AT_VIEWER);
    const { json, headers } = await ask('/a?x=1&y=%20?', {
      headers: {
        Host: 'app.example.test',
        Accept: ['text/html', 'image/png'],
        'X-Two': ['one', 'two'],
        Cookie: 'a=1; b=2',
        'X-Mixed-CASE': 'kept',
      },
    });
    const event = json();
    assert.deepEqual(Object.keys(event), ['Records']);
    const { config, request, ...rest } = event.Records[0].cf;
    assert.deepEqual(rest, {});
    const { requestId, ...others } = config;
    assert.deepEqual(Object.keys(others).sort(), [
      'distributionDomainName',
      'distributionId',
      'eventType',
    ]);
    assert.equal(config.eventType, 'viewer-request');
    assert.match(requestId, /^[\w-]{54}==$/);
    assert.equal(requestId, headers['x-amz-cf-id']);
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
        'x-mixed-case': [{ key: 'X-Mixed-CASE', value: 'kept' }],
      },
      method: 'GET',
      querystring: 'x=1&y=%20?',
      uri: '/a',
    });
  });

  it('E3: lines of the same name stay apart, but for cookies', async (test) => {
    const { ask } = await distribution(test, AT_VIEWER);
    const headers = ['Host', 'h', 'Cookie', 'a=1', 'X-A', '1', 'cookie', 'b=2', 'x-a', '2, 3'];
    const { request } = (await ask('/', { headers })).json().Records[0].cf;
    assert.deepEqual(request.headers, {
      host: [{ key: 'Host', value: 'h' }],
      cookie: [{ key: 'Cookie', value: 'a=1; b=2' }],
      'x-a': [
        { key: 'X-A', value: '1' },
        { key: 'x-a', value: '2, 3' },
      ],
    });
  });

  it('E3: a header named __proto__ is a header', async (test) => {
    const { ask } = await distribution(test, AT_VIEWER);
    const { text } = await ask('/', { headers: { ['__proto__']: 'x' } });
    assert.match(text, /"__proto__":\[{"key":"__proto__","value":"x"}\]/);
  });

  it('E2: querystring is "" when there is none', async (test) => {
    const { ask } = await distribution(test, AT_VIEWER);
    for (const path of ['/a', '/a?']) {
      const { request } = (await ask(path)).json().Records[0].cf;
      assert.deepEqual([request.uri, request.querystring], ['/a', '']);
    }
  });

  it('E1: one request has one id in all its events, its answer and at the origin', async (test) => {
    const log = 'console.log(config.eventType, config.requestId);';
    const at = Object.fromEntries(
      Object.entries(PASS).map(([trigger, pass]) => [trigger, log + pass]),
    );
    let seen;
    const { trace } = await distribution(test, {
      at,
      api: (request, response) => {
        seen = request.headers['x-amz-cf-id'];
        response.end();
      },
    });
    const { answer, record, ran } = await trace('/a');
    const id = answer.headers['x-amz-cf-id'];
    assert.deepEqual(ran, Object.keys(PASS));
    const logs = record.steps.flatMap((step) => (step.kind === 'function' ? step.logs : []));
    assert.deepEqual(
      logs,
      Object.keys(PASS).map((trigger) => `${trigger} ${id}`),
    );
    assert.equal(seen, id);
  });

  it('W7: functions never see what CloudFront keeps for itself', async (test) => {
    const { ask } = await distribution(test, AT_VIEWER);
    const hidden = {
      Connection: 'close',
      'X-Edge-Anything': '1',
      'X-Amz-Cf-Id': '1',
      'X-Forwarded-Proto': 'https',
      'X-Real-IP': '192.0.2.1',
      'Proxy-Authorization': 'Basic eA==',
      Upgrade: 'h2c',
    };
    const { json } = await ask('/', { headers: { Host: 'h', ...hidden } });
    assert.deepEqual(Object.keys(json().Records[0].cf.request.headers), ['host']);
  });

  it('says nothing of where a viewer claims to be for development', async (test) => {
    const { ask } = await distribution(test, AT_VIEWER);
    const { text, headers } = await ask('/', {
      headers: {
        'X-Nearhop-Dev-Edge': 'sa-east-1',
        'x-nearhop-dev-ip': '192.0.2.7',
        cookie: 'a=1; nearhop_dev_place=FRA50',
      },
    });
    assert.doesNotMatch(text, /nearhop.dev/i);
    assert.match(text, /"clientIp":"192.0.2.7"/);
    assert.equal(headers['x-nearhop-edge'], 'sa-east-1');
  });

  it('E5, E7, E11, P2: origin-request to S3 without an origin request policy', async (test) => {
    const { ask, cloudFront } = await distribution(test, {
      ...AT_ORIGIN,
      files: {},
      cache: { ParametersInCacheKeyAndForwardedToOrigin: BOTH_ENCODINGS },
    });
    const { json } = await ask('/a?x=1', {
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
    const via = `1.0 before, 1.1 ${cloudFront.distribution.domainName} (CloudFront)`;
    assert.deepEqual(request, {
      clientIp: '127.0.0.1',
      headers: {
        'if-none-match': [{ key: 'If-None-Match', value: '"1"' }],
        'accept-encoding': [{ key: 'Accept-Encoding', value: 'br,gzip' }],
        host: [{ key: 'Host', value: BUCKET }],
        'user-agent': [{ key: 'User-Agent', value: 'Amazon CloudFront' }],
        'x-forwarded-for': [{ key: 'X-Forwarded-For', value: '192.0.2.7,127.0.0.1' }],
        via: [{ key: 'Via', value: via }],
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
      uri: '/a',
    });
  });

  it("P1, E5, E6, E11: origin-request to an API sees all but the viewer's Host", async (test) => {
    const { ask } = await distribution(test, {
      ...AT_ORIGIN,
      api,
      forward: ALL_VIEWER_EXCEPT_HOST,
      origin: {
        OriginPath: '/prod',
        OriginCustomHeaders: [{ HeaderName: 'X-Secret', HeaderValue: 's' }],
      },
    });
    const { json } = await ask('/x?y=1', {
      headers: {
        Host: 'app.example.test',
        'User-Agent': 'test',
        Authorization: 'Bearer x',
        Cookie: 'a=1',
        'X-Secret': "the viewer's",
      },
    });
    const { request } = json().Records[0].cf;
    assert.deepEqual(request.origin, {
      custom: {
        customHeaders: { 'x-secret': [{ key: 'X-Secret', value: 's' }] },
        domainName: API,
        keepaliveTimeout: 5,
        path: '/prod',
        port: 443,
        protocol: 'https',
        readTimeout: 30,
        sslProtocols: request.origin.custom.sslProtocols,
      },
    });
    assert.equal(request.querystring, 'y=1');
    const { headers } = request;
    assert.equal(headers.host[0].value, API);
    assert.equal(headers['user-agent'][0].value, 'test');
    assert.equal(headers.authorization[0].value, 'Bearer x');
    assert.equal(headers.cookie[0].value, 'a=1');
    assert.equal(headers['x-secret'], undefined, 'E8');
  });

  it('W8, R2: location headers are at origin-request, and never the viewer’s', async (test) => {
    const { ask, trace } = await distribution(test, {
      at: {
        'viewer-request': "console.log(Object.keys(request.headers).join()); return request;",
        'origin-request': SHOW,
      },
      api,
      forward: ALL_VIEWER_EXCEPT_HOST,
    });
    const headers = {
      'x-nearhop-dev-pop': 'GRU',
      'CloudFront-Viewer-Country': 'ZZ',
      'CloudFront-Viewer-City': 'spoofed',
    };
    const made = (await ask('/', { headers })).json().Records[0].cf.request.headers;
    assert.deepEqual(made['cloudfront-viewer-country'], [
      { key: 'CloudFront-Viewer-Country', value: 'BR' },
    ]);
    assert.match(made['cloudfront-viewer-latitude'][0].value, /^-2\d\.\d+$/);
    assert.match(made['cloudfront-viewer-longitude'][0].value, /^-4\d\.\d+$/);
    assert.match(made['cloudfront-viewer-address'][0].value, /^127\.0\.0\.1:\d+$/);
    assert.doesNotMatch(JSON.stringify(made), /spoofed|ZZ/);
    const { record } = await trace('/', { headers: { 'x-nearhop-dev-pop': 'GRU' } });
    const [first] = record.steps.filter((step) => step.kind === 'function');
    assert.doesNotMatch(first.logs.join(), /cloudfront-/);
  });

  it('W8: without a policy that forwards them, there are no location headers', async (test) => {
    const { ask } = await distribution(test, { ...AT_ORIGIN, api });
    const { text } = await ask('/', { headers: { 'CloudFront-Viewer-Country': 'ZZ' } });
    assert.doesNotMatch(text, /cloudfront-viewer/);
  });

  it('P2: what viewer-request adds reaches origin-request only by a policy', async (test) => {
    const at = {
      'viewer-request': "request.headers['x-added'] = [{ value: '1' }]; return request;",
      'origin-request': SHOW,
    };
    const without = await distribution(test, { at, api });
    assert.doesNotMatch((await without.ask('/')).text, /x-added/);
    const forward = {
      HeadersConfig: { HeaderBehavior: 'whitelist', Headers: ['X-Added'] },
      CookiesConfig: { CookieBehavior: 'none' },
      QueryStringsConfig: { QueryStringBehavior: 'none' },
    };
    const having = await distribution(test, { at, api, forward });
    assert.match((await having.ask('/')).text, /x-added/);
  });

  it("E5, E9: origin-response has the origin and its head, never the body", async (test) => {
    const { ask } = await distribution(test, {
      at: {
        'origin-request': "request.origin.custom.path = '/switched'; return request;",
        'origin-response': 'return { ...response, body: JSON.stringify(event) };',
      },
      api: (_, response) => {
        response.writeHead(201, 'Made', { 'Content-Type': 'text/plain', 'X-Two': ['1', '2'] });
        response.end('a body');
      },
    });
    const { status, json } = await ask('/a');
    const { config, request, response } = json().Records[0].cf;
    assert.equal(status, 201);
    assert.equal(config.eventType, 'origin-response');
    assert.equal(request.origin.custom.path, '/switched');
    assert.deepEqual(Object.keys(response).sort(), ['headers', 'status', 'statusDescription']);
    assert.deepEqual([response.status, response.statusDescription], ['201', 'Made']);
    assert.deepEqual(response.headers['content-type'], [
      { key: 'Content-Type', value: 'text/plain' },
    ]);
    assert.deepEqual(response.headers['x-two'], [
      { key: 'X-Two', value: '1' },
      { key: 'X-Two', value: '2' },
    ]);
  });

  it('E9: viewer-response has the head of what the viewer gets, and no origin', async (test) => {
    const { trace } = await distribution(test, {
      at: { 'viewer-response': 'console.log(JSON.stringify(event)); return response;' },
      files: { 'a.txt': 'abc' },
    });
    const { record } = await trace('/a.txt');
    const [step] = record.steps.filter((each) => each.kind === 'function');
    const { request, response } = JSON.parse(step.logs[0]).Records[0].cf;
    assert.equal('origin' in request, false);
    assert.equal(response.status, '200');
    assert.equal(response.headers['content-length'][0].value, '3');
    assert.equal('body' in response, false);
  });

  it('E10: fields that nobody knows pass', async (test) => {
    const { ask } = await distribution(test, {
      at: {
        'viewer-request': "request.newer = { from: 'AWS' }; return request;",
        'origin-request': 'request.origin.custom.newer = 1; return request;',
        'origin-response': 'response.newer = true; return response;',
      },
      api,
    });
    const { status, text } = await ask('/');
    assert.deepEqual([status, text], [200, 'api']);
  });
});

const BOTH_ENCODINGS = {
  EnableAcceptEncodingGzip: true,
  EnableAcceptEncodingBrotli: true,
  QueryStringsConfig: { QueryStringBehavior: 'none' },
};

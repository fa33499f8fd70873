/**
 * Traces for people, for programs, and as HTTP Archives.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CloudFrontError } from '../../js/cloudfront/error.js';
import { toHar } from '../../js/cloudfront/trace/har.js';
import { summaryOf, timesOf, toJson } from '../../js/cloudfront/trace/json.js';
import { toLine, toText, toWay } from '../../js/cloudfront/trace/text.js';
import { TOKEN, failedOver, header, traced } from './tracing.js';

const plain = (/** @type {string} */ text) => text;
const PLAIN = { bold: plain, red: plain, yellow: plain, green: plain, faint: plain };
const tagged = (/** @type {string} */ tag) => (/** @type {string} */ text) =>
  `<${tag}>${text}</${tag}>`;
const TAGGED = {
  bold: tagged('b'),
  red: tagged('red'),
  yellow: tagged('yellow'),
  green: tagged('green'),
  faint: tagged('faint'),
};

/** A request whose function broke a rule. */
function broken() {
  const { trace, request } = traced({});
  const facts = {
    rule: 'W4',
    at: 'request.headers.host',
    found: 'other text',
    allowed: 'no change',
  };
  const error = new CloudFrontError(502, 'LambdaValidationError', 'Not accepted.', facts);
  trace.step({ trigger: 'viewer-request', event: { request }, returned: request, ms: 1, error });
  const answer = { status: 502, headers: {}, bytes: 0, ms: 2, answeredBy: 'cloudfront' };
  return trace.end({ ...answer, cache: 'LambdaValidationError', error });
}

describe('a line', () => {
  it('tells all of a request', () => {
    const record = { ...failedOver(), time: '2026-11-23T11:14:15.090Z' };
    assert.equal(
      toLine(record, PLAIN),
      '11:14:15.090  GRU/sa-east-1       GET   /api/trips  200  api eu-west-1 (failover:2)  ' +
        '/api/*  Miss  vreq 0.5 cold+30  two.test 200 leg 2  260.0 ms',
    );
  });

  it('has no place for what there is not', () => {
    const { trace } = traced({});
    trace.record.viewer.pop = null;
    trace.record.viewer.edge = null;
    const record = { ...trace.record, time: '2026-11-23T11:14:15.090Z' };
    assert.equal(
      toLine(record, PLAIN),
      `11:14:15.090  ${'?'.padEnd(18)}  GET   /a  0  no answer  no behavior  0.0 ms`,
    );
  });

  it('colours by status', () => {
    assert.match(toLine(failedOver(), TAGGED), /<green>200<\/green>/);
    assert.match(
      toLine(broken(), TAGGED),
      /<red>502<\/red> {2}<red>failed LambdaValidationError W4/,
    );
  });

  it('has below it what was logged and what went wrong', () => {
    assert.equal(toText(failedOver(), PLAIN).split('\n')[1], '    viewer-request: {"a":1}');
    const below = toText(broken(), PLAIN).split('\n').slice(1);
    assert.deepEqual(below, [
      '    502 LambdaValidationError',
      '    Not accepted.',
      '      rule     W4',
      '      at       request.headers.host',
      '      found    other text',
      '      allowed  no change',
    ]);
  });
});

describe('the way', () => {
  it('goes through every stage', () => {
    assert.deepEqual(toWay(failedOver(), PLAIN).split('\n'), [
      'GET /api/trips?page=2  200 api eu-west-1 (failover:2)  id-of-it',
      '  viewer           GRU São Paulo BR to sa-east-1, https',
      '  behavior         /api/* to api',
      '  viewer-request   edge  0.5 ms, and 30.0 to start',
      `      - headers.authorization: Bearer … (${TOKEN.length} characters)`,
      '      + headers.x-a: 1',
      '      log: {"a":1}',
      '  cache            miss, key 8254c329a92850f6',
      '  origin           one.test (one)  503  100.0 ms, of it 90.0 the way',
      '  origin           leg 2  two.test (two)  200  120.0 ms, of it 90.0 the way',
      '  viewer-response  skipped, G5: not this time',
      '  answer           200 by origin, Miss, 1,234 bytes',
      '  time             260.0 ms: functions 30.5, origin 220.0, the rest 9.5',
    ]);
  });

  it('says an error once, where it happened', () => {
    const way = toWay(broken(), PLAIN);
    assert.equal(way.split('rule     W4').length, 2);
  });

  it('shortens long values', () => {
    const { trace, request } = traced({});
    const returned = { ...request, uri: `/${'x'.repeat(5000)}` };
    trace.step({ trigger: 'viewer-request', event: { request }, returned });
    assert.ok(
      toWay(trace.record, PLAIN)
        .split('\n')
        .every((line) => line.length < 400),
    );
  });
});

describe('text', () => {
  it('gives a viewer or a function no hold on the terminal', () => {
    const evil = '\u001b[2J\u009b1m\u0007\u202e';
    const { trace, request } = traced({ 'X-Evil': evil }, { url: `/${evil}` });
    const returned = { ...request, headers: header({ 'x-evil': `${evil}${evil}` }) };
    const error = new CloudFrontError(503, 'LambdaExecutionError', 'm', { cause: evil });
    const named = { trigger: /** @type {const} */ ('viewer-request'), function: evil };
    trace.step({ ...named, event: { request }, returned, logs: [evil], error });
    const failure = Object.assign(new Error(evil), { kind: evil });
    trace.origin({ leg: 1, id: evil, domainName: evil, url: evil, ms: 1, failure });
    const headers = header({ 'x-nearhop-region': evil });
    const record = trace.end({
      status: 503,
      headers,
      bytes: 0,
      ms: 1,
      answeredBy: 'origin',
      error,
    });
    for (const text of [toText(record, PLAIN), toWay(record, PLAIN)]) {
      assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    }
  });
});

describe('JSON', () => {
  it('is one line, with the same keys whatever happened', () => {
    const { trace } = traced({});
    const keys = [failedOver(), broken(), trace.record].map((record) => {
      const line = toJson(record);
      assert.doesNotMatch(line, /\n/);
      return Object.keys(JSON.parse(line));
    });
    assert.deepEqual(keys[1], keys[0]);
    assert.deepEqual(keys[2], keys[0]);
  });

  it('tells all of a request', () => {
    const { time, ...summary } = summaryOf(failedOver());
    assert.ok(!Number.isNaN(Date.parse(time)));
    assert.deepEqual(summary, {
      request_id: 'id-of-it',
      pop: 'GRU',
      edge: 'sa-east-1',
      country: 'BR',
      method: 'GET',
      path: '/api/trips',
      status: 200,
      outcome: 'api',
      region: 'eu-west-1',
      reason: 'failover:2',
      code: null,
      answered_by: 'origin',
      behavior: '/api/*',
      cache: 'Miss',
      functions: [
        {
          trigger: 'viewer-request',
          function: 'edge',
          leg: 1,
          ms: 0.5,
          init_ms: 30,
          skipped: null,
        },
        {
          trigger: 'viewer-response',
          function: 'edge',
          leg: 1,
          ms: 0,
          init_ms: null,
          skipped: 'G5: not this time',
        },
      ],
      origin: 'two.test',
      origin_status: 200,
      origin_failure: null,
      legs: 2,
      bytes: 1234,
      ms: 260,
      function_ms: 30.5,
      origin_ms: 220,
      error: null,
      logs: [{ trigger: 'viewer-request', line: '{"a":1}' }],
    });
  });

  it('tells times apart', () => {
    assert.deepEqual(timesOf(failedOver()), { functions: 30.5, origins: 220, rest: 9.5 });
  });
});

describe('an HTTP Archive', () => {
  it('has an entry for each trace, with an address and its parts', () => {
    const { log } = toHar([failedOver(), broken()]);
    assert.equal(log.version, '1.2');
    assert.equal(log.creator.name, 'nearhop');
    const [entry, other] = log.entries;
    assert.equal(entry.request.url, 'https://d111.cloudfront.net/api/trips?page=2');
    assert.deepEqual(entry.request.queryString, [{ name: 'page', value: '2' }]);
    assert.equal(entry.response.status, 200);
    assert.deepEqual(entry.response.content, { size: 1234, mimeType: 'text/plain' });
    assert.equal(entry.time, 260);
    const { send = 0, wait, receive } = entry.timings;
    assert.equal(send + wait + receive, entry.time);
    assert.equal(other.request.url, 'https://distribution.invalid/a');
  });

  it('has what HAR has no field for in fields of its own', () => {
    /** @type {any} */
    const entry = toHar([failedOver()]).log.entries[0];
    const known = ['startedDateTime', 'time', 'request', 'response', 'cache', 'timings'];
    const own = Object.keys(entry).filter((key) => !known.includes(key));
    assert.ok(own.length > 0 && own.every((key) => key.startsWith('_')), own.join(' '));
    assert.equal(entry._steps.length, 5);
  });

  it('has cookies by name, without their values', () => {
    const { trace } = traced({ Cookie: 'a=1; b=2' });
    const headers = header({ 'Set-Cookie': 'c=3; Path=/' });
    const record = trace.end({ status: 200, headers, bytes: 0, ms: 1, answeredBy: 'origin' });
    const { request, response } = toHar([record]).log.entries[0];
    const hidden = '… (1 character)';
    assert.deepEqual(request.cookies, [
      { name: 'a', value: hidden },
      { name: 'b', value: hidden },
    ]);
    assert.deepEqual(response.cookies, [{ name: 'c', value: hidden }]);
  });

  it('is made of requests that no URL parser takes', () => {
    const { trace } = traced({ Host: 'not a host' }, { url: '//[/?x' });
    assert.match(
      toHar([trace.record]).log.entries[0].request.url,
      /^https:\/\/distribution\.invalid\//,
    );
  });
});

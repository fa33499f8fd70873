/**
 * Requests to trace, on a clock that tests turn.
 */
import { Trace } from '../../js/cloudfront/trace/trace.js';

/** Looks like a token, and stands nowhere but where a test puts it. */
export const TOKEN = `eyJhbGciOiJub25lIn0-${'A'.repeat(60)}`;

/**
 * @param {Record<string, string>} headers the viewer's
 * @param {{ secrets?: boolean, method?: string, url?: string, id?: string }} [options]
 */
export function traced(headers, { method = 'GET', url = '/a', id = 'id-of-it', secrets } = {}) {
  let now = 0;
  const viewer = {
    pop: 'GRU',
    edge: 'sa-east-1',
    country: 'BR',
    city: 'São Paulo',
    ip: '198.51.100.7',
  };
  const facts = { id, method, url, viewer, headers: header(headers), secrets };
  return {
    trace: new Trace({ ...facts, now: () => now }),
    request: requestOf(headers),
    pass: (/** @type {number} */ ms) => void (now += ms),
  };
}

/**
 * @param {Record<string, string>} headers
 */
export function requestOf(headers) {
  const rest = { clientIp: '198.51.100.7', method: 'GET', uri: '/a', querystring: '' };
  return { ...rest, headers: header(headers) };
}

/**
 * @param {Record<string, string>} headers
 * @returns {import('aws-lambda').CloudFrontHeaders}
 */
export function header(headers) {
  return Object.fromEntries(
    Object.entries(headers).map(([key, value]) => [key.toLowerCase(), [{ key, value }]]),
  );
}

export function behavior() {
  const association = { function: 'edge', includeBody: false };
  return { pattern: '/api/*', target: 'api', functions: { 'viewer-request': association } };
}

/** A call of an API, whose first origin answers 503 and whose second one answers. */
export function failedOver() {
  const { trace, request, pass } = traced(
    { Host: 'd111.cloudfront.net', Authorization: `Bearer ${TOKEN}` },
    { url: '/api/trips?page=2' },
  );
  trace.behavior(behavior());
  pass(32);
  const headers = header({ Host: 'd111.cloudfront.net', 'X-A': '1' });
  trace.step({
    trigger: 'viewer-request',
    function: 'edge',
    event: { request },
    returned: { ...request, headers },
    ms: 0.5,
    initMs: 30,
    instance: 1,
    logs: ['{"a":1}'],
  });
  trace.cache({ state: 'miss', key: 'k' });
  const api = { kind: 'custom', wayMs: 90 };
  pass(100);
  trace.origin({ ...api, leg: 1, id: 'one', domainName: 'one.test', ms: 100, status: 503 });
  pass(120);
  trace.origin({ ...api, leg: 2, id: 'two', domainName: 'two.test', ms: 120, status: 200 });
  trace.step({ trigger: 'viewer-response', function: 'edge', skipped: 'G5: not this time' });
  return trace.end({
    status: 200,
    headers: header({
      'Content-Type': 'text/plain',
      'X-Nearhop-Region': 'eu-west-1',
      'X-Nearhop-Reason': 'failover:2',
    }),
    bytes: 1234,
    ms: 260,
    answeredBy: 'origin',
    cache: 'Miss',
  });
}

/**
 * What a trace keeps of a request, and what it must not keep.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CloudFrontError } from '../../js/cloudfront/error.js';
import { Trace } from '../../js/cloudfront/trace/trace.js';
import { Traces } from '../../js/cloudfront/trace/traces.js';
import { TOKEN, behavior, header, requestOf, traced } from './tracing.js';

/** @param {unknown} value */
const all = (value) => JSON.stringify(value);

describe('secrets in a trace', () => {
  it('keep scheme, names and length of credentials', () => {
    const { trace } = traced({
      Authorization: `Bearer ${TOKEN}`,
      Cookie: 'session=0123456789abcdef0123; theme=dark; bare',
      'X-Api-Key': 'k-1',
      'X-Nearhop-Pin': 'pin-of-somebody',
    });
    const { headers } = trace.record;
    assert.equal(headers.authorization[0].value, `Bearer … (${TOKEN.length} characters)`);
    assert.equal(
      headers.cookie[0].value,
      'session=… (20 characters); theme=… (4 characters); … (4 characters)',
    );
    assert.equal(headers['x-api-key'][0].value, '… (3 characters)');
    assert.equal(headers['x-nearhop-pin'][0].value, '… (15 characters)');
    assert.equal(headers.authorization[0].key, 'Authorization');
  });

  it('are gone from every part of it, wherever a function puts them', () => {
    const { trace, request } = traced({ Authorization: `Bearer ${TOKEN}` });
    const secret = 'the-origin-knows-this-one';
    const origin = { custom: { customHeaders: header({ 'X-Any-Name': secret }) } };
    const returned = { ...request, querystring: `from=${TOKEN}`, origin };
    const error = new CloudFrontError(503, 'LambdaExecutionError', 'm', {
      cause: new Error(`cannot verify ${TOKEN}`),
    });
    trace.step({
      trigger: 'origin-request',
      event: { request: { ...request, origin } },
      returned,
      error,
      logs: [`token ${TOKEN}`, `secret ${secret}`],
    });
    trace.origin({ leg: 1, id: 'a', domainName: 'a.test', ms: 1, url: `http://a/?q=${TOKEN}` });
    trace.cache({ state: 'miss', key: `GET / ${TOKEN}` });
    const headers = header({ 'Set-Cookie': `session=${TOKEN}; Path=/; HttpOnly`, 'X-Copy': TOKEN });
    trace.end({ status: 503, headers, bytes: 0, ms: 1, answeredBy: 'cloudfront', error });
    assert.doesNotMatch(all(trace), new RegExp(`${TOKEN}|${secret}`));
    assert.match(all(trace), /session=… \(\d+ characters\); Path=\/; HttpOnly/);
    assert.match(all(trace), /cannot verify … \(/);
  });

  it('are gone from queries, also those of addresses', () => {
    const trace = new Trace({
      id: 'a',
      method: 'GET',
      url: '/callback?code=abc&state=s&access_token=t1#id_token=t2',
      viewer: {},
      headers: header({ Referer: 'https://a.test/?page=2&client_secret=x' }),
    });
    assert.equal(
      trace.record.url,
      '/callback?code=… (3 characters)&state=s&access_token=… (2 characters)' +
        '#id_token=… (2 characters)',
    );
    const [{ value }] = trace.record.headers.referer;
    assert.match(value, /page=2&client_secret=… \(1 character\)$/);
  });

  it('take no short word or host name out of the rest', () => {
    const name = 'long.name.of.a.host.test';
    const { trace, request } = traced({ Cookie: `home=us-east-1; api=${name}` });
    const headers = header({ Host: name, 'X-Region': 'us-east-1' });
    trace.step({ trigger: 'viewer-request', event: { request: { ...request, headers } } });
    assert.deepEqual(functions(trace)[0].event, { request: { ...request, headers } });
  });

  it('stay where they are asked for', () => {
    const { trace, request } = traced({ Authorization: `Bearer ${TOKEN}` }, { secrets: true });
    trace.step({ trigger: 'viewer-request', event: { request }, returned: request, logs: [TOKEN] });
    assert.equal(trace.record.headers.authorization[0].value, `Bearer ${TOKEN}`);
    assert.equal(all(trace).split(TOKEN).length, 5);
  });

  it('are looked for in whatever a function returns', () => {
    const odd = [null, 'text', 7, [], { headers: null }, { headers: { authorization: TOKEN } }];
    const odder = [{ headers: { authorization: [TOKEN] } }, { headers: [] }, { status: {} }];
    for (const returned of [...odd, ...odder]) {
      const { trace, request } = traced({ Authorization: `Bearer ${TOKEN}` });
      trace.step({ trigger: 'viewer-request', event: { request }, returned });
      assert.doesNotMatch(all(trace), new RegExp(TOKEN), all(returned));
    }
  });

  it('bodies are sizes', () => {
    const { trace, request } = traced({});
    const data = Buffer.from('body of 18 bytes …').toString('base64');
    const body = { inputTruncated: false, action: 'read-only', encoding: 'base64', data };
    const returned = { status: '200', headers: {}, body: 'secret' };
    trace.step({ trigger: 'viewer-request', event: { request: { ...request, body } }, returned });
    const [step] = trace.record.steps.filter((one) => one.kind === 'function');
    assert.match(all(step.event), /"data":"… \(20 bytes\)"/);
    assert.match(all(step.returned), /"body":"… \(6 bytes\)"/);
  });

  it('redaction leaves what is recorded from alone', () => {
    const { trace, request } = traced({ Authorization: `Bearer ${TOKEN}` });
    const before = all(request);
    trace.step({ trigger: 'viewer-request', event: { request }, returned: request });
    assert.equal(all(request), before);
  });
});

describe('steps of a trace', () => {
  it('hold the whole event or its parts alike, and what changed', () => {
    const { trace, request } = traced({ Host: 'a.test' });
    const returned = { ...request, uri: '/b' };
    const step = { trigger: /** @type {const} */ ('viewer-request'), returned };
    trace.step({ ...step, event: { Records: [{ cf: { config: { requestId: 'x' }, request } }] } });
    trace.step({ ...step, event: { request } });
    const [one, other] = functions(trace);
    assert.deepEqual(one.event, other.event);
    assert.deepEqual(one.changes, [{ path: 'uri', before: '/a', after: '/b' }]);
    assert.equal(one.result, 'request');
  });

  it('tell a response that takes the place of a request', () => {
    const { trace, request } = traced({});
    const returned = { status: '302', headers: { location: [{ value: '/b' }] } };
    trace.step({ trigger: 'viewer-request', event: { request }, returned });
    const [step] = functions(trace);
    assert.equal(step.result, 'generated');
    assert.deepEqual(step.changes, [
      { path: 'status', after: '302' },
      { path: 'headers.location', after: '/b' },
    ]);
  });

  it('compare responses with the response of the event', () => {
    const { trace, request } = traced({});
    const response = { status: '200', statusDescription: 'OK', headers: header({ 'X-A': '1' }) };
    const returned = { ...response, headers: {} };
    trace.step({ trigger: 'origin-response', event: { request, response }, returned });
    const [step] = functions(trace);
    assert.equal(step.result, 'response');
    assert.deepEqual(step.changes, [{ path: 'headers.x-a', before: '1' }]);
  });

  it('show that a secret changed, though not to what', () => {
    const { trace, request } = traced({ Authorization: 'Bearer one' });
    const returned = { ...request, headers: header({ Authorization: 'Bearer two' }) };
    trace.step({ trigger: 'viewer-request', event: { request }, returned });
    const shown = 'Bearer … (3 characters)';
    assert.deepEqual(functions(trace)[0].changes, [
      { path: 'headers.authorization', before: shown, after: shown },
    ]);
  });

  it('keep the rule of what is skipped', () => {
    const { trace } = traced({});
    trace.step({ trigger: 'viewer-response', skipped: 'G5: the origin answered 503' });
    trace.step({ trigger: 'viewer-response', skipped: 'dropped by a fault on command' });
    assert.deepEqual(
      functions(trace).map(({ skipped }) => skipped),
      [
        { rule: 'G5', why: 'the origin answered 503' },
        { rule: null, why: 'dropped by a fault on command' },
      ],
    );
  });

  it('know when each began, cold starts included', () => {
    const { trace, pass } = traced({});
    pass(40);
    trace.step({ trigger: 'viewer-request', ms: 2, initMs: 30 });
    pass(10);
    trace.origin({ leg: 1, id: 'a', domainName: 'a.test', ms: 9 });
    assert.deepEqual(
      trace.record.steps.map(({ at }) => at),
      [8, 41],
    );
  });

  it('belong to a leg: the second run of origin-request to the second (rule F4)', () => {
    const { trace } = traced({});
    const fetched = { id: 'a', domainName: 'a.test', ms: 1 };
    trace.step({ trigger: 'viewer-request' });
    trace.cache({ state: 'miss' });
    trace.step({ trigger: 'origin-request' });
    trace.origin({ ...fetched, leg: 1, status: 503 });
    trace.step({ trigger: 'origin-response' });
    trace.step({ trigger: 'origin-request' });
    trace.origin({ ...fetched, leg: 2, status: 200 });
    trace.step({ trigger: 'origin-response' });
    // An error page's fetch begins anew.
    trace.cache({ state: 'miss' });
    trace.step({ trigger: 'origin-request' });
    assert.deepEqual(
      functions(trace).map(({ trigger, leg }) => `${trigger} ${leg}`),
      [
        'viewer-request 1',
        'origin-request 1',
        'origin-response 1',
        'origin-request 2',
        'origin-response 2',
        'origin-request 1',
      ],
    );
  });

  it('belong to the leg on which origin-request answered, too', () => {
    const { trace } = traced({});
    trace.cache({ state: 'miss' });
    trace.origin({ leg: 1, id: 'a', domainName: 'a.test', ms: 1, failure: new Error('m') });
    trace.step({ trigger: 'origin-request', returned: { status: '200' } });
    trace.step({ trigger: 'origin-response', skipped: 'G4: origin-request answered' });
    assert.deepEqual(
      functions(trace).map(({ leg }) => leg),
      [2, 2],
    );
  });

  it('hold failures and errors in words', () => {
    const { trace } = traced({});
    const failure = Object.assign(new CloudFrontError(504, 'OriginError', 'm'), {
      kind: 'timeout',
    });
    trace.origin({ leg: 1, id: 'a', domainName: 'a.test', ms: 1, failure });
    const facts = { rule: 'W4', at: 'request.headers.host', found: 'other text', allowed: 'it' };
    const error = new CloudFrontError(502, 'LambdaValidationError', 'm', facts);
    trace.step({ trigger: 'origin-request', error });
    trace.end({
      status: 500,
      headers: {},
      bytes: 0,
      ms: 1,
      answeredBy: 'cloudfront',
      error: 'odd',
    });
    const [fetched, step] = trace.record.steps;
    assert.deepEqual(fetched.kind === 'origin' && fetched.failure, {
      kind: 'timeout',
      message: 'm',
    });
    assert.deepEqual(step.kind === 'function' && step.error, {
      status: 502,
      reason: 'LambdaValidationError',
      message: 'm',
      ...facts,
      cause: null,
    });
    assert.equal(trace.record.answer?.error?.cause, 'odd');
  });
});

describe('the outcome of a request', () => {
  const ended = (/** @type {object} */ answer, /** @type {(trace: Trace) => void} */ before) => {
    const { trace } = traced({});
    trace.behavior(behavior());
    before?.(trace);
    const facts = { status: 200, headers: {}, bytes: 0, ms: 1, answeredBy: 'origin' };
    return trace.end({ ...facts, ...answer }).answer?.outcome;
  };
  const from = (/** @type {string} */ kind) => (/** @type {Trace} */ trace) =>
    trace.origin({ leg: 1, id: 'a', kind, domainName: 'a.test', ms: 1, status: 200 });
  const none = { region: null, reason: null, code: null };

  it('is the API whose Region the answer names, cached or not', () => {
    const headers = header({ 'X-Nearhop-Region': 'eu-west-1', 'X-Nearhop-Reason': 'rtt' });
    const api = { outcome: 'api', region: 'eu-west-1', reason: 'rtt', code: null };
    assert.deepEqual(ended({ headers }, from('custom')), api);
    assert.deepEqual(
      ended({ headers, answeredBy: 'cache' }, () => {}),
      api,
    );
  });

  it('is the site, another origin, or the cache', () => {
    assert.deepEqual(ended({}, from('s3')), { ...none, outcome: 'site' });
    assert.deepEqual(ended({}, from('custom')), { ...none, outcome: 'origin' });
    assert.deepEqual(
      ended({ answeredBy: 'cache' }, () => {}),
      { ...none, outcome: 'cache' },
    );
  });

  it("is a function's refusal, with its code, or its answer", () => {
    const says = (/** @type {string} */ body) => (/** @type {Trace} */ trace) =>
      trace.step({
        trigger: 'viewer-request',
        event: { request: requestOf({}) },
        returned: { status: '401', body },
      });
    const refused = { status: 401, answeredBy: 'viewer-request' };
    const code = (/** @type {string} */ body) => ended(refused, says(body))?.code;
    assert.equal(code('{"error":"token_expired"}'), 'token_expired');
    assert.equal(code('{"error":"not a word"}'), null);
    assert.equal(code('<html>'), null);
    assert.equal(ended(refused, says('{}'))?.outcome, 'refused');
    assert.equal(ended({ ...refused, status: 302 }, says(''))?.outcome, 'answered');
  });

  it("is CloudFront's own answer, with the rule", () => {
    const error = new CloudFrontError(502, 'LambdaValidationError', 'm', { rule: 'W7' });
    assert.deepEqual(
      ended({ status: 502, answeredBy: 'cloudfront', error }, () => {}),
      {
        ...none,
        outcome: 'failed',
        code: 'LambdaValidationError W7',
      },
    );
  });
});

describe('the traces of the last requests', () => {
  const record = (/** @type {string} */ id) =>
    new Trace({ id, method: 'GET', url: '/', viewer: {} }).record;

  it('are the last ones only, the oldest first', () => {
    const traces = new Traces({ keep: 2 });
    for (const id of ['a', 'b', 'c']) traces.add(record(id));
    assert.deepEqual(
      traces.list().map(({ id }) => id),
      ['b', 'c'],
    );
    assert.equal(traces.get('a'), undefined);
    assert.equal(traces.get('c')?.id, 'c');
  });

  it('are told to whoever asked, until they have enough', () => {
    const traces = new Traces();
    /** @type {string[]} */
    const told = [];
    const end = traces.subscribe(({ id }) => told.push(id));
    traces.add(record('a'));
    end();
    traces.add(record('b'));
    assert.deepEqual(told, ['a']);
  });
});

/** @param {Trace} trace */
function functions(trace) {
  return trace.record.steps.filter((step) => step.kind === 'function');
}

// What a worker sees of an event, and what its edits and answers become.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { buildHello, buildUnruly, eventOf, json, requestFor, start } from './load.js';

/** @type {ReturnType<typeof start>} */
let hello;
/** @type {ReturnType<typeof start>} */
let unruly;
before(async () => {
  hello = start(await buildHello());
  unruly = start(await buildUnruly());
});

describe('the example', () => {
  it('answers text with the Region it runs in', async () => {
    const { result } = await hello(requestFor('/hello'));
    assert.deepEqual(result, {
      status: '200',
      statusDescription: 'OK',
      headers: {
        'content-type': [{ key: 'content-type', value: 'text/plain' }],
        'cache-control': [{ key: 'cache-control', value: 'no-store' }],
        'x-hello-region': [{ key: 'x-hello-region', value: 'eu-west-1' }],
      },
      body: 'Hello from eu-west-1\n',
      bodyEncoding: 'text',
    });
  });

  it('runs as its own file says', () => {
    const run = fileURLToPath(new URL('../../worker/examples/hello/run.mjs', import.meta.url));
    const env = { ...process.env, AWS_REGION: 'sa-east-1' };
    const shown = execFileSync(process.execPath, [run], { encoding: 'utf8', env });
    assert.match(shown, /Hello from sa-east-1/);
    assert.match(shown, /\\?"text\\?":\\?"name=Edge/);
    assert.equal(shown.split("'x-hello-region': 'sa-east-1'").length - 1, 6);
  });
});

describe("a request's body (E4)", () => {
  const bytes = Buffer.from([...Array(256).keys()]);

  for (const [name, body, answer] of /** @type {[string, object, object][]} */ ([
    [
      'in base64',
      { encoding: 'base64', data: Buffer.from('Grüße, 東京').toString('base64') },
      { bytes: 15, text: 'Grüße, 東京', truncated: false },
    ],
    ['as text', { encoding: 'text', data: 'Grüße\n東京' }, { bytes: 14, text: 'Grüße\n東京' }],
    ['truncated', { inputTruncated: true, encoding: 'text', data: 'ab' }, { truncated: true }],
    ['empty', { encoding: 'base64', data: '' }, { bytes: 0, text: '' }],
  ])) {
    it(`${name} is what the worker reads`, async () => {
      const { result } = await hello(withBody('/hello', body));
      const read = JSON.parse(result.body);
      assert.deepEqual({ ...read, ...answer }, read);
    });
  }

  it('is not there without Include Body', async () => {
    assert.equal((await unruly(requestFor('/mirror'))).result.body, undefined);
  });

  it('holds any byte, in and out', async () => {
    const event = withBody('/mirror', { encoding: 'base64', data: bytes.toString('base64') });
    const { result } = await unruly(event);
    assert.equal(result.bodyEncoding, 'base64');
    assert.deepEqual(Buffer.from(result.body, 'base64'), bytes);
  });

  it('may be as large as CloudFront lets it be', async () => {
    const large = Buffer.alloc(740_000, bytes);
    const event = eventOf('origin-request', (cf) => {
      const data = large.toString('base64');
      cf.request.body = { inputTruncated: true, action: 'read-only', encoding: 'base64', data };
      cf.request.uri = '/mirror';
    });
    assert.ok(Buffer.from((await unruly(event)).result.body, 'base64').equals(large));
  });

  it('of one event does not reach the next', async () => {
    await unruly(withBody('/mirror', { encoding: 'text', data: 'secret' }));
    const { result } = await unruly(withBody('/mirror', { encoding: 'text', data: '' }));
    assert.equal(result.body, '');
  });

  it('is replaced by text, by bytes, by nothing; what else is known of it stays', async () => {
    for (const [uri, encoding, data] of [
      ['/body/text', 'text', 'Grüße, 東京'],
      ['/body/bytes', 'base64', Buffer.from([0xff, 10, 98, 10, 0]).toString('base64')],
      ['/body/empty', 'text', ''],
    ]) {
      const event = withBody(uri, { encoding: 'text', data: 'before', future: 1 });
      assert.deepEqual((await unruly(event)).result.body, {
        inputTruncated: false,
        action: 'replace',
        encoding,
        data,
        future: 1,
      });
    }
  });

  it('at origin-response the answer gets the body', async () => {
    const event = eventOf('origin-response', (cf) => (cf.request.uri = '/body/text'));
    const { result } = await unruly(event);
    assert.equal(result.body, 'Grüße, 東京');
    assert.equal(result.bodyEncoding, 'text');
    assert.equal(result.status, '200');
  });
});

describe("a header's value", () => {
  const values = [
    'plain',
    '',
    ' \t spaced ',
    'Grüße',
    'ÿ\u0080\u00a0',
    '東京 🗼',
    '= x-forged 1',
    'F',
    'b',
    '\ufeffbom',
    'x'.repeat(12_288),
  ];

  it('survives untouched, and through the worker', async () => {
    for (const value of values) {
      const event = requestWith({ 'x-in': [{ key: 'X-In', value }] });
      const { headers } = (await unruly(event)).result;
      assert.deepEqual(headers['x-in'], [{ key: 'X-In', value }]);
      assert.deepEqual(headers['x-out'], [{ key: 'x-out', value }]);
    }
  });

  it('survives beside the others, in their order', async () => {
    const event = requestWith({ 'x-in': values.map((value) => ({ value })) });
    const { headers } = (await unruly(event)).result;
    assert.deepEqual(
      headers['x-out'].map((/** @type {{ value: string }} */ field) => field.value),
      values,
    );
  });

  it('may be an unpaired surrogate, which the worker sees as U+FFFD', async () => {
    const { headers } = (await unruly(requestWith({ 'x-in': [{ value: 'a\ud800b' }] }))).result;
    assert.equal(headers['x-in'][0].value, 'a\ud800b');
    assert.equal(headers['x-out'][0].value, 'a\ufffdb');
  });

  it('that HTTP forbids is not copied, and harms nothing', async () => {
    for (const value of ['a\rb', 'a\0b', '\u007f', 'a\r']) {
      const { headers } = (await unruly(requestWith({ 'x-in': [{ value }] }))).result;
      assert.equal(headers['x-in'][0].value, value);
      assert.equal(headers['x-out'], undefined);
    }
  });
});

describe("a header's name", () => {
  const names = ['__proto__', 'constructor', 'hasownproperty', '0', "!#$%&'*+-.^_`|~"];
  const all = `{${names.map((name) => `${JSON.stringify(name)}:[{"value":"1"}]`).join()}}`;

  it('may be one that JavaScript knows, when it is set', async () => {
    for (const name of names) {
      const event = requestWith({ 'x-in': [{ value: '1' }, { value: '2' }] });
      event.Records[0].cf.request.querystring = name;
      const { headers } = (await unruly(event)).result;
      assert.deepEqual(Object.keys(headers).sort(), ['x-in', name].sort());
      const { value } = Object.getOwnPropertyDescriptor(headers, name) ?? {};
      assert.deepEqual(value, [
        { key: name, value: '1' },
        { key: name, value: '2' },
      ]);
    }
  });

  it('may be one that JavaScript knows, when it is read and removed', async () => {
    const { result } = await unruly(requestWith(JSON.parse(all)));
    assert.equal(result.querystring, String(names.length));
    const event = requestWith(JSON.parse(all));
    event.Records[0].cf.request.uri = '/remove';
    assert.deepEqual(Reflect.ownKeys((await unruly(event)).result.headers), []);
  });
});

describe('the size of an event', () => {
  it('any-event/10000-headers: may be 10,000 headers', async () => {
    const names = Array.from({ length: 10_000 }, (_, i) => [`x-${i}`, [{ value: `${i}` }]]);
    const event = requestWith({ ...Object.fromEntries(names), 'x-in': [{ value: 'last' }] });
    const { result } = await unruly(event);
    assert.equal(result.querystring, '10001');
    assert.equal(result.headers['x-out'][0].value, 'last');
    assert.equal(Object.keys(result.headers).length, 10_002);
  });

  it('any-event/10000-headers: may be 10,000 values of one header', async () => {
    const fields = Array.from({ length: 10_000 }, (_, i) => ({ value: `${i}` }));
    const { result } = await unruly(requestWith({ 'x-in': fields }));
    assert.equal(result.headers['x-out'].length, 10_000);
    assert.equal(result.headers['x-out'][9_999].value, '9999');
  });

  it('may grow and shrink, the memory with it', async () => {
    const fresh = start(await buildUnruly());
    for (const length of [1, 10, 70_000, 1, 3_000_000, 20, 3_000_001, 17_000_000, 0]) {
      for (const letter of ['x', 'ü', '東']) {
        const value = letter.repeat(length / letter.length);
        const { headers } = (await fresh(requestWith({ 'x-in': [{ value }] }))).result;
        assert.ok(headers['x-out'][0].value === value, `${length} × ${letter}`);
      }
    }
  });
});

describe('an edit', () => {
  const { s3 } = json('tests/events/parts.json');

  it("switches a custom origin and keeps the rest of its settings (E6, E8)", async () => {
    const event = eventOf('origin-request', (cf) => {
      cf.request.uri = '/origin';
      cf.request.origin.custom.customHeaders['x-other'] = [{ value: '1' }];
    });
    const { custom } = structuredClone(event.Records[0].cf.request.origin);
    const { result } = await unruly(event);
    delete custom.customHeaders['x-origin-name'];
    const switched = { protocol: 'https', port: 8443, domainName: 'a.example', path: '/prod' };
    assert.deepEqual(result.origin, { custom: { ...custom, ...switched } });
    assert.equal(result.headers.host[0].value, 'a.example');
    assert.equal(result.headers['x-origin-name'][0].value, 'ours');
  });

  it('switches from an S3 origin, with settings of its own (E5, E7)', async () => {
    const event = eventOf('origin-request', (cf) => {
      cf.request.uri = '/origin';
      cf.request.origin = { s3, future: 1 };
    });
    assert.deepEqual((await unruly(event)).result.origin, {
      future: 1,
      custom: {
        customHeaders: {},
        keepaliveTimeout: 5,
        readTimeout: 30,
        sslProtocols: ['TLSv1.2'],
        protocol: 'https',
        port: 8443,
        domainName: 'a.example',
        path: '/prod',
      },
    });
  });

  it('switches an origin that has no custom headers', async () => {
    const event = eventOf('origin-request', (cf) => {
      cf.request.uri = '/origin';
      delete cf.request.origin.custom.customHeaders;
    });
    assert.equal((await unruly(event)).result.origin.custom.domainName, 'a.example');
  });

  it('is of the request at a request trigger, whatever else the event holds', async () => {
    const event = eventOf('viewer-request', (cf) => {
      cf.response = eventOf('viewer-response').Records[0].cf.response;
    });
    const { result } = await hello(event);
    assert.equal(result.uri, '/articles/first');
    assert.equal(result.headers['x-hello-region'][0].value, 'eu-west-1');
  });
});

it('a log line is one line', async () => {
  const { result, log } = await unruly(requestFor('/log'));
  assert.equal(result.body, 'logged');
  assert.deepEqual(log, ['a line and another']);
});

/** @param {string} uri @param {object} body */
function withBody(uri, body) {
  return eventOf('viewer-request', (cf) => {
    const whole = { inputTruncated: false, action: 'read-only', ...body };
    Object.assign(cf.request, { uri, method: 'POST', body: whole });
  });
}

/** A request that goes on with its `x-in` as `x-out`. @param {object} headers */
function requestWith(headers) {
  return eventOf('viewer-request', (cf) => {
    Object.assign(cf.request, { uri: '/copy', querystring: '', headers });
  });
}

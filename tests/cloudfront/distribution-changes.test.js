/**
 * What functions may change in a running distribution, and what the viewer gets where they may not:
 * a page that names the rule. Every single demand has its test at the validator.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { httpServer } from './origin-servers.js';
import { folder } from './running.js';
import { ALL_METHODS, ALL_VIEWER_EXCEPT_HOST, BUCKET, SPARE, distribution } from './serving.js';

/**
 * @typedef {import('../../js/cloudfront/distribution.js').EventType} EventType
 */

const V = 'viewer-request';
const Q = 'origin-request';
const R = 'origin-response';
const W = 'viewer-response';

/** Answers with what it got. @type {import('node:http').RequestListener} */
const echo = async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  const { method, url, headers } = request;
  response.writeHead(200, { via: '1.1 before', 'content-type': 'application/json' });
  response.end(JSON.stringify({ name: 'api', method, url, headers, body }));
};

/** @type {[rule: string, EventType, what: string, code: string][]} */
const FORBIDDEN = [
  ['F1', V, 'nothing', 'return undefined;'],
  ['F1', W, 'nothing', 'return undefined;'],
  ['W1', V, 'another method', "request.method = 'PUT'; return request;"],
  ['W1', Q, 'another client', "request.clientIp = '192.0.2.2'; return request;"],
  ['E2', V, 'a path without a slash', "request.uri = 'a'; return request;"],
  ['E3', Q, 'a header that is text', "request.headers.a = 'x'; return request;"],
  ['E4', V, 'a body without Include Body', 'request.body = {}; return request;'],
  ['W3', V, 'an origin', 'request.origin = {}; return request;'],
  ['W4', V, 'another Host', "request.headers.host[0].value = 'x'; return request;"],
  ['W5', Q, 'another Via', "request.headers.via[0].value = 'x'; return request;"],
  ['W6', R, 'another Via', "response.headers.via[0].value = 'x'; return response;"],
  ['W6', W, 'another status', "response.status = '299'; return response;"],
  ['W7', V, 'X-Edge-*', "request.headers['x-edge-a'] = [{ value: 'x' }]; return request;"],
  ['W7', R, 'X-Cache', "response.headers['x-cache'] = [{ value: 'x' }]; return response;"],
  ['W8', V, 'CloudFront-Viewer-Country', country('BR')],
  ['W9', V, 'a URL of 8,193 characters', "request.uri = '/'.repeat(8193); return request;"],
  ['W9', Q, 'a space in the path', "request.uri = '/a b'; return request;"],
  ['E6', Q, 'an address for a name', "request.origin.custom.domainName = '::1'; return request;"],
  ['E7', Q, 'an S3 origin without its fields', 'request.origin = { s3: {} }; return request;'],
  ['E8', Q, 'a custom header that the request has', customHeader('x-viewer', 'x')],
  ['W10', Q, 'a custom header of 1,784 characters', customHeader('x-long', 'x'.repeat(1_784))],
  ['G1', V, 'a status that is a number', 'return { status: 200 };'],
  ['G2', V, 'more than 40 KB', "return { status: '200', body: 'x'.repeat(40961) };"],
  ['G2', Q, 'more than 1 MB', "return { status: '200', body: 'x'.repeat(1048577) };"],
  ['G3', V, 'a 204 with a body', "return { status: '204', body: 'x' };"],
];

describe('a function that breaks a rule', { timeout: 120_000 }, () => {
  for (const [rule, trigger, what, code] of FORBIDDEN) {
    it(`${rule}: ${what} at ${trigger} is a 502 that says so`, async (test) => {
      const { trace } = await distribution(test, {
        at: { [trigger]: code },
        api: echo,
        forward: ALL_VIEWER_EXCEPT_HOST,
      });
      const headers = { 'X-Viewer': 'SECRET-OF-THE-VIEWER' };
      const { answer, record } = await trace('/', { headers });
      assert.equal(answer.status, 502);
      assert.equal(answer.headers['x-cache'], 'LambdaValidationError from cloudfront');
      assert.equal(answer.headers['cache-control'], 'no-store');
      assert.match(answer.text, new RegExp(`^${rule}: ${trigger} `, 'm'));
      assert.match(answer.text, new RegExp(`rule +${rule}$`, 'm'));
      assert.match(answer.text, new RegExp(`request +${answer.headers['x-amz-cf-id']}`));
      assert.doesNotMatch(answer.text, /SECRET-OF-THE-VIEWER/);
      assert.equal(record.answer?.error?.rule, rule);
    });
  }
});

describe('a function that changes what it may', { timeout: 120_000 }, () => {
  it('W2: path and query, at both request triggers', async (test) => {
    const { ask } = await distribution(test, {
      at: {
        [V]: "request.uri += '/viewer'; request.querystring = 'a=1'; return request;",
        [Q]: "request.uri += '/origin'; request.querystring += '&b=2'; return request;",
      },
      api: echo,
      forward: ALL_VIEWER_EXCEPT_HOST,
    });
    assert.equal((await ask('/x?y')).json().url, '/x/viewer/origin?a=1&b=2');
  });

  it('W2: a changed path does not choose another behavior', async (test) => {
    const { trace } = await distribution(test, {
      at: {
        [V]: "console.log(request.uri); request.uri = '/files/a'; return request;",
        [Q]: 'return { status: "200", body: JSON.stringify(request) };',
      },
      api: echo,
      files: {},
      behaviors: [{ PathPattern: '/files/*', TargetOriginId: 'site' }],
    });
    const { answer, record } = await trace('/x/../y');
    const { uri, origin } = answer.json();
    assert.equal(uri, '/files/a');
    assert.ok(origin.custom, 'still the API');
    assert.equal(record.behavior?.pattern, '*');
    const [step] = record.steps.filter((each) => each.kind === 'function');
    assert.deepEqual(step.logs, ['/x/../y'], 'the function sees the raw path');
  });

  it('W3, A1: origin-request sends to another origin, by name, path and Host', async (test) => {
    const { trace } = await distribution(test, {
      at: {
        [Q]: `
          Object.assign(request.origin.custom, { domainName: '${SPARE}', path: '/stage' });
          request.headers.host = [{ key: 'Host', value: '${SPARE}' }];
          return request;`,
      },
      api: (_, response) => void response.end('not this one'),
      origins: { [SPARE]: await server(test) },
    });
    const { answer, record } = await trace('/a');
    assert.deepEqual(answer.json(), { url: '/stage/a', host: SPARE });
    const [step] = record.steps.filter((each) => each.kind === 'origin');
    assert.deepEqual([step.id, step.domainName], ['api', SPARE]);
    assert.equal(step.url, `https://${SPARE}/stage/a`);
  });

  it('W3: origin-request sends to a bucket in place of a server', async (test) => {
    const { ask } = await distribution(test, {
      at: {
        [Q]: `
          request.origin = { s3: { authMethod: 'none', customHeaders: {}, path: '',
            domainName: '${BUCKET}', region: 'us-east-1' } };
          request.headers.host = [{ value: '${BUCKET}' }];
          return request;`,
      },
      api: echo,
      origins: { [BUCKET]: { directory: folder(test, { 'a.txt': 'abc' }), public: true } },
    });
    const { status, headers, text } = await ask('/a.txt');
    assert.deepEqual([status, headers.server, text], [200, 'AmazonS3', 'abc']);
  });

  it('E8: custom headers set at origin-request reach the origin', async (test) => {
    const { ask } = await distribution(test, { at: { [Q]: customHeader('x-a', 'b') }, api: echo });
    assert.equal((await ask('/')).json().headers['x-a'], 'b');
  });

  it('W6: headers and status at origin-response, headers at viewer-response', async (test) => {
    const { ask } = await distribution(test, {
      at: {
        [R]: `
          response.status = '203';
          response.statusDescription = 'Transformed';
          response.headers['x-a'] = [{ value: '1' }, { value: '2' }];
          return response;`,
        [W]: `
          response.headers['x-b'] = [{ value: '3' }];
          delete response.headers['content-type'];
          return response;`,
      },
      api: echo,
    });
    const { status, description, headers } = await ask('/');
    assert.deepEqual([status, description], [203, 'Transformed']);
    assert.deepEqual([headers['x-a'], headers['x-b']], ['1, 2', '3']);
    assert.equal(headers['content-type'], undefined);
  });

  it('E1: changes of config, and of the request at responses, are ignored', async (test) => {
    const { ask } = await distribution(test, {
      at: {
        [V]: "config.requestId = 'mine'; return request;",
        [R]: "request.uri = '/b'; request.method = 'PUT'; return response;",
      },
      api: echo,
    });
    const { headers, json } = await ask('/a');
    assert.match(String(headers['x-amz-cf-id']), /==$/);
    assert.equal(json().url, '/a');
  });
});

describe('before any function runs', { timeout: 120_000 }, () => {
  const AT = { [V]: "return { status: '200', body: 'function' };" };
  const chunked = { method: 'GET', headers: { 'Transfer-Encoding': 'chunked' }, body: 'x' };
  /** @type {[string, string, import('./serving.js').Asked, number, RegExp][]} */
  const cases = [
    ['P3', 'a GET with a body', { headers: { 'Content-Length': '1' }, body: 'x' }, 403, /P3/],
    ['P3', 'a GET with a chunked body', chunked, 403, /P3/],
    ['W9', 'a head of more than 32,768 bytes', headed(32_768), 413, /32768/],
    ['W9', 'a head that Node itself refuses', headed(70_000), 413, /^$/],
    ['', 'a method that CloudFront does not have', { method: 'TRACE' }, 403, /TRACE.*\n.*GET/],
    ['R1', 'an unknown edge', { headers: { 'x-nearhop-dev-edge': 'mars-1' } }, 400, /mars-1/],
    ['L8', 'a WebSocket', { headers: { Connection: 'upgrade', Upgrade: 'websocket' } }, 501, /L8/],
  ];
  for (const [rule, what, asked, status, page] of cases) {
    it(`${rule && `${rule}: `}${what} is ${status}`, async (test) => {
      const { ask } = await distribution(test, { at: AT, files: {} });
      const answer = await ask('/', asked);
      assert.equal(answer.status, status);
      assert.match(answer.text, page);
      assert.doesNotMatch(answer.text, /function/);
      assert.equal((await ask('/')).text, 'function', 'and others are served');
    });
  }

  it('W9: 8,192 characters of path and query pass, 8,193 are 413', async (test) => {
    const { ask } = await distribution(test, { at: AT, files: {} });
    const url = (/** @type {number} */ length) => `/?${'x'.repeat(length - 2)}`;
    assert.equal((await ask(url(8_192))).status, 200);
    const { status, headers } = await ask(url(8_193));
    assert.deepEqual([status, headers.connection], [413, 'close']);
  });

  it('P3: a GET with Content-Length 0 has no body', async (test) => {
    const { ask } = await distribution(test, { at: AT, files: {} });
    assert.equal((await ask('/', { headers: { 'Content-Length': '0' } })).status, 200);
  });

  it("a behavior's methods: the others are 403", async (test) => {
    const standard = { AllowedMethods: ['GET', 'HEAD'] };
    const { ask } = await distribution(test, { at: AT, files: {}, standard });
    assert.equal((await ask('/')).status, 200);
    for (const method of ALL_METHODS.slice(2)) {
      const { status, text } = await ask('/', { method });
      assert.equal(status, 403);
      assert.match(text, /GET, HEAD/);
    }
  });

  it('P1: unknown managed policies are refused when the distribution starts', async (test) => {
    const forward = '00000000-0000-4000-8000-000000000000';
    await assert.rejects(distribution(test, { files: {}, forward }), /P1|managed/);
  });
});

/** @param {number} size */
function headed(size) {
  return { headers: { a: 'x'.repeat(size) } };
}

/** @param {string} code */
function country(code) {
  return `request.headers['cloudfront-viewer-country'] = [{ value: '${code}' }]; return request;`;
}

/**
 * @param {string} name
 * @param {string} value
 */
function customHeader(name, value) {
  return `
    request.origin.custom.customHeaders = { '${name}': [{ key: '${name}', value: '${value}' }] };
    return request;`;
}

/** @param {import('./serving.js').Test} test */
function server(test) {
  return httpServer(test, ({ url, headers: { host } }, response) =>
    void response.end(JSON.stringify({ url, host })),
  );
}

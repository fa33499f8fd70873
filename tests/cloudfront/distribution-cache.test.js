/**
 * The cache of a running distribution: which triggers a hit leaves out, what is shared, and how
 * what has expired comes back.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { until } from './running.js';
import { ALL_METHODS, PASS, distribution } from './serving.js';

const V = 'viewer-request';
const Q = 'origin-request';
const R = 'origin-response';
const W = 'viewer-response';

/**
 * An origin that counts, and answers with the count and the given headers.
 *
 * @param {Record<string, string>} [headers]
 */
function counting(headers = {}) {
  const state = {
    count: 0,
    /** @type {import('node:http').RequestListener} */
    listener: (request, response) => {
      state.count += 1;
      response.writeHead(200, headers);
      response.end(String(state.count));
    },
  };
  return state;
}

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

describe('the cache', { timeout: 120_000 }, () => {
  it('R4: a hit leaves the origin triggers out, and says its age', async (test) => {
    const { listener, ...origin } = counting();
    const { trace } = await distribution(test, { at: PASS, api: listener, cache: {} });
    const first = await trace('/');
    assert.deepEqual(first.steps, [V, 'miss', Q, 'api', R, W]);
    assert.equal(first.answer.headers['x-cache'], 'Miss from cloudfront');
    assert.equal(first.answer.headers.age, undefined);
    const second = await trace('/');
    assert.deepEqual(second.steps, [V, 'hit', W]);
    assert.equal(second.answer.headers['x-cache'], 'Hit from cloudfront');
    assert.match(String(second.answer.headers.age), /^\d$/);
    assert.deepEqual([first.answer.text, second.answer.text], ['1', '1']);
    assert.equal(origin.count, 0, 'the copy is not the origin');
  });

  it('R4: methods that write pass the cache by, and OPTIONS unless it is cached', async (test) => {
    const { listener } = counting();
    const { trace } = await distribution(test, { at: PASS, api: listener, cache: {} });
    for (const method of ALL_METHODS.slice(2)) {
      for (const _ of [1, 2]) {
        const { steps } = await trace('/', { method });
        assert.deepEqual(steps, [V, 'bypass', Q, 'api', R, W], method);
      }
    }
  });

  it('R4: with caching disabled everything reaches origin-request', async (test) => {
    const { listener } = counting({ 'cache-control': 'max-age=600' });
    const { trace } = await distribution(test, { at: PASS, api: listener });
    for (const text of ['1', '2']) {
      const { answer, ran } = await trace('/');
      assert.equal(answer.text, text);
      assert.ok(ran.includes(Q));
    }
  });

  it('R1: each edge Region has its own', async (test) => {
    const { listener } = counting();
    const { ask } = await distribution(test, { api: listener, cache: {} });
    const from = async (/** @type {string} */ edge) =>
      (await ask('/', { headers: { 'x-nearhop-dev-edge': edge } })).text;
    assert.deepEqual([await from('us-east-1'), await from('eu-west-1')], ['1', '2']);
    assert.deepEqual([await from('us-east-1'), await from('eu-west-1')], ['1', '2']);
  });

  it('the key is what viewer-request left, by the cache policy', async (test) => {
    const { listener } = counting();
    const { ask } = await distribution(test, {
      at: { [V]: "request.headers['x-key'] = [{ value: request.querystring }]; return request;" },
      api: listener,
      cache: {
        ParametersInCacheKeyAndForwardedToOrigin: {
          HeadersConfig: { HeaderBehavior: 'whitelist', Headers: ['X-Key'] },
          QueryStringsConfig: { QueryStringBehavior: 'none' },
        },
      },
    });
    const texts = [];
    for (const path of ['/?a', '/?b', '/?a', '/c?a']) texts.push((await ask(path)).text);
    assert.deepEqual(texts, ['1', '2', '1', '3']);
  });

  it('is purged by path', async (test) => {
    const { listener } = counting();
    const { ask, cloudFront } = await distribution(test, { api: listener, cache: {} });
    await ask('/a');
    await ask('/b');
    assert.equal(cloudFront.purge(['/a*']), 1);
    assert.equal((await ask('/a')).text, '3');
    assert.equal((await ask('/b')).text, '2');
  });

  it('keeps what the viewer can take: compressed and not', async (test) => {
    const { ask } = await distribution(test, {
      files: { 'a.html': '<p>text</p>'.repeat(200) },
      cache: { ParametersInCacheKeyAndForwardedToOrigin: { EnableAcceptEncodingGzip: true } },
      standard: { Compress: true },
    });
    for (const word of ['Miss', 'Hit']) {
      const small = await ask('/a.html', { headers: { 'Accept-Encoding': 'gzip' } });
      const large = await ask('/a.html');
      assert.equal(small.headers['content-encoding'], 'gzip');
      assert.match(String(small.headers.etag), /^W\//);
      assert.equal(large.headers['content-encoding'], undefined);
      assert.equal(large.text.length, 2_200);
      for (const { headers } of [small, large]) {
        assert.equal(headers['x-cache'], `${word} from cloudfront`);
      }
    }
  });

  it('has the response headers policy on hits too, and viewer-response sees it', async (test) => {
    const { ask } = await distribution(test, {
      at: {
        [W]: `
          const [{ value }] = response.headers['x-policy'];
          response.headers['x-seen'] = [{ value }];
          return response;`,
      },
      files: { a: 'abc' },
      cache: {},
      answers: {
        CustomHeadersConfig: { Items: [{ Header: 'X-Policy', Value: '1', Override: true }] },
        ServerTimingHeadersConfig: { Enabled: true, SamplingRate: 100 },
      },
    });
    for (const word of ['miss', 'hit']) {
      const { headers } = await ask('/a');
      assert.deepEqual([headers['x-policy'], headers['x-seen']], ['1', '1']);
      assert.match(String(headers['server-timing']), new RegExp(`cdn-cache-${word}`));
    }
  });
});

describe('what has expired', { timeout: 120_000 }, () => {
  const AT_ONCE = { MinTTL: 0, DefaultTTL: 0, MaxTTL: 600 };

  it('is asked about with its validators, and refreshed', async (test) => {
    const asked = /** @type {(string | undefined)[]} */ ([]);
    const { trace } = await distribution(test, {
      at: PASS,
      api: ({ headers }, response) => {
        asked.push(headers['if-none-match']);
        const same = headers['if-none-match'] === '"1"';
        response.writeHead(same ? 304 : 200, { etag: '"1"', 'x-now': String(asked.length) });
        response.end(same ? undefined : 'body');
      },
      cache: AT_ONCE,
    });
    await trace('/');
    const { answer, steps } = await trace('/');
    assert.deepEqual(asked, [undefined, '"1"']);
    assert.deepEqual([answer.status, answer.text, answer.headers['x-now']], [200, 'body', '2']);
    assert.equal(answer.headers['x-cache'], 'RefreshHit from cloudfront');
    assert.deepEqual(steps, [V, 'stale', Q, 'api', R, W]);
  });

  it("is never refreshed by an answer to the viewer's own condition", async (test) => {
    let etag = '"1"';
    const { ask } = await distribution(test, {
      api: ({ headers }, response) => {
        const same = headers['if-none-match'] === etag;
        response.writeHead(same ? 304 : 200, { etag });
        response.end(same ? undefined : `body ${etag}`);
      },
      cache: AT_ONCE,
    });
    await ask('/');
    etag = '"2"';
    // The viewer has the new one already, the cache the old one.
    const conditional = await ask('/', { headers: { 'If-None-Match': '"2"' } });
    assert.notEqual(conditional.text, 'body "1"');
    assert.equal((await ask('/')).text, 'body "2"');
  });

  it("goes to the origin without the viewer's conditions, where it has its own", async (test) => {
    const asked = /** @type {(string | undefined)[][]} */ ([]);
    const modified = 'Tue, 01 Jan 2019 00:00:00 GMT';
    const { ask } = await distribution(test, {
      api: ({ headers }, response) => {
        asked.push([headers['if-modified-since'], headers['if-none-match']]);
        response.writeHead(200, { 'last-modified': modified }).end('body');
      },
      cache: AT_ONCE,
    });
    await ask('/');
    await ask('/', { headers: { 'If-None-Match': '"1"' } });
    assert.deepEqual(asked, [
      [undefined, undefined],
      [modified, undefined],
    ]);
  });

  it("is not refreshed where only the viewer's condition could be asked", async (test) => {
    let etag = '"1"';
    const { ask } = await distribution(test, {
      api: ({ headers }, response) => {
        const same = headers['if-none-match'] === etag;
        response.writeHead(same ? 304 : 200, { etag }).end(same ? undefined : `body ${etag}`);
      },
      cache: {
        ...AT_ONCE,
        // With cookies, CloudFront does not ask with conditions of its own.
        ParametersInCacheKeyAndForwardedToOrigin: { CookiesConfig: { CookieBehavior: 'all' } },
      },
    });
    await ask('/');
    etag = '"2"';
    const { status, text } = await ask('/', { headers: { 'If-None-Match': '"2"' } });
    assert.deepEqual([status, text], [304, '']);
    assert.equal((await ask('/')).text, 'body "2"');
  });

  it('answers in place of an origin that fails', async (test) => {
    let broken = false;
    const { ask } = await distribution(test, {
      api: (_, response) => {
        response.statusCode = broken ? 500 : 200;
        response.end(broken ? 'broken' : 'good');
      },
      cache: AT_ONCE,
    });
    await ask('/');
    broken = true;
    const { status, text, headers } = await ask('/');
    assert.deepEqual([status, text], [200, 'good']);
    assert.equal(headers['x-cache'], 'Hit from cloudfront');
    const { status: other } = await ask('/never-seen');
    assert.equal(other, 500);
  });

  it('answers at once while it is revalidated, which has a trace of its own', async (test) => {
    const control = 'max-age=1, stale-while-revalidate=600';
    let count = 0;
    const { trace, ask, cloudFront } = await distribution(test, {
      at: PASS,
      api: (_, response) => {
        count += 1;
        response.writeHead(200, { 'cache-control': control });
        response.end(String(count));
      },
      cache: {},
    });
    await ask('/a?b');
    await pause(1_100);
    const { answer, steps } = await trace('/a?b', { headers: { 'If-None-Match': '"x"' } });
    assert.deepEqual([answer.text, answer.headers['x-cache']], ['1', 'Hit from cloudfront']);
    assert.deepEqual(steps, [V, 'stale', W]);
    await until(() => cloudFront.traces.list().some(isRevalidation), 'a trace of the revalidation');
    const record = cloudFront.traces.list().find(isRevalidation);
    assert.equal(record?.url, '/a?b');
    assert.notEqual(record?.id, answer.headers['x-amz-cf-id']);
    assert.deepEqual(
      record?.steps.map((step) => ('trigger' in step ? step.trigger : step.kind)),
      ['cache', Q, 'origin', R],
    );
    assert.equal((await ask('/a?b')).text, '2', 'the next one has the new one');
  });

  // Within less time than a revalidation may take.
  it('is revalidated once for all, until the server closes', { timeout: 20_000 }, async (test) => {
    let count = 0;
    const { ask, cloudFront } = await distribution(test, {
      api: (_, response) => {
        count += 1;
        if (count > 1) return;
        response.writeHead(200, { 'cache-control': 'max-age=1, stale-while-revalidate=600' });
        response.end('first');
      },
      cache: {},
    });
    await ask('/');
    await pause(1_100);
    for (const _ of [1, 2, 3]) assert.equal((await ask('/')).text, 'first');
    await until(() => count === 2, 'the origin is asked');
    await cloudFront.close();
    const asked = cloudFront.traces.list().filter(isRevalidation);
    assert.deepEqual(
      asked.map(({ answer }) => answer?.error?.message),
      ['The object could not be revalidated.'],
    );
    assert.equal(count, 2);
  });
});

/** @param {import('./serving.js').TraceRecord} record */
function isRevalidation({ steps }) {
  return steps.some((step) => step.kind === 'cache' && step.state === 'revalidate');
}

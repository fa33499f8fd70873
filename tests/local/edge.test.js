/**
 * The execution environment of the function: what it finds, how it fails, how it comes back.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { distribution } from './world.js';

/** Answers at viewer-request with what the expression gives. */
const answering = (/** @type {string} */ expression) => `
  let count = 0;
  export async function handler(event, context) {
    const { request } = event.Records[0].cf;
    count += 1;
    return { status: '200', body: JSON.stringify(${expression}) };
  }`;
const at = (/** @type {string} */ edge) => ({ headers: { 'x-nearhop-dev-edge': edge } });

describe('the execution environment', { timeout: 60_000 }, () => {
  it('R1: is one of its own in each edge Region', async (test) => {
    const { ask } = await distribution(test, answering('[process.env.AWS_REGION, count]'));
    const seen = [];
    for (const edge of ['sa-east-1', 'sa-east-1', 'eu-west-1', 'sa-east-1']) {
      seen.push((await ask('/', at(edge))).json());
    }
    assert.deepEqual(seen, [
      ['sa-east-1', 1],
      ['sa-east-1', 2],
      ['eu-west-1', 1],
      ['sa-east-1', 3],
    ]);
  });

  it('L2: holds the variables Lambda reserves and none of ours', async (test) => {
    process.env.NEARHOP_ORIGIN_SECRET = 'of this process';
    test.after(() => void delete process.env.NEARHOP_ORIGIN_SECRET);
    const { ask } = await distribution(test, answering('process.env'));
    const variables = (await ask('/', at('ap-south-1'))).json();
    assert.equal(variables.AWS_REGION, 'ap-south-1');
    assert.match(variables.AWS_LAMBDA_FUNCTION_NAME, /^us-east-1\./);
    const others = Object.keys(variables).filter((name) => !/^(AWS|LAMBDA)_/.test(name));
    assert.deepEqual(others.sort(), ['LANG', 'PATH', 'TZ', '_HANDLER']);
  });

  it("gives the handler Lambda's context", async (test) => {
    const { ask } = await distribution(
      test,
      answering(
        '[context.functionVersion, context.awsRequestId, context.getRemainingTimeInMillis()]',
      ),
      { timeoutMs: 20_000 },
    );
    const [version, id, remaining] = (await ask('/')).json();
    assert.equal(version, '1');
    assert.match(id, /^[0-9a-f-]{36}$/);
    assert.ok(remaining > 0 && remaining <= 20_000, String(remaining));
  });

  it('answers one invocation at a time', async (test) => {
    const source = `
      let running = 0;
      export async function handler() {
        running += 1;
        const seen = running;
        await new Promise((resolve) => setTimeout(resolve, 20));
        running -= 1;
        return { status: '200', body: String(seen) };
      }`;
    const { ask } = await distribution(test, source);
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask('/')));
    assert.deepEqual(
      answers.map(({ text }) => text),
      ['1', '1', '1', '1', '1'],
    );
  });

  it('hands on what the function logs, with the trigger', async (test) => {
    const source = `
      console.log('loaded');
      export async function handler(event) {
        const { config, request, response } = event.Records[0].cf;
        console.log('%s %j', config.eventType, { a: 1 });
        console.error('two\\nlines');
        return response ?? request;
      }`;
    const { decide } = await distribution(test, source);
    const { decision } = await decide('/index.html');
    const expected = ['viewer-request', 'origin-request', 'origin-response'].flatMap((trigger) =>
      [`${trigger} {"a":1}`, 'two', 'lines'].map((line) => ({ trigger, line })),
    );
    assert.deepEqual(decision.logs, [{ trigger: 'viewer-request', line: 'loaded' }, ...expected]);
  });
});

describe('F1: a function that fails', { timeout: 60_000 }, () => {
  const FAILING = `
    let count = 0;
    export async function handler(event) {
      const { request } = event.Records[0].cf;
      count += 1;
      if (request.uri === '/throw') throw new Error('words of the function');
      if (request.uri === '/throw-text') throw 'words of the function';
      if (request.uri === '/exit') process.exit(3);
      if (request.uri === '/later') setImmediate(() => { throw Error('words of the function'); });
      if (request.uri === '/later') await new Promise(() => {});
      if (request.uri === '/spin') for (;;);
      if (request.uri === '/memory') for (const all = []; ; ) all.push(new Array(1e6).fill(count));
      if (request.uri === '/invalid') return { status: 'x' };
      return { status: '200', body: String(count) };
    }`;
  /** @type {[string, boolean, RegExp][]} path, is the environment lost, what the page says */
  const cases = [
    ['/throw', false, /threw an exception/],
    ['/throw-text', false, /threw an exception/],
    ['/exit', true, /ended its process/],
    ['/later', true, /crashed/],
    ['/memory', true, /crashed/],
    ['/spin', true, /did not answer within 3000 ms/],
  ];
  for (const [path, lost, page] of cases) {
    it(`${path}: 503, and the next request is answered`, async (test) => {
      const { decide } = await distribution(test, FAILING, { timeoutMs: 3_000 });
      assert.equal((await decide('/')).answer.text, '1');
      const { answer, decision } = await decide(path);
      assert.equal(answer.status, 503);
      assert.match(answer.text, page);
      assert.equal(answer.headers['x-cache'], 'LambdaExecutionError from cloudfront');
      assert.equal(answer.headers['cache-control'], 'no-store');
      assert.doesNotMatch(answer.text, /words of the function/);
      assert.equal(decision.error?.rule, 'F1');
      if (path.includes('throw'))
        assert.match(String(decision.error?.cause), /words of the function/);
      assert.equal((await decide('/')).answer.text, lost ? '1' : '3');
    });
  }

  it('requests that wait behind a crash are answered by the next environment', async (test) => {
    const { ask } = await distribution(test, FAILING);
    const answers = await Promise.all(['/exit', '/', '/'].map((path) => ask(path)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 503]);
  });

  it('what it returns and CloudFront does not accept is 502', async (test) => {
    const { decide } = await distribution(test, FAILING);
    const { answer, decision } = await decide('/invalid');
    assert.equal(answer.status, 502);
    assert.match(answer.text, /rule +G1/);
    assert.equal(decision.error?.reason, 'LambdaValidationError');
  });

  /** @type {[string, string, RegExp][]} */
  const unloadable = [
    ['a bundle that is no JavaScript', 'export async function (', /SyntaxError/],
    [
      'a bundle that throws when loaded',
      "throw new Error('no configuration');",
      /no configuration/,
    ],
    ['a bundle without handler', 'export const other = 1;', /"handler"/],
    [
      'L4: a handler with a callback',
      'export function handler(event, context, callback) { callback(null, {}); }',
      /takes a callback/,
    ],
  ];
  for (const [what, source, cause] of unloadable) {
    it(`${what} is 503`, async (test) => {
      const { decide } = await distribution(test, source);
      const { answer, decision } = await decide('/');
      assert.equal(answer.status, 503);
      assert.match(String(decision.error?.cause), cause);
    });
  }
});

/**
 * F1: functions that fail, by themselves or on command, and what is left after.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { OWN, edgeFunction, folder, withEachRunner } from './running.js';

/** @typedef {import('../../js/cloudfront/lambda/failure.js').FunctionFailure} FunctionFailure */

const skip = process.platform !== 'linux' && 'resident memory is known on Linux only';

/** What the viewer must not see. */
const WORDS = 'words of the function';

const FAILING = `
  let count = 0;
  export async function handler({ how }) {
    count += 1;
    console.log('before', how);
    if (how === 'throw') throw new RangeError('${WORDS}');
    if (how === 'throw-text') throw '${WORDS}';
    if (how === 'reject') return Promise.reject(new Error('${WORDS}'));
    if (how === 'exit') process.exit(3);
    if (how === 'signal') process.kill(process.pid, 'SIGTERM');
    if (how === 'later') setImmediate(() => { throw new Error('${WORDS}'); });
    if (how === 'unhandled') Promise.reject(new Error('${WORDS}'));
    if (how === 'spin') for (;;);
    if (how === 'heap') for (const all = []; ; ) all.push(new Array(1e6).fill(count));
    if (how === 'memory') globalThis.held = Buffer.alloc(200 * 1024 * 1024, 1);
    if (how === 'big') return 'x'.repeat(6_291_560);
    if (how === 'bigint') return { n: 1n };
    if (how === 'circular') { const a = {}; a.a = a; return a; }
    if (how) await new Promise((resolve) => setTimeout(resolve, 60_000));
    return count;
  }`;

withEachRunner('a function that fails', (runner) => {
  /** @type {[how: string, lost: boolean, message: RegExp, cause?: RegExp][]} */
  const cases = [
    ['throw', false, /threw an exception/, new RegExp(`RangeError.*${WORDS}`)],
    ['throw-text', false, /threw an exception/, new RegExp(WORDS)],
    ['reject', false, /threw an exception/, new RegExp(WORDS)],
    ['bigint', false, /threw an exception/],
    ['circular', false, /threw an exception/],
    ['exit', true, /ended its process/, /exit code 3/],
    ['signal', true, /crashed/, /SIGTERM/],
    // AWS's client lets Node end the process, which leaves the words in the log.
    ['later', true, /threw an exception|ended its process/, new RegExp(WORDS)],
    ['unhandled', true, /threw an exception|ended its process/, new RegExp(WORDS)],
    ['heap', true, /crashed|more than its 128 MB/],
  ];
  for (const [how, lost, message, cause = /./] of cases) {
    it(`F1: ${how} is 503, and the next invocation is served`, async (test) => {
      const { invoke } = edgeFunction(test, FAILING, { runner });
      assert.equal((await invoke()).returned, 1);
      await assert.rejects(invoke({ how }), fails(message, cause, how));
      const next = await invoke();
      assert.equal(next.returned, lost ? 1 : 3);
      assert.equal(next.initMs !== undefined, lost);
    });
  }

  it('F1: a response over 6 MB is 503', async (test) => {
    const { invoke } = edgeFunction(test, FAILING, { runner });
    await assert.rejects(invoke({ how: 'big' }), fails(/threw|exception/, /ResponseSizeTooLarge/));
    assert.equal(typeof (await invoke()).returned, 'number');
  });

  it('F1: one that takes too long is killed, in a loop too', async (test) => {
    const { edge, invoke } = edgeFunction(test, FAILING, { runner, timeout: 1 });
    for (const how of ['spin', 'wait']) {
      await invoke();
      await assert.rejects(invoke({ how }), fails(/did not answer within 1000 ms/, undefined, how));
      const next = await invoke();
      assert.equal(next.returned, 1);
      edge.recycle();
    }
  });

  it('F1: the least of the function’s limit and the given one counts', async (test) => {
    const { invoke } = edgeFunction(test, FAILING, { runner, timeout: 30, timeoutMs: 500 });
    await assert.rejects(invoke({ how: 'spin' }), fails(/did not answer within 500 ms/));
  });

  it('L1: one that takes too much memory outside the heap is killed', { skip }, async (test) => {
    const { invoke } = edgeFunction(test, FAILING, { runner });
    await invoke();
    await assert.rejects(invoke({ how: 'memory' }), fails(/more than its 128 MB/, /\d+ MB/));
    assert.equal((await invoke()).returned, 1);
  });

  /** @type {[what: string, source: string, cause: RegExp, message?: RegExp][]} */
  const unloadable = [
    ['no JavaScript', 'export async function (', /SyntaxError/],
    ['throws when loaded', `throw new Error('${WORDS}');`, new RegExp(WORDS)],
    ['rejects when loaded', `await Promise.reject(new Error('${WORDS}'));`, new RegExp(WORDS)],
    ['has no such export', 'export const other = 1;', /handler/],
    ['imports what is not there', 'import "./no.mjs";', /no\.mjs/],
    ['ends the process when loaded', 'process.exit(3);', /exit code 3/, /ended its process/],
  ];
  for (const [what, source, cause, message = /cannot be loaded/] of unloadable) {
    it(`F1: code that ${what} is 503, each time`, async (test) => {
      const { invoke } = edgeFunction(test, `console.log('before load');${source}`, { runner });
      await assert.rejects(invoke(), fails(message, cause));
      await assert.rejects(invoke(), fails(message, cause));
    });
  }

  it('F1: a missing file is 503', async (test) => {
    const { invoke } = edgeFunction(test, { 'other.mjs': '' }, { runner });
    await assert.rejects(invoke(), fails(/cannot be loaded/, /index/));
  });

  it('F1: what waits behind a crash is served by the next environment', async (test) => {
    const { invoke } = edgeFunction(test, FAILING, { runner });
    const all = await Promise.allSettled([invoke({ how: 'exit' }), invoke(), invoke()]);
    assert.deepEqual(
      all.map((one) => (one.status === 'fulfilled' ? one.value.returned : one.reason.status)),
      [503, 1, 2],
    );
  });

  it('F1: throttled on command is 503 LambdaLimitExceeded', async (test) => {
    const { invoke } = edgeFunction(test, FAILING, { runner, faults: faults('throttle') });
    await assert.rejects(invoke(), { status: 503, reason: 'LambdaLimitExceeded', rule: 'F1' });
    assert.equal((await invoke()).returned, 1);
  });

  it('F1: a crash on command loses the environment', async (test) => {
    const { invoke } = edgeFunction(test, FAILING, { runner, faults: faults(undefined, 'crash') });
    assert.equal((await invoke()).returned, 1);
    await assert.rejects(invoke(), fails(/crashed/));
    assert.equal((await invoke()).returned, 1);
  });

  it('F1: hanging on command lasts until the time limit', async (test) => {
    const { invoke } = edgeFunction(test, FAILING, { runner, timeout: 1, faults: faults('hang') });
    await assert.rejects(invoke(), fails(/did not answer within 1000 ms/));
    assert.equal((await invoke()).returned, 1);
  });
});

describe('faults on command', { timeout: 60_000 }, () => {
  it('are asked for by function, Region and event type, once for an invocation', async (test) => {
    /** @type {unknown[]} */
    const asked = [];
    const invocation = (/** @type {unknown[]} */ ...args) => void asked.push(args);
    const { invoke } = edgeFunction(test, FAILING, { faults: { invocation, clockSkewMs: 0 } });
    await invoke({ Records: [{ cf: { config: { eventType: 'origin-request' } } }] });
    assert.deepEqual(asked, [['tried', 'eu-west-1', 'origin-request']]);
  });

  // (module (func (export "one") (result i32) i32.const 1))
  const wasm = 'AGFzbQEAAAABBQFgAAF/AwIBAAcHAQNvbmUAAAoGAQQAQQEL';
  const calling = `
    const bytes = Buffer.from('${wasm}', 'base64');
    const { instance } = await WebAssembly.instantiate(bytes);
    const other = new WebAssembly.Instance(new WebAssembly.Module(bytes));
    const { one } = instance.exports;
    export async function handler({ call }) {
      try {
        return call === false ? 'no call' : one() + other.exports.one();
      } catch (error) {
        return error instanceof WebAssembly.RuntimeError && error.message;
      }
    }`;

  it('trap: the next call into WebAssembly fails, and only that one', async (test) => {
    const { invoke } = edgeFunction(test, calling, { faults: faults(undefined, 'trap') });
    const returned = [];
    for (let i = 0; i < 3; i += 1) returned.push((await invoke()).returned);
    assert.deepEqual(returned, [2, 'unreachable', 2]);
  });

  it('trap: is gone when its invocation made no call', async (test) => {
    const { invoke } = edgeFunction(test, calling, { faults: faults('trap') });
    assert.equal((await invoke({ call: false })).returned, 'no call');
    assert.equal((await invoke()).returned, 2);
  });

  it('clock skew: Date is ahead, whatever way it is asked', async (test) => {
    const source = `
      export async function handler(event, context) {
        return {
          now: Date.now(),
          made: new Date().getTime(),
          text: Date.parse(Date()),
          left: context.getRemainingTimeInMillis(),
          given: new Date(0).getTime(),
          parts: new Date(2026, 0, 2).getFullYear(),
          is: new Date() instanceof Date && new Date().constructor === Date,
        };
      }`;
    const switched = { invocation: () => undefined, clockSkewMs: 0 };
    const { invoke } = edgeFunction(test, source, { faults: switched });
    for (const skew of [0, 3_600_000, -3_600_000, 0]) {
      switched.clockSkewMs = skew;
      const before = Date.now() + skew;
      const { now, made, text, left, ...rest } = /** @type {any} */ ((await invoke()).returned);
      const after = Date.now() + skew;
      for (const time of [now, made]) assert.ok(before <= time && time <= after, `${time}`);
      assert.ok(Math.abs(text - now) <= 60_000, `${text}`);
      assert.ok(left > 0 && left <= 20_000, `${left}`);
      assert.deepEqual(rest, { given: 0, parts: 2026, is: true });
    }
  });

  it('a trap and clock skew are refused with AWS’s client, which knows neither', async (test) => {
    const options = { ric: '/not/started', faults: faults('trap') };
    const { invoke } = edgeFunction(test, FAILING, options);
    await assert.rejects(invoke(), /cannot trap or shift its clock/);
  });
});

describe('a runtime client', { timeout: 60_000 }, () => {
  /** @type {[what: string, deed: string, message: RegExp][]} */
  const cases = [
    ['does not answer before it asks for the next event', '', /gave no answer/],
    [
      'answers with something else than JSON',
      'await fetch(`${api}/invocation/${id}/response`, { method: "POST", body: "<p>" });',
      /something else than JSON/,
    ],
    [
      'reports an error that is not an error object',
      'await fetch(`${api}/invocation/${id}/error`, { method: "POST", body: "<p>" });',
      /threw an exception/,
    ],
  ];
  for (const [what, deed, message] of cases) {
    it(`F1: that ${what} is 503, each time`, async (test) => {
      const client = `
        const api = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API + '/2018-06-01/runtime';
        for (;;) {
          const { headers } = await fetch(api + '/invocation/next');
          const id = headers.get('lambda-runtime-aws-request-id');
          ${deed}
        }`;
      const ric = join(folder(test, { 'client.mjs': client }), 'client.mjs');
      const { invoke } = edgeFunction(test, FAILING, { ric });
      await assert.rejects(invoke(), fails(message));
      await assert.rejects(invoke(), fails(message));
    });
  }
});

it('F1: code that does not load within 10 s is 503', { timeout: 60_000 }, async (test) => {
  const { invoke } = edgeFunction(test, 'await new Promise((end) => setTimeout(end, 60_000));');
  await assert.rejects(invoke(), fails(/did not load within 10000 ms/));
});

it('a program that is not there is 503', async (test) => {
  const { invoke } = edgeFunction(test, FAILING, { nodes: { [OWN.runtime]: '/no/such/node' } });
  await assert.rejects(invoke(), ({ status }) => status === 503);
});

/**
 * Whether an error is a 503 by F1 with this cause, without the function's words for the viewer and
 * with the lines it wrote.
 *
 * @param {RegExp} message
 * @param {RegExp} [cause]
 * @param {string} [how]
 */
function fails(message, cause, how) {
  return (/** @type {FunctionFailure} */ error) => {
    assert.equal(error.status, 503);
    assert.equal(error.reason, 'LambdaExecutionError');
    assert.equal(error.rule, 'F1');
    assert.match(error.message, message);
    assert.doesNotMatch(error.page(), new RegExp(WORDS));
    if (cause) assert.match([error.cause, ...error.logs].join(' ').replaceAll('\n', ' '), cause);
    if (how) assert.ok(error.logs.some((line) => line.includes(`before ${how}`)), `${error.logs}`);
    assert.ok(error.ms >= 0);
    assert.match(String(error.instance), /^eu-west-1#\d+$/);
    return true;
  };
}

/**
 * Faults for one invocation after the other.
 *
 * @param {('throttle'|'trap'|'crash'|'hang'|undefined)[]} kinds
 */
function faults(...kinds) {
  const invocation = () => {
    const kind = kinds.shift();
    return kind && { kind };
  };
  return { invocation, clockSkewMs: 0 };
}

/**
 * The life of execution environments: how many, what they keep, when they stand still, how they
 * end. And the handlers of runtimes before nodejs24.x, whose answer depends on the event loop.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { canFreeze } from '../../js/cloudfront/lambda/process.js';
import { validate } from '../../js/cloudfront/validate/index.js';
import { edgeFunction, folder, isAlive, until, withEachRunner } from './running.js';
import { sent } from './validating.js';

const FUNCTIONS = new URL('functions/', import.meta.url).pathname;
const skip = !canFreeze() && 'functions are frozen on Linux with setpriv only';

/** Counts, and tells whether two invocations were in it at a time. */
const COUNT = `
  let count = 0;
  let within = 0;
  export async function handler({ ms = 0 }) {
    within += 1;
    const alone = within === 1;
    await new Promise((resolve) => setTimeout(resolve, ms));
    within -= 1;
    return { count: count += 1, alone, pid: process.pid };
  }`;

withEachRunner('an environment', (runner) => {
  it('L5: serves one invocation at a time, the others in order of arrival', async (test) => {
    const { invoke } = edgeFunction(test, COUNT, { runner });
    const all = await Promise.all([invoke({ ms: 50 }), invoke({ ms: 20 }), invoke(), invoke()]);
    const returned = all.map((one) => /** @type {any} */ (one.returned));
    assert.deepEqual(
      returned.map(({ count, alone }) => [count, alone]),
      [1, 2, 3, 4].map((count) => [count, true]),
    );
    assert.equal(new Set(returned.map(({ pid }) => pid)).size, 1);
    assert.deepEqual(
      all.map(({ initMs }) => initMs !== undefined),
      [true, false, false, false],
    );
  });

  it('L5: is joined by others as far as there may be, when all are busy', async (test) => {
    const { invoke } = edgeFunction(test, COUNT, { runner, instances: 2 });
    const all = await Promise.all([1, 2, 3, 4, 5].map(() => invoke({ ms: 50 })));
    const instances = all.map(({ instance }) => instance);
    assert.deepEqual([...new Set(instances)].sort(), ['eu-west-1#1', 'eu-west-1#2']);
    assert.ok(all.every(({ returned }) => /** @type {any} */ (returned).alone));
  });

  it('L6: stands still between invocations: its timers wait', { skip }, async (test) => {
    const source = `
      import { existsSync, writeFileSync } from 'node:fs';
      export async function handler({ path, wait }) {
        if (!wait) setTimeout(() => writeFileSync(path, ''), 300);
        while (wait && !existsSync(path)) await new Promise(setImmediate);
        return process.pid;
      }`;
    const path = join(folder(test, {}), 'fired');
    const { invoke } = edgeFunction(test, source, { runner });
    const { returned: pid } = await invoke({ path });
    await until(() => stateOf(Number(pid)) === 'T', 'frozen');
    await new Promise((resolve) => setTimeout(resolve, 600));
    assert.equal(existsSync(path), false);
    assert.equal((await invoke({ path, wait: true })).returned, pid);
    await until(() => stateOf(Number(pid)) === 'T', 'frozen again');
  });

  it('is ended by recycling, at once or once it has answered', { skip }, async (test) => {
    const { edge, invoke } = edgeFunction(test, COUNT, { runner });
    const first = /** @type {any} */ ((await invoke()).returned);
    assert.equal(edge.recycle({ name: 'other' }), 0);
    assert.equal(edge.recycle({ region: 'us-east-1' }), 0);
    assert.equal(edge.recycle({ name: 'tried', region: 'eu-west-1' }), 1);
    await until(() => !isAlive(first.pid), 'the idle one ended');
    const started = await invoke();
    assert.equal(started.instance, 'eu-west-1#2');
    await until(() => stateOf(/** @type {any} */ (started.returned).pid) === 'T', 'idle');
    const under = invoke({ ms: 100 });
    const behind = invoke();
    assert.equal(edge.recycle(), 1);
    assert.equal(/** @type {any} */ ((await under).returned).count, 2);
    const fresh = await behind;
    assert.equal(/** @type {any} */ (fresh.returned).count, 1);
    assert.equal(fresh.instance, 'eu-west-1#3');
  });

  it('ends when the functions are closed; what is under way or waits is 503', async (test) => {
    const { edge, invoke } = edgeFunction(test, COUNT, { runner });
    const { pid } = /** @type {any} */ ((await invoke()).returned);
    const all = Promise.allSettled([invoke({ ms: 60_000 }), invoke()]);
    await edge.close();
    for (const one of await all) assert.equal(/** @type {any} */ (one).reason?.status, 503);
    assert.equal(isAlive(pid), false);
    await assert.rejects(invoke(), { status: 503 });
  });

  it('ends while it starts when the functions are closed', async (test) => {
    const { edge, invoke } = edgeFunction(test, COUNT, { runner });
    const starting = assert.rejects(invoke(), { status: 503 });
    await edge.close();
    await starting;
  });

  it('takes what the function started with it', async (test) => {
    const source = `
      import { spawn } from 'node:child_process';
      export const handler = async () => spawn('/bin/sleep', ['600'], { stdio: 'ignore' }).pid;`;
    const { edge, invoke } = edgeFunction(test, source, { runner });
    const pid = Number((await invoke()).returned);
    assert.equal(isAlive(pid), true);
    await edge.close();
    await until(() => !isAlive(pid) || stateOf(pid) === 'Z', 'the process of the function ended');
  });

  for (const how of ['idle', 'spinning']) {
    it(`ends with the process that started it, killed or not: ${how}`, { skip }, async (test) => {
      const root = folder(test, { 'f/index.mjs': SPIN, 'main.mjs': MAIN });
      const settings = JSON.stringify({ ...runner, code: join(root, 'f'), how });
      const parent = spawn(process.execPath, [join(root, 'main.mjs'), LAMBDA, settings], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, TMPDIR: root },
      });
      test.after(() => void parent.kill('SIGKILL'));
      const [line] = await once(parent.stdout, 'data');
      const pid = Number(line);
      assert.equal(isAlive(pid), true);
      parent.kill('SIGKILL');
      await until(() => !isAlive(pid) || stateOf(pid) === 'Z', 'the environment ended');
    });
  }

  it('lets no page and no second client take its events', { skip }, async (test) => {
    const source = `
      export const handler = async () => [process.pid, process.env.AWS_LAMBDA_RUNTIME_API];`;
    const { invoke } = edgeFunction(test, source, { runner });
    const { returned } = await invoke();
    const [pid, address] = /** @type {[number, string]} */ (returned);
    await until(() => stateOf(pid) === 'T', 'waiting for the next event');
    const ask = async (/** @type {string} */ path, /** @type {object} */ options) => {
      const asked = request(`http://${address}/2018-06-01/runtime${path}`, options).end();
      const [answer] = await once(asked, 'response');
      answer.resume();
      return answer.statusCode;
    };
    const page = { origin: 'https://page.example.test' };
    assert.equal(await ask('/invocation/next', {}), 403);
    assert.equal(await ask('/invocation/next', { headers: page }), 403);
    assert.equal(await ask('/invocation/next', { headers: { host: 'rebound.example.test' } }), 403);
    assert.equal(await ask('/invocation/some-id/response', { method: 'POST' }), 400);
    assert.equal(await ask('/invocation/some-id/error', { method: 'POST' }), 400);
    assert.equal(await ask('/init/error', { method: 'POST' }), 400);
    assert.equal(await ask('/other', { method: 'POST' }), 404);
    assert.deepEqual((await invoke()).returned, returned);
  });
});

withEachRunner('an example', (runner) => {
  const takesCallbacks = Number(runner.runtime.match(/\d+/)?.[0]) < 24 && !runner.ric;

  it('E1: async: changes the response; what it does to config is ignored', async (test) => {
    const { invoke } = edgeFunction(test, {}, { runner, code: join(FUNCTIONS, 'async') });
    const parts = sent('viewer-response');
    const { returned } = await invoke(eventOf('viewer-response', parts), 'us-west-2');
    const left = /** @type {any} */ (validate('viewer-response', parts, returned));
    assert.deepEqual(left.response.headers['x-ran-in'], [{ key: 'X-Ran-In', value: 'us-west-2' }]);
  });

  it('E4: body-replacing: makes JSON of a form', async (test) => {
    const { invoke } = edgeFunction(test, {}, { runner, code: join(FUNCTIONS, 'body') });
    const parts = sent('origin-request', { includeBody: true });
    parts.request.headers['content-type'] = [{ value: 'application/x-www-form-urlencoded' }];
    parts.request.body.data = Buffer.from('name=caf%C3%A9&n=1').toString('base64');
    const { returned } = await invoke(eventOf('origin-request', parts));
    const { request } = /** @type {any} */ (validate('origin-request', parts, returned));
    assert.equal(request.body.action, 'replace');
    assert.deepEqual(JSON.parse(request.body.data), { name: 'café', n: '1' });
  });

  it('L4: callback style: answers before nodejs24.x, is refused after', async (test) => {
    const { invoke } = edgeFunction(test, {}, { runner, code: join(FUNCTIONS, 'callback') });
    const parts = sent('viewer-request');
    parts.request.uri = '/old/page';
    const answer = invoke(eventOf('viewer-request', parts));
    if (!takesCallbacks) {
      await assert.rejects(answer, said(/callback/));
      return;
    }
    const { response } = /** @type {any} */ (
      validate('viewer-request', parts, (await answer).returned)
    );
    assert.equal(response.headers.location[0].value, '/new/page');
  });
});

describe('a handler before nodejs24.x', { timeout: 60_000 }, () => {
  const later = 'setTimeout(() => { seen.last = "later"; }, 50);';
  /** @type {[what: string, body: string, returned: unknown, error?: RegExp][]} */
  const cases = [
    ['calls back at once', 'callback(null, 1);', 1],
    ['calls back later', 'setTimeout(() => callback(null, 1), 10);', 1],
    ['calls back with an error', 'callback(new Error("no"));', undefined, /Error: no/],
    ['calls back with a text as error', 'callback("no");', undefined, /no/],
    ['calls back twice: the first counts', 'callback(null, 1); callback(null, 2);', 1],
    ['throws', 'throw new Error("no");', undefined, /Error: no/],
    ['returns a promise: the callback does not count', 'return Promise.resolve(1);', 1],
    ['returns a value, which is ignored', 'return 1;', null],
    ['does nothing', '', null],
    ['uses context.succeed', 'context.succeed(1);', 1],
    ['uses context.done', 'context.done(null, 1);', 1],
    ['uses context.fail', 'context.fail(new Error("no"));', undefined, /Error: no/],
    [
      'waits for an empty event loop after its callback',
      `const seen = { last: 'none' }; callback(null, seen); ${later}`,
      { last: 'later' },
    ],
    [
      'does not wait if told so',
      `context.callbackWaitsForEmptyEventLoop = false;
       const seen = { last: 'none' }; callback(null, seen); ${later}`,
      { last: 'none' },
    ],
    ['never settles its promise', 'return new Promise(() => {});', undefined, /not settled/],
  ];
  for (const [what, body, returned, error] of cases) {
    it(`L4: ${what}`, async (test) => {
      const source = `exports.handler = (event, context, callback) => { ${body} };`;
      const options = { runtime: 'nodejs22.x' };
      const { invoke } = edgeFunction(test, { 'index.js': source }, options);
      // Twice: what was left of the first must not answer the second.
      for (let i = 0; i < 2; i += 1) {
        if (error) await assert.rejects(invoke(), said(error));
        else assert.deepEqual((await invoke()).returned, returned);
      }
    });
  }

  /** @type {[what: string, source: string, returned?: unknown, error?: RegExp][]} */
  const since24 = [
    ['gives its value', 'exports.handler = () => 1;', 1],
    ['gives its promise’s value', 'exports.handler = async (event, context) => 1;', 1],
    [
      'finds nothing of callbacks in its context',
      'exports.handler = async (e, context) => ["done", "fail"].filter((key) => key in context);',
      [],
    ],
    ['takes no callback', 'exports.handler = (a, b, c) => c(null, 1);', undefined, /callback/],
    ['must settle', 'exports.handler = () => new Promise(() => {});', undefined, /not settled/],
  ];
  for (const [what, source, returned, error] of since24) {
    it(`L4: from nodejs24.x on, ${what}`, async (test) => {
      const options = { runtime: 'nodejs24.x' };
      const { invoke } = edgeFunction(test, { 'index.js': source }, options);
      if (error) await assert.rejects(invoke(), said(error));
      else assert.deepEqual((await invoke()).returned, returned);
    });
  }
});

const LAMBDA = new URL('../../js/cloudfront/lambda/functions.js', import.meta.url).href;
const SPIN = `
  export async function handler({ how }) {
    if (how === 'spinning') for (;;);
    return process.pid;
  }`;
const MAIN = `
  const { EdgeFunctions } = await import(process.argv[2]);
  const { code, runtime, nodes, ric, how } = JSON.parse(process.argv[3]);
  const source = { name: 'f', code, handler: 'index.handler', runtime, timeout: 30, memory: 128 };
  const functions = new Map([['f', source]]);
  const edge = new EdgeFunctions({ functions, nodes, ric, onWarning: () => {} });
  const { returned } = await edge.invoke('f', 'eu-west-1', {});
  if (how === 'spinning') void edge.invoke('f', 'eu-west-1', { how });
  setInterval(() => {}, 1_000);
  setTimeout(() => console.log(returned), 100);`;

/**
 * @param {string} eventType
 * @param {object} parts
 */
function eventOf(eventType, parts) {
  const config = { distributionDomainName: 'd.cloudfront.net', distributionId: 'E', eventType };
  return { Records: [{ cf: { config: { ...config, requestId: 'x' }, ...parts } }] };
}

/**
 * Whether an error is a 503 with this cause.
 *
 * @param {RegExp} cause
 */
function said(cause) {
  return (/** @type {any} */ reason) => reason.status === 503 && cause.test(String(reason.cause));
}

/**
 * @param {number} pid
 * @returns {string | undefined} letter of proc_pid_stat(5): `T` is stopped, `Z` is ended
 */
function stateOf(pid) {
  try {
    return /\) (\w) /.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1];
  } catch {
    return undefined;
  }
}

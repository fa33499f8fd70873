/**
 * How functions are loaded and run.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { zipSync } from 'fflate';
import { EdgeFunctions } from '../../js/cloudfront/lambda/functions.js';
import { edgeFunction, folder, withEachRunner } from './running.js';

// A place of its own for temporary files, to see what is left there.
const TEMPORARY = mkdtempSync(join(tmpdir(), 'nearhop-test-'));
process.env.TMPDIR = TEMPORARY;
after(() => rmSync(TEMPORARY, { recursive: true, force: true }));

const COUNT = `
  let count = 0;
  export async function handler() { return count += 1; }`;

withEachRunner('a function', (runner) => {
  it('L2: finds the variables that Lambda reserves and nothing of ours', async (test) => {
    const source = 'export async function handler() { return process.env; }';
    const { invoke } = edgeFunction(test, source, { runner });
    const { returned } = await invoke({}, 'sa-east-1');
    const found = /** @type {Record<string, string>} */ (returned);
    const { AWS_LAMBDA_RUNTIME_API, LAMBDA_TASK_ROOT, ...variables } = found;
    assert.match(AWS_LAMBDA_RUNTIME_API, /^127\.0\.0\.1:\d+$/);
    assert.ok(LAMBDA_TASK_ROOT);
    const expected = {
      AWS_DEFAULT_REGION: 'sa-east-1',
      AWS_EXECUTION_ENV: `AWS_Lambda_${runner.runtime}`,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
      AWS_LAMBDA_FUNCTION_NAME: 'us-east-1.tried',
      AWS_LAMBDA_FUNCTION_VERSION: '1',
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/us-east-1.tried',
      AWS_LAMBDA_LOG_STREAM_NAME: 'local/sa-east-1',
      AWS_REGION: 'sa-east-1',
      LAMBDA_RUNTIME_DIR: '/var/runtime',
      LANG: 'en_US.UTF-8',
      PATH: '/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin',
      TZ: ':UTC',
      _HANDLER: 'index.handler',
    };
    assert.deepEqual(variables, expected);
  });

  it('R1: AWS_REGION is the edge Region, and each has environments of its own', async (test) => {
    const source = `
      let count = 0;
      export async function handler() { return process.env.AWS_REGION + (count += 1); }`;
    const { invoke } = edgeFunction(test, source, { runner });
    const regions = ['eu-west-1', 'us-east-1', 'eu-west-1'];
    const answers = [];
    for (const region of regions) answers.push(await invoke({}, region));
    assert.deepEqual(
      answers.map(({ returned }) => returned),
      ['eu-west-11', 'us-east-11', 'eu-west-12'],
    );
    assert.deepEqual(
      answers.map(({ instance }) => instance),
      ['eu-west-1#1', 'us-east-1#1', 'eu-west-1#1'],
    );
  });

  it('finds Lambda’s context and its clock in UTC', async (test) => {
    const source = `
      export async function handler(event, context) {
        const { getRemainingTimeInMillis, ...rest } = context;
        return { ...rest, left: getRemainingTimeInMillis(), zone: new Date(0).getTimezoneOffset() };
      }`;
    const { invoke } = edgeFunction(test, source, { runner });
    const { left, ...context } = /** @type {any} */ ((await invoke()).returned);
    assert.ok(left > 0 && left <= 20_000, left);
    assert.match(context.awsRequestId, /^[0-9a-f-]{36}$/);
    assert.match(context.invokedFunctionArn, /^arn:aws:lambda:us-east-1:\d{12}:function:tried:1$/);
    assert.equal(context.zone, 0);
    assert.equal(context.functionName, 'us-east-1.tried');
    assert.equal(context.functionVersion, '1');
    assert.equal(context.memoryLimitInMB, '128');
    assert.equal(context.logGroupName, '/aws/lambda/us-east-1.tried');
    assert.equal(context.logStreamName, 'local/eu-west-1');
  });

  const esm = 'export async function handler() { return "found"; }';
  const common = 'exports.handler = async () => "found";';
  /** @type {[string, Record<string, string>, string?][]} */
  const forms = [
    ['an .mjs file', { 'index.mjs': esm }],
    ['a .cjs file', { 'index.cjs': common }],
    ['a .js file as CommonJS', { 'index.js': common }],
    ['a .js file as ES module', { 'index.js': esm, 'package.json': '{"type":"module"}' }],
    ['a file in a folder', { 'dir/index.mjs': esm }, 'dir/index.handler'],
    [
      'a folder within an ES module package',
      { 'dir/index.js': esm, 'package.json': '{"type":"module"}' },
      'dir/index.handler',
    ],
    ['an export of another name', { 'app.cjs': 'exports.run = async () => "found";' }, 'app.run'],
    [
      'an export within an export',
      { 'app.cjs': 'exports.api = { get: async () => "found" };' },
      'app.api.get',
    ],
    [
      'modules of its own, in both ways',
      {
        'index.mjs': 'import one from "./one.cjs"; export const handler = async () => one();',
        'one.cjs': 'module.exports = require("two");',
        'node_modules/two/index.js': 'module.exports = () => "found";',
      },
    ],
    ['top-level await', { 'index.mjs': `await new Promise(setImmediate); ${esm}` }],
  ];
  for (const [what, files, handler = 'index.handler'] of forms) {
    it(`is loaded from ${what}`, async (test) => {
      const { invoke } = edgeFunction(test, files, { runner, handler });
      assert.equal((await invoke()).returned, 'found');
    });
  }

  it('L1: is loaded from a zip file, which is unpacked and removed', async (test) => {
    const before = temporaryFolders();
    const source = `
      import { readFileSync } from 'node:fs';
      export const handler = async () => readFileSync('data/a.txt', 'utf8');`;
    const files = { 'index.mjs': Buffer.from(source), 'data/a.txt': Buffer.from('found') };
    const code = join(folder(test, { 'f.zip': zipSync(files) }), 'f.zip');
    const { edge, invoke } = edgeFunction(test, {}, { runner, code });
    assert.equal((await invoke()).returned, 'found');
    await edge.close();
    assert.deepEqual(temporaryFolders(), before);
  });

  it('is shown the event and returns through JSON', async (test) => {
    const source = `
      export async function handler({ kind }) {
        return { date: new Date(0), text: 'é\\u2028😀', none: undefined, nothing: undefined }[kind];
      }`;
    const { invoke } = edgeFunction(test, source, { runner });
    assert.equal((await invoke({ kind: 'date' })).returned, '1970-01-01T00:00:00.000Z');
    assert.equal((await invoke({ kind: 'text' })).returned, 'é\u2028😀');
    assert.equal((await invoke({ kind: 'nothing' })).returned, null);
  });

  it('is measured: a cold start apart, times and memory', async (test) => {
    const { invoke } = edgeFunction(test, COUNT, { runner });
    const [cold, warm] = [await invoke(), await invoke()];
    assert.ok(Number(cold.initMs) > 0);
    assert.equal(warm.initMs, undefined);
    assert.deepEqual([cold.returned, warm.returned], [1, 2]);
    for (const { ms } of [cold, warm]) assert.ok(ms > 0);
    if (process.platform === 'linux') assert.ok(Number(warm.memoryMb) > 10);
  });

  it('L1: has a heap within the function’s memory', async (test) => {
    const source = `
      import { getHeapStatistics } from 'node:v8';
      export const handler = async () => getHeapStatistics().heap_size_limit / 1_048_576;`;
    for (const memory of [128, 512]) {
      const limit = Number((await edgeFunction(test, source, { runner, memory }).invoke()).returned);
      assert.ok(limit > memory / 2 && limit < memory * 1.25, `${limit} MB of ${memory}`);
    }
  });

  it('gives its lines with the invocation that wrote them', async (test) => {
    const source = `
      console.log('loaded');
      let count = 0;
      export async function handler() {
        count += 1;
        console.log('out', count);
        process.stderr.write('err ' + count + '\\nand half a line');
      }`;
    const { invoke } = edgeFunction(test, source, { runner });
    for (const [count, first] of [
      [1, ['loaded']],
      [2, []],
      [3, []],
    ]) {
      const { logs } = await invoke();
      const expected = [...[first].flat(), `out ${count}`, `err ${count}`, 'and half a line'];
      assert.equal(logs.length, expected.length, logs.join('\n'));
      // AWS's client puts time, request id and level in front.
      for (const [index, line] of expected.entries()) assert.ok(logs[index].endsWith(`${line}`));
    }
  });

  it('may log much, and what is too much is counted', async (test) => {
    const source = `
      export async function handler({ lines }) {
        for (let i = 0; i < lines; i += 1) process.stdout.write('x'.repeat(1023) + '\\n');
      }`;
    const { invoke } = edgeFunction(test, source, { runner });
    assert.equal((await invoke({ lines: 900 })).logs.length, 900);
    const { logs } = await invoke({ lines: 3_000 });
    assert.match(logs[logs.length - 1], /^… and \d+ more bytes$/);
    assert.equal((await invoke({ lines: 1 })).logs.length, 1);
  });
});

describe('the code of a function', { timeout: 60_000 }, () => {
  it('cannot reach the modules and the package.json of the project around it', async (test) => {
    const files = {
      'package.json': '{"type":"module"}',
      'node_modules/near/index.js': 'module.exports = 1;',
      'f/index.js': 'exports.handler = async () => require("near");',
    };
    const { invoke } = edgeFunction(test, {}, { code: join(folder(test, files), 'f') });
    await assert.rejects(invoke(), ({ cause }) => /Cannot find module 'near'/.test(String(cause)));
  });

  it('is what it was when an environment started; recycling takes it anew', async (test) => {
    const code = 'export const handler = async () => 1;';
    const { edge, folder: root, invoke } = edgeFunction(test, code);
    assert.equal((await invoke()).returned, 1);
    writeFileSync(join(root, 'index.mjs'), 'export const handler = async () => 2;');
    assert.equal((await invoke()).returned, 1);
    assert.equal(edge.recycle(), 1);
    assert.equal((await invoke()).returned, 2);
  });

  it('is removed when the functions are closed', async (test) => {
    const before = temporaryFolders();
    const { edge, invoke } = edgeFunction(test, COUNT);
    await invoke();
    edge.recycle();
    await invoke();
    assert.equal(temporaryFolders().length, before.length + 2);
    await edge.close();
    assert.deepEqual(temporaryFolders(), before);
  });

  it('may not lead out of the zip file', async (test) => {
    const files = { '../out.mjs': Buffer.from('x'), 'index.mjs': Buffer.from(COUNT) };
    const code = join(folder(test, { 'f.zip': zipSync(files) }), 'f.zip');
    const { invoke } = edgeFunction(test, {}, { code });
    await assert.rejects(invoke(), ({ status, cause }) => status === 503 && /out\.mjs/.test(cause));
  });

  const wrong = /** @type {[string, object, RegExp][]} */ ([
    ['no such folder', { code: '/no/such/folder' }, /"f": no folder or zip file at .*such\/folder/],
    ['a runtime that is not Node’s', { runtime: 'python3.13' }, /"python3\.13".*nodejs24\.x/],
    ['a handler without an export', { handler: 'index' }, /"index".*index\.handler/],
    ['a handler outside the code', { handler: '../index.handler' }, /allowed is file\.export/],
  ]);
  for (const [what, fields, message] of wrong) {
    it(`is refused at once: ${what}`, (test) => {
      assert.throws(() => edgeFunction(test, COUNT, fields), { name: 'TypeError', message });
    });
  }

  it('L1: a zip file over 50 MB is refused at once', (test) => {
    const code = join(folder(test, { 'f.zip': '' }), 'f.zip');
    truncateSync(code, 52_428_801);
    assert.throws(() => edgeFunction(test, {}, { code }), /L1: the zip file has 52428801 bytes/);
  });

  it('is asked for by a key that exists', async (test) => {
    const { edge } = edgeFunction(test, COUNT);
    await assert.rejects(edge.invoke('g', 'eu-west-1', {}), /no function "g"; there are: f/);
  });
});

it('says once that a runtime runs on another Node', async (test) => {
  /** @type {string[]} */
  const warnings = [];
  const onWarning = (/** @type {string} */ text) => void warnings.push(text);
  const { edge, invoke } = edgeFunction(test, COUNT, { runtime: 'nodejs99.x', onWarning });
  await invoke({}, 'eu-west-1');
  await invoke({}, 'us-east-1');
  assert.ok(edge instanceof EdgeFunctions);
  const [major] = process.versions.node.split('.');
  assert.deepEqual(
    warnings.filter((text) => text.includes('99')),
    [`nodejs99.x runs on Node ${major} here.`],
  );
});

function temporaryFolders() {
  return readdirSync(TEMPORARY).filter((name) => !name.startsWith('nearhop-test-'));
}

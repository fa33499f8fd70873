/**
 * Functions as a running distribution runs them, and that nothing is left when it is closed.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { startCloudFront } from '../../js/cloudfront/server.js';
import { httpServer } from './origin-servers.js';
import { folder, isAlive, until } from './running.js';
import { API, PASS, distribution, templateOf } from './serving.js';

const V = 'viewer-request';
const Q = 'origin-request';

/** @param {string} expression */
const answer = (expression) => `return { status: '200', body: JSON.stringify(${expression}) };`;
const at = (/** @type {string} */ edge) => ({ headers: { 'x-nearhop-dev-edge': edge } });

describe('functions of a distribution', { timeout: 120_000 }, () => {
  it('R1: run in the edge Region of each viewer, apart', async (test) => {
    const { ask } = await distribution(test, {
      before: 'let count = 0;',
      at: { [V]: answer('[process.env.AWS_REGION, (count += 1)]') },
      files: {},
    });
    const seen = [];
    for (const edge of ['sa-east-1', 'sa-east-1', 'eu-west-1', 'sa-east-1']) {
      const { headers, json } = await ask('/', at(edge));
      assert.equal(headers['x-nearhop-edge'], edge);
      seen.push(json());
    }
    assert.deepEqual(seen, [
      ['sa-east-1', 1],
      ['sa-east-1', 2],
      ['eu-west-1', 1],
      ['sa-east-1', 3],
    ]);
  });

  it('R1, R2: run where the viewer’s POP belongs, whatever chose it', async (test) => {
    const { ask } = await distribution(test, {
      at: { [V]: answer('process.env.AWS_REGION') },
      files: {},
      options: { viewer: { pop: 'GRU' } },
    });
    assert.equal((await ask('/')).json(), 'sa-east-1');
    const cookie = { cookie: 'nearhop_dev_place=eu-west-2' };
    assert.equal((await ask('/', { headers: cookie })).json(), 'eu-west-2');
  });

  it('R3: spend the way to the origin after origin-request, by the matrix', async (test) => {
    const name = 'x.execute-api.eu-west-1.amazonaws.com';
    const { trace } = await distribution(test, {
      at: { [Q]: `request.origin.custom.domainName = '${name}'; return request;` },
      api: (_, response) => void response.end(),
      origins: { [name]: await httpServer(test, (_, response) => void response.end()) },
      options: { latency: true },
    });
    const way = async (/** @type {string} */ edge) => {
      const { record } = await trace('/', at(edge));
      const [step] = record.steps.filter((each) => each.kind === 'origin');
      return step.wayMs ?? 0;
    };
    assert.ok((await way('us-east-1')) > 10 * (await way('eu-west-1')));
  });

  it('L1, L2: find what Lambda gives them, and nothing of ours', async (test) => {
    process.env.NEARHOP_ORIGIN_SECRET = 'of this process';
    test.after(() => void delete process.env.NEARHOP_ORIGIN_SECRET);
    const { ask } = await distribution(test, {
      at: {
        [V]: answer(
          '[process.env, context.memoryLimitInMB, context.getRemainingTimeInMillis()]',
        ),
      },
      files: {},
      fn: { Timeout: 3 },
    });
    const [variables, memory, remaining] = (await ask('/')).json();
    assert.equal(variables.AWS_REGION, 'us-east-1');
    assert.equal(variables.NEARHOP_ORIGIN_SECRET, undefined);
    assert.equal(Number(memory), 128);
    assert.ok(remaining > 0 && remaining <= 3_000, String(remaining));
  });

  it('L2: environment variables of the template are refused', async (test) => {
    const fn = { Environment: { Variables: { A: 'b' } } };
    await assert.rejects(distribution(test, { at: PASS, files: {}, fn }), /L2/);
  });

  it('L4: with a callback are 503 on nodejs24.x', async (test) => {
    const code = 'export function handler(event, context, callback) { callback(null, {}); }';
    const { ask } = await distribution(test, {
      at: { [V]: '' },
      files: {},
      options: { functions: { Edge: folder(test, { 'index.mjs': code }) } },
    });
    assert.equal((await ask('/')).status, 503);
  });

  it('L5: serve one event at a time, in as many instances as there may be', async (test) => {
    const code = `
      globalThis.running = (globalThis.running ?? 0) + 1;
      const seen = running;
      await new Promise((resolve) => setTimeout(resolve, 20));
      globalThis.running -= 1;
      ${answer('seen')}`;
    const { trace } = await distribution(test, {
      at: { [V]: code },
      files: {},
      options: { instances: 2 },
    });
    const all = await Promise.all(Array.from({ length: 6 }, () => trace('/')));
    assert.deepEqual(all.map(({ answer: { text } }) => text), Array(6).fill('1'));
    const instances = all.map(({ record }) => {
      const [step] = record.steps;
      return 'instance' in step && step.instance;
    });
    assert.deepEqual([...new Set(instances)].sort(), ['us-east-1#1', 'us-east-1#2']);
  });

  it('L6: stand still between two events', async (test) => {
    const code = `
      globalThis.ticks ??= 0;
      globalThis.timer ??= setInterval(() => (ticks += 1), 5);
      await new Promise((resolve) => setTimeout(resolve, 50));
      ${answer('ticks')}`;
    const { ask } = await distribution(test, { at: { [V]: code }, files: {} });
    const first = (await ask('/')).json();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const second = (await ask('/')).json();
    // 200 ticks would have come meanwhile.
    assert.ok(second - first < 100, `${first}, ${second}`);
  });

  it('have a clock that is ahead on command', async (test) => {
    const { ask, cloudFront } = await distribution(test, {
      at: { [V]: answer('Date.now()') },
      files: {},
    });
    cloudFront.faults.clockSkewMs = 3_600_000;
    assert.ok((await ask('/')).json() > Date.now() + 3_000_000);
  });
});

describe('a distribution that is closed', { timeout: 120_000 }, () => {
  it('leaves no process, no folder, no port and no connection', async (test) => {
    const code = folder(test, { 'index.mjs': PID });
    const files = ownTemporaryFolder(test);
    let left = 0;
    const origin = await httpServer(test, (request, response) => {
      request.socket.once('close', () => (left += 1));
      response.end('x'.repeat(10));
    });
    const setup = { at: { 'viewer-response': '' }, api: origin, cache: {} };
    const cloudFront = await startCloudFront({
      template: templateOf(setup),
      functions: { Edge: code },
      origins: { [API]: origin },
      nodes: { 'nodejs24.x': process.execPath },
      controlPort: 0,
    });
    const { url, controlUrl = '' } = cloudFront;
    const [{ port }, { port: controlPort }] = [new URL(url), new URL(controlUrl)];
    const pids = [];
    for (const edge of ['us-east-1', 'eu-west-1']) {
      const response = await fetch(`http://127.0.0.1:${port}/`, at(edge));
      pids.push(Number(response.headers.get('x-pid')));
      await response.text();
    }
    assert.ok(pids.every(isAlive), `${pids}`);
    assert.notDeepEqual(readdirSync(files), []);
    // One request is under way.
    const hanging = connect(Number(port), '127.0.0.1').on('error', () => {}).resume();
    hanging.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n');
    await new Promise((resolve) => setTimeout(resolve, 50));

    await cloudFront.close();
    await until(() => hanging.destroyed, 'the viewer is cut off');
    assert.ok(!pids.some(isAlive), 'processes');
    for (const each of [port, controlPort]) {
      await assert.rejects(fetch(`http://127.0.0.1:${each}/`));
    }
    await until(() => left > 0, 'the origin is left');
    assert.deepEqual(readdirSync(files), []);
    await cloudFront.close();
  });

  it('that could not start leaves nothing either', async (test) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    test.after(() => void taken.close());
    const { port } = /** @type {import('node:net').AddressInfo} */ (taken.address());
    const template = templateOf({ files: {} });
    const origins = { site: folder(test, {}) };
    const files = ownTemporaryFolder(test);
    const taking = startCloudFront({ template, origins, port, controlPort: 0 });
    await assert.rejects(taking, /EADDRINUSE/);
    const lost = startCloudFront({ template, origins: { site: '/nonexistent' } });
    await assert.rejects(lost, /nonexistent/);
    assert.deepEqual(readdirSync(files), []);
  });
});

/** Says in the answer which process it is. */
const PID = `
  export const handler = async (event) => {
    const { response } = event.Records[0].cf;
    response.headers['x-pid'] = [{ value: String(process.pid) }];
    return response;
  };`;

/**
 * A folder for all temporary files until the test is over: what is left in it is left behind.
 *
 * @param {import('./running.js').Test} test
 * @returns {string}
 */
function ownTemporaryFolder(test) {
  const { TMPDIR } = process.env;
  const own = folder(test, {});
  process.env.TMPDIR = own;
  test.after(() => {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  });
  return own;
}

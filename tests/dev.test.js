/**
 * `nearhop dev` as people run it: a process of its own, asked over HTTP and ended by a signal.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Latency } from '../js/cloudfront/origins/latency.js';
import { until } from './cloudfront/running.js';
import { EXAMPLE, JSON_TEMPLATE, NODES, ROOT, SITE, server, started } from './dev.js';
import { folder } from './local/world.js';
import { nearhop } from './nearhop.js';

describe('nearhop dev', { timeout: 120_000 }, () => {
  it('serves the example, says what it serves, and tells of each request', async (test) => {
    const dev = await started(test, [...EXAMPLE, ...NODES]);
    const code = join(ROOT, 'examples/edge-function/function');
    assert.deepEqual(
      dev.stdout.map((line) => line.replace(/http:\/\/\S+/, 'URL')),
      [
        `function   Language: ${code}, index.handler, nodejs24.x`,
        `origin     bucket: bucket.s3.us-east-1.amazonaws.com → ${SITE}`,
        'behavior   *                → bucket (viewer-request)',
        'control    URL (traces, faults)',
        'ready URL',
      ],
    );
    assert.match(await dev.text('/'), /Hello/);
    assert.match(await dev.text('/', { 'accept-language': 'de' }), /Hallo/);
    await until(() => dev.stdout.length === 7, 'a line for each request');
    assert.match(dev.stdout[5], / GET +\/ +200 .*Miss +vreq /);
    assert.deepEqual(await dev.stop('SIGTERM'), { code: 0, stderr: [] });
  });

  it('ends at Ctrl-C and leaves nothing behind', async (test) => {
    const dev = await started(test, [...EXAMPLE, ...NODES]);
    await dev.text('/');
    const functions = childrenOf(dev.pid);
    assert.ok(readdirSync(dev.temporary).length > 0);
    assert.equal((await dev.stop('SIGINT')).code, 0);
    assert.deepEqual(readdirSync(dev.temporary), []);
    for (const url of [dev.url, dev.control]) await assert.rejects(fetch(url));
    if (functions) {
      assert.equal(functions.length, 1);
      assert.deepEqual(functions.filter(isRunning), []);
    }
  });

  it('serves a template in JSON, and an origin that is a server', async (test) => {
    const origin = await server(test, (request, response) => {
      response.end(`${request.url} of ${request.headers.host}`);
    });
    const dev = await started(test, [JSON_TEMPLATE, '--origin', `api=${origin}`]);
    assert.equal(await dev.text('/a?b'), '/a of api.us-east-1.example.com');
  });

  it('serves a CDK app, one of its stacks if it has several', async (test) => {
    const app = folder(test, {
      'manifest.json': JSON.stringify({
        version: '48.0.0',
        artifacts: Object.fromEntries(
          ['One', 'Two'].map((name) => [
            name,
            {
              type: 'aws:cloudformation:stack',
              environment: 'aws://unknown-account/us-east-1',
              properties: { templateFile: 'template.json', stackName: name },
            },
          ]),
        ),
      }),
      'template.json': readFileSync(join(ROOT, JSON_TEMPLATE)),
    });
    const undecided = await nearhop(['dev', app, '--port', '0']);
    assert.equal(undecided.status, 1);
    assert.match(undecided.stderr, /found distributions in One, Two; allowed: one of these stacks/);
    const origin = await server(test, (_, response) => void response.end('served'));
    const dev = await started(test, [app, '--stack', 'Two', '--origin', `api=${origin}`]);
    assert.equal(await dev.text('/'), 'served');
  });

  it('signs for a bucket at an S3-compatible server', async (test) => {
    const s3 = await server(test, ({ url, headers: { authorization } }, response) => {
      response.end(`${url} ${authorization}`);
    });
    const target = `s3+${s3.replace('//', '//key:secret@')}/photos?region=eu-west-1`;
    const dev = await started(test, [EXAMPLE[0], '--origin', `bucket=${target}`, ...NODES]);
    assert.ok(dev.stdout.some((line) => line.endsWith(`.amazonaws.com → ${s3}/photos`)));
    assert.match(
      await dev.text('/a.png'),
      /^\/photos\/a\.png AWS4-HMAC-SHA256 Credential=key\/\d+\/eu-west-1\/s3\/aws4_request, /,
    );
  });

  it('takes parameters and other code', async (test) => {
    const code = folder(test, {
      'index.mjs': 'export const handler = async () => ({ status: "200", body: "other code" });',
    });
    const dev = await started(test, [
      'examples/failover/template.yaml',
      ...['--parameter', 'Ireland=shop.eu-west-2.example.com', '--function', `Shop=${code}`],
      ...NODES,
    ]);
    assert.ok(dev.stdout.some((line) => line.includes('ireland: shop.eu-west-2.example.com')));
    assert.equal(await dev.text('/'), 'other code');
  });

  it('warns of what nothing stands for, and of functions on another Node', async (test) => {
    const dev = await started(test, EXAMPLE.slice(0, 1));
    const missing = dev.stdout.find((line) => line.startsWith('warning'));
    assert.match(String(missing), /origin bucket, .* 502 \(F2\): --origin bucket=FOLDER$/);
    await dev.text('/');
    const [major] = process.versions.node.split('.');
    const told = `warning    nodejs24.x runs on Node ${major} here.`;
    await until(() => dev.stdout.some((line) => / GET +\/ /.test(line)), 'the request');
    assert.equal(dev.stdout.includes(told), major !== '24');
    assert.deepEqual((await dev.stop('SIGTERM')).stderr, []);
  });
});

describe('what nearhop dev tells of requests', { timeout: 120_000 }, () => {
  it('is JSON for programs, with everything else on stderr', async (test) => {
    const place = ['--pop', 'FRA', '--country', 'AT', '--ip', '192.0.2.7'];
    const dev = await started(test, [...EXAMPLE, ...NODES, '--json', ...place]);
    await dev.text('/');
    await until(() => dev.stdout.length === 1, 'its line');
    const { pop, edge, country, path, status, behavior, cache, functions, origin } = JSON.parse(
      dev.stdout[0],
    );
    assert.deepEqual(
      { pop, edge, country, path, status, behavior, cache, origin },
      {
        ...{ pop: 'FRA', edge: 'eu-central-1', country: 'AT', path: '/', status: 200 },
        ...{ behavior: '*', cache: 'Miss', origin: 'bucket.s3.us-east-1.amazonaws.com' },
      },
    );
    const triggers = functions.map((/** @type {any} */ { trigger }) => trigger);
    assert.deepEqual(triggers, ['viewer-request']);
    const { stderr } = await dev.stop('SIGTERM');
    assert.match(stderr.join('\n'), /^ready http:/m);
  });

  it('is the whole way with --trace; with --latency, origins are far away', async (test) => {
    const options = ['--trace', '--latency', '--edge', 'ap-southeast-2'];
    const dev = await started(test, [...EXAMPLE, ...NODES, ...options]);
    await dev.text('/');
    await until(() => dev.stdout.some((line) => line.includes(' time ')), 'the last line');
    const way = dev.stdout.join('\n');
    assert.match(way, /viewer-request {3}Language/);
    assert.match(way, /uri: \/ → \/en\.html/);
    const [, ms] = /of it (\d+\.\d) the way/.exec(way) ?? [];
    const expected = new Latency().between('ap-southeast-2', 'us-east-1');
    assert.equal(ms, expected?.toFixed(1));
  });

  it('is an HTTP archive at the end with --har', async (test) => {
    const file = join(folder(test, {}), 'requests.har');
    const dev = await started(test, [...EXAMPLE, ...NODES, '--har', file]);
    await dev.text('/');
    await dev.text('/en.html');
    assert.equal((await dev.stop('SIGTERM')).code, 0);
    const { log } = JSON.parse(readFileSync(file, 'utf8'));
    const urls = log.entries.map((/** @type {any} */ { request }) => new URL(request.url).pathname);
    assert.deepEqual([log.version, urls], ['1.2', ['/', '/en.html']]);
  });

  it('has no secrets unless asked for them', async (test) => {
    for (const [options, isShown] of /** @type {const} */ ([
      [[], false],
      [['--secrets'], true],
    ])) {
      const dev = await started(test, [...EXAMPLE, ...NODES, ...options]);
      await dev.text('/', { authorization: 'Bearer eyJ0b2tlbiI' });
      await until(() => dev.stdout.some((line) => / GET +\/ /.test(line)), 'the request');
      const har = await (await fetch(`${dev.control}/traces?format=har`)).text();
      assert.ok(har.includes('Bearer'));
      assert.equal(har.includes('eyJ0b2tlbiI'), isShown);
      await dev.stop('SIGTERM');
    }
  });
});

/**
 * @param {number} pid
 * @returns {number[] | undefined} where Linux tells
 */
function childrenOf(pid) {
  const file = `/proc/${pid}/task/${pid}/children`;
  if (!existsSync(file)) return undefined;
  return readFileSync(file, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number);
}

/** @param {number} pid */
function isRunning(pid) {
  return existsSync(`/proc/${pid}`);
}

/**
 * The Regional APIs: each a process of its own that answers as API Gateway does.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startApis } from '../../js/local/apis.js';
import { ask } from './world.js';

const REGIONS = [
  { name: 'us-east-1', domain_name: 'a.execute-api.us-east-1.amazonaws.com', path: '/prod' },
  { name: 'eu-west-1', domain_name: 'b.execute-api.eu-west-1.amazonaws.com', path: '' },
];
const SECRET = { header: 'X-Origin-Secret', value: 'dev-secret-of-the-test' };

describe('the Regional APIs', { timeout: 60_000 }, () => {
  /** @param {{ after: (end: () => void | Promise<void>) => void }} test */
  async function world(test) {
    const { apis, close } = await startApis(REGIONS, SECRET);
    test.after(close);
    const [first, second] = apis;
    const through = (/** @type {Record<string, string>} */ headers = {}) => ({
      headers: { host: first.host, 'x-origin-secret': SECRET.value, ...headers },
    });
    return { first, second, through };
  }

  it('are processes of their own, each in its Region', async (test) => {
    const { first, second, through } = await world(test);
    assert.equal(new Set([first.pid, second.pid, process.pid]).size, 3);
    assert.equal((await ask(first.url, '/prod/health', through())).json().region, 'us-east-1');
    const there = await ask(second.url, '/health', through({ host: second.host }));
    assert.equal(there.json().region, 'eu-west-1');
  });

  it('greet whom the edge says is calling', async (test) => {
    const { first, through } = await world(test);
    const headers = {
      'x-nearhop-user': 'u1',
      'x-nearhop-username': 'dev',
      'x-nearhop-groups': 'g1,g2',
      'x-nearhop-reason': 'rtt',
      'content-length': '5',
    };
    const { status, json } = await ask(first.url, '/prod/hello', {
      ...through(headers),
      method: 'POST',
      body: 'hello',
    });
    assert.equal(status, 200);
    const { region, message, caller, routing, request, time } = json();
    assert.equal(region, 'us-east-1');
    assert.equal(message, 'Hello, dev, from us-east-1');
    assert.deepEqual(caller, {
      user: 'u1',
      username: 'dev',
      groups: 'g1,g2',
      scopes: null,
      client: null,
    });
    assert.equal(routing.reason, 'rtt');
    assert.deepEqual(request, { method: 'POST', received: 5 });
    assert.match(time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });

  /** @type {[string, string, Record<string, string>, number][]} */
  const cases = [
    ['A1: another Host', '/prod/hello', { host: 'app.example.test' }, 403],
    ['A1: no stage', '/hello', {}, 403],
    ['A1: another stage', '/production/hello', {}, 403],
    ['A4: no secret', '/prod/hello', { 'x-origin-secret': '' }, 403],
    ['A4: another secret', '/prod/hello', { 'x-origin-secret': `${SECRET.value}x` }, 403],
    ['A2: 10,240 bytes of headers', '/prod/hello', { cookie: 'x'.repeat(10_240) }, 431],
    ['another path', '/prod/other', {}, 404],
    ['the stage itself', '/prod', {}, 404],
  ];
  for (const [what, path, headers, expected] of cases) {
    it(`${what} is ${expected}`, async (test) => {
      const { first, through } = await world(test);
      const { status, text } = await ask(first.url, path, through(headers));
      assert.equal(status, expected);
      assert.doesNotMatch(text, new RegExp(SECRET.value));
      if (status === 403) assert.equal(text, '{"message":"Forbidden"}');
    });
  }

  it('end when closed, and say so when they end unasked', async (test) => {
    /** @type {[string, string][]} */
    const ended = [];
    let onEnd = () => {};
    const unasked = new Promise((resolve) => void (onEnd = () => resolve(undefined)));
    const { apis, close } = await startApis(REGIONS, undefined, (region, how) => {
      ended.push([region, how]);
      onEnd();
    });
    test.after(close);
    process.kill(/** @type {number} */ (apis[0].pid), 'SIGTERM');
    await unasked;
    await close();
    assert.deepEqual(ended, [['us-east-1', 'SIGTERM']]);
    await assert.rejects(ask(apis[1].url, '/health'), /ECONNREFUSED/);
  });
});

/**
 * The Regional APIs of the light world: each a process of its own. What one answers is tested in
 * tests/api/.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startApis } from '../../js/local/apis.js';
import { startIssuer } from '../../js/local/issuer.js';
import { mint } from '../../js/local/mint.js';
import { makeKey } from '../../js/local/pool.js';
import { startStores } from '../../js/local/stores.js';
import { ask } from './world.js';

const REGIONS = [
  { name: 'us-east-1', domain_name: 'a.execute-api.us-east-1.amazonaws.com', path: '/prod' },
  { name: 'eu-west-1', domain_name: 'b.execute-api.eu-west-1.amazonaws.com', path: '' },
];
const SECRET = { header: 'X-Origin-Secret', value: 'dev-secret-of-the-test' };
const [ID_KEY, ACCESS_KEY] = await Promise.all([makeKey(), makeKey()]);
const POOL = {
  issuer: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Test',
  id: 'eu-west-1_Test',
  keys: { id: ID_KEY, access: ACCESS_KEY },
};

describe('the Regional APIs', { timeout: 60_000 }, () => {
  /**
   * @param {{ after: (end: () => void | Promise<void>) => void }} test
   * @param {(region: string, how: string) => void} [onExit]
   */
  async function world(test, onExit) {
    const [issuer, stores] = await Promise.all([startIssuer([POOL]), startStores()]);
    test.after(issuer.close);
    test.after(stores.close);
    const jwksUrl = issuer.jwksUrls[POOL.issuer];
    const authorizer = { issuer: POOL.issuer, audience: ['client-1'], jwksUrl };
    const shared = { secret: SECRET, authorizer, stores, onExit };
    const { apis, close } = await startApis(REGIONS, shared);
    test.after(close);
    const token = await mint(POOL, { client: 'client-1', username: 'ada' });
    const headersFor = (/** @type {{ host: string }} */ { host }) => ({
      host,
      'x-origin-secret': SECRET.value,
      authorization: `Bearer ${token}`,
    });
    return { apis, close, headersFor };
  }

  it('are processes of their own, each in its Region', async (test) => {
    const { apis, headersFor } = await world(test);
    const [first, second] = apis;
    assert.equal(new Set([first.pid, second.pid, process.pid]).size, 3);
    const here = await ask(first.url, '/prod/hello', { headers: headersFor(first) });
    assert.equal(here.json().message, 'Hello, ada, from us-east-1');
    const there = await ask(second.url, '/hello', { headers: headersFor(second) });
    assert.equal(there.json().message, 'Hello, ada, from eu-west-1');
  });

  it('A4: ask for the secret that they were given', async (test) => {
    const { apis, headersFor } = await world(test);
    for (const secret of ['', `${SECRET.value}x`]) {
      const headers = { ...headersFor(apis[0]), 'x-origin-secret': secret };
      const { status, text } = await ask(apis[0].url, '/prod/hello', { headers });
      assert.equal(status, 403);
      assert.doesNotMatch(text, new RegExp(SECRET.value));
    }
  });

  it('keep what one wrote for the others', async (test) => {
    const { apis, headersFor } = await world(test);
    const [first, second] = apis;
    const written = await ask(first.url, '/prod/notes', {
      method: 'POST',
      headers: { ...headersFor(first), 'content-type': 'application/json' },
      body: '{"title":"here","text":"and there"}',
    });
    assert.equal(written.status, 201);
    const { json } = await ask(second.url, '/notes', { headers: headersFor(second) });
    assert.deepEqual(
      json().notes.map((/** @type {{ id: string }} */ { id }) => id),
      [written.json().id],
    );
  });

  it('leave API Gateway behind, which answers 503, and say how they ended', async (test) => {
    /** @type {(ended: [string, string]) => void} */
    let onEnd = () => {};
    const unasked = new Promise((resolve) => (onEnd = resolve));
    const { apis, headersFor } = await world(test, (region, how) => onEnd([region, how]));
    process.kill(/** @type {number} */ (apis[0].pid), 'SIGKILL');
    assert.deepEqual(await unasked, ['us-east-1', 'SIGKILL']);
    const headers = headersFor(apis[0]);
    const { status, text } = await ask(apis[0].url, '/prod/hello', { headers });
    assert.deepEqual([status, text], [503, '{"message":"Service Unavailable"}']);
    const other = await ask(apis[1].url, '/health', { headers: headersFor(apis[1]) });
    assert.equal(other.status, 200);
  });

  it('end when closed', async (test) => {
    /** @type {string[]} */
    const ended = [];
    const { apis, close } = await world(test, (region) => void ended.push(region));
    await close();
    for (const { url, pid } of apis) {
      assert.throws(() => process.kill(/** @type {number} */ (pid), 0), /ESRCH/);
      await assert.rejects(ask(url, '/health'), /ECONNREFUSED/);
    }
    assert.deepEqual(ended, []);
  });
});

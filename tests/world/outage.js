/**
 * What only a world on this machine can show: which Region is near to which edge, and what happens
 * when one is gone.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { caller } from './walk.js';

/** Edges and the Regions nearest to them. */
const NEAREST = /** @type {const} */ ([
  ['us-east-1', 'us-east-1'],
  ['eu-central-1', 'eu-west-1'],
  ['ap-southeast-2', 'ap-northeast-1'],
]);

/** More calls than a Region that has died may cost an edge before it is left (docs/regions.md). */
const MOST_FAILURES = 20;

/**
 * @param {Pick<import('./walk.js').Walked, 'url'|'signIn'> & {
 *   apis: () => import('../../js/local/backend.js').Api[],
 *   ended: (region: string) => Promise<unknown> }} world `ended`: when a Region's process has
 */
export function loseRegion({ url, apis, signIn, ended }) {
  const call = caller(url);

  it('answers from the Region nearest to the edge, which is a process of its own', async () => {
    const { access: token } = await signIn('alice');
    for (const [edge, region] of NEAREST) {
      const { status, headers, json, text } = await call('GET /api/hello', { token, edge });
      assert.equal(status, 200, text);
      assert.deepEqual(
        [headers['x-nearhop-region'], headers['x-nearhop-reason'], json().region],
        [region, 'rtt', region],
      );
    }
    assert.equal(new Set(apis().map(({ pid }) => pid)).size, apis().length);
  });

  it('goes on when a Region is gone: at once by the second leg, then for every call', async () => {
    const { access: token } = await signIn('bob');
    const before = await call('POST /api/notes', {
      token,
      edge: 'us-east-1',
      json: { title: 'Before', text: 'the outage' },
    });
    assert.equal(before.headers['x-nearhop-region'], 'us-east-1');
    const end = ended('us-east-1');
    const { pid } = apis().find(({ region }) => region === 'us-east-1') ?? {};
    process.kill(/** @type {number} */ (pid), 'SIGKILL');
    await end;

    const { status, headers } = await call('GET /api/health', { edge: 'us-east-1' });
    assert.deepEqual(
      [status, headers['x-nearhop-region'], headers['x-nearhop-reason']],
      [200, 'eu-west-1', 'failover:2'],
    );
    let answer = await call('GET /api/hello', { token, edge: 'us-east-1' });
    for (let failures = 1; answer.status !== 200 && failures < MOST_FAILURES; failures += 1) {
      assert.ok([502, 503].includes(answer.status), answer.text);
      answer = await call('GET /api/hello', { token, edge: 'us-east-1' });
    }
    assert.deepEqual(
      [answer.status, answer.headers['x-nearhop-region'], answer.headers['x-nearhop-reason']],
      [200, 'eu-west-1', 'ejected:us-east-1'],
    );
    const read = await call(`GET /api/notes/${before.json().id}`, { token, edge: 'us-east-1' });
    assert.deepEqual([read.status, read.json()], [200, before.json()]);
  });
}

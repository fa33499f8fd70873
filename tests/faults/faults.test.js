/**
 * Faults on the running system, a short selection: whatever goes wrong, nobody is served without a
 * right, no answer is another's, nothing secret is logged, and all is well again afterwards. All
 * faults, for longer, are tried by `scripts/faults`.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startPeopledWorld } from './peopled.js';
import { SCENARIOS } from './scenarios.js';
import { summaryOf, tableOf } from './table.js';
import { tryOut } from './trial.js';

/** Long enough for an instance to ask for keys anew. */
const SHORT = { seconds: 2.5, least: 100, quiet: 1_000, waits: false };

describe('faults on the running system', { timeout: 300_000 }, () => {
  /** @type {import('./world.js').World} */
  let world;
  /** @type {import('./people.js').People} */
  let people;
  before(async () => {
    ({ world, people } = await startPeopledWorld());
  });
  after(() => world?.close());

  /**
   * @param {string} name
   * @returns {Promise<import('./trial.js').Trial>}
   */
  async function tried(name) {
    const scenario = SCENARIOS.find((each) => each.name === name);
    assert.ok(scenario, name);
    const trial = await tryOut(scenario, { world, people, seed: 1, ...SHORT });
    assert.deepEqual(trial.broken, []);
    assert.ok(trial.met.some(({ verdict }) => verdict !== 'well'), 'it was felt');
    assert.ok(trial.met.some(({ verdict }) => verdict === 'well'), 'it was not the end of all');
    return trial;
  }

  it('an issuer that lies about its keys lets nobody in', async () => {
    await tried('issuer-wrong-keys');
  });

  it('an issuer that redirects to the keys of somebody else lets nobody in', async () => {
    const { met } = await tried('issuer-redirect');
    const others = met.filter(({ kind }) => kind.hasRight && kind.name !== 'refresh');
    const lost = others.filter(({ verdict }) => verdict !== 'well');
    assert.deepEqual(lost, [], 'known keys go on working');
  });

  it('a dead Region costs no read that has a second leg', async () => {
    const trial = await tried('region-killed');
    const { get_second_leg: second } = summaryOf(trial).lost;
    assert.ok(second.sent > 0);
    assert.equal(second.lost, 0);
  });

  it('nothing of what is no HTTP reaches a viewer', async () => {
    await tried('region-garbage');
  });

  it('a damaged memory costs the request that meets it, and no other', async () => {
    const { met } = await tried('memory');
    const hit = met.filter(({ kind }) => kind.name.includes('memory'));
    // After a trap there is no instance until the next event, and nothing to damage before it.
    assert.ok(hit.some(({ status }) => status === 500));
    assert.ok(hit.every(({ status, verdict }) => status === 500 || verdict === 'well'));
    const others = met.filter(({ kind }) => kind.hasRight && !/memory|refresh/.test(kind.name));
    assert.deepEqual([...new Set(others.map(({ verdict }) => verdict))], ['well']);
  });

  it('a process that ends costs the request that it was serving', async () => {
    const trial = await tried('crashed');
    const amiss = trial.met.filter(({ verdict }) => verdict !== 'well');
    assert.deepEqual([...new Set(amiss.map(({ status }) => status))], [503]);
    assert.match(tableOf([trial]), /503 ×\d+ \(/);
  });
});

/**
 * The benchmark runs, and says what docs/speed.md promises. No figure is judged: a timing is no
 * test.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { agree } from '../../benches/agreement.js';
import { chart } from '../../benches/chart.js';
import { load } from '../../benches/children/load.js';
import { installPeers } from '../../benches/install.js';
import { measure } from '../../benches/measure.js';
import { figures, markdown } from '../../benches/report.js';
import { spread } from '../../benches/rounds.js';
import { NAMES } from '../../benches/rows.js';
import { bundled, peers, userPool } from '../../benches/verifiers.js';
import { replaced } from '../../benches/write.js';

const SMALLEST = {
  rounds: 1,
  warmUp: 0,
  cold: 1,
  throttled: 0,
  marks: [50],
  memory: 1,
  lasting: [60],
  seen: 0,
};

/** Why peers cannot be measured here, if they cannot. */
const missing = (() => {
  try {
    installPeers(() => {});
    return false;
  } catch (error) {
    return `the peers cannot be installed: ${/** @type {Error} */ (error).message.slice(0, 200)}`;
  }
})();

const folder = mkdtempSync(join(tmpdir(), 'nearhop-bench-test-'));
after(() => rmSync(folder, { recursive: true }));

describe('a run of the smallest extent', { skip: missing }, () => {
  it('has every figure, as a number', async () => {
    const report = await measure(SMALLEST);
    const found = /** @type {Record<string, any>} */ (figures(report));
    for (const key of [...NAMES, 'cold_ms', 'cold_api_ms', 'zip_bytes', 'rss_mb']) {
      assert.ok(Number.isFinite(found[key]), `${key} is ${found[key]}`);
    }
    assert.deepEqual(Object.keys(found.peers).toSorted(), [
      'aws-jwt-verify',
      'cognito-at-edge handler',
      'fast-jwt',
      'fast-jwt with cache',
      'hand-written handler',
      'hand-written verify',
      'jose',
    ]);
    for (const [name, peer] of Object.entries(found.peers)) {
      assert.ok(peer.first_seen > 0 && peer.repeat > 0, name);
    }
    for (const name of ['hand-written handler', 'aws-jwt-verify', 'cognito-at-edge handler']) {
      assert.ok(Number.isFinite(found.peers[name].cold_ms), name);
      assert.ok(found.peers[name].gzip_bytes > 0, name);
    }
    assert.match(found.date, /^\d{4}-\d\d-\d\d$/);
    assert.equal(found.versions.node, process.version);
    const [{ requests, ours, webAssembly }] = found.rssLasting;
    assert.equal(requests, 60);
    assert.ok(ours.median > webAssembly.median && webAssembly.median > 1);

    const text = markdown(report);
    assert.match(text, /\| Nearhop: API call, token never seen \| \d/);
    assert.match(text, /\| cognito-at-edge, first request \| /);
    const svg = chart(report);
    assert.match(svg, /^<svg /);
    for (const name of Object.keys(found.peers)) assert.ok(svg.includes(`>${name}<`), name);
    assert.doesNotMatch(svg + text, /NaN|undefined|Infinity/);
  });

  it('measures what `only` names, and nothing else', async () => {
    const report = await measure(SMALLEST, { only: ['static', 'zip'] });
    const found = /** @type {Record<string, any>} */ (figures(report));
    assert.deepEqual(Object.keys(found.rows), ['static']);
    assert.ok(found.zip_bytes > 0);
    assert.equal(found.cold_ms, undefined);
    assert.equal(found.rss_mb, undefined);
  });
});

describe('agreement before anything is measured', { skip: missing }, () => {
  it('names a verifier that decides otherwise', async () => {
    const keys = join(folder, 'keys');
    const pool = await userPool(keys);
    const handler = await load((await bundled(pool, folder)).dir);
    const all = await peers(pool);
    assert.ok((await agree(keys, handler, all)) > 0);
    const [first] = all;
    const trusting = { ...first, name: 'trusting', request: () => ({}), accepts: () => true };
    await assert.rejects(agree(keys, handler, [...all, trusting]), /trusting accepts a token/);
    const refusing = { ...first, name: 'refusing', accepts: () => false };
    await assert.rejects(agree(keys, handler, [refusing]), /refusing refuses a token that is good/);
  });
});

describe('options', () => {
  it('are refused with what is allowed, before anything is measured', async () => {
    const wrong = [['--only', 'nothing'], ['--rounds', '0'], ['--write', '--quick'], ['--fast']];
    for (const args of wrong) {
      const { status, stderr } = await run(args);
      assert.equal(status, 2, args.join(' '));
      assert.match(stderr, /first_seen, first_seen_cookie/);
    }
  });
});

describe('figures in the docs', () => {
  it('take the place of those under the heading', () => {
    const page = 'a\n\n## The figures\n\nold\n\n## After\n\nb\n';
    assert.equal(replaced(page, 'new\n'), 'a\n\n## The figures\n\nnew\n\n## After\n\nb\n');
    assert.equal(replaced('## The figures\n\nold\n', 'new\n'), '## The figures\n\nnew\n');
    assert.throws(() => replaced('a\n', 'new\n'), /no heading/);
  });
});

describe('spread', () => {
  it('is median and quartiles, between two numbers where none is in the middle', () => {
    assert.deepEqual(spread([4, 1, 3, 2]), { median: 2.5, q1: 1.75, q3: 3.25 });
    assert.deepEqual(spread([7]), { median: 7, q1: 7, q3: 7 });
  });
});

/** @param {string[]} args */
async function run(args) {
  const bench = new URL('../../benches/bench.js', import.meta.url).pathname;
  const child = spawn(process.execPath, [bench, ...args], { timeout: 20_000 });
  const [stderr, status] = await Promise.all([
    child.stderr.setEncoding('utf8').toArray(),
    new Promise((resolve) => child.on('close', resolve)),
  ]);
  return { stderr: stderr.join(''), status };
}

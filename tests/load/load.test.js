/**
 * A short run of `scripts/load`: each answer is the right one, also while a Region is dead. Of
 * memory and of times only a long run can tell.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Memory, grownIn } from './memory.js';
import { runLoad } from './run.js';
import { tableOf } from './table.js';
import { percentilesOf } from './tally.js';

describe('the system under load', { timeout: 300_000 }, () => {
  it('answers each request as it should, and loses only what a dead Region explains', async () => {
    const report = await runLoad({ requests: 1_500, seed: 7, users: 40 });
    assert.deepEqual(report.wrong, []);
    const { all, 'read with a second leg': read, 'expired token': expired } = report.kinds;
    assert.equal(all.sent, 1_500);
    assert.equal(all.well + all.lost, all.sent);
    assert.ok(all.lost > 0, 'a Region was dead');
    assert.ok(read.sent > 0 && read.well === read.sent, 'the second leg answered');
    assert.ok(expired.sent > 0 && expired.well === expired.sent);
    const { from, until } = report.failing;
    assert.ok(0 < from && from < until && until < report.seconds);
    if (process.platform === 'linux') {
      const functions = report.memory.filter(({ process: name }) => name.startsWith('function'));
      assert.ok(functions.length > 0, 'memory was looked at');
    }
    assert.match(tableOf(report), /\| all \| 1500 \| \d+ \| \d+ \| \d+ ms \|/);
  });
});

describe('what is said of a run', () => {
  it('percentiles, by the nearest rank', () => {
    const values = Array.from({ length: 1_000 }, (_, n) => 1_000 - n);
    const expected = { p50: 500, p90: 900, p99: 990, 'p99.9': 999, max: 1_000 };
    assert.deepEqual(percentilesOf(values), expected);
    assert.deepEqual(percentilesOf([7]), { p50: 7, p90: 7, p99: 7, 'p99.9': 7, max: 7 });
  });

  it('a process that has grown, in a run that is long enough to tell', () => {
    const memory = [
      { process: 'server', start: 100, end: 150 },
      { process: 'function in eu-west-1, process 1', start: 60, end: 90 },
    ];
    const grown = ['function in eu-west-1, process 1 has grown from 60 to 90 MB'];
    assert.deepEqual(grownIn({ requests: 20_000, memory }), grown);
    assert.deepEqual(grownIn({ requests: 1_000, memory }), []);
  });

  it('what this process holds', { skip: process.platform !== 'linux' }, () => {
    const memory = new Memory(process.pid);
    for (const at of [0.1, 0.2, 0.9]) memory.sample(at);
    const [{ process: name, start, end }] = memory.growth();
    assert.equal(name, 'server');
    assert.ok(start > 1 && end > 1);
  });
});

/**
 * What moves traffic under `npm start`: the control document as somebody edits it, and a Region
 * whose API ends.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ask } from './local/world.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

describe('traffic', { timeout: 240_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'nearhop-switches-'));
  const control = join(folder, 'control.json');
  /** @type {import('node:child_process').ChildProcessWithoutNullStreams} */
  let child;
  /** @type {Promise<unknown>} */
  let ended;
  let url = '';
  /** @type {string[]} lines on stderr */
  const said = [];

  before(async () => {
    const argv = ['js/local/start.js', '--port', '0', '--json', '--control', control];
    child = spawn(process.execPath, argv, { cwd: ROOT });
    ended = new Promise((resolve) => child.once('close', resolve));
    child.stdout.resume();
    const ready = new Promise((resolve) => {
      createInterface(child.stderr).on('line', (line) => {
        said.push(line);
        if (line.startsWith('ready ')) resolve(line.slice('ready '.length));
      });
    });
    const outcome = await Promise.race([ready, ended]);
    assert.equal(typeof outcome, 'string', said.join('\n'));
    url = outcome;
  });
  after(async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });

  /** A call of a viewer at an edge. @param {string} edge */
  async function call(edge) {
    const headers = { 'x-nearhop-dev-edge': edge };
    const { status, headers: answered, json } = await ask(url, '/api/health', { headers });
    const [region, reason] = [answered['x-nearhop-region'], answered['x-nearhop-reason']];
    if (status === 200) assert.equal(json().region, region, 'the API that answered');
    return { status, choice: `${region} ${reason}` };
  }

  /**
   * Calls until a call goes as it is to, and returns what came before. The test's own time limit is
   * the only one: how soon is for docs/control.md to say.
   *
   * @param {string} edge
   * @param {string} expected
   */
  async function until(edge, expected) {
    for (const before = [];;) {
      const answer = await call(edge);
      if (answer.choice === expected) return before;
      before.push(answer);
      await setTimeout(100);
    }
  }

  it('leaves a Region that is drained, and comes back', async () => {
    assert.equal(JSON.parse(readFileSync(control, 'utf8')).version, 1, 'made at the start');
    assert.deepEqual(await call('eu-central-1'), { status: 200, choice: 'eu-west-1 rtt' });
    writeFileSync(control, '{"version":2,"drain":["eu-west-1"]}');
    const drained = await until('eu-central-1', 'us-east-1 drained:eu-west-1');
    assert.deepEqual(new Set(drained.map(({ status }) => status)), new Set([200]), 'nothing lost');
    // A document half written changes nothing.
    writeFileSync(control, '{"version":3,');
    assert.equal((await call('eu-central-1')).choice, 'us-east-1 drained:eu-west-1');
    writeFileSync(control, '{"version":3}');
    const back = await until('eu-central-1', 'eu-west-1 rtt');
    for (const { choice } of back) assert.equal(choice, 'us-east-1 drained:eu-west-1');
  });

  it('leaves a Region whose API has ended', async () => {
    assert.deepEqual(await call('ap-southeast-2'), { status: 200, choice: 'ap-northeast-1 rtt' });
    const line = said.find((text) => /^api +ap-northeast-1/.test(text)) ?? '';
    process.kill(Number(/process (\d+)$/.exec(line)?.[1]), 'SIGKILL');
    // A connection that a dying process has accepted breaks, and nothing makes up for that.
    while (!said.some((text) => /^ended +ap-northeast-1 /.test(text))) await setTimeout(20);
    const lost = await until('ap-southeast-2', 'us-east-1 ejected:ap-northeast-1');
    assert.ok(lost.length > 0);
    // The second leg answers what the first one cannot: nothing is lost meanwhile (rule F4).
    for (const answer of lost) {
      assert.deepEqual(answer, { status: 200, choice: 'us-east-1 failover:2' });
    }
    assert.equal((await call('ap-southeast-2')).status, 200);
    // Others have nothing to do with it.
    assert.deepEqual(await call('eu-central-1'), { status: 200, choice: 'eu-west-1 rtt' });
  });
});

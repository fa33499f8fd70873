/**
 * What the local world keeps on disk, and how it makes a deployment's files its own.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'smol-toml';
import { settingsFrom } from '../../infra/settings.js';
import { readConfiguration } from '../../js/cli/configuration.js';
import { runFolder } from '../../js/local/run-folder.js';
import { localSettings } from '../../js/local/settings.js';
import { synthesizedEdge } from '../../js/local/synthesized.js';
import { announce, latestWorld } from '../../js/local/worlds.js';
import { folder } from './world.js';

/** A process that has ended. */
const { pid: ENDED } = spawnSync(process.execPath, ['--version']);

describe("a run's folder", () => {
  it('is of its process alone, and gone when removed', async (test) => {
    const parent = join(folder(test, {}), 'state');
    const [first, second] = [await runFolder(parent, 'run'), await runFolder(parent, 'run')];
    assert.notEqual(first.folder, second.folder);
    assert.equal(statSync(parent).mode & 0o077, 0, 'for its owner alone');
    await first.remove();
    assert.deepEqual([existsSync(first.folder), existsSync(second.folder)], [false, true]);
  });

  it('goes with the next one of its kind, when its process was killed', async (test) => {
    const parent = folder(test, {
      [`run-${ENDED}-abc/file`]: 'left behind',
      [`draft-${ENDED}-abc/file`]: 'of another kind',
      [`run-${process.pid}-abc/file`]: 'of a process that runs',
      'run-of-somebody/file': 'not made here',
    });
    const { folder: made } = await runFolder(parent, 'run');
    const left = readdirSync(parent).map((name) => join(parent, name));
    assert.deepEqual(
      left.filter((name) => name !== made).map((name) => name.slice(parent.length + 1)).sort(),
      [`draft-${ENDED}-abc`, 'run-of-somebody', `run-${process.pid}-abc`].sort(),
    );
  });
});

describe('worlds that run', () => {
  const pool = { url: 'http://127.0.0.1:1', id: 'us-east-1_A', client: 'c' };

  it('are known until they are taken back', async (test) => {
    const state = folder(test, {});
    assert.equal(await latestWorld(state), undefined);
    const takeBack = await announce(state, { url: 'http://localhost:1', pool, users: [] });
    assert.deepEqual(await latestWorld(state), { url: 'http://localhost:1', pool, users: [] });
    const [file] = readdirSync(join(state, 'worlds'));
    assert.equal(statSync(join(state, 'worlds', file)).mode & 0o077, 0, 'it has passwords');
    await takeBack();
    assert.equal(await latestWorld(state), undefined);
  });

  it('are forgotten when their process has ended; the latest counts', async (test) => {
    const state = folder(test, {
      [`worlds/${ENDED}.json`]: '{"url":"http://localhost:2"}',
      [`worlds/${process.ppid}.json`]: '{"url":"http://localhost:3"}',
    });
    await announce(state, { url: 'http://localhost:1', pool, users: [] });
    utimesSync(join(state, `worlds/${process.ppid}.json`), 1, 1);
    assert.equal((await latestWorld(state))?.url, 'http://localhost:1');
    assert.equal(existsSync(join(state, `worlds/${ENDED}.json`)), false);
  });
});

describe('a deployment here', () => {
  it('has the settings that play a part on this machine, and says which do not', async (test) => {
    const root = folder(test, {
      'nearhop.deploy.toml':
        'app = "shop"\naccount = "111111111111"\nrouting = "dns"\n' +
        '[domain]\nname = "a.example.com"\nhosted_zone_id = "Z1"\nhosted_zone_name = "example.com"\n[api]\nmemory = 512\n',
    });
    mkdirSync(join(root, 'run'));
    const source = join(root, 'nearhop.deploy.toml');
    const { file, settings, left } = await localSettings(source, join(root, 'run'));
    assert.deepEqual(left, ['account', 'domain', 'routing']);
    const { app, account, routing, domain, api } = settings;
    assert.deepEqual([app, account, routing, domain], ['shop', undefined, 'edge', undefined]);
    assert.equal(api.memory, 512);
    assert.doesNotMatch(readFileSync(file, 'utf8'), /domain|example\.com|1111|dns/);
  });

  it('needs no settings, and refuses bad ones by their own file and line', async (test) => {
    const root = folder(test, { 'bad.toml': 'app = "shop"\nlayout = "sideways"\n' });
    const { settings, left } = await localSettings(join(root, 'none.toml'), root);
    assert.deepEqual([settings.app, left], ['nearhop', []]);
    const bad = localSettings(join(root, 'bad.toml'), root);
    await assert.rejects(bad, (/** @type {any} */ fault) => {
      assert.equal(fault.source.file, join(root, 'bad.toml'));
      assert.equal(fault.diagnostics[0].line, 2);
      return true;
    });
  });

  it('is synthesized once for the same inputs, and anew for others', async (test) => {
    const state = folder(test, {});
    /** @type {string[]} */
    const progress = [];
    const { file, settings } = await localSettings('none.toml', state);
    const options = { config: 'nearhop.toml', settingsFile: file, settings, state };
    const synthesize = (/** @type {object} */ changes = {}) =>
      synthesizedEdge({ ...options, ...changes, onProgress: (line) => void progress.push(line) });
    const first = await synthesize();
    const { Resources } = JSON.parse(readFileSync(first, 'utf8'));
    const types = Object.values(Resources).map(({ Type }) => Type);
    assert.ok(types.includes('AWS::CloudFront::Distribution'));
    assert.equal(await synthesize(), first);
    assert.equal(progress.length, 1);
    const other = await synthesize({ settings: { ...settings, priceClass: 'PriceClass_100' } });
    assert.notEqual(other, first);
    assert.equal(progress.length, 2);
    assert.deepEqual(readdirSync(join(state, 'synthesized')).length, 1, 'the latest alone is kept');
  });
});

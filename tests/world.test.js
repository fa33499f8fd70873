/**
 * The whole world of `npm start`, walked through: deployed by the CDK app into a plane that plays
 * AWS, and light.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { signIn } from '../js/local/plane/users.js';
import { isRunning } from '../js/local/run-folder.js';
import { STATE } from '../js/local/usage.js';
import { startWorld } from '../js/local/world.js';
import { ask } from './local/world.js';
import { WITHOUT_PLANE } from './plane.js';
import { loseRegion } from './world/outage.js';
import { visit } from './world/page.js';
import { minted, tokenOfAnotherPool } from './world/pools.js';
import { OUTSIDE, gone, listens, processesOf } from './world/processes.js';
import { signInWithoutScripts } from './world/sign-in.js';
import { walk } from './world/walk.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

for (const light of [true, false]) {
  const skip = light ? false : WITHOUT_PLANE;
  describe(light ? 'the light world' : 'the deployed world', { skip, timeout: 400_000 }, () => {
    /** @type {import('../js/local/world.js').World} */
    let world;
    /** @type {string} */
    let folder;
    /** @type {string[]} */
    const progress = [];
    /** @type {(region: string) => void} */
    let onExit = () => {};
    const start = () =>
      startWorld({
        config: 'nearhop.toml',
        site: join(folder, 'www'),
        state: STATE,
        control: join(folder, 'control.json'),
        edge: 'us-east-1',
        port: 0,
        light,
        onProgress: (line) => void progress.push(line),
        onExit: (region) => onExit(region),
      });

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'nearhop-world-'));
      await cp(join(ROOT, 'www'), join(folder, 'www'), { recursive: true });
      world = await start();
    });
    after(async () => {
      await world?.close();
      await rm(folder, { recursive: true });
    });

    /** @param {'alice'|'bob'} name */
    const userOf = (name) => {
      const user = world.users?.find((each) => each.name === name);
      assert.ok(user, `${name} cannot sign in`);
      return user;
    };
    /** @param {'alice'|'bob'} name */
    const signInAs = async (name) =>
      world.pool ? signIn(world.pool, userOf(name)) : minted('us-east-1_Nearhop01', name, STATE);
    const url = () => world.url;

    visit({ url, user: () => userOf('bob'), name: light ? 'light' : 'deployed' });
    signInWithoutScripts({ url, user: () => userOf('alice') });
    walk({
      url,
      regions: () => world.backend.apis.map(({ region }) => region),
      direct: (region, path, headers) => {
        const { known, apis } = world.backend;
        const { host = '', url: api = '' } = apis.find((each) => each.region === region) ?? {};
        const { pathname: stage } = new URL(known.endpoints?.[region] ?? '');
        const target = [new URL(api).pathname, stage, path].join('/').replace(/\/+/g, '/');
        return ask(api, target, { headers: { host, ...headers } });
      },
      signIn: signInAs,
      foreignToken: async () => {
        if (world.pool) return tokenOfAnotherPool(world.pool.url);
        return (await minted('us-east-1_Other0001', 'alice', folder)).access;
      },
      isLocal: true,
    });
    loseRegion({
      url,
      apis: () => world.backend.apis,
      signIn: signInAs,
      ended: (region) =>
        new Promise((resolve) => {
          onExit = (ended) => void (ended === region && resolve(undefined));
        }),
    });

    it('shows an edit of the site, though the cache has the page', async () => {
      const load = () => ask(world.url, '/style.css');
      await load();
      assert.equal((await load()).headers['x-cache'], 'Hit from cloudfront');
      await writeFile(join(folder, 'www/style.css'), '/* edited */');
      // The system tells of edits in its own time; the test's limit ends it.
      while ((await load()).text !== '/* edited */') await setTimeout(20);
    });

    const unreachable = OUTSIDE ? false : 'this machine has no other address';
    it('listens on this machine alone', { skip: unreachable }, async () => {
      const { apis, files, jwksUrl } = world.backend;
      const { url: edge, controlUrl = '' } = world.cloudFront;
      const { domain = '' } = world.backend.known.userPool ?? {};
      const urls = [edge, controlUrl, files, jwksUrl, domain, ...apis.map((api) => api.url)];
      for (const port of urls.map((each) => Number(new URL(each).port))) {
        assert.equal(await listens('127.0.0.1', port), true);
        assert.equal(await listens(String(OUTSIDE), port), false, `${OUTSIDE}:${port}`);
      }
    });

    it('starts again without synthesizing or deploying, as it was', async () => {
      await world.close();
      progress.length = 0;
      world = await start();
      assert.deepEqual(progress, []);
      const { access } = await signInAs('alice');
      const headers = { authorization: `Bearer ${access}`, 'x-nearhop-dev-edge': 'us-east-1' };
      const { json } = await ask(world.url, '/api/notes', { headers });
      assert.deepEqual(json().notes, []);
    });
  });
}

describe('npm start', { skip: WITHOUT_PLANE, timeout: 400_000 }, () => {
  /** Starts it as people do. @param {{ after: (end: () => Promise<void>) => void }} test */
  async function begin(test) {
    const child = spawn(process.execPath, ['js/local/start.js', '--port', '0', '--json'], {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = new Promise((resolve) => child.once('exit', (...how) => resolve(how)));
    test.after(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    /** @type {string[]} */
    const said = [];
    const ready = new Promise((resolve) => {
      createInterface(child.stderr).on('line', (line) => {
        said.push(line);
        if (line.startsWith('ready ')) resolve(line.slice('ready '.length));
      });
    });
    const url = await Promise.race([ready, ended]);
    assert.equal(typeof url, 'string', said.join('\n'));
    const pids = said.flatMap((line) => line.match(/process (\d+)$/)?.[1] ?? []).map(Number);
    assert.equal(pids.length, 4, 'what there is once, and three Regions');
    return { child, ended, said, url: String(url), pids };
  }

  const token = (/** @type {string[]} */ ...argv) => {
    const command = [join(ROOT, 'js/local/token.js'), ...argv];
    return spawnSync(process.execPath, command, { cwd: ROOT, encoding: 'utf8' });
  };

  it('prints who can sign in; npm run token signs them in', async (test) => {
    const { url, said } = await begin(test);
    const users = said.filter((line) => /^user +\w+@example\.com, password \S+$/.test(line));
    assert.equal(users.length, 2, said.join('\n'));
    const { stdout, stderr } = token();
    assert.match(stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/, stderr);
    const headers = { authorization: `Bearer ${stdout.trim()}` };
    assert.equal((await ask(url, '/api/hello', { headers })).status, 200);
    const faulty = token('--expired');
    assert.deepEqual([faulty.status, faulty.stdout], [2, '']);
    assert.match(faulty.stderr, /--expired .*npm run -s token -- --light --expired/s);
  });

  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGTERM', 'SIGINT', 'SIGKILL'];
  for (const signal of signals) {
    it(`leaves no process behind after ${signal}`, async (test) => {
      const { child, ended, url, pids } = await begin(test);
      // An execution environment of each kind is running.
      assert.equal((await ask(url, '/api/health')).status, 200);
      child.kill(signal);
      assert.deepEqual(await ended, signal === 'SIGKILL' ? [null, 'SIGKILL'] : [0, null]);
      await gone(() => pids.filter(isRunning));
      await gone(() => processesOf(`run-${child.pid}-`));
      const left = readdirSync(STATE).filter((name) => name.startsWith(`run-${child.pid}-`));
      // Who is killed cannot tidy up: the next start does.
      assert.deepEqual(left.length, signal === 'SIGKILL' ? 1 : 0);
    });
  }
});

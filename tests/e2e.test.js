/**
 * `npm start -- --light` and `npm run token` as people use them: the built bundle behind real HTTP.
 * tests/world.test.js walks through the world with a plane.
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ask } from './local/world.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

/**
 * What a program of the local world prints.
 *
 * @param {string} program
 * @param {string[]} argv
 * @returns {Promise<{ code: number, stdout: string, stderr: string }>}
 */
async function output(program, ...argv) {
  try {
    return {
      code: 0,
      ...(await run(process.execPath, [`js/local/${program}`, ...argv], {
        cwd: ROOT,
        timeout: 60_000,
      })),
    };
  } catch (error) {
    const { code, stdout, stderr } = /** @type {any} */ (error);
    return { code, stdout, stderr };
  }
}

/** @param {string[]} argv */
async function token(...argv) {
  const { code, stdout, stderr } = await output('token.js', '--light', ...argv);
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

describe('npm start -- --light', { timeout: 120_000 }, () => {
  /** @type {import('node:child_process').ChildProcess} */
  let child;
  let url = '';
  let good = '';
  /** @type {string[]} lines on stdout: decisions */
  const decisions = [];
  /** @type {string[]} lines on stderr */
  const said = [];
  /** @type {Promise<[number | null, NodeJS.Signals | null]>} */
  let ended;

  before(async () => {
    const argv = ['js/local/start.js', '--light', '--port', '0', '--json'];
    child = spawn(process.execPath, argv, { cwd: ROOT });
    ended = new Promise((resolve) =>
      child.once('close', (code, signal) => resolve([code, signal])),
    );
    const { stdout, stderr } =
      /** @type {import('node:child_process').ChildProcessWithoutNullStreams} */ (child);
    createInterface(stdout).on('line', (line) => decisions.push(line));
    const ready = new Promise((resolve) => {
      createInterface(stderr).on('line', (line) => {
        said.push(line);
        if (line.startsWith('ready ')) resolve(line.slice('ready '.length));
      });
    });
    const outcome = await Promise.race([ready, ended]);
    assert.equal(typeof outcome, 'string', said.join('\n'));
    url = outcome;
    good = await token();
  });
  after(async () => {
    child.kill('SIGKILL');
    await ended;
  });

  /**
   * @param {string} path
   * @param {{ bearer?: string, edge?: string, method?: string, headers?: Record<string, string>,
   *   body?: string }} [how]
   */
  const get = (path, { bearer, edge, headers = {}, ...rest } = {}) =>
    ask(url, path, {
      ...rest,
      headers: {
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        ...(edge === undefined ? {} : { 'x-nearhop-dev-edge': edge }),
        ...headers,
      },
    });
  /**
   * @param {import('./local/world.js').Answer} answer
   * @returns {Promise<any>}
   */
  async function decisionOf({ headers }) {
    for (;;) {
      const line = decisions.find((text) => text.includes(String(headers['x-amz-cf-id'])));
      if (line) return JSON.parse(line);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  const html = { accept: 'text/html,*/*;q=0.8' };

  it('prints who can sign in, and where the site is by the name that sign-in goes by', () => {
    const users = said.filter((line) => /^user +\w+@example\.com, password \S+$/.test(line));
    assert.equal(users.length, 2, said.join('\n'));
    assert.match(url, /^http:\/\/localhost:\d+$/);
  });

  it('serves the page, and the same page for a deep link', async () => {
    const page = await get('/', { headers: html });
    assert.equal(page.status, 200);
    assert.match(page.text, /<title>Nearhop/);
    assert.match(String(page.headers['content-security-policy']), /script-src 'self'/);
    const deep = await get('/trips/42', { headers: html });
    assert.deepEqual([deep.status, deep.text], [200, page.text]);
  });

  it('S3: a missing asset is 404, not the page', async () => {
    assert.equal((await get('/app.js')).status, 200);
    const { status, text } = await get('/missing.js');
    assert.equal(status, 404);
    assert.doesNotMatch(text, /<title>/);
  });

  it('refuses a call without a token, as RFC 6750 says', async () => {
    const { status, headers, json } = await get('/api/hello');
    assert.equal(status, 401);
    assert.match(String(headers['www-authenticate']), /^Bearer/);
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(json().error, 'token_missing');
  });

  it('answers a call with a token from the nearest Region, and says why', async () => {
    /** @type {[string, string][]} */
    const nearest = [
      ['us-east-1', 'us-east-1'],
      ['sa-east-1', 'us-east-1'],
      ['eu-central-1', 'eu-west-1'],
      ['ap-southeast-2', 'ap-northeast-1'],
    ];
    for (const [edge, region] of nearest) {
      const { status, headers, json } = await get('/api/hello', { bearer: good, edge });
      assert.equal(status, 200, edge);
      assert.equal(headers['x-nearhop-edge'], edge);
      assert.equal(headers['x-nearhop-region'], region, edge);
      assert.equal(headers['x-nearhop-reason'], 'rtt');
      const body = json();
      assert.equal(body.region, region, 'the API that answered');
      assert.deepEqual(body.routing, { edge, region, reason: 'rtt' });
    }
  });

  it('tells the API who calls, and believes the token alone', async () => {
    const bearer = await token(
      '--groups',
      'staff,pilots',
      '--sub',
      'subject-7',
      '--username',
      'ada',
    );
    const spoofed = {
      'x-nearhop-user': 'admin',
      'X-Nearhop-Groups': 'admins',
      'x-nearhop-region': 'mars',
    };
    const { caller, region } = (await get('/api/hello', { bearer, headers: spoofed })).json();
    assert.equal(region, 'us-east-1');
    assert.equal(caller.user, 'subject-7');
    assert.equal(caller.username, 'ada');
    assert.match(caller.groups, /^staff,\s?pilots$/);
    const publicly = await get('/api/health', { headers: spoofed });
    assert.equal(publicly.status, 200);
  });

  it('takes the token from the cookie of a session as well', async () => {
    const headers = { cookie: `a=1; __Host-nearhop-access=${good}; b=2` };
    assert.equal((await get('/api/hello', { headers })).status, 200);
  });

  it('sends bodies on', async () => {
    const { json } = await get('/api/hello', {
      bearer: good,
      method: 'POST',
      body: 'x'.repeat(100_000),
    });
    assert.deepEqual(json().request, { method: 'POST', received: 100_000 });
  });

  /** @type {[string, string[]][]} */
  const bad = [
    ['token_expired', ['--expired']],
    ['token_not_yet_valid', ['--not-yet']],
    ['token_client', ['--wrong-client']],
    ['token_issuer', ['--wrong-issuer']],
    ['token_signature', ['--wrong-key']],
    ['token_signature', ['--tampered']],
    ['token_algorithm', ['--none']],
    ['token_use', ['--id']],
    ['token_key_unknown', ['--kid', 'unknown']],
  ];
  for (const [code, argv] of bad) {
    it(`refuses ${argv[0]}: ${code}`, async () => {
      const bearer = await token(...argv);
      const { status, headers, json } = await get('/api/hello', { bearer });
      assert.equal(status, 401);
      assert.equal(json().error, code);
      assert.match(String(headers['www-authenticate']), /^Bearer.*error="invalid_token"/);
      assert.equal(headers['x-nearhop-region'], undefined, 'it reached no Region');
    });
  }

  it('knows one way to the API: no spelling of the path gets past the token', async () => {
    const spellings = [
      '//api/hello',
      '/api//hello',
      '/./api/hello',
      '/x/../api/hello',
      '/%61pi/hello',
      '/api%2fhello',
      '/api/%2e%2e/api/hello',
      '/api\\hello',
      '/api/health/../hello',
      '/API/hello',
      '/api/hello;x',
      '/api/hello%00',
    ];
    for (const path of spellings) {
      const { headers, text } = await get(path);
      assert.equal(headers['x-nearhop-region'], undefined, path);
      assert.doesNotMatch(text, /Hello/, path);
    }
  });

  it('writes one decision for each request, without tokens or secrets', async () => {
    const call = await decisionOf(await get('/api/hello', { bearer: good, edge: 'eu-west-2' }));
    const file = await decisionOf(await get('/style.css'));
    assert.deepEqual(
      [call.edge, call.path, call.status, call.outcome, call.region, call.reason],
      ['eu-west-2', '/api/hello', 200, 'api', 'eu-west-1', 'rtt'],
    );
    assert.deepEqual([file.path, file.outcome], ['/style.css', 'site']);
    const signature = good.split('.')[2];
    assert.equal(
      [...decisions, ...said].some((line) => line.includes(signature)),
      false,
    );
  });

  it('says that a port is in use, and which other to take', async () => {
    const { port } = new URL(url);
    const { code, stderr } = await output('start.js', '--light', '--port', port);
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`port ${port} is in use.*--port ${Number(port) + 1}`));
  });

  it('ends on SIGTERM with all that it started', async () => {
    const pids = said.flatMap((line) => line.match(/process (\d+)$/)?.[1] ?? []).map(Number);
    assert.equal(pids.length, 3);
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null]);
    for (const pid of pids) assert.throws(() => process.kill(pid, 0), /ESRCH/);
    await assert.rejects(get('/'), /ECONNREFUSED/);
  });
});

describe('command lines', { timeout: 120_000 }, () => {
  /** @type {[string, string[], RegExp][]} */
  const wrong = [
    ['start.js', ['--edge', 'mars-1'], /--edge is "mars-1"; allowed: us-east-1/],
    ['start.js', ['--port', '65536'], /--port is "65536"; allowed: 0 to 65535/],
    ['start.js', ['--prot', '1'], /--prot.*\n.*--help/s],
    ['start.js', ['--config', 'missing.toml'], /missing\.toml/],
    ['token.js', ['--exired'], /--exired.*\n.*--help/s],
    ['token.js', ['--none', '--tampered'], /--none and --tampered do not go together/],
    ['token.js', ['--ttl', '0'], /--ttl is "0"; allowed: 1 to 86400/],
    [
      'token.js',
      ['--light', '--issuer', 'https://x/y'],
      /--issuer is "https:\/\/x\/y"; allowed: https:\/\/cognito-idp/,
    ],
  ];
  for (const [program, argv, why] of wrong) {
    it(`${program} ${argv.join(' ')} is exit code 2, and nothing on stdout`, async () => {
      const { code, stdout, stderr } = await output(program, ...argv);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, why);
    });
  }

  it('both have --help', async () => {
    for (const program of ['start.js', 'token.js']) {
      const { code, stdout } = await output(program, '--help');
      assert.equal(code, 0);
      assert.match(stdout, /--config FILE/);
    }
  });

  it('token prints the token alone', async () => {
    const { stdout, stderr } = await output('token.js', '--light');
    assert.match(stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    assert.equal(stderr, '');
  });
});

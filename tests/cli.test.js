/**
 * The command `nearhop` as a program: what it prints, and what it exits with.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { paintFor } from '../js/cli/paint.js';
import { nearhop } from './nearhop.js';

const GOOD = 'tests/config/good/every-key.toml';
const BAD = 'tests/config/shape/wrong-kinds.toml';
const folder = await mkdtemp(join(tmpdir(), 'nearhop-cli-'));
after(() => rm(folder, { recursive: true }));

test('check says what a configuration means', async () => {
  const { status, stdout, stderr } = await nearhop(['check', '--config', GOOD]);
  assert.equal(status, 0);
  assert.equal(stderr, '');
  assert.match(stdout, /every-key\.toml is fine: 3 routes, 3 issuers, 2 API Regions, \d warnings/);
  assert.match(stdout, /^ {2}\/api\/\* +api +authenticated +GET POST OPTIONS +clients: client0one, /m);
  assert.match(stdout, /^ {2}anything else +site +public/m);
  assert.match(stdout, /^Issuer https:\/\/cognito-idp\.eu-west-1\.amazonaws\.com\/eu-west-1_Example01$/m);
  assert.match(stdout, /^ {2}us-east-1 +US East \(N\. Virginia\) +def456\.execute-api\S+\/prod$/m);
  assert.match(stdout, /^ {2}residency +by the claim custom:residency, else by country$/m);
  assert.match(stdout, /^ {14}EU \(EEA CH\): only eu-west-1$/m);
  assert.match(stdout, /^ {14}anybody else: no Region, 503$/m);
  assert.match(stdout, /^ {2}us-east-1 +5 % of the viewers nearest to it$/m);
  assert.match(stdout, /^ {2}rules +networks 203\S+, 2001\S+; countries BR, AR; continents AF: us-/m);
  assert.match(stdout, /^ {2}sticky +the home Region that the claim custom:home names$/m);
  assert.match(stdout, /^ {2}failing +Regions are not avoided$/m);
  assert.match(stdout, /^ {2}second leg +known by the origin second\.example\.com, or its header/m);
  assert.match(stdout, /^ {2}control +looked at every 5 s at most\n {14}https:\/\/control\.example/m);
  assert.match(stdout, /^ {2}pin +x-nearhop-pin, its key from PIN_KEY$/m);
  assert.match(stdout, /^warning: \S+every-key\.toml:\d+:\d+: issuers\[0\]\.token_use: ID tokens/m);
});

test('nearhop.toml is what check reads unless told otherwise', async () => {
  const { status, stdout } = await nearhop(['check', '--json']);
  assert.equal(status, 0);
  const { ok, file, report } = JSON.parse(stdout);
  assert.deepEqual([ok, file], [true, 'nearhop.toml']);
  assert.deepEqual(
    report.api.regions.map((/** @type {{ name: string }} */ { name }) => name),
    ['us-east-1', 'eu-west-1', 'ap-northeast-1'],
  );
});

test('and how the Region is chosen, to programs too', async () => {
  const { stdout } = await nearhop(['check', '--json', '--config', GOOD]);
  const { api, country_database, routes } = JSON.parse(stdout).report;
  assert.equal(country_database, 'countries.mmdb');
  assert.deepEqual(routes[0].regions, ['us-east-1', 'eu-west-1']);
  assert.deepEqual(
    api.regions.map((/** @type {any} */ { bias_ms, weight }) => [bias_ms, weight]),
    [[-20, 100], [0, 5]],
  );
  assert.deepEqual(api.rules[0].continents, ['AF']);
  assert.deepEqual(api.residency.sets[1], { name: 'US', countries: [], regions: ['us-east-1'] });
  assert.equal(api.residency.otherwise, 'none');
  assert.deepEqual(api.sticky, { by: 'claim', claim: 'custom:home', seconds: 60 });
  assert.deepEqual([api.passive_health, api.log_decisions], [false, false]);
  assert.equal(api.second_leg_domain, 'second.example.com');
  assert.equal(api.control.max_bytes, 4_096);
  assert.deepEqual(api.pin, { env: 'PIN_KEY' });
});

test('and what sign-in means, with what to register', async () => {
  const { stdout } = await nearhop(['check', '--config', GOOD]);
  assert.match(stdout, /^ {2}tokens +access, id, in the \S+ header or the cookie session or sign-in's cookies$/m);
  assert.match(stdout, /^Issuer https:\/\/id\.example\.com\n {2}kind +OpenID Connect$/m);
  assert.match(stdout, /^ {2}key set +by discovery, when the bundle is built: \S+\/openid-configuration$/m);
  assert.match(stdout, /^Sign-in\n {2}issuer +https:\/\/cognito-idp\S+_Example01$/m);
  assert.match(stdout, /^ {2}endpoints +https:\/\/id\.eu\.example\.com\/oauth2\/authorize$/m);
  assert.match(stdout, /^ {2}client +client0two, secret from CLIENT_SECRET, straight to Google$/m);
  assert.match(stdout, /^ {4}callback URLs +https:\/\/app\.example\.com\/_nearhop\/callback$/m);
  assert.match(stdout, /^ {4}sign-out URLs +https:\/\/admin\.example\.com\/bye$/m);
  assert.match(stdout, /^ {2}cookies +CognitoIdentityServiceProvider\.client0two\.…, .* scripts can read them$/m);
  assert.match(stdout, /^ {2}session +1 day; .* less than 120 s are left at a page load$/m);
  assert.match(stdout, /^ {2}key +from SIGN_IN_KEY$/m);
  assert.match(stdout, /^warning: \S+:\d+:\d+: sign_in\.cookies: scripts can read the tokens/m);
  const { report } = JSON.parse((await nearhop(['check', '--json', '--config', GOOD])).stdout);
  assert.deepEqual([report.issuers[2].kind, report.issuers[2].jwks_url], ['oidc', null]);
  const { clients, endpoints, key, scopes } = report.sign_in;
  assert.deepEqual(endpoints.end_session, { cognito: 'https://id.eu.example.com/logout' });
  assert.deepEqual([key.env, scopes], ['SIGN_IN_KEY', ['openid', 'email', 'orders/read']]);
  assert.deepEqual(clients[1], {
    client: 'client0one',
    client_secret: { env: 'ADMIN_CLIENT_SECRET' },
    identity_provider: 'COGNITO',
    callback_urls: ['https://admin.example.com/_nearhop/callback'],
    sign_out_urls: ['https://admin.example.com/bye'],
  });
});

test('where the site’s address is not known, a name stands for it', async () => {
  const file = join(folder, 'sign-in.toml');
  const issuer = '[[issuers]]\nuser_pool = "eu-west-1_Example01"\nclients = ["c"]\n';
  await writeFile(file, `${issuer}[sign_in]\nkey.env = "KEY"\n`);
  const { stdout } = await nearhop(['check', '--config', file]);
  assert.match(stdout, /^ {2}endpoints +by discovery, when the bundle is built: https:\S+_Example01\/\.well/m);
  assert.match(stdout, /^ {2}origins +the distribution's own$/m);
  assert.match(stdout, /^ {4}callback URLs +https:\/\/DISTRIBUTION_DOMAIN_NAME\/_nearhop\/callback$/m);
  assert.match(stdout, /^ {4}sign-out URLs +https:\/\/DISTRIBUTION_DOMAIN_NAME\/_nearhop\/signed-out$/m);
  assert.match(stdout, /^ {2}cookies +__Host-nearhop-access, .*: no script can read them$/m);
  for (const told of [
    'sign_in: no page is',
    'sign_in.origins: only the distribution',
    'site.viewer_request_attached: sign-in is decided at viewer-request',
  ]) {
    assert.match(stdout, new RegExp(`^warning: \\S+: ${told.replaceAll('.', '\\.')}`, 'm'));
  }
});

test('and says little of a choice that is left to distance', async () => {
  const { stdout } = await nearhop(['check', '--config', 'tests/config/good/minimal.toml']);
  assert.match(stdout, /^ {2}residency +any Region may serve anybody$/m);
  assert.match(stdout, /^ {2}sticky +no home Region$/m);
  assert.match(stdout, /^ {2}second leg +known by its header x-nearhop-leg: 2$/m);
  assert.match(stdout, /^ {2}control +no document\n {2}pin +none$/m);
  assert.doesNotMatch(stdout, /countries|rules|viewers nearest/);
});

test('a bad configuration is shown line by line, with a caret', async () => {
  const { status, stdout, stderr } = await nearhop(['check', '--config', BAD]);
  assert.equal(status, 1);
  assert.equal(stdout, '');
  const told = [
    `${BAD}:9:10: routes[0].target: found "lambda", allowed: "site", "api"`,
    '  |',
    '9 | target = "lambda" #~ routes[0].target',
    '  |          ^^^^^^^^',
    '',
  ].join('\n');
  assert.ok(stderr.includes(told), stderr);
  assert.ok(stderr.endsWith(`${BAD}: 15 problems\n`), stderr);
});

test('programs get the same as JSON', async () => {
  const { status, stdout, stderr } = await nearhop(['check', '--json', '--config', BAD]);
  assert.equal(status, 1);
  assert.equal(stderr, '');
  const { ok, kind, diagnostics } = JSON.parse(stdout);
  assert.deepEqual([ok, kind, diagnostics.length], [false, 'configuration', 15]);
  assert.deepEqual(diagnostics[0], {
    line: 2,
    column: 8,
    length: 5,
    key: 'site.mode',
    found: '"Spa"',
    allowed: '"spa", "clean-urls", "plain"',
    suggestion: 'spa',
    message: 'found "Spa", allowed: "spa", "clean-urls", "plain"; did you mean "spa"?',
  });
});

test('carets stand under tabs, wide lines and the end of a file', async () => {
  const file = join(folder, 'odd.toml');
  await writeFile(file, '[site]\n\tmode = "é" # ü\r\n[limits]\nverdicts =');
  const { stderr } = await nearhop(['check', '--config', file]);
  assert.match(stderr, /^4 \| verdicts =\n {2}\| {11}\^$/m);
  await writeFile(file, '[site]\n\tmode = "é" # ü\r\n');
  const again = await nearhop(['check', '--config', file]);
  assert.match(again.stderr, /^2 \|  mode = "é" # ü\n {2}\| {9}\^\^\^$/m);
});

test('a terminal is not obeyed by what a file holds', async () => {
  const file = join(folder, 'escape.toml');
  await writeFile(file, '[site]\nmode = "a" # \u001b[31m\u202e\n"\\u001b[2J" = 1\n');
  const { status, stderr } = await nearhop(['check', '--config', file]);
  assert.notEqual(status, 0);
  assert.doesNotMatch(stderr, /[\u001b\u202e]/);
});

test('colours are for terminals', async () => {
  for (const args of [['check'], ['check', '--config', BAD]]) {
    const { stdout, stderr } = await nearhop(args, { FORCE_COLOR: '1' });
    assert.doesNotMatch(stdout + stderr, /\u001b/);
  }
});

test('and terminals that want none get none', () => {
  const terminal = (/** @type {boolean} */ colours) =>
    /** @type {any} */ ({ isTTY: true, hasColors: () => colours });
  assert.equal(paintFor(terminal(true)).red('a'), '\u001b[31ma\u001b[39m');
  assert.equal(paintFor(terminal(false)).red('a'), 'a');
});

test('schema prints the schema', async () => {
  const { status, stdout } = await nearhop(['schema']);
  assert.equal(status, 0);
  assert.equal(stdout, await readFile('nearhop.schema.json', 'utf8'));
});

test('--version and --help', async () => {
  const { version } = JSON.parse(await readFile('package.json', 'utf8'));
  assert.deepEqual(await nearhop(['--version']), { status: 0, stdout: `${version}\n`, stderr: '' });
  for (const args of [['--help'], ['help'], ['bundle', '--help']]) {
    const { status, stdout } = await nearhop(args);
    assert.equal(status, 0);
    for (const word of ['check', 'bundle', 'schema', '--jwks-url', '--discovery', 'Exit status']) {
      assert.ok(stdout.includes(word), word);
    }
  }
});

for (const { args, told } of [
  { args: [], told: 'found no command; allowed: check, bundle, ' },
  { args: ['chekc'], told: 'found the command "chekc"; allowed: check, bundle, ' },
  { args: ['check', '--confg', 'x'], told: "Unknown option '--confg'" },
  { args: ['check', 'nearhop.toml'], told: "Unexpected argument 'nearhop.toml'" },
  { args: ['bundle'], told: 'found no --out' },
  { args: ['check', '--config', 'no-such.toml'], told: 'there is no file no-such.toml' },
  { args: ['check', '--config', 'tests'], told: 'tests is a folder' },
]) {
  test(`usage: nearhop ${args.join(' ')}`, async () => {
    const { status, stdout, stderr } = await nearhop(args);
    assert.equal(status, 2);
    assert.equal(stdout, '');
    assert.ok(stderr.startsWith('nearhop: ') && stderr.includes(told), stderr);
  });
}

test('a file that is not text is refused', async () => {
  const file = join(folder, 'latin1.toml');
  await writeFile(file, Buffer.from('# caf\xe9\n', 'latin1'));
  const { status, stderr } = await nearhop(['check', '--config', file]);
  assert.equal(status, 3);
  assert.match(stderr, /is not UTF-8 text/);
});

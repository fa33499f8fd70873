/**
 * nearhop.deploy.toml: what it means, and what is said of mistakes.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFile } from 'node:fs/promises';
import { readSettings, settingsFrom } from '../../infra/settings.js';
import { EDGE_REGIONS } from '../../js/cloudfront/place/edges.js';

test('an empty file has every default', () => {
  const settings = settingsFrom('f', '');
  assert.equal(settings.app, 'nearhop');
  assert.deepEqual([settings.routing, settings.layout], ['edge', 'viewer-request']);
  assert.equal(settings.protect, true);
  assert.deepEqual(settings.logs, { days: 30, edgeRegions: EDGE_REGIONS });
  assert.equal(settings.domain, undefined);
});

test('R1: logs wait in every Region that executes the function', async () => {
  const text = await readFile('src/tools/data/aws-regions.csv', 'utf8');
  const [header, ...rows] = text
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  const at = (/** @type {string} */ name) => header.indexOf(name) - header.length;
  const executing = rows
    .filter((row) => row.at(at('cloudfront_rec')) === '1')
    .map(([name]) => name);
  assert.deepEqual(executing.sort(), [...EDGE_REGIONS].sort());
});

/** @type {[name: string, text: string, said: RegExp][]} */
const MISTAKES = [
  [
    'an unknown key',
    'app = "shop"\nregoin = "eu-west-1"\n',
    /^f:2:1: regoin: found "eu-west-1", allowed: one of the keys app, account, /,
  ],
  [
    'an unknown key in a section',
    '\n[logs]\nday = 3\n',
    /^f:3:1: logs\.day: found 3, allowed: one of the keys .*logs\.days/,
  ],
  [
    'a value that is none of several',
    'routing = "bgp"',
    /^f:1:1: routing: found "bgp", allowed: "edge", "dns"$/,
  ],
  [
    'a number CloudWatch does not have',
    '[logs]\ndays = 31',
    /^f:2:1: logs\.days: found 31, allowed: .* 30, 60/,
  ],
  [
    'an account as a number',
    'account = 123456789012',
    /account: found 123456789012, allowed: twelve digits, as text/,
  ],
  [
    'a certificate of another Region',
    '[domain]\nname = "a.example.com"\nhosted_zone_id = "Z1"\nhosted_zone_name = "example.com"\n' +
      'certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/0a"',
    /^f:5:1: domain\.certificate_arn: .*us-east-1/,
  ],
  [
    'half a domain',
    '[domain]\nname = "a.example.com"',
    /domain\.hosted_zone_id: found nothing, allowed: the id/,
  ],
  [
    'a domain outside of its zone',
    '[domain]\nname = "a.example.org"\nhosted_zone_id = "Z1"\nhosted_zone_name = "example.com"',
    /^f:2:1: domain\.name: found "a\.example\.org", allowed: example\.com, or a name below it$/,
  ],
  [
    'Route 53 without a domain',
    'routing = "dns"',
    /^f:1:1: routing: found "dns" without \[domain\], allowed: "edge", or \[domain\]/,
  ],
  ['a prefix Cognito refuses', '[sign_in]\ndomain_prefix = "my-aws-app"', /sign_in\.domain_prefix/],
  [
    'a table where a value belongs',
    '[app]\nname = "x"',
    /app: found \{"name":"x"\}, allowed: 3 to 26/,
  ],
  ['what is no TOML', 'app = "shop"\nrouting: dns\n', /^f:2:\d+: found .+, allowed: TOML/],
];

for (const [name, text, said] of MISTAKES) {
  test(`${name} is said with its place`, () => {
    assert.throws(() => settingsFrom('f', text), { kind: 'configuration', message: said });
  });
}

test('all mistakes are said at once', () => {
  assert.throws(
    () => settingsFrom('f', 'app = "X"\nlayout = 1\n'),
    (error) => {
      assert.equal(/** @type {any} */ (error).diagnostics.length, 2);
      return true;
    },
  );
});

test('a file that was asked for has to be there', async () => {
  await assert.rejects(readSettings('nowhere.toml'), { kind: 'usage', message: /nowhere\.toml/ });
  assert.equal((await readSettings('nowhere.toml', { optional: true })).app, 'nearhop');
});

/**
 * What earlier phases tell, and nearhop.toml as it is deployed.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { parse } from 'smol-toml';
import { deployedConfiguration } from '../../infra/configuration.js';
import { knownFrom, readOutputs } from '../../infra/known.js';
import { settingsFrom } from '../../infra/settings.js';
import { makeApp } from '../../infra/stacks.js';
import { readConfiguration } from '../../js/cli/configuration.js';
import { check } from '../../js/cli/tools.js';

const DOMAIN =
  '[domain]\nname = "app.example.com"\nhosted_zone_id = "Z1"\nhosted_zone_name = "example.com"\n';
const OUTPUTS = {
  'nearhop-data': { UserPoolId: 'us-east-1_Real00001', UserPoolClientId: 'real0client' },
  'nearhop-api-us-east-1': { Endpoint: 'https://a1.execute-api.us-east-1.amazonaws.com' },
  'nearhop-api-eu-west-1': { Endpoint: 'https://b2.execute-api.eu-west-1.amazonaws.com' },
  'nearhop-api-ap-northeast-1': { Endpoint: 'https://c3.execute-api.ap-northeast-1.amazonaws.com' },
};
const source = await readConfiguration('nearhop.toml');
const edge = settingsFrom('f', '');
const dns = settingsFrom('f', `routing = "dns"\n${DOMAIN}`);

test('nothing is known at first, and with placeholders what the file says', () => {
  const nothing = knownFrom(edge, source.report, {});
  assert.deepEqual(
    [nothing.userPool, nothing.endpoints, nothing.siteUrl],
    Array(3).fill(undefined),
  );
  const said = knownFrom(edge, source.report, {}, { placeholders: true });
  assert.deepEqual(said.userPool, {
    id: 'us-east-1_Nearhop01',
    client: 'nearhopdemo0client',
    domain: 'https://placeholder.auth.us-east-1.amazoncognito.com',
  });
  assert.equal(
    said.endpoints?.['eu-west-1'],
    'https://nearhop002.execute-api.eu-west-1.amazonaws.com/prod',
  );
  assert.equal(said.placeholders, true);
});

test('the edge waits until every Region has its API', () => {
  const { 'nearhop-api-eu-west-1': _missing, ...some } = OUTPUTS;
  assert.equal(knownFrom(edge, source.report, some).endpoints, undefined);
  const all = knownFrom(edge, source.report, OUTPUTS, { placeholders: true });
  assert.equal(Object.keys(all.endpoints ?? {}).length, 3);
  assert.equal(all.placeholders, false);
});

test('A4: with a domain, the APIs have names of their own beforehand', () => {
  const known = knownFrom(settingsFrom('f', DOMAIN), source.report, {});
  assert.equal(known.endpoints?.['eu-west-1'], 'https://eu-west-1.api.app.example.com');
  assert.equal(known.siteUrl, 'https://app.example.com');
});

test('the pool, its client and the APIs take the place of those in the file', async () => {
  const text = deployedConfiguration(source, edge, knownFrom(edge, source.report, OUTPUTS));
  const checked = await check(text);
  assert.ok(checked.ok);
  const { issuers, api, routes, site } = checked.report;
  assert.equal(
    issuers[0].issuer,
    'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Real00001',
  );
  assert.deepEqual(issuers[0].clients, ['real0client']);
  assert.deepEqual(
    api?.regions.map(({ name, domain_name }) => `${name} ${domain_name}`),
    [
      'us-east-1 a1.execute-api.us-east-1.amazonaws.com',
      'eu-west-1 b2.execute-api.eu-west-1.amazonaws.com',
      'ap-northeast-1 c3.execute-api.ap-northeast-1.amazonaws.com',
    ],
  );
  // All else is as it was.
  assert.deepEqual(routes, source.report.routes);
  assert.deepEqual(site, source.report.site);
  assert.deepEqual(issuers[0].cookies, source.report.issuers[0].cookies);
});

test("the page may connect to the buckets that users' files are in, and no policy else changes", () => {
  const outputs = {
    ...OUTPUTS,
    'nearhop-api-eu-west-1': {
      ...OUTPUTS['nearhop-api-eu-west-1'],
      Files: 'https://nearhop-data-1-eu-west-1.s3.eu-west-1.amazonaws.com',
    },
  };
  const known = knownFrom(edge, source.report, outputs);
  /** @type {any} */
  const [before, after] = [parse(source.text), parse(deployedConfiguration(source, edge, known))];
  const changed = before.site.headers[0].value.replace(
    "connect-src 'self'",
    "connect-src https://nearhop-data-1-eu-west-1.s3.eu-west-1.amazonaws.com 'self'",
  );
  assert.notEqual(changed, before.site.headers[0].value);
  assert.equal(after.site.headers[0].value, changed);
  assert.deepEqual(after.site.headers.slice(1), before.site.headers.slice(1));
});

test('where Route 53 chooses, the edge knows one name', async () => {
  const text = deployedConfiguration(source, dns, knownFrom(dns, source.report, OUTPUTS));
  const checked = await check(text);
  assert.ok(checked.ok);
  assert.deepEqual(
    checked.report.api?.regions.map(({ name, domain_name }) => [name, domain_name]),
    [['us-east-1', 'api.app.example.com']],
  );
});

test('what only the edge can choose by is refused where Route 53 chooses', () => {
  const set = '{ name = "EU", countries = ["EU"], regions = ["eu-west-1"] }';
  const text = `${source.text}\n[api.residency]\nsets = [${set}]\n`;
  const known = knownFrom(dns, source.report, OUTPUTS);
  assert.throws(() => deployedConfiguration({ file: 'n.toml', text }, dns, known), {
    kind: 'configuration',
    message: /n\.toml: found api\.residency with routing = "dns", allowed: routing = "edge"/,
  });
});

test('two issuers are refused: an authorizer knows one', () => {
  const text = `${source.text}\n[[issuers]]\nuser_pool = "eu-west-1_Other0001"\nclients = ["c"]\n`;
  const known = knownFrom(edge, source.report, OUTPUTS);
  assert.throws(() => deployedConfiguration({ file: 'n.toml', text }, edge, known), {
    message: /found 2 \[\[issuers\]\], allowed: \[api\] and one of \[\[issuers\]\]/,
  });
});

test('paths in the file hold wherever it is written', () => {
  const text = `country_database = "geo/c.mmdb"\n${source.text}`;
  const known = knownFrom(edge, source.report, OUTPUTS);
  const deployed = parse(deployedConfiguration({ file: 'some/n.toml', text }, edge, known));
  assert.equal(deployed.country_database, resolve('some/geo/c.mmdb'));
});

test('an app for a plane or a phase that is none is refused', async () => {
  const plane = /** @type {any} */ ('azure');
  const phase = /** @type {any} */ ('last');
  await assert.rejects(makeApp({ plane }), {
    message: 'plane: found "azure", allowed: aws, local',
  });
  await assert.rejects(makeApp({ phase }), { message: /^phase: found "last", allowed: data, / });
});

test('an outputs file that is none is said', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nearhop-outputs-'));
  try {
    const file = join(folder, 'o.json');
    assert.deepEqual(await readOutputs(file), {});
    await writeFile(file, 'no');
    await assert.rejects(readOutputs(file), { kind: 'outside', message: /delete it/ });
  } finally {
    await rm(folder, { recursive: true });
  }
});

/**
 * What a reader of a template may ask for, and what it is told: functions' settings, parameters,
 * choices, keys to ignore, warnings.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readTemplate } from '../../js/cloudfront/template/read.js';
import { thrownBy } from './templates/faults.js';
import { resource, site } from './templates/site.js';

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const YAML = here('templates/minimal.yaml');
const EXAMPLE = here('../../examples/edge-function/function');

describe('functions of a template', () => {
  it('are in the model by their name, inline code in index.js', async () => {
    const { distribution, functions } = await readTemplate(site().template);
    const { functions: attached } = distribution.behaviors.at(-1) ?? assert.fail('no behavior');
    assert.deepEqual(attached, { 'viewer-request': { function: 'Fn', includeBody: false } });
    const { code = '', ...rest } = functions.get('Fn') ?? {};
    assert.match(readFileSync(join(code, 'index.js'), 'utf8'), /^exports\.handler/);
    const settings = { handler: 'index.handler', runtime: 'nodejs24.x', timeout: 5, memory: 128 };
    assert.deepEqual(rest, { name: 'Fn', ...settings });
  });

  for (const key of ['Fn', 'greeter', 'arn:aws:lambda:us-east-1:000000000000:function:greeter']) {
    it(`take the caller's settings, by ${key}`, async () => {
      const { template, fn } = site();
      fn.FunctionName = 'greeter';
      fn.Runtime = 'nodejs18.x';
      const given = { code: EXAMPLE, runtime: 'nodejs22.x', timeout: 1 };
      const { functions } = await readTemplate(template, { functions: { [key]: given } });
      const kept = { name: 'greeter', handler: 'index.handler', memory: 128 };
      assert.deepEqual(functions.get('greeter'), { ...kept, ...given });
    });
  }

  it('may be named only, if their code is given', async () => {
    const { template, standard } = site();
    const arn = 'arn:aws:lambda:us-east-1:123456789012:function:elsewhere:7';
    standard.LambdaFunctionAssociations[0].LambdaFunctionARN = arn;
    for (const key of ['elsewhere', arn]) {
      const given = { [key]: { code: EXAMPLE } };
      const { functions } = await readTemplate(template, { functions: given });
      assert.deepEqual(functions.get('elsewhere'), {
        name: 'elsewhere',
        code: EXAMPLE,
        handler: 'index.handler',
        runtime: 'nodejs24.x',
        timeout: 3,
        memory: 128,
      });
    }
  });

  it('L1: a setting of the caller is held against the same limits', async () => {
    const functions = { Fn: { timeout: 31 } };
    const { message } = await thrownBy(readTemplate(site().template, { functions }));
    const allowed = '1 to 30 seconds (rule L1)';
    assert.equal(message, `functions: Fn.timeout: found 31; allowed: ${allowed}.`);
  });

  it('leave no setting of the caller unused', async () => {
    const functions = { Fm: { timeout: 1 } };
    const error = await thrownBy(readTemplate(site().template, { functions }));
    assert.match(error.message, /^functions: Fm: found settings for "Fm".*allowed: Fn\.$/);
  });

  it('L1: more than 128 MB at a viewer event is a warning, since sources disagree', async () => {
    const { template, fn, standard } = site();
    fn.MemorySize = 256;
    const { warnings } = await readTemplate(template);
    assert.match(warnings.join('\n'), /^template: .*Fn has 256 MB at viewer-request.*\(rule L1\)$/);
    standard.LambdaFunctionAssociations[0].EventType = 'origin-request';
    assert.deepEqual((await readTemplate(template)).warnings, []);
  });

  it('have one name each', async () => {
    const { template, resources, standard } = site();
    resources.Fn.Properties.FunctionName = 'same';
    standard.LambdaFunctionAssociations.push({
      EventType: 'origin-request',
      LambdaFunctionARN: 'arn:aws:lambda:us-east-1:123456789012:function:same:1',
    });
    const functions = { same: { code: EXAMPLE } };
    const error = await thrownBy(readTemplate(template, { functions }));
    assert.match(error.found, /another function named same/);
  });
});

describe('options of reading', () => {
  it('give parameters, which are held against their allowed values', async () => {
    const parameters = { ApiDomain: 'other.example.com', 'AWS::Region': 'eu-west-1' };
    const { distribution } = await readTemplate(YAML, { parameters });
    const { domainName, connectionAttempts } = distribution.origins.get('api') ?? {};
    assert.deepEqual([domainName, connectionAttempts], ['other.example.com', 3]);
    const unknown = await thrownBy(readTemplate(YAML, { parameters: { ApiDomian: 'x' } }));
    assert.match(unknown.message, /found a value for "ApiDomian"; allowed: ApiDomain\./);
  });

  it('choose among distributions', async () => {
    const { template, resources, config } = site();
    resources.Other = resource('AWS::CloudFront::Distribution', {
      DistributionConfig: { ...config, DefaultRootObject: 'other.html' },
    });
    const error = await thrownBy(readTemplate(template));
    assert.match(error.message, /found several distributions; allowed: one of Site, Other\./);
    const { distribution } = await readTemplate(template, { distribution: 'Other' });
    assert.equal(distribution.defaultRootObject, 'other.html');
    const absent = await thrownBy(readTemplate(template, { distribution: 'Sight' }));
    assert.match(absent.message, /found no distribution "Sight"; allowed: one of Site, Other\./);
  });

  const REFUSED = {
    FunctionAssociations: [{ EventType: 'viewer-request', FunctionARN: 'x' }],
    TrustedKeyGroups: ['k'],
    FieldLevelEncryptionId: 'f',
  };
  for (const [key, value] of Object.entries(REFUSED)) {
    it(`ignore ${key}, which is refused otherwise`, async () => {
      const { template, behavior } = site();
      behavior[key] = value;
      const error = await thrownBy(readTemplate(template));
      assert.match(error.message, new RegExp(`found ${key}, which is not played here`));
      const { warnings } = await readTemplate(template, { ignore: [key] });
      assert.equal(warnings.length, 1);
      assert.match(String(warnings[0]), new RegExp(`CacheBehaviors\\[0\\]\\.${key}: left out`));
    });
  }

  it('L7: CloudFront Functions at viewer events go with Lambda@Edge at origin events', async () => {
    const { template, standard } = site();
    standard.FunctionAssociations = REFUSED.FunctionAssociations;
    standard.LambdaFunctionAssociations[0].EventType = 'origin-request';
    const { warnings } = await readTemplate(template, { ignore: ['FunctionAssociations'] });
    assert.equal(warnings.length, 1);
  });
});

describe('warnings', () => {
  /** @type {[string, RegExp, (parts: import('./templates/site.js').Parts) => unknown][]} */
  const CASES = [
    [
      'a key unknown here',
      /CacheBehaviors\[0\]\.Compres: unknown/,
      ({ behavior }) => (behavior.Compres = true),
    ],
    ['a web ACL', /WebACLId: the web ACL/, ({ config }) => (config.WebACLId = 'arn')],
    [
      'countries',
      /countries are not restricted/,
      ({ config }) =>
        (config.Restrictions = { GeoRestriction: { RestrictionType: 'whitelist' } }),
    ],
    ['Origin Shield', /OriginShield/, ({ api }) => (api.OriginShield = { Enabled: true })],
    [
      'lifetimes beside a cache policy',
      /MinTTL: left out/,
      ({ behavior }) => (behavior.MinTTL = 1),
    ],
    [
      'the order of members that is not played',
      /in their order/,
      ({ group }) => (group.SelectionCriteria = 'media-quality-based'),
    ],
    [
      'a dynamic reference in a custom header',
      /a dynamic reference/,
      ({ api }) => (api.OriginCustomHeaders[0].HeaderValue = '{{resolve:ssm:/secret}}'),
    ],
    [
      'A1: the viewer’s Host at API Gateway',
      /\(rule A1\)/,
      ({ api, behavior }) => {
        api.DomainName = 'x.execute-api.eu-west-1.amazonaws.com';
        behavior.OriginRequestPolicyId = '216adef6-5c7f-47e4-b989-5492eafa07d3';
      },
    ],
  ];
  for (const [name, warning, change] of CASES) {
    it(name.startsWith('A1') ? name : `say ${name}`, async () => {
      const parts = site();
      change(parts);
      const { warnings } = await readTemplate(parts.template);
      assert.equal(warnings.length, 1, warnings.join('\n'));
      assert.match(String(warnings[0]), warning);
    });
  }

  it('say nothing of keys that change nothing here', async () => {
    const { template, config, behavior, api, group } = site();
    Object.assign(config, {
      Comment: 'x',
      HttpVersion: 'http2and3',
      IPV6Enabled: true,
      PriceClass: 'PriceClass_100',
      Restrictions: { GeoRestriction: { RestrictionType: 'none' } },
      ViewerCertificate: { CloudFrontDefaultCertificate: true },
      WebACLId: '',
    });
    Object.assign(behavior, { SmoothStreaming: false, TrustedKeyGroups: [] });
    api.OriginShield = { Enabled: false, OriginShieldRegion: 'us-east-1' };
    group.SelectionCriteria = 'default';
    assert.deepEqual((await readTemplate(template)).warnings, []);
  });
});

it('removes the folders of inline code when the process ends', async () => {
  const script = `
    import { readTemplate } from ${JSON.stringify(here('../../js/cloudfront/template/read.js'))};
    import { site } from ${JSON.stringify(here('templates/site.js'))};
    const { functions } = await readTemplate(site().template);
    console.log(functions.get('Fn').code);
  `;
  const args = ['--input-type=module', '--eval', script];
  const folder = execFileSync(process.execPath, args, { encoding: 'utf8' }).trim();
  assert.match(folder, /cloudfront-inline-/);
  assert.equal(existsSync(folder), false);
});

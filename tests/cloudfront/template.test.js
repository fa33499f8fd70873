/**
 * From a CloudFormation template to the model.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readTemplate } from '../../js/cloudfront/template/read.js';
import { thrownBy } from './templates/faults.js';
import { site } from './templates/site.js';

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const YAML = here('templates/minimal.yaml');
const JSON_FILE = here('templates/minimal.json');
const EXAMPLE = here('../../examples/edge-function');

/**
 * @param {import('node:test').TestContext} test
 * @param {string} name
 * @param {string} text
 * @returns {string} path of a file that ends with the test
 */
function file(test, name, text) {
  const folder = mkdtempSync(join(tmpdir(), 'template-'));
  test.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

describe('a template in a file', () => {
  it('is YAML with short tags', async () => {
    const { distribution, functions, warnings } = await readTemplate(YAML);
    assert.deepEqual([functions.size, warnings], [0, []]);
    assert.deepEqual(distribution.origins.get('api'), {
      id: 'api',
      kind: 'custom',
      domainName: 'api.example.com',
      path: '',
      customHeaders: {},
      connectionAttempts: 1,
      connectionTimeout: 10,
      readTimeout: 30,
      keepaliveTimeout: 5,
      responseCompletionTimeout: undefined,
      protocolPolicy: 'https-only',
      httpPort: 80,
      httpsPort: 443,
      sslProtocols: ['TLSv1.2'],
      access: 'none',
      region: undefined,
    });
    assert.match(distribution.id, /^E[0-9A-F]{13}$/);
    assert.match(distribution.domainName, /^d[0-9a-f]{13}\.cloudfront\.net$/);
  });

  it('is JSON', async () => {
    const { distribution } = await readTemplate(JSON_FILE);
    assert.equal(distribution.origins.get('api')?.domainName, 'api.us-east-1.example.com');
    const [behavior, ...more] = distribution.behaviors;
    assert.deepEqual([behavior?.pattern, behavior?.target, more.length], ['*', 'api', 0]);
    assert.deepEqual(behavior?.methods, ['GET', 'HEAD']);
    assert.equal(behavior?.cachePolicy.name, 'CachingDisabled');
  });

  for (const [path, line] of /** @type {const} */ ([
    [YAML, 20],
    [JSON_FILE, 16],
  ])) {
    it(`has the line of a fault in its message: ${path.split('.').at(-1)}`, async (test) => {
      const text = readFileSync(path, 'utf8').replace(
        /("?TargetOriginId"?: )"?api"?/,
        '$1"apis"',
      );
      const broken = file(test, `broken.${path.split('.').at(-1)}`, text);
      const error = await thrownBy(readTemplate(broken));
      assert.equal(error.line, line);
      assert.equal(
        error.message,
        `${broken}:${line}: Resources.Site.Properties.DistributionConfig.DefaultCacheBehavior.` +
          'TargetOriginId: found "apis"; allowed: api. ' +
          'Name an origin or an origin group of this distribution.',
      );
    });
  }

  it('has the line of the branch that a condition chose', async (test) => {
    const text = readFileSync(YAML, 'utf8').replace(
      '!If [Patient, 3, 1]',
      '!If\n              - Patient\n              - 3\n              - 9',
    );
    const error = await thrownBy(readTemplate(file(test, 'choice.yaml', text)));
    assert.deepEqual([error.line, error.rule], [19, 'F6']);
    assert.ok(error.at.endsWith('ConnectionAttempts.Fn::If[2]'), error.at);
  });

  it('is refused where it is neither', async (test) => {
    const cases = /** @type {const} */ ([
      ['{ "Resources": {\n  "A" 1 } }', 2, /broken JSON/],
      ['Resources:\n  A: [1\n', undefined, /flow/i],
      ['Resources:\n  A: 1\n  A: 2\n', 3, /unique/],
      ['Resources:\n  A: &a 1\n  B: *a\n', 3, /a YAML alias/],
      ['Outcomes: {}\n', undefined, /the keys Outcomes/],
      ['', undefined, /found null/],
    ]);
    for (const [text, line, found] of cases) {
      const error = await thrownBy(readTemplate(file(test, 'broken', text)));
      assert.match(error.message, found);
      if (line) assert.equal(error.line, line, text);
    }
    const error = await thrownBy(readTemplate(join(EXAMPLE, 'absent.yaml')));
    assert.match(error.message, /found ENOENT; allowed: a file that can be read/);
  });

  it('is the example’s', async () => {
    const path = join(EXAMPLE, 'template.yaml');
    const { distribution, functions, warnings } = await readTemplate(path);
    assert.deepEqual(warnings, []);
    assert.deepEqual(functions.get('Language'), {
      name: 'Language',
      code: join(EXAMPLE, 'function'),
      handler: 'index.handler',
      runtime: 'nodejs24.x',
      timeout: 5,
      memory: 128,
    });
    const { kind, access, domainName } = distribution.origins.get('bucket') ?? {};
    const name = 'bucket.s3.us-east-1.amazonaws.com';
    assert.deepEqual([kind, access, domainName], ['s3', 'oac', name]);
  });
});

describe('the model of a template', () => {
  it('has behaviors in order, the default one last, with their policies', async () => {
    const { distribution } = await readTemplate(site().template);
    const [api, standard] = distribution.behaviors;
    assert.deepEqual([api?.pattern, standard?.pattern], ['/api/*', '*']);
    assert.equal(api?.methods.length, 7);
    assert.deepEqual(api?.originRequestPolicy, {
      name: 'forward',
      headers: { behavior: 'allExcept', names: ['host'] },
      cookies: { behavior: 'whitelist', names: ['session'] },
      queryStrings: { behavior: 'all', names: [] },
    });
    assert.deepEqual(api?.responseHeadersPolicy, {
      name: 'answer',
      cors: undefined,
      security: { ContentTypeOptions: { Override: true } },
      custom: [{ header: 'X-Robots-Tag', value: 'none', override: true }],
      remove: ['x-powered-by'],
      serverTiming: 50,
    });
    assert.deepEqual(standard?.cachePolicy, {
      name: 'cache',
      minTtl: 1,
      defaultTtl: 60,
      maxTtl: 600,
      gzip: true,
      brotli: false,
      headers: { behavior: 'whitelist', names: ['accept-language'] },
      cookies: { behavior: 'none', names: [] },
      queryStrings: { behavior: 'all', names: [] },
    });
  });

  it('F3: has groups with their members in order and their statuses', async () => {
    const { distribution } = await readTemplate(site().template);
    assert.deepEqual(distribution.groups.get('either'), {
      id: 'either',
      members: ['bucket', 'api'],
      statuses: [500, 503],
    });
  });

  it('has custom headers in the case they are written', async () => {
    const { distribution } = await readTemplate(site().template);
    assert.deepEqual(distribution.origins.get('api')?.customHeaders, { 'X-Leg': 'first' });
  });

  it('S1: has how CloudFront signs for a bucket', async () => {
    /** @type {[string, (parts: import('./templates/site.js').Parts) => unknown][]} */
    const cases = [
      ['oac', () => {}],
      ['oac', ({ bucket }) => (bucket.OriginAccessControlId = 'E2QWRUHAPOMQZL')],
      ['none', ({ bucket }) => delete bucket.OriginAccessControlId],
      [
        'none',
        ({ resources }) => {
          const { OriginAccessControlConfig: config } = resources.Access.Properties;
          config.SigningBehavior = 'never';
        },
      ],
      [
        'oai',
        ({ bucket }) => {
          delete bucket.OriginAccessControlId;
          bucket.S3OriginConfig.OriginAccessIdentity = 'origin-access-identity/cloudfront/E1';
        },
      ],
    ];
    for (const [access, change] of cases) {
      const parts = site();
      change(parts);
      const { distribution } = await readTemplate(parts.template);
      assert.equal(distribution.origins.get('bucket')?.access, access);
    }
  });

  it('E7: has the Region of a bucket, from its name', async () => {
    const cases = {
      'b.s3.eu-west-1.amazonaws.com': 'eu-west-1',
      'b.s3-ap-southeast-2.amazonaws.com': 'ap-southeast-2',
      'my.b.s3.dualstack.us-gov-west-1.amazonaws.com': 'us-gov-west-1',
      'b.s3.amazonaws.com': 'us-east-1',
    };
    for (const [name, region] of Object.entries(cases)) {
      const { template, bucket } = site();
      bucket.DomainName = name;
      const { distribution } = await readTemplate(template);
      assert.equal(distribution.origins.get('bucket')?.region, region, name);
    }
  });

  it('has error pages, with CloudFormation’s default of 300 seconds', async () => {
    const { template, config } = site();
    config.CustomErrorResponses = [
      { ErrorCode: 404, ResponseCode: 200, ResponsePagePath: '/404.html' },
      { ErrorCode: '500', ErrorCachingMinTTL: 0 },
    ];
    const { distribution } = await readTemplate(template);
    assert.deepEqual(distribution.errorPages, [
      { status: 404, path: '/404.html', responseStatus: 200, minTtl: 300 },
      { status: 500, path: undefined, responseStatus: undefined, minTtl: 0 },
    ]);
  });

  it('has policies for ForwardedValues', async () => {
    const { template, behavior } = site();
    delete behavior.CachePolicyId;
    delete behavior.OriginRequestPolicyId;
    behavior.ForwardedValues = {
      QueryString: 'true',
      Headers: ['Origin'],
      Cookies: { Forward: 'whitelist', WhitelistedNames: ['session'] },
    };
    behavior.DefaultTTL = 5;
    const { distribution } = await readTemplate(template);
    const [{ cachePolicy } = assert.fail('no behavior')] = distribution.behaviors;
    assert.deepEqual(cachePolicy.headers, { behavior: 'whitelist', names: ['origin'] });
    assert.deepEqual(cachePolicy.cookies, { behavior: 'whitelist', names: ['session'] });
    assert.deepEqual(cachePolicy.queryStrings, { behavior: 'all', names: [] });
    assert.equal(cachePolicy.defaultTtl, 5);
  });
});

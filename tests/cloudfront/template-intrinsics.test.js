/**
 * Intrinsic functions, parameters and the names of what is not deployed: what CloudFormation would
 * make of a template before CloudFront sees it.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TemplateError, readTemplate } from '../../js/cloudfront/template/read.js';
import { resource, site } from './templates/site.js';

const NAMED = {
  Parameters: {
    Stage: { Type: 'String', Default: 'beta', AllowedValues: ['beta', 'live'] },
    Names: { Type: 'CommaDelimitedList', Default: 'one, two' },
    Secret: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/secret' },
    Missing: { Type: 'String' },
  },
  Mappings: { Domains: { beta: { api: 'b' }, live: { api: 'l' } } },
  Conditions: {
    IsLive: { 'Fn::Equals': [{ Ref: 'Stage' }, 'live'] },
    IsBeta: { 'Fn::Not': [{ Condition: 'IsLive' }] },
    Both: { 'Fn::And': [{ Condition: 'IsLive' }, { Condition: 'IsBeta' }] },
    Either: { 'Fn::Or': [{ Condition: 'IsLive' }, { Condition: 'IsBeta' }] },
    Round: { 'Fn::Not': [{ Condition: 'About' }] },
    About: { 'Fn::Not': [{ Condition: 'Round' }] },
  },
};

/**
 * @param {unknown} value a custom header's, in a template with these names
 * @param {Record<string, any>} [more] resources
 * @returns {Promise<string | undefined>} what becomes of it
 */
async function worth(value, more = {}) {
  const { template, api, resources } = site();
  Object.assign(template, NAMED);
  Object.assign(resources, more);
  api.OriginCustomHeaders[0].HeaderValue = value;
  const { distribution } = await readTemplate(template);
  return distribution.origins.get('api')?.customHeaders['X-Leg'];
}

describe('intrinsic functions', () => {
  /** @type {[unknown, string][]} */
  const CASES = [
    [{ Ref: 'Stage' }, 'beta'],
    [{ Ref: 'AWS::Region' }, 'us-east-1'],
    [{ Ref: 'AWS::AccountId' }, '000000000000'],
    [{ Ref: 'AWS::URLSuffix' }, 'amazonaws.com'],
    [{ Ref: 'AWS::Partition' }, 'aws'],
    [{ 'Fn::Sub': '${Stage}.${AWS::Region}.${!Literal}' }, 'beta.us-east-1.${Literal}'],
    [{ 'Fn::Sub': ['${A}-${Stage}', { A: { Ref: 'Stage' } }] }, 'beta-beta'],
    [{ 'Fn::Sub': '${Bucket.Arn}/*' }, 'arn:aws:s3:::bucket/*'],
    [{ 'Fn::Join': ['-', ['a', { Ref: 'Stage' }, 3]] }, 'a-beta-3'],
    [{ 'Fn::Join': ['+', { Ref: 'Names' }] }, 'one+two'],
    [{ 'Fn::Select': [1, { Ref: 'Names' }] }, 'two'],
    [{ 'Fn::Select': ['2', { 'Fn::Split': ['/', 'https://host/x'] }] }, 'host'],
    [{ 'Fn::FindInMap': ['Domains', { Ref: 'Stage' }, 'api'] }, 'b'],
    [{ 'Fn::FindInMap': ['Domains', 'none', 'api', { DefaultValue: 'd' }] }, 'd'],
    [{ 'Fn::Base64': 'a' }, 'YQ=='],
    [{ 'Fn::If': ['IsLive', 'live', { 'Fn::If': ['IsBeta', 'beta', 'none'] }] }, 'beta'],
    [{ 'Fn::If': ['Both', 'both', 'not both'] }, 'not both'],
    [{ 'Fn::If': ['Either', 'either', 'neither'] }, 'either'],
    [{ 'Fn::Length': { Ref: 'Names' } }, '2'],
    [{ 'Fn::ToJsonString': { a: [{ Ref: 'Stage' }] } }, '{"a":["beta"]}'],
  ];
  for (const [value, expected] of CASES) {
    it(`${JSON.stringify(value)} is ${expected}`, async () => {
      assert.equal(await worth(value), expected);
    });
  }

  it('AWS::NoValue removes a property and an item', async () => {
    const { template, api, config } = site();
    const none = { Ref: 'AWS::NoValue' };
    api.ConnectionAttempts = none;
    api.OriginCustomHeaders.unshift(none);
    config.Aliases = [none, 'www.example.com'];
    const { distribution } = await readTemplate(template);
    const { connectionAttempts, customHeaders } = distribution.origins.get('api') ?? {};
    assert.deepEqual([connectionAttempts, customHeaders], [3, { 'X-Leg': 'first' }]);
    assert.deepEqual(distribution.aliases, ['www.example.com']);
  });

  /** @type {[unknown, RegExp][]} */
  const FAULTS = [
    [{ Ref: 'Nobody' }, /found "Nobody"; allowed: the name of a parameter or of a resource/],
    [{ Ref: 'Absent' }, /"Absent", whose condition does not hold/],
    [{ Ref: 'Missing' }, /the parameter Missing, which has no value here/],
    [{ Ref: 'Secret' }, /the parameter Secret, which has no value here/],
    [{ Ref: 'AWS::Nothing' }, /allowed: AWS::AccountId, /],
    [{ 'Fn::Select': [2, { Ref: 'Names' }] }, /found index 2; allowed: 0 to 1/],
    [{ 'Fn::If': ['IsGamma', 'a', 'b'] }, /the condition "IsGamma"; allowed: IsLive, IsBeta/],
    [{ 'Fn::If': ['Round', 'a', 'b'] }, /the condition Round, which refers to itself/],
    [{ 'Fn::FindInMap': ['Domains', 'none', 'api'] }, /found Domains\.none\.api/],
    [{ 'Fn::ImportValue': 'x' }, /the export "x"; allowed: none, .* exports in us-east-1/],
    [{ 'Fn::Join': ['-'] }, /found a list of 1; allowed: a list of 2/],
    [{ 'Fn::Transform': { Name: 'x' } }, /found Fn::Transform; allowed: Fn::If, Ref, /],
    [{ Ref: 'Loop' }, /refers to itself/],
  ];
  for (const [value, message] of FAULTS) {
    it(`${JSON.stringify(value)} is a fault`, async () => {
      const more = {
        Absent: { Type: 'AWS::S3::Bucket', Condition: 'IsLive' },
        Loop: resource('AWS::S3::Bucket', { BucketName: { Ref: 'Loop' } }),
      };
      await assert.rejects(worth(value, more), (error) => {
        assert.ok(error instanceof TemplateError);
        assert.match(error.message, message);
        return true;
      });
    });
  }

  it('a parameter is one of its allowed values, and a secret one is not shown', async () => {
    const { template, api } = site();
    const Parameters = structuredClone(NAMED.Parameters);
    Object.assign(template, { ...NAMED, Parameters });
    api.OriginCustomHeaders[0].HeaderValue = { Ref: 'Stage' };
    const reading = () => readTemplate(template, { parameters: { Stage: 'gamma' } });
    await assert.rejects(reading, /Parameters\.Stage: found "gamma"; allowed: beta, live/);
    Object.assign(Parameters.Stage, { NoEcho: true });
    await assert.rejects(reading, /Parameters\.Stage: found another value; allowed: beta, live/);
  });
});

describe('names of what is not deployed', () => {
  const MORE = {
    Own: resource('AWS::S3::Bucket', { BucketName: { 'Fn::Sub': 'site-${Stage}' } }),
    Orders: resource('AWS::ApiGatewayV2::Api', {}),
    Rest: resource('AWS::ApiGateway::RestApi', {}),
    Balancer: resource('AWS::ElasticLoadBalancingV2::LoadBalancer', {}),
    Url: resource('AWS::Lambda::Url', { TargetFunctionArn: { Ref: 'Fn' } }),
    Second: resource('AWS::Lambda::Version', { FunctionName: { 'Fn::GetAtt': ['Fn', 'Arn'] } }),
    Pool: resource('AWS::Cognito::UserPool', {}),
  };
  /** @type {[unknown, string][]} */
  const CASES = [
    [{ 'Fn::GetAtt': 'Own.RegionalDomainName' }, 'site-beta.s3.us-east-1.amazonaws.com'],
    [{ 'Fn::GetAtt': ['Bucket', 'DomainName'] }, 'bucket.s3.amazonaws.com'],
    [
      { 'Fn::GetAtt': ['Bucket', 'WebsiteURL'] },
      'http://bucket.s3-website-us-east-1.amazonaws.com',
    ],
    [
      { 'Fn::GetAtt': ['Orders', 'ApiEndpoint'] },
      'https://orders.execute-api.us-east-1.amazonaws.com',
    ],
    [{ 'Fn::Sub': '${Orders}.execute-api.${AWS::Region}' }, 'orders.execute-api.us-east-1'],
    [{ Ref: 'Rest' }, 'rest'],
    [{ 'Fn::GetAtt': ['Balancer', 'DNSName'] }, 'balancer.us-east-1.elb.amazonaws.com'],
    [{ 'Fn::GetAtt': ['Url', 'FunctionUrl'] }, 'https://url.lambda-url.us-east-1.on.aws/'],
    [{ Ref: 'FnVersion' }, 'arn:aws:lambda:us-east-1:000000000000:function:Fn:1'],
    [{ Ref: 'Second' }, 'arn:aws:lambda:us-east-1:000000000000:function:Fn:2'],
    [{ 'Fn::GetAtt': ['Second', 'Version'] }, '2'],
    [{ 'Fn::GetAtt': ['Pool', 'Arn'] }, 'arn:aws:cognito:us-east-1:000000000000:Pool'],
    [{ 'Fn::GetAtt': ['Pool', 'ProviderName'] }, 'pool'],
  ];
  for (const [value, expected] of CASES) {
    it(`${JSON.stringify(value)} is ${expected}`, async () => {
      assert.equal(await worth(value, MORE), expected);
    });
  }

  it('stay the same from one reading to the next, and differ among resources', async () => {
    const first = await worth({ Ref: 'Cache' });
    assert.match(String(first), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.equal(await worth({ Ref: 'Cache' }), first);
    assert.notEqual(await worth({ Ref: 'Forward' }), first);
  });
});

/**
 * Functions: what a template may not say of them.
 */
import { describeFaults } from './templates/faults.js';
import { resource, trust } from './templates/site.js';

/** @typedef {import('./templates/site.js').Parts} Parts */
/** @typedef {import('./templates/faults.js').Fault} Fault */

const FUNCTION = 'Resources.Fn.Properties';

/** @param {Parts} parts */
function lambda({ standard }) {
  return standard.LambdaFunctionAssociations[0];
}

/** @param {Parts} parts @param {unknown} arn */
function attach(parts, arn) {
  lambda(parts).LambdaFunctionARN = arn;
}

/** @type {Fault[]} */
const ASSOCIATIONS = [
  {
    rule: 'E4',
    name: 'no request body at a response event',
    change: (parts) =>
      Object.assign(lambda(parts), { EventType: 'viewer-response', IncludeBody: true }),
    at: 'LambdaFunctionAssociations[0].IncludeBody',
    found: 'true',
  },
  {
    rule: 'L3',
    name: 'the function itself is no version',
    change: (parts) => attach(parts, { 'Fn::GetAtt': ['Fn', 'Arn'] }),
    at: 'LambdaFunctionARN.Fn::GetAtt',
    found: ':function:Fn"',
    allowed: ':<number>',
  },
  {
    rule: 'L3',
    name: '$LATEST is no numbered version',
    change: (parts) => attach(parts, { 'Fn::Sub': '${Fn.Arn}:$LATEST' }),
    at: 'LambdaFunctionARN.Fn::Sub',
    found: '$LATEST',
  },
  {
    rule: 'L3',
    name: 'an alias is no numbered version',
    change: (parts) => {
      parts.resources.Live = resource('AWS::Lambda::Alias', {
        FunctionName: { Ref: 'Fn' },
        Name: 'live',
      });
      attach(parts, { Ref: 'Live' });
    },
    at: 'LambdaFunctionARN.Ref',
    found: ':function:Fn:live',
  },
  {
    rule: 'L3',
    name: 'a function of another Region',
    change: (parts) => attach(parts, 'arn:aws:lambda:eu-west-1:000000000000:function:Fn:1'),
    at: 'LambdaFunctionARN',
    found: 'eu-west-1',
    allowed: 'us-east-1',
  },
  {
    rule: 'L3',
    name: 'the role trusts edgelambda.amazonaws.com too',
    change: ({ resources }) => {
      resources.Role.Properties.AssumeRolePolicyDocument = trust(['lambda.amazonaws.com']);
    },
    at: 'Resources.Role.Properties.AssumeRolePolicyDocument',
    found: 'trust in lambda.amazonaws.com',
    allowed: 'edgelambda.amazonaws.com',
  },
  {
    rule: 'L7',
    name: 'one function per event',
    change: (parts) => parts.standard.LambdaFunctionAssociations.push({ ...lambda(parts) }),
    at: 'LambdaFunctionAssociations[1].EventType',
    found: 'a second function at viewer-request',
  },
  {
    rule: 'L7',
    name: 'no CloudFront Function beside Lambda@Edge at viewer events',
    change: ({ standard }) =>
      (standard.FunctionAssociations = [{ EventType: 'viewer-response', FunctionARN: 'x' }]),
    at: 'DefaultCacheBehavior.FunctionAssociations',
    found: 'beside a Lambda@Edge function',
  },
  {
    rule: 'L8',
    name: 'no origin trigger with a VPC origin, in a group either',
    change: (parts) => {
      delete parts.api.CustomOriginConfig;
      parts.api.VpcOriginConfig = { VpcOriginId: 'vo_1' };
      lambda(parts).EventType = 'origin-request';
    },
    at: 'DefaultCacheBehavior.LambdaFunctionAssociations',
    found: '"api", a VPC origin',
  },
  {
    rule: 'L8',
    name: 'no origin trigger with mutual TLS to the origin',
    change: (parts) => {
      parts.api.CustomOriginConfig.OriginMtlsConfig = { ClientCertificateArn: 'arn' };
      lambda(parts).EventType = 'origin-response';
    },
    at: 'DefaultCacheBehavior.LambdaFunctionAssociations',
    found: 'mutual TLS',
  },
  {
    rule: 'L8',
    name: 'no Lambda@Edge with gRPC',
    change: ({ standard }) => (standard.GrpcConfig = { Enabled: true }),
    at: 'DefaultCacheBehavior.GrpcConfig.Enabled',
    found: 'gRPC beside Lambda@Edge',
  },
  {
    name: 'an event that is there',
    change: (parts) => (lambda(parts).EventType = 'viewer-requests'),
    at: 'LambdaFunctionAssociations[0].EventType',
    found: '"viewer-requests"',
    allowed: 'viewer-request, origin-request, origin-response, viewer-response',
  },
  {
    name: 'a function that the template only names, without its code',
    change: (parts) => attach(parts, 'arn:aws:lambda:us-east-1:000000000000:function:elsewhere:7'),
    at: 'LambdaFunctionARN',
    found: 'elsewhere:7',
  },
];

/** @type {Fault[]} */
const FUNCTIONS = [
  {
    rule: 'L1',
    name: 'a function has at most 30 seconds',
    change: ({ fn }) => (fn.Timeout = 31),
    at: `${FUNCTION}.Timeout`,
    found: '31',
    allowed: '1 to 30 seconds',
  },
  {
    rule: 'L1',
    name: 'a function has at least 128 MB',
    change: ({ fn }) => (fn.MemorySize = 64),
    at: `${FUNCTION}.MemorySize`,
    found: '64',
  },
  {
    rule: 'L2',
    name: 'no environment variables',
    change: ({ fn }) => (fn.Environment = { Variables: { TOKEN: 'hidden' } }),
    at: `${FUNCTION}.Environment.Variables`,
    found: 'the variables TOKEN',
  },
  {
    rule: 'L2',
    name: 'no VPC',
    change: ({ fn }) => (fn.VpcConfig = { SubnetIds: ['subnet-1'] }),
    at: `${FUNCTION}.VpcConfig`,
    found: 'an object',
  },
  {
    rule: 'L2',
    name: 'no layers',
    change: ({ fn }) => (fn.Layers = ['arn:aws:lambda:us-east-1:000000000000:layer:x:1']),
    at: `${FUNCTION}.Layers`,
    found: 'a list of 1',
  },
  {
    rule: 'L2',
    name: 'no arm64',
    change: ({ fn }) => (fn.Architectures = ['arm64']),
    at: `${FUNCTION}.Architectures[0]`,
    found: '"arm64"',
    allowed: 'x86_64',
  },
  {
    rule: 'L2',
    name: 'no container image',
    change: ({ fn }) => (fn.Code = { ImageUri: '000000000000.dkr.ecr/x' }),
    at: `${FUNCTION}.Code.ImageUri`,
    found: 'dkr.ecr',
  },
  {
    rule: 'L2',
    name: 'no package type but Zip',
    change: ({ fn }) => (fn.PackageType = 'Image'),
    at: `${FUNCTION}.PackageType`,
    found: '"Image"',
  },
  {
    rule: 'L2',
    name: 'no X-Ray',
    change: ({ fn }) => (fn.TracingConfig = { Mode: 'Active' }),
    at: `${FUNCTION}.TracingConfig.Mode`,
    found: '"Active"',
  },
  {
    rule: 'L2',
    name: 'no more storage than every function has',
    change: ({ fn }) => (fn.EphemeralStorage = { Size: 1024 }),
    at: `${FUNCTION}.EphemeralStorage.Size`,
    found: '1024',
  },
  {
    rule: 'L2',
    name: 'no provisioned concurrency',
    change: ({ resources }) => {
      const { Properties: version } = resources.FnVersion;
      version.ProvisionedConcurrencyConfig = { ProvisionedConcurrentExecutions: 1 };
    },
    at: 'Resources.FnVersion.Properties.ProvisionedConcurrencyConfig',
    found: 'an object',
  },
  ...['nodejs18.x', 'python3.13', 'provided.al2023'].map((runtime) => ({
    rule: 'L4',
    name: `${runtime} does not run`,
    change: (/** @type {Parts} */ { fn }) => (fn.Runtime = runtime),
    at: `${FUNCTION}.Runtime`,
    found: JSON.stringify(runtime),
    allowed: 'nodejs22.x, nodejs24.x',
  })),
  {
    name: 'inline code in index.js',
    change: ({ fn }) => (fn.Handler = 'main.handler'),
    at: 'Code.ZipFile',
    found: '"main.handler"',
  },
  {
    name: 'code that is there',
    change: ({ fn }) => (fn.Code = './no/such/folder'),
    at: `${FUNCTION}.Code`,
    found: './no/such/folder',
  },
  {
    name: 'code that is on this machine',
    change: ({ fn }) => (fn.Code = { S3Bucket: 'b', S3Key: 'k.zip' }),
    at: `${FUNCTION}.Code`,
    found: '"k.zip" in S3',
  },
];

describeFaults('a function of a behavior', ASSOCIATIONS);
describeFaults('a Lambda function', FUNCTIONS);

/**
 * What `Ref` and `Fn::GetAtt` give of a resource. Nothing is deployed, so a name that AWS would
 * make up becomes a stable one of the same form, made from the logical id: a bucket `Site` is
 * `site.s3.<region>.amazonaws.com`, an API `Orders` is `orders.execute-api.<region>.amazonaws.com`.
 * Names that the template sets itself (`BucketName`, `FunctionName`) are kept.
 */
import { createHash } from 'node:crypto';
import { exportReader, parameterReader } from './cross-region.js';

/** @typedef {import('./error.js').Path} Path */
/** @typedef {import('./stack.js').Resource} Resource */
/** @typedef {(resource: Resource, attribute: string, path: Path) => string} Name */
/** @typedef {{ ref?: Name, [attribute: string]: Name | undefined }} Names */

/**
 * @param {Resource} resource
 * @param {Path} path where it is asked for
 * @returns {string}
 */
export function referenceTo(resource, path) {
  return named(resource, path, () => {
    const name = NAMES[resource.type]?.ref;
    return name ? name(resource, '', path) : lowerId(resource);
  });
}

/**
 * @param {Resource} resource
 * @param {string} attribute such as `Arn`
 * @param {Path} path where it is asked for
 * @returns {string}
 */
export function attributeOf(resource, attribute, path) {
  return named(resource, path, () => {
    const names = NAMES[resource.type] ?? {};
    const name = names[attribute] ?? names['*'];
    return name ? name(resource, attribute, path) : plausible(resource, attribute);
  });
}

/**
 * @param {Resource} resource
 * @param {string} property at the top of its properties
 * @returns {string | undefined}
 */
function property({ stack, id }, property) {
  const value = stack.read(['Resources', id, 'Properties', property]);
  return value === undefined || value === null ? undefined : String(value);
}

/**
 * @param {string} service
 * @param {string} [prefix] of the resource's own part
 * @returns {(resource: Resource, own: string) => string}
 */
function arn(service, prefix = '') {
  return ({ stack }, own) =>
    `arn:aws:${service}:${stack.region}:${stack.account}:${prefix}${own}`;
}

const lambdaArn = arn('lambda', 'function:');

/** @param {Resource} bucket */
const bucketName = (bucket) => property(bucket, 'BucketName') ?? lowerId(bucket);

/** @param {Resource} role */
const roleName = (role) => property(role, 'RoleName') ?? role.id;

/** @param {Resource} resource */
const functionName = (resource) => property(resource, 'FunctionName') ?? resource.id;

/** @param {Resource} resource */
const functionArn = (resource) => lambdaArn(resource, functionName(resource));

/**
 * The function that a version, an alias or a URL belongs to.
 *
 * @param {Resource} resource
 */
const ownFunctionArn = (resource, key = 'FunctionName') => {
  const name = property(resource, key) ?? '';
  return name.startsWith('arn:') ? name : lambdaArn(resource, name);
};

/**
 * Versions are numbered in the order in which they are written.
 *
 * @param {Resource} version
 */
const versionNumber = (version) => {
  const all = version.stack.resources('AWS::Lambda::Version');
  const own = ownFunctionArn(version);
  const same = all.filter((other) => ownFunctionArn(other) === own);
  return String(same.findIndex(({ id }) => id === version.id) + 1);
};

/** @param {Resource} resource */
const apiHost = (resource) =>
  `${lowerId(resource)}.execute-api.${resource.stack.region}.amazonaws.com`;

/** @type {Names} */
const CLOUDFRONT_POLICY = { ref: uuid, Id: uuid };

/** @type {Names} */
const CLOUDFRONT_IDENTITY = { ref: cloudFrontId, Id: cloudFrontId };

/** @type {Names} */
const API_DOMAIN = {
  RegionalDomainName: (resource) => `d-${apiHost(resource)}`,
  RegionalHostedZoneId: hostedZone,
};

/** @type {Names} */
const LOAD_BALANCER = {
  DNSName: (resource) => `${lowerId(resource)}.${resource.stack.region}.elb.amazonaws.com`,
  CanonicalHostedZoneID: hostedZone,
};

/** @type {Record<string, Names>} */
const NAMES = {
  'AWS::ApiGateway::DomainName': API_DOMAIN,
  'AWS::ApiGateway::Stage': { ref: (stage) => property(stage, 'StageName') ?? lowerId(stage) },
  'AWS::ApiGatewayV2::Api': {
    ApiEndpoint: (api) => `https://${apiHost(api)}`,
    ApiId: lowerId,
  },
  'AWS::ApiGatewayV2::DomainName': API_DOMAIN,
  'AWS::ApiGatewayV2::Stage': { ref: (stage) => property(stage, 'StageName') ?? lowerId(stage) },
  'AWS::CloudFront::CachePolicy': CLOUDFRONT_POLICY,
  'AWS::CloudFront::CloudFrontOriginAccessIdentity': {
    ...CLOUDFRONT_IDENTITY,
    S3CanonicalUserId: (resource) => digest(resource) + digest(resource).slice(0, 32),
  },
  'AWS::CloudFront::Distribution': {
    ...CLOUDFRONT_IDENTITY,
    DomainName: (resource) => `d${cloudFrontId(resource).slice(1).toLowerCase()}.cloudfront.net`,
  },
  'AWS::CloudFront::Function': {
    ref: (resource) => cloudFrontFunctionArn(resource),
    FunctionARN: (resource) => cloudFrontFunctionArn(resource),
  },
  'AWS::CloudFront::OriginAccessControl': CLOUDFRONT_IDENTITY,
  'AWS::CloudFront::OriginRequestPolicy': CLOUDFRONT_POLICY,
  'AWS::CloudFront::ResponseHeadersPolicy': CLOUDFRONT_POLICY,
  'AWS::ElasticLoadBalancingV2::LoadBalancer': LOAD_BALANCER,
  'AWS::IAM::Role': {
    ref: roleName,
    Arn: (role) => `arn:aws:iam::${role.stack.account}:role/${roleName(role)}`,
  },
  'AWS::Lambda::Alias': {
    ref: (alias) => `${ownFunctionArn(alias)}:${property(alias, 'Name') ?? alias.id}`,
  },
  'AWS::Lambda::Function': { ref: functionName, Arn: functionArn },
  'AWS::Lambda::Url': {
    FunctionArn: (url) => ownFunctionArn(url, 'TargetFunctionArn'),
    FunctionUrl: (url) => `https://${lowerId(url)}.lambda-url.${url.stack.region}.on.aws/`,
  },
  'AWS::Lambda::Version': {
    ref: (version) => `${ownFunctionArn(version)}:${versionNumber(version)}`,
    FunctionArn: (version) => `${ownFunctionArn(version)}:${versionNumber(version)}`,
    Version: versionNumber,
  },
  'AWS::S3::Bucket': {
    ref: bucketName,
    Arn: (bucket) => `arn:aws:s3:::${bucketName(bucket)}`,
    DomainName: (bucket) => `${bucketName(bucket)}.s3.amazonaws.com`,
    DualStackDomainName: (bucket) =>
      `${bucketName(bucket)}.s3.dualstack.${bucket.stack.region}.amazonaws.com`,
    RegionalDomainName: (bucket) =>
      `${bucketName(bucket)}.s3.${bucket.stack.region}.amazonaws.com`,
    WebsiteURL: (bucket) =>
      `http://${bucketName(bucket)}.s3-website-${bucket.stack.region}.amazonaws.com`,
  },
  'AWS::SSM::Parameter': {
    ref: (parameter) => property(parameter, 'Name') ?? parameter.id,
    Value: (parameter) => property(parameter, 'Value') ?? '',
  },
  'Custom::CrossRegionExportReader': { '*': exportReader },
  'Custom::CrossRegionStringParameterReader': { '*': parameterReader },
};

/**
 * The name of an attribute that this table does not know: an ARN or a domain name where its name
 * says so, text otherwise.
 *
 * @param {Resource} resource
 * @param {string} attribute
 */
function plausible(resource, attribute) {
  const service = resource.type.split('::')[1]?.toLowerCase() ?? 'service';
  if (/arn$/i.test(attribute)) return arn(service)(resource, resource.id);
  const host = `${lowerId(resource)}.${service}.${resource.stack.region}.amazonaws.com`;
  return /domain|dns|endpoint|host|address/i.test(attribute) ? host : lowerId(resource);
}

/**
 * @param {Resource} resource
 * @param {Path} path
 * @param {() => string} name
 */
function named(resource, path, name) {
  return resource.stack.once(`${resource.id} at ${path.join()}`, path, name);
}

/** @param {Resource} resource */
function lowerId({ id }) {
  return id.toLowerCase();
}

/** @param {Resource} resource */
function uuid(resource) {
  return digest(resource)
    .slice(0, 32)
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** @param {Resource} resource */
function cloudFrontId(resource) {
  return `E${digest(resource).slice(0, 13).toUpperCase()}`;
}

/** @param {Resource} resource */
function cloudFrontFunctionArn(resource) {
  const { stack, id } = resource;
  return `arn:aws:cloudfront::${stack.account}:function/${property(resource, 'Name') ?? id}`;
}

/** @param {Resource} resource */
function hostedZone(resource) {
  return `Z${digest(resource).slice(0, 13).toUpperCase()}`;
}

/** @param {Resource} resource @returns {string} 64 hexadecimal digits */
function digest({ stack, id }) {
  return createHash('sha256').update(`${stack.name ?? ''}/${id}`).digest('hex');
}

/**
 * What Lambda@Edge does not take of a Lambda function (CloudFront Developer Guide, "Restrictions on
 * Lambda@Edge"; rules L2 and L3).
 */
import { attributeOf } from './names.js';
import { propertiesOf } from './property.js';

/** @typedef {import('./property.js').Property} Property */
/** @typedef {import('./stack.js').Resource} Resource */

/** Services that take a function's role (rule L3). */
const SERVICES = ['lambda.amazonaws.com', 'edgelambda.amazonaws.com'];

/** MB of /tmp that every function has. */
const STORAGE = 512;

/**
 * @param {Resource} resource an `AWS::Lambda::Function`
 * @param {Property} properties its
 * @throws {import('./error.js').TemplateError} rule L2
 */
export function demandPlainFunction(resource, properties) {
  refuse(properties.get('Environment').get('Variables'), 'no environment variables', {
    advice: 'Put configuration in the bundle.',
    found: (variables) => `the variables ${variables.keys().join(', ')}`,
  });
  refuse(properties.get('VpcConfig'), 'no VPC');
  refuse(properties.get('Layers'), 'no layers', { advice: 'Put their files in the bundle.' });
  const code = properties.get('Code');
  if (code.keys().includes('ImageUri')) {
    refuse(code.get('ImageUri'), 'a zip file, no container image');
  }
  properties.get('PackageType').oneOf(['Zip'], { otherwise: 'Zip', rule: 'L2' });
  const architectures = properties.get('Architectures').items();
  for (const architecture of architectures) architecture.oneOf(['x86_64'], { rule: 'L2' });
  properties.get('TracingConfig').get('Mode').oneOf(['PassThrough'], {
    otherwise: 'PassThrough',
    rule: 'L2',
    advice: 'There is no X-Ray at the edge.',
  });
  const storage = properties.get('EphemeralStorage').get('Size');
  storage.integer({ least: STORAGE, most: STORAGE, otherwise: STORAGE, rule: 'L2', unit: 'MB' });
  for (const version of versionsOf(resource)) {
    refuse(version.get('ProvisionedConcurrencyConfig'), 'no provisioned concurrency');
  }
}

/**
 * @param {Property} property `Role`; one that is not in the template is believed to trust both
 * @throws {import('./error.js').TemplateError} rule L3
 */
export function demandTrustingRole(property) {
  const arn = property.isThere ? property.text() : undefined;
  const role = property.stack.application
    .flatMap((stack) => stack.resources('AWS::IAM::Role'))
    .find((resource) => attributeOf(resource, 'Arn', property.path) === arn);
  if (!role) return;
  const policy = propertiesOf(role).get('AssumeRolePolicyDocument');
  const trusted = trustedServices(policy.plain());
  if (SERVICES.every((service) => trusted.includes(service))) return;
  policy.fail({
    found: `trust in ${trusted.join(', ') || 'no service'}`,
    allowed: `trust in ${SERVICES.join(' and ')}`,
    rule: 'L3',
  });
}

/**
 * @param {Property} property
 * @param {string} allowed
 * @param {{ advice?: string, found?: (property: Property) => string }} [words]
 */
function refuse(property, allowed, { advice, found } = {}) {
  if (!property.hasEffect) return;
  property.fail({ found: found?.(property), allowed, advice, rule: 'L2' });
}

/** @param {Resource} resource a function */
function versionsOf(resource) {
  const path = ['Resources', resource.id];
  const arn = attributeOf(resource, 'Arn', path);
  return resource.stack
    .resources('AWS::Lambda::Version')
    .filter((version) => attributeOf(version, 'FunctionArn', path).startsWith(`${arn}:`))
    .map(propertiesOf);
}

/**
 * @param {unknown} policy
 * @returns {string[]}
 */
function trustedServices(policy) {
  const { Statement: statements = [] } = /** @type {any} */ (policy ?? {});
  return [statements]
    .flat()
    .filter(({ Effect: effect }) => effect === 'Allow')
    .flatMap(({ Principal: principal }) => principal?.Service ?? []);
}

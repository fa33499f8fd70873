/**
 * Functions at a distribution's events.
 */
import { behaviorsOf } from './behaviors.js';
import { asText, finding, listOf, referredTo, resourcesOf } from './template.js';

const RUNTIMES = ['nodejs22.x', 'nodejs24.x'];

/** What a function at the edge may not have (rule L2), by the property that says so. */
const NEVER = {
  Environment: (/** @type {any} */ value) => Object.keys(value?.Variables ?? {}).length > 0,
  VpcConfig: Boolean,
  Layers: (/** @type {any} */ value) => listOf(value).length > 0,
  Architectures: (/** @type {any} */ value) => listOf(value).includes('arm64'),
  PackageType: (/** @type {any} */ value) => value === 'Image',
  TracingConfig: (/** @type {any} */ value) => value?.Mode === 'Active',
  FileSystemConfigs: (/** @type {any} */ value) => listOf(value).length > 0,
  DeadLetterConfig: Boolean,
};

/** @type {import('./template.js').Check} */
export function checkEdgeFunctions(template) {
  const associations = associationsOf(template);
  const used = new Map(associations.map((each) => [functionOf(template, each.arn), each.atViewer]));
  for (const { arn, atViewer } of associations) {
    if (atViewer) used.set(functionOf(template, arn), true);
  }
  return [
    ...associations.flatMap((association) => version(template, association)),
    ...[...used].flatMap(([logicalId, atViewer]) =>
      logicalId ? fn(template, logicalId, atViewer) : [],
    ),
  ];
}

/**
 * @typedef {{ logicalId: string, path: string, arn: any, atViewer: boolean }} Association
 *
 * @param {import('./template.js').Template} template
 * @returns {Association[]}
 */
function associationsOf(template) {
  return resourcesOf(template, 'AWS::CloudFront::Distribution').flatMap(
    ([logicalId, { DistributionConfig = {} }]) =>
      behaviorsOf(logicalId, DistributionConfig).flatMap(({ path, behavior }) =>
        listOf(behavior.LambdaFunctionAssociations).map((each, index) => ({
          logicalId,
          path: `${path}.LambdaFunctionAssociations[${index}].LambdaFunctionARN`,
          arn: each.LambdaFunctionARN,
          atViewer: String(each.EventType).startsWith('viewer-'),
        })),
      ),
  );
}

/**
 * @param {import('./template.js').Template} template
 * @param {Association} association
 */
function version(template, { logicalId, path, arn }) {
  const name = referredTo(arn);
  const type = name && template.Resources?.[name]?.Type;
  const isVersion =
    typeof arn === 'string'
      ? /^arn:aws:lambda:us-east-1:\d{12}:function:[^:]+:\d+$/.test(arn)
      : type === 'AWS::Lambda::Version' || (type === undefined && name !== undefined);
  const allowed = 'a published version, …:function:NAME:NUMBER, in us-east-1';
  return isVersion
    ? []
    : [finding('L3', logicalId, path, `${asText(arn)} (${type ?? 'text'})`, allowed)];
}

/**
 * The function behind an association.
 *
 * @param {import('./template.js').Template} template
 * @param {any} arn
 * @returns {string | undefined} its logical id, if it is in the template
 */
function functionOf({ Resources = {} }, arn) {
  const name = referredTo(arn) ?? '';
  const resource = Resources[name];
  if (resource?.Type === 'AWS::Lambda::Function') return name;
  return resource ? referredTo(resource.Properties?.FunctionName) : undefined;
}

/**
 * @param {import('./template.js').Template} template
 * @param {string} logicalId
 * @param {boolean} atViewer
 */
function fn(template, logicalId, atViewer) {
  const properties = template.Resources?.[logicalId]?.Properties ?? {};
  const { Runtime, Timeout = 3, MemorySize = 128, EphemeralStorage } = properties;
  return [
    ...(Timeout > 30 ? [finding('L1', logicalId, 'Timeout', Timeout, 'at most 30 s')] : []),
    ...(atViewer && MemorySize > 128
      ? [finding('L1', logicalId, 'MemorySize', MemorySize, '128 MB at viewer events')]
      : []),
    ...(EphemeralStorage?.Size > 512
      ? [finding('L2', logicalId, 'EphemeralStorage', EphemeralStorage.Size, '512 MB')]
      : []),
    ...(RUNTIMES.includes(Runtime)
      ? []
      : [finding('L4', logicalId, 'Runtime', Runtime, RUNTIMES.join(', '))]),
    ...Object.entries(NEVER).flatMap(([property, isThere]) =>
      isThere(properties[property])
        ? [
            finding(
              'L2',
              logicalId,
              property,
              JSON.stringify(properties[property]),
              'nothing at the edge',
            ),
          ]
        : [],
    ),
    ...trust(template, logicalId, properties.Role),
  ];
}

/**
 * @param {import('./template.js').Template} template
 * @param {string} logicalId
 * @param {any} role
 */
function trust(template, logicalId, role) {
  const properties = template.Resources?.[referredTo(role) ?? '']?.Properties;
  if (!properties) return [];
  const trusted = listOf(properties.AssumeRolePolicyDocument?.Statement).flatMap(({ Principal }) =>
    listOf(Principal?.Service),
  );
  const needed = ['lambda.amazonaws.com', 'edgelambda.amazonaws.com'];
  return needed.every((service) => trusted.includes(service))
    ? []
    : [finding('L3', logicalId, 'Role', `trust in ${trusted.join(', ')}`, needed.join(' and '))];
}

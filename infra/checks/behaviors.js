/**
 * Cache behaviors, their functions, and origin groups.
 */
import { asText, finding, listOf, resourcesOf } from './template.js';

const EVENTS = ['viewer-request', 'origin-request', 'origin-response', 'viewer-response'];

/** The sets that CloudFront knows (API reference, AllowedMethods). */
const METHODS = [
  ['GET', 'HEAD'],
  ['GET', 'HEAD', 'OPTIONS'],
  ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'],
];

/** What an origin group may fail over on (rule F3). */
const STATUSES = [400, 403, 404, 416, 429, 500, 502, 503, 504];

/**
 * @typedef {import('./template.js').Finding} Finding
 * @typedef {{ logicalId: string, path: string, behavior: any, config: any }} Place
 */

/** @type {import('./template.js').Check} */
export function checkBehaviors(template) {
  return resourcesOf(template, 'AWS::CloudFront::Distribution').flatMap(
    ([logicalId, { DistributionConfig: config = {} }]) => [
      ...behaviorsOf(logicalId, config).flatMap((place) => [
        ...target(place),
        ...methods(place),
        ...functions(place),
        ...encrypted(place),
      ]),
      ...patterns(logicalId, config),
      ...groups(logicalId, config),
      ...errorPages(logicalId, config),
    ],
  );
}

/**
 * @param {string} logicalId
 * @param {any} config
 * @returns {Place[]}
 */
export function behaviorsOf(logicalId, config) {
  const behaviors = listOf(config.CacheBehaviors).map((behavior, index) => ({
    logicalId,
    path: `DistributionConfig.CacheBehaviors[${index}]`,
    behavior,
    config,
  }));
  const path = 'DistributionConfig.DefaultCacheBehavior';
  return [...behaviors, { logicalId, path, behavior: config.DefaultCacheBehavior ?? {}, config }];
}

/** @param {Place} place */
function target({ logicalId, path, behavior, config }) {
  const ids = [...listOf(config.Origins), ...listOf(config.OriginGroups?.Items)].map(
    ({ Id }) => Id,
  );
  if (ids.includes(behavior.TargetOriginId)) return [];
  const allowed = `the id of an origin or an origin group: ${ids.join(', ')}`;
  return [
    finding('origin-id', logicalId, `${path}.TargetOriginId`, behavior.TargetOriginId, allowed),
  ];
}

/** @param {Place} place */
function methods({ logicalId, path, behavior, config }) {
  const found = listOf(behavior.AllowedMethods ?? METHODS[0]).sort();
  const at = `${path}.AllowedMethods`;
  if (!METHODS.some((set) => set.join() === found.join())) {
    const allowed = METHODS.map((set) => set.join(' ')).join('; or ');
    return [finding('methods', logicalId, at, found, allowed)];
  }
  const groups = listOf(config.OriginGroups?.Items).map(({ Id }) => Id);
  // CloudFront refuses the distribution: aws/aws-cdk#32450.
  return groups.includes(behavior.TargetOriginId) && found.length > 3
    ? [finding('F3', logicalId, at, found, 'GET HEAD (OPTIONS) in front of an origin group')]
    : [];
}

/** @param {Place} place */
function functions({ logicalId, path, behavior }) {
  const associations = listOf(behavior.LambdaFunctionAssociations);
  const events = associations.map(({ EventType }) => EventType);
  const at = (/** @type {number} */ i) => `${path}.LambdaFunctionAssociations[${i}].EventType`;
  const atViewer = events.some((event) => event?.startsWith('viewer-'));
  const found = [
    ...events.flatMap((event, i) =>
      EVENTS.includes(event) ? [] : [finding('E1', logicalId, at(i), event, EVENTS.join(', '))],
    ),
    ...events.flatMap((event, i) =>
      events.indexOf(event) < i
        ? [finding('L7', logicalId, at(i), `${event} again`, 'one function for each event')]
        : [],
    ),
  ];
  if (atViewer && listOf(behavior.FunctionAssociations).length > 0) {
    const allowed = 'Lambda@Edge or CloudFront Functions at viewer events, not both';
    found.push(finding('L7', logicalId, `${path}.FunctionAssociations`, 'both', allowed));
  }
  return found;
}

/** @param {Place} place */
function encrypted({ logicalId, path, behavior }) {
  const policy = behavior.ViewerProtocolPolicy;
  if (['https-only', 'redirect-to-https'].includes(policy)) return [];
  const allowed = 'https-only, redirect-to-https';
  return [finding('https', logicalId, `${path}.ViewerProtocolPolicy`, policy, allowed)];
}

/**
 * @param {string} logicalId
 * @param {any} config
 */
function patterns(logicalId, config) {
  const found = listOf(config.CacheBehaviors).map(({ PathPattern }) => PathPattern);
  return found.flatMap((pattern, index) => {
    const path = `DistributionConfig.CacheBehaviors[${index}].PathPattern`;
    if (!/^[\w\-.*$/~"'@:+&?]{1,255}$/.test(pattern)) {
      const allowed = `1 to 255 letters, digits and _-.*$/~"'@:+&?`;
      return [finding('path-pattern', logicalId, path, pattern, allowed)];
    }
    const before = found
      .slice(0, index)
      .find((other) => other === pattern || /^\/?\*$/.test(other));
    return before
      ? [finding('path-pattern', logicalId, path, `${pattern} behind ${before}`, 'the wider last')]
      : [];
  });
}

/**
 * @param {string} logicalId
 * @param {any} config
 */
function groups(logicalId, config) {
  const ids = listOf(config.Origins).map(({ Id }) => Id);
  return listOf(config.OriginGroups?.Items).flatMap((group, index) => {
    const path = `DistributionConfig.OriginGroups.Items[${index}]`;
    const members = listOf(group.Members?.Items).map(({ OriginId }) => OriginId);
    const statuses = listOf(group.FailoverCriteria?.StatusCodes?.Items);
    const good = members.length === 2 && members[0] !== members[1];
    const known = members.every((member) => ids.includes(member));
    return [
      ...(good && known
        ? []
        : [finding('F3', logicalId, `${path}.Members`, members, 'two different origins')]),
      ...(statuses.length > 0 && statuses.every((status) => STATUSES.includes(status))
        ? []
        : [
            finding(
              'F3',
              logicalId,
              `${path}.FailoverCriteria.StatusCodes`,
              asText(statuses),
              `some of ${STATUSES.join(', ')}`,
            ),
          ]),
    ];
  });
}

/**
 * Such a page takes the API's 403 and 404 as well.
 *
 * @param {string} logicalId
 * @param {any} config
 */
function errorPages(logicalId, config) {
  return listOf(config.CustomErrorResponses).flatMap(({ ErrorCode, ResponsePagePath }, index) => {
    const path = `DistributionConfig.CustomErrorResponses[${index}]`;
    const swallows = [403, 404].includes(ErrorCode) && ResponsePagePath;
    const found = `${ResponsePagePath} for every ${ErrorCode}`;
    return swallows
      ? [finding('S3', logicalId, path, found, 'a rewrite at viewer-request, for page loads alone')]
      : [];
  });
}

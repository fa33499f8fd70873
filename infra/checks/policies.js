/**
 * What reaches the origin.
 */
import { behaviorsOf } from './behaviors.js';
import { asText, finding, listOf, referredTo, resourcesOf } from './template.js';

/** Managed policies that forward the viewer's headers (rule P1). */
const ALL_VIEWER = ['216adef6-5c7f-47e4-b989-5492eafa07d3', '33f36d7e-f396-46d9-90e0-52428a34d9dc'];
const ALL_VIEWER_EXCEPT_HOST = 'b689b0a8-53d0-40ab-baf2-68738e2966ac';

/** @typedef {{ behavior: string, names: string[] }} Headers */

/** @type {import('./template.js').Check} */
export function checkPolicies(template) {
  return [
    ...listed(template),
    ...resourcesOf(template, 'AWS::CloudFront::Distribution').flatMap(
      ([logicalId, { DistributionConfig: config = {} }]) =>
        behaviorsOf(logicalId, config).flatMap((place) => toApi(template, place)),
    ),
  ];
}

/**
 * CloudFront refuses to make such a policy.
 *
 * @param {import('./template.js').Template} template
 */
function listed(template) {
  return resourcesOf(template, 'AWS::CloudFront::OriginRequestPolicy').flatMap(
    ([logicalId, { OriginRequestPolicyConfig: config }]) => {
      const { behavior, names } = headersOf(config?.HeadersConfig);
      const path = 'OriginRequestPolicyConfig.HeadersConfig.Headers';
      const allowed = "all viewers' headers, or authorization in a cache policy";
      return behavior === 'whitelist' && names.includes('authorization')
        ? [finding('P2', logicalId, path, 'authorization', allowed)]
        : [];
    },
  );
}

/**
 * Behind functions that look at tokens, an API has to get them, and never the viewer's Host.
 *
 * @param {import('./template.js').Template} template
 * @param {import('./behaviors.js').Place} place
 */
function toApi(template, { logicalId, path, behavior, config }) {
  const origins = originsOf(config, behavior.TargetOriginId);
  const apis = origins.filter(({ CustomOriginConfig }) => CustomOriginConfig);
  if (apis.length === 0 || listOf(behavior.LambdaFunctionAssociations).length === 0) return [];
  const sent = sentHeaders(template, behavior.OriginRequestPolicyId);
  const keyed = keyedHeaders(template, behavior.CachePolicyId);
  const isSent = (/** @type {string} */ name) =>
    keyed.includes(name) ||
    sent.behavior.startsWith('allViewer') ||
    (sent.behavior === 'allExcept' && !sent.names.includes(name)) ||
    (sent.behavior === 'whitelist' && sent.names.includes(name));
  const at = `${path}.OriginRequestPolicyId`;
  const gateway = apis.find(({ DomainName }) => asText(DomainName).includes('.execute-api.'));
  return [
    ...(isSent('authorization')
      ? []
      : [finding('P2', logicalId, at, 'no authorization', 'a policy that forwards it')]),
    ...(gateway && isSent('host')
      ? [finding('A1', logicalId, at, "the viewer's host", "API Gateway's own name for host")]
      : []),
  ];
}

/**
 * @param {any} config
 * @param {string} id of an origin or a group
 */
function originsOf(config, id) {
  const group = listOf(config.OriginGroups?.Items).find(({ Id }) => Id === id);
  const ids = group ? listOf(group.Members?.Items).map(({ OriginId }) => OriginId) : [id];
  return listOf(config.Origins).filter(({ Id }) => ids.includes(Id));
}

/**
 * @param {import('./template.js').Template} template
 * @param {any} id
 * @returns {Headers}
 */
function sentHeaders(template, id) {
  if (ALL_VIEWER.includes(id)) return { behavior: 'allViewer', names: [] };
  if (id === ALL_VIEWER_EXCEPT_HOST) return { behavior: 'allExcept', names: ['host'] };
  const { OriginRequestPolicyConfig } = propertiesOf(template, id);
  return headersOf(OriginRequestPolicyConfig?.HeadersConfig);
}

/**
 * @param {import('./template.js').Template} template
 * @param {any} id
 */
function keyedHeaders(template, id) {
  const { CachePolicyConfig } = propertiesOf(template, id);
  const { HeadersConfig } = CachePolicyConfig?.ParametersInCacheKeyAndForwardedToOrigin ?? {};
  return headersOf(HeadersConfig).names;
}

/**
 * @param {import('./template.js').Template} template
 * @param {any} id
 * @returns {any}
 */
function propertiesOf(template, id) {
  const logicalId = referredTo(id);
  return (logicalId && template.Resources?.[logicalId]?.Properties) || {};
}

/**
 * @param {any} config
 * @returns {Headers}
 */
function headersOf({ HeaderBehavior = 'none', Headers = [] } = {}) {
  return {
    behavior: HeaderBehavior,
    names: listOf(Headers).map((/** @type {string} */ name) => name.toLowerCase()),
  };
}

/**
 * The template of a distribution with Nearhop: a bucket, APIs, and the triggers that the CDK
 * construct attaches (infra/distribution.js). Everything the viewer sends is forwarded, so that
 * nothing but Nearhop keeps cookies from the origins.
 */
import {
  ALL_METHODS,
  ALL_VIEWER_EXCEPT_HOST,
  BUCKET,
  CACHING_DISABLED,
  associations,
  edgeResources,
  resource,
} from './serving.js';

/** @typedef {import('./serving.js').Json} Json */

const SITE_TRIGGERS = ['viewer-request', 'origin-response'];
const SIGN_IN_TRIGGERS = ['viewer-request', 'origin-request'];

/** Of behaviors that lead to an API. */
export const API_TRIGGERS = ['viewer-request', 'origin-request', 'origin-response'];

/**
 * @param {Json[]} apis custom origins; `/api/*` leads to the one whose `Id` is `api`
 * @param {object} [more]
 * @param {Json[]} [more.groups] origin groups
 * @param {Json[]} [more.behaviors] that come before the usual ones
 * @returns {Json} a CloudFormation template whose function is `Edge`
 */
export function nearhopTemplate(apis, { groups = [], behaviors = [] } = {}) {
  const bucket = { S3OriginConfig: {}, OriginAccessControlId: 'E1A2B3C4D5E6F7' };
  const config = {
    Enabled: true,
    Origins: [{ Id: 'site', DomainName: BUCKET, ...bucket }, ...apis],
    OriginGroups: { Quantity: groups.length, Items: groups },
    DefaultCacheBehavior: behavior('site', SITE_TRIGGERS),
    CacheBehaviors: [
      ...behaviors,
      { PathPattern: '/api/*', ...behavior('api', API_TRIGGERS) },
      { PathPattern: '/_nearhop/*', ...behavior('site', SIGN_IN_TRIGGERS) },
    ],
  };
  const site = resource('Distribution', { DistributionConfig: config });
  return { Resources: { Site: site, ...edgeResources({ Timeout: 20 }) } };
}

/**
 * A behavior, but for its `PathPattern`.
 *
 * @param {string} target id of an origin or a group
 * @param {string[]} triggers
 * @param {string[]} [methods]
 * @returns {Json}
 */
export function behavior(target, triggers, methods = ALL_METHODS) {
  return {
    TargetOriginId: target,
    ViewerProtocolPolicy: 'redirect-to-https',
    AllowedMethods: methods,
    CachePolicyId: CACHING_DISABLED,
    OriginRequestPolicyId: ALL_VIEWER_EXCEPT_HOST,
    LambdaFunctionAssociations: associations(triggers),
  };
}

/**
 * What CloudFormation, cfn-lint and cdk-nag let pass and AWS refuses, hours later or at every
 * request; and what a security review would ask. Works on any template, not only on ours.
 */
import { checkBehaviors } from './behaviors.js';
import { checkEdgeFunctions } from './edge-functions.js';
import { checkHttpApis } from './http-apis.js';
import { checkOrigins } from './origins.js';
import { checkPermissions } from './permissions.js';
import { checkPolicies } from './policies.js';
import { checkStorage } from './storage.js';
import { checkUserPools } from './user-pools.js';

/** @type {import('./template.js').Check[]} */
const CHECKS = [
  checkBehaviors,
  checkOrigins,
  checkPolicies,
  checkEdgeFunctions,
  checkHttpApis,
  checkPermissions,
  checkStorage,
  checkUserPools,
];

/**
 * @param {import('./template.js').Template} template CloudFormation's, as JSON
 * @param {import('./template.js').CheckOptions} [options]
 * @returns {import('./template.js').Finding[]} empty where nothing is wrong
 */
export function checkTemplate(template, options = {}) {
  return CHECKS.flatMap((check) => check(template, options));
}

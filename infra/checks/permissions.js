/**
 * Least privilege: every statement says which actions, on which resources, for whom.
 */
import { asText, finding, listOf, resourcesOf } from './template.js';

/**
 * Statements whose resource may be everything, with the reason. There is none: whoever needs one
 * writes down why.
 *
 * @type {{ actions: string[], reason: string }[]}
 */
const EVERYTHING = [];

/** @typedef {{ logicalId: string, path: string, document: any }} Policy */

/** @type {import('./template.js').Check} */
export function checkPermissions(template) {
  return [
    ...policiesOf(template).flatMap(({ logicalId, path, document }) =>
      listOf(document?.Statement).flatMap((statement, index) =>
        statement.Effect === 'Allow'
          ? allowed(logicalId, `${path}.Statement[${index}]`, statement)
          : [],
      ),
    ),
    ...resourcesOf(template, 'AWS::IAM::Role').flatMap(([logicalId, role]) =>
      listOf(role.ManagedPolicyArns).map((arn, index) =>
        finding(
          'least-privilege',
          logicalId,
          `ManagedPolicyArns[${index}]`,
          asText(arn),
          "statements of the role's own",
        ),
      ),
    ),
    ...resourcesOf(template, 'AWS::Lambda::Permission').flatMap(([logicalId, permission]) =>
      permission.Principal === '*' || !(permission.SourceArn || permission.SourceAccount)
        ? [
            finding(
              'least-privilege',
              logicalId,
              'Principal',
              permission.Principal,
              'one with a SourceArn',
            ),
          ]
        : [],
    ),
  ];
}

/**
 * @param {import('./template.js').Template} template
 * @returns {Policy[]}
 */
function policiesOf(template) {
  const attached = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy', 'AWS::S3::BucketPolicy'];
  const others = ['AWS::SNS::TopicPolicy', 'AWS::SQS::QueuePolicy'];
  return [
    ...resourcesOf(template, 'AWS::IAM::Role').flatMap(([logicalId, role]) => [
      { logicalId, path: 'AssumeRolePolicyDocument', document: role.AssumeRolePolicyDocument },
      ...listOf(role.Policies).map(({ PolicyDocument: document }, index) => ({
        logicalId,
        path: `Policies[${index}].PolicyDocument`,
        document,
      })),
    ]),
    ...resourcesOf(template, ...attached, ...others).map(([logicalId, { PolicyDocument }]) => ({
      logicalId,
      path: 'PolicyDocument',
      document: PolicyDocument,
    })),
  ];
}

/**
 * @param {string} logicalId
 * @param {string} path
 * @param {any} statement
 */
function allowed(logicalId, path, { Action, NotAction, Resource, NotResource, Principal }) {
  const found = (
    /** @type {string} */ key,
    /** @type {unknown} */ what,
    /** @type {string} */ may,
  ) => finding('least-privilege', logicalId, `${path}.${key}`, what, may);
  const actions = listOf(Action);
  const principals = typeof Principal === 'object' ? Object.values(Principal).flat() : [Principal];
  return [
    ...(NotAction ? [found('NotAction', NotAction, 'Action')] : []),
    ...(NotResource ? [found('NotResource', NotResource, 'Resource')] : []),
    ...actions
      .filter((action) => String(action).includes('*'))
      .map((action) => found('Action', action, 'actions by their names')),
    ...listOf(Resource)
      .filter((resource) => isEverything(asText(resource)) && !isListed(actions))
      .map((resource) => found('Resource', resource, 'resources by their names')),
    ...principals
      .filter((principal) => principal === '*')
      .map(() => found('Principal', '*', 'a service, or an account')),
  ];
}

/**
 * `*`, and ARNs that name a service and nothing in it.
 *
 * @param {string} resource
 */
function isEverything(resource) {
  return resource === '*' || /^arn:[^:]*:[^:]*:[^:]*:[^:]*:(\*|[\w-]+[:/]\*)$/.test(resource);
}

/** @param {string[]} actions */
function isListed(actions) {
  return EVERYTHING.some((each) => actions.every((action) => each.actions.includes(action)));
}

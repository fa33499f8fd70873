/**
 * The names by which the stacks know one another's resources. They are chosen here, not by
 * CloudFormation, so that stacks in different Regions need no exports, no parameters and no custom
 * resources: each can be deployed, changed and removed by itself, in the order of infra/deploy.js.
 */
import { Aws } from 'aws-cdk-lib';

/** Where CloudFront's functions and certificates have to be (rule L3). */
export const EDGE_HOME = 'us-east-1';

/**
 * @param {{ app: string, domain?: { name: string } | undefined }} settings
 */
export function namesFor({ app, domain }) {
  return {
    table: app,
    secret: `${app}/origin-secret`,
    signInKey: `${app}/sign-in-key`,
    edgeFunction: `${app}-edge`,
    /** What Lambda calls the function's log group in every Region that executes it. */
    edgeLogGroup: `/aws/lambda/${EDGE_HOME}.${app}-edge`,
    /** Bucket names are the world's: the account's number makes them this one's. */
    userDataBucket: (/** @type {string} */ region) => `${app}-data-${Aws.ACCOUNT_ID}-${region}`,
    /** The API's name in one Region, and in all of them. */
    apiDomain: (/** @type {string} */ region) => `${region}.api.${domain?.name}`,
    sharedApiDomain: `api.${domain?.name}`,
    stacks: {
      data: `${app}-data`,
      api: (/** @type {string} */ region) => `${app}-api-${region}`,
      edgeLogs: (/** @type {string} */ region) => `${app}-edge-logs-${region}`,
      edge: `${app}-edge`,
    },
  };
}

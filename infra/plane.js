/**
 * Where a deployment goes, and everything that differs by it. There is no other place that asks.
 */

/**
 * @typedef {object} Plane
 * @property {boolean} nag whether cdk-nag's rules apply
 * @property {boolean} healthChecks whether there are Route 53 health checks
 * @property {boolean} alarms whether CloudWatch watches
 * @property {boolean} accessLogs whether CloudFront delivers its logs
 * @property {boolean} edgeLogs whether log groups wait in the Regions that execute the function
 * @property {boolean} passwordSignIn whether users may sign in without the pool's page
 */

/** @type {Record<'aws'|'local', Plane>} */
export const PLANES = {
  aws: {
    nag: true,
    healthChecks: true,
    alarms: true,
    accessLogs: true,
    edgeLogs: true,
    passwordSignIn: false,
  },
  // A plane on this machine knows no AWS::Route53::HealthCheck and no alarms with metric math, and
  // delivers no logs of a CloudFront that it does not run; tests and demonstrations get tokens
  // without a browser. It takes AWS::DynamoDB::GlobalTable and makes no replicas: whoever starts it
  // adds them (UpdateTable).
  local: {
    nag: false,
    healthChecks: false,
    alarms: false,
    accessLogs: false,
    edgeLogs: false,
    passwordSignIn: true,
  },
};

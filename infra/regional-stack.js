/**
 * What each API Region has: the API, its function, and its users' files.
 */
import { fileURLToPath } from 'node:url';
import { CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { acknowledgeWildcards } from './acknowledged.js';
import { apiAlarms } from './alarms.js';
import { ApiDomain } from './api-domain.js';
import { RegionalHttpApi } from './http-api.js';
import { namesFor } from './names.js';
import { userDataBucket } from './buckets.js';

/** The application's function: plain files, since the runtime has the AWS SDK. */
const API_FOLDER = fileURLToPath(new URL('../api', import.meta.url));

/**
 * @typedef {object} RegionalStackProps
 * @property {import('./settings.js').Settings} settings
 * @property {import('./plane.js').Plane} plane
 * @property {import('../js/cli/tools.js').Report} report of nearhop.toml
 * @property {string[]} regions the API's, this one among them
 * @property {{ id: string, client: string }} userPool
 * @property {string} [siteUrl] whose pages may send files to the bucket
 */

export class RegionalStack extends Stack {
  /**
   * @param {import('constructs').Construct} scope
   * @param {string} id
   * @param {import('aws-cdk-lib').StackProps & RegionalStackProps} props
   */
  constructor(scope, id, props) {
    const { settings, plane, report, regions, userPool } = props;
    super(scope, id, { description: `${settings.app}: the API in one Region`, ...props });
    const files = userDataBucket(this, settings, props.siteUrl);

    const logGroup = new LogGroup(this, 'HandlerLogs', {
      retention: settings.logs.days,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const handler = new Function(this, 'Handler', {
      description: `${settings.app}: the application`,
      code: Code.fromAsset(API_FOLDER),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: settings.api.memory,
      timeout: Duration.seconds(10),
      role: handlerRole(this, settings, regions, logGroup),
      logGroup,
      environment: environmentOf(this, settings, report, regions),
    });

    const { api, stage } = new RegionalHttpApi(this, 'Api', {
      settings,
      report,
      userPool,
      handler,
    });
    if (plane.alarms) apiAlarms(this, settings, { apiId: api.apiId, handler });
    if (settings.domain) {
      new ApiDomain(this, 'Domain', {
        settings: { ...settings, domain: settings.domain },
        plane,
        region: this.region,
        api,
        stage,
      });
    }
    const host = settings.domain
      ? namesFor(settings).apiDomain(this.region)
      : `${api.apiId}.execute-api.${this.region}.${this.urlSuffix}`;
    new CfnOutput(this, 'Endpoint', { value: `https://${host}` });
    new CfnOutput(this, 'ApiId', { value: api.apiId });
    new CfnOutput(this, 'Files', { value: `https://${files.bucketRegionalDomainName}` });
  }
}

/**
 * What api/index.mjs reads.
 *
 * @param {Stack} stack
 * @param {import('./settings.js').Settings} settings
 * @param {import('../js/cli/tools.js').Report} report
 * @param {string[]} regions
 * @returns {Record<string, string>}
 */
function environmentOf(stack, settings, { api }, regions) {
  const { table, secret, userDataBucket: bucket } = namesFor(settings);
  const header = api?.origin_secret?.header;
  return {
    TABLE_NAME: table,
    BUCKET_NAME: bucket(stack.region),
    API_REGIONS: regions.join(','),
    ...(header && { ORIGIN_SECRET_ARN: secretArn(stack, secret), ORIGIN_SECRET_HEADER: header }),
  };
}

/**
 * The function's role: its own log group, the items of the table's replica here, users' files in
 * the Region where each lies, and the secret's replica here. It may list no bucket, scan no table.
 *
 * @param {Stack} stack
 * @param {import('./settings.js').Settings} settings
 * @param {string[]} regions
 * @param {LogGroup} logGroup
 */
function handlerRole(stack, settings, regions, logGroup) {
  const { table, secret, userDataBucket: bucket } = namesFor(settings);
  const files = regions.map((region) => `arn:${stack.partition}:s3:::${bucket(region)}/*`);
  // Secrets Manager adds six characters of its own to a secret's name.
  const anySuffix = `${secretArn(stack, secret)}-??????`;
  const allow = (/** @type {string[]} */ actions, /** @type {string[]} */ resources) =>
    new PolicyDocument({ statements: [new PolicyStatement({ actions, resources })] });
  const role = new Role(stack, 'HandlerRole', {
    description: `${settings.app}: the application's function`,
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    inlinePolicies: {
      logs: allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [logGroup.logGroupArn]),
      items: allow(
        ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:DeleteItem', 'dynamodb:Query'],
        [stack.formatArn({ service: 'dynamodb', resource: 'table', resourceName: table })],
      ),
      files: allow(['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], files),
      secret: allow(['secretsmanager:GetSecretValue'], [anySuffix]),
    },
  });
  acknowledgeWildcards(role, files, 'Objects of named buckets: one for each user.');
  return role;
}

/**
 * @param {Stack} stack
 * @param {string} name
 */
function secretArn(stack, name) {
  const { partition, region, account } = stack;
  return `arn:${partition}:secretsmanager:${region}:${account}:secret:${name}`;
}

/**
 * One Region's API: API Gateway in front of the application's Lambda function.
 *
 * Two things are checked before the application's code: the token, by API Gateway's own JWT
 * authorizer, and the origin secret (rule A4). A route of an HTTP API has one authorizer, so a
 * Lambda authorizer for the secret would have to verify tokens too: code of ours in place of AWS's,
 * and one more function to wait for on every call. So the handler compares the secret, first of
 * all; what calls without it costs an invocation, which the stage's throttling bounds.
 */
import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { apiRoutes } from './api-routes.js';

/**
 * @typedef {object} RegionalHttpApiProps
 * @property {import('./settings.js').Settings} settings
 * @property {import('../js/cli/tools.js').Report} report of nearhop.toml
 * @property {{ id: string, client: string }} userPool
 * @property {import('aws-cdk-lib/aws-lambda').IFunction} handler
 */

/** What is logged of each call: nothing a viewer could have written a secret into. */
const ACCESS_LOG = JSON.stringify({
  time: '$context.requestTimeEpoch',
  request_id: '$context.requestId',
  route: '$context.routeKey',
  status: '$context.status',
  latency_ms: '$context.responseLatency',
  integration_ms: '$context.integrationLatency',
  integration_error: '$context.integrationErrorMessage',
  authorizer_error: '$context.authorizer.error',
  bytes: '$context.responseLength',
});

export class RegionalHttpApi extends Construct {
  /**
   * @param {Construct} scope
   * @param {string} id
   * @param {RegionalHttpApiProps} props
   */
  constructor(scope, id, props) {
    super(scope, id);
    const { settings } = props;
    this.api = new HttpApi(this, 'Resource', {
      apiName: settings.app,
      description: 'Behind CloudFront, by which alone it is to be reached',
      createDefaultStage: false,
      // With a name of its own, nothing needs the one AWS gave it (rule A4).
      disableExecuteApiEndpoint: settings.domain !== undefined,
    });
    this.addRoutes(props);
    this.stage = new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: settings.api.rate, burstLimit: settings.api.burst },
      accessLogSettings: {
        destination: new LogGroupLogDestination(accessLogGroup(this, settings)),
        format: AccessLogFormat.custom(ACCESS_LOG),
      },
    });
  }

  /** @param {RegionalHttpApiProps} props */
  addRoutes({ report, userPool, handler }) {
    const authorizer = new HttpJwtAuthorizer('Tokens', issuerOf(userPool.id), {
      authorizerName: 'tokens',
      jwtAudience: [userPool.client],
    });
    const integration = new HttpLambdaIntegration('Handler', handler, {
      scopePermissionToRoute: false,
      timeout: Duration.seconds(12),
    });
    for (const { path, methods, authorized } of apiRoutes(report)) {
      const routes = this.api.addRoutes({
        path,
        methods,
        integration,
        authorizer: authorized ? authorizer : undefined,
      });
      const reason = `The configuration says that anyone may call ${path}.`;
      for (const route of authorized ? [] : routes) {
        Validations.of(route).acknowledge({ id: 'AwsSolutions-APIG4', reason });
      }
    }
  }
}

/**
 * @param {Construct} scope
 * @param {import('./settings.js').Settings} settings
 */
function accessLogGroup(scope, settings) {
  return new LogGroup(scope, 'AccessLogs', {
    // Under this prefix, groups do not use up the account's resource policy for logs.
    logGroupName: `/aws/vendedlogs/${settings.app}-api`,
    retention: settings.logs.days,
    removalPolicy: RemovalPolicy.DESTROY,
  });
}

/**
 * @param {string} userPool its id, in which its Region stands (rule C3)
 */
function issuerOf(userPool) {
  const [region] = userPool.split('_');
  return `https://cognito-idp.${region}.amazonaws.com/${userPool}`;
}

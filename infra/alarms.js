/**
 * Who is told of what goes wrong. Without the setting alarms.email there are alarms that tell
 * nobody, to be looked at. An alarm can tell a topic of its own Region only: each Region has one.
 */
import { Duration, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  MathExpression,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';

/**
 * @typedef {import('./settings.js').Settings} Settings
 *
 * @typedef {object} Threshold
 * @property {import('aws-cdk-lib/aws-cloudwatch').IMetric} metric of five minutes
 * @property {number} above
 * @property {string} description what it means, and where to look
 */

const period = Duration.minutes(5);

/**
 * Of one Region's API.
 *
 * @param {Stack} stack
 * @param {Settings} settings
 * @param {{ apiId: string, handler: import('aws-cdk-lib/aws-lambda').IFunction }} what
 */
export function apiAlarms(stack, settings, { apiId, handler }) {
  const ofApi = (/** @type {string} */ metricName, /** @type {string} */ statistic) =>
    new Metric({
      namespace: 'AWS/ApiGateway',
      metricName,
      statistic,
      period,
      dimensionsMap: { ApiId: apiId },
    });
  addAlarms(stack, settings, {
    Api5xx: {
      metric: new MathExpression({
        expression: '100 * errors / MAX([calls, 1])',
        usingMetrics: { errors: ofApi('5xx', 'Sum'), calls: ofApi('Count', 'Sum') },
        period,
        label: '5xx in percent',
      }),
      above: 5,
      description: 'More than 5 % of calls fail. Drain the Region by the control document.',
    },
    ApiLatency: {
      metric: ofApi('Latency', 'p95'),
      above: 2_000,
      description: 'One call in twenty takes more than 2 s.',
    },
    HandlerErrors: {
      metric: handler.metricErrors({ period, statistic: 'Sum' }),
      above: 5,
      description: 'The function fails: its log says why.',
    },
    HandlerThrottles: {
      metric: handler.metricThrottles({ period, statistic: 'Sum' }),
      above: 0,
      description: "Calls are refused for the account's concurrency in this Region (rule L5).",
    },
  });
}

/**
 * Of the distribution. CloudFront's metrics are in us-east-1, for all the world.
 *
 * @param {Stack} stack
 * @param {Settings} settings
 * @param {string} distributionId
 */
export function edgeAlarms(stack, settings, distributionId) {
  const ofEdge = (/** @type {string} */ metricName, /** @type {string} */ statistic) =>
    new Metric({
      namespace: 'AWS/CloudFront',
      metricName,
      statistic,
      period,
      region: 'us-east-1',
      dimensionsMap: { DistributionId: distributionId, Region: 'Global' },
    });
  addAlarms(stack, settings, {
    Edge5xx: {
      metric: ofEdge('5xxErrorRate', 'Average'),
      above: 5,
      description: 'More than 5 % of answers are failures, of the APIs or at the edge.',
    },
    EdgeInvalid: {
      metric: ofEdge('LambdaValidationError', 'Sum'),
      above: 0,
      description: 'CloudFront refuses what the function returns (rule F1): roll back.',
    },
    EdgeFailing: {
      metric: ofEdge('LambdaExecutionError', 'Sum'),
      above: 5,
      description: 'The function fails or takes too long (rule F1).',
    },
    EdgeThrottled: {
      metric: ofEdge('LambdaLimitExceededErrors', 'Sum'),
      above: 0,
      description: "Requests are refused for the account's concurrency (rules F1, L5).",
    },
  });
}

/**
 * @param {Stack} stack
 * @param {Settings} settings
 * @param {Record<string, Threshold>} thresholds
 */
function addAlarms(stack, settings, thresholds) {
  const topic = settings.alarmEmail ? topicFor(stack, settings.alarmEmail) : undefined;
  for (const [id, { metric, above, description }] of Object.entries(thresholds)) {
    const alarm = new Alarm(stack, id, {
      metric,
      threshold: above,
      alarmDescription: `${settings.app}, ${stack.region}: ${description}`,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 3,
      datapointsToAlarm: 2,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    if (topic) alarm.addAlarmAction(new SnsAction(topic));
  }
}

/**
 * @param {Stack} stack
 * @param {string} email
 */
function topicFor(stack, email) {
  const topic = new Topic(stack, 'Alarms', { enforceSSL: true });
  topic.addSubscription(new EmailSubscription(email));
  return topic;
}

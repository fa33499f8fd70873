/**
 * Where the edge function logs, in one Region that executes it. Lambda makes such a group itself at
 * the first invocation, for ever: one that is there before keeps logs as long as logs.days says.
 * The stack has no assets, so it needs no bootstrap of its Region.
 */
import { BootstraplessSynthesizer, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { namesFor } from './names.js';

export class EdgeLogsStack extends Stack {
  /**
   * @param {import('constructs').Construct} scope
   * @param {string} id
   * @param {import('aws-cdk-lib').StackProps &
   *   { settings: import('./settings.js').Settings }} props
   */
  constructor(scope, id, { settings, ...props }) {
    super(scope, id, {
      description: `${settings.app}: logs of the edge function in one Region`,
      synthesizer: new BootstraplessSynthesizer(),
      ...props,
    });
    new LogGroup(this, 'Logs', {
      logGroupName: namesFor(settings).edgeLogGroup,
      retention: settings.logs.days,
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }
}

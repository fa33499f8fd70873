/**
 * How a finding of cdk-nag is acknowledged: by its rule, where it is, and with the reason.
 */
import { Aws, Token, Validations } from 'aws-cdk-lib';

/**
 * Resources with a wildcard that a role is given. cdk-nag wants each of them named, so that one
 * more is a finding again.
 *
 * @param {import('aws-cdk-lib/aws-iam').Role} role
 * @param {string[]} resources as in the role's statements
 * @param {string} reason
 */
export function acknowledgeWildcards(role, resources, reason) {
  for (const resource of resources) {
    const shown = resource
      .replaceAll(Aws.ACCOUNT_ID, '<AWS::AccountId>')
      .replaceAll(Aws.PARTITION, '<AWS::Partition>');
    // What has a name only CloudFormation knows stays a finding, for the app's own judgement.
    if (Token.isUnresolved(shown)) continue;
    Validations.of(role).acknowledge({ id: `AwsSolutions-IAM5[Resource::${shown}]`, reason });
  }
}

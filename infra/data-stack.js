/**
 * What there is once for all Regions: the table with a replica in each, who may sign in, the secret
 * by which the edge proves itself to the APIs, and the key of sign-in. It lives in the first API
 * Region.
 */
import { CfnOutput, Stack, Validations } from 'aws-cdk-lib';
import { AttributeType, Billing, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { keptIf } from './kept.js';
import { namesFor } from './names.js';
import { addUserPool } from './user-pool.js';

/**
 * @typedef {object} DataStackProps
 * @property {import('./settings.js').Settings} settings
 * @property {import('./plane.js').Plane} plane
 * @property {string[]} regions the API's
 * @property {string} [siteUrl] where people come back to from signing in, once it is known
 * @property {import('./sign-in.js').SignIn} [signIn] where [sign_in] is configured
 */

export class DataStack extends Stack {
  /**
   * @param {import('constructs').Construct} scope
   * @param {string} id
   * @param {import('aws-cdk-lib').StackProps & DataStackProps} props
   */
  constructor(scope, id, props) {
    const { settings } = props;
    super(scope, id, { description: `${settings.app}: data of all Regions`, ...props });
    this.replicatedTable(props);
    this.originSecret(props);
    if (props.signIn) this.signInKey(props);
    addUserPool(this, props);
  }

  /**
   * Last writer wins between Regions; a write is elsewhere in a second or so (AWS states no bound).
   *
   * @param {DataStackProps} props
   */
  replicatedTable({ settings, regions }) {
    const table = new TableV2(this, 'Table', {
      tableName: namesFor(settings).table,
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billing: Billing.onDemand(),
      encryption: TableEncryptionV2.dynamoOwnedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: settings.protect,
      removalPolicy: keptIf(settings.protect),
      replicas: regions.filter((region) => region !== this.region).map((region) => ({ region })),
    });
    new CfnOutput(this, 'TableName', { value: table.tableName });
  }

  /**
   * Made by Secrets Manager, which alone knows it: the APIs read it there in their own Region, the
   * bundle is built with it (infra/deploy.js).
   *
   * @param {DataStackProps} props
   */
  originSecret({ settings, regions }) {
    const secret = new Secret(this, 'OriginSecret', {
      secretName: namesFor(settings).secret,
      description: 'By which the edge proves itself to the APIs (rule A4)',
      generateSecretString: { passwordLength: 48, excludePunctuation: true },
      replicaRegions: regions
        .filter((region) => region !== this.region)
        .map((region) => ({ region })),
    });
    acknowledgeNoRotation(secret);
  }

  /**
   * Seals what a browser keeps while somebody signs in. Only the bundle is built with it.
   *
   * @param {DataStackProps} props
   */
  signInKey({ settings }) {
    const key = new Secret(this, 'SignInKey', {
      secretName: namesFor(settings).signInKey,
      description: 'Seals what a browser keeps while somebody signs in (nearhop.toml: sign_in.key)',
      generateSecretString: { passwordLength: 48, excludePunctuation: true },
    });
    acknowledgeNoRotation(key);
  }
}

/** @param {Secret} secret */
function acknowledgeNoRotation(secret) {
  Validations.of(secret).acknowledge({
    id: 'AwsSolutions-SMG4',
    reason: 'The bundle carries it: it changes with a deployment (docs/deploying.md).',
  });
}

/**
 * What there is once for all Regions: the table with a replica in each, who may sign in, and the
 * secret by which the edge proves itself to the APIs. It lives in the first API Region.
 */
import { CfnOutput, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import {
  AccountRecovery,
  FeaturePlan,
  Mfa,
  OAuthScope,
  UserPool,
  UserPoolClientIdentityProvider,
} from 'aws-cdk-lib/aws-cognito';
import { AttributeType, Billing, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { namesFor } from './names.js';

/**
 * Where the pool sends people back to while the site's own address is not known: the local world.
 */
const LOCAL_CALLBACK = 'http://localhost:8080/_nearhop/callback';

/**
 * @typedef {object} DataStackProps
 * @property {import('./settings.js').Settings} settings
 * @property {import('./plane.js').Plane} plane
 * @property {string[]} regions the API's
 * @property {string} [siteUrl] where people come back to from signing in, once it is known
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
    this.signIn(props);
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
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason: 'The bundle carries it: it changes with a deployment (docs/deploying.md).',
    });
  }

  /** @param {DataStackProps} props */
  signIn({ settings, plane, siteUrl }) {
    const pool = new UserPool(this, 'Users', {
      userPoolName: settings.app,
      featurePlan: FeaturePlan.ESSENTIALS,
      selfSignUpEnabled: false,
      signInAliases: { email: true },
      signInCaseSensitive: false,
      mfa: Mfa.OPTIONAL,
      mfaSecondFactor: { otp: true, sms: false },
      accountRecovery: AccountRecovery.EMAIL_ONLY,
      passwordPolicy: {
        minLength: 12,
        requireDigits: true,
        requireLowercase: true,
        requireUppercase: true,
        requireSymbols: true,
        tempPasswordValidity: Duration.days(3),
      },
      deletionProtection: settings.protect,
      removalPolicy: keptIf(settings.protect),
    });
    const domain = pool.addDomain('Domain', {
      cognitoDomain: {
        domainPrefix: settings.signIn.domainPrefix ?? `${settings.app}-${this.account}`,
      },
    });
    const client = pool.addClient('Site', {
      // A browser keeps no secret: the code flow with PKCE needs none (RFC 7636, rule C6).
      generateSecret: false,
      authFlows: { userPassword: plane.passwordSignIn },
      oAuth: {
        flows: { authorizationCodeGrant: true },
        scopes: [OAuthScope.OPENID, OAuthScope.EMAIL, OAuthScope.PROFILE],
        callbackUrls: callbackUrls(settings, siteUrl),
        logoutUrls: callbackUrls(settings, siteUrl).map((url) => new URL('/', url).href),
      },
      supportedIdentityProviders: [UserPoolClientIdentityProvider.COGNITO],
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
      // Revocation cannot be seen at the edge: this is how long a stolen token lasts (rule C8).
      accessTokenValidity: Duration.minutes(15),
      idTokenValidity: Duration.minutes(15),
      refreshTokenValidity: Duration.days(30),
    });
    Validations.of(pool).acknowledge(
      {
        id: 'AwsSolutions-COG2',
        reason: 'Whether to demand a second factor is for the app to say.',
      },
      { id: 'AwsSolutions-COG3', reason: 'Threat protection is of the Plus plan, paid per user.' },
      {
        id: 'AwsSolutions-COG8',
        reason: 'The Plus plan is paid per user: Essentials has what is used.',
      },
    );
    new CfnOutput(this, 'UserPoolId', { value: pool.userPoolId });
    new CfnOutput(this, 'UserPoolClientId', { value: client.userPoolClientId });
    new CfnOutput(this, 'SignInUrl', { value: domain.baseUrl() });
  }
}

/**
 * @param {import('./settings.js').Settings} settings
 * @param {string} [siteUrl]
 */
function callbackUrls({ signIn }, siteUrl) {
  const own = siteUrl ? `${siteUrl}/_nearhop/callback` : LOCAL_CALLBACK;
  return [...new Set([own, ...signIn.callbackUrls])];
}

/**
 * What happens to data when its stack goes.
 *
 * @param {boolean} kept
 */
export function keptIf(kept) {
  return kept ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
}

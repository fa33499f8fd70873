/**
 * Who may sign in, and where they come back to.
 */
import { CfnOutput, Duration, Validations } from 'aws-cdk-lib';
import {
  AccountRecovery,
  FeaturePlan,
  Mfa,
  OAuthScope,
  UserPool,
  UserPoolClientIdentityProvider,
} from 'aws-cdk-lib/aws-cognito';
import { keptIf } from './kept.js';
import { CALLBACK, SIGNED_OUT } from './sign-in.js';

/** @typedef {import('./data-stack.js').DataStackProps} DataStackProps */

/** Where the site is while its own address is not known: the local world. */
const LOCAL_SITE = 'http://localhost:8080';

/** What every site may ask for. */
const SCOPES = ['openid', 'email', 'profile'];

/**
 * The pool, its domain and the site's app client, into the data stack.
 *
 * @param {import('aws-cdk-lib').Stack} stack
 * @param {DataStackProps} props
 */
export function addUserPool(stack, props) {
  const { settings } = props;
  const pool = new UserPool(stack, 'Users', {
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
      domainPrefix: settings.signIn.domainPrefix ?? `${settings.app}-${stack.account}`,
    },
  });
  const client = pool.addClient('Site', clientOf(props));
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
  new CfnOutput(stack, 'UserPoolId', { value: pool.userPoolId });
  new CfnOutput(stack, 'UserPoolClientId', { value: client.userPoolClientId });
  new CfnOutput(stack, 'SignInUrl', { value: domain.baseUrl() });
}

/**
 * @param {DataStackProps} props
 * @returns {import('aws-cdk-lib/aws-cognito').UserPoolClientOptions}
 */
function clientOf({ settings, plane, siteUrl, signIn }) {
  const scopes = [...new Set([...SCOPES, ...(signIn?.scopes ?? [])])];
  return {
    // The code flow with PKCE needs none (RFC 7636, rule C6); one who wants it has it at the edge.
    generateSecret: signIn?.clientSecretEnv !== undefined,
    authFlows: { userPassword: plane.passwordSignIn },
    oAuth: {
      flows: { authorizationCodeGrant: true },
      scopes: scopes.map((name) => OAuthScope.custom(name)),
      ...urlsFor(settings, siteUrl, signIn),
    },
    supportedIdentityProviders: [UserPoolClientIdentityProvider.COGNITO],
    preventUserExistenceErrors: true,
    enableTokenRevocation: true,
    // Revocation cannot be seen at the edge: this is how long a stolen token lasts (rule C8).
    accessTokenValidity: Duration.minutes(15),
    idTokenValidity: Duration.minutes(15),
    refreshTokenValidity: Duration.days(30),
    ...(signIn && sessionOf(plane, signIn)),
  };
}

/**
 * What the edge's sessions need of the client.
 *
 * @param {import('./plane.js').Plane} plane
 * @param {import('./sign-in.js').SignIn} signIn
 */
function sessionOf(plane, { sessionSeconds }) {
  return {
    // A refresh token that was taken away and used is noticed by whoever has it too. Requests that
    // come together refresh with the same one: hence the longest grace there is (rule C7).
    refreshTokenRotationGracePeriod: Duration.seconds(60),
    // Rotation and ALLOW_REFRESH_TOKEN_AUTH exclude one another, and a client without any flow gets
    // that one by default. A custom flow needs Lambda triggers, which the pool does not have: it
    // opens nothing. That Cognito takes it as the only one is unverified.
    authFlows: { userPassword: plane.passwordSignIn, custom: true },
    // For as long as an attempt at the edge lasts: a second factor takes its time.
    authSessionValidity: Duration.minutes(10),
    // At least an hour (Cognito). A token that takes another's place lasts no longer than that one
    // would have: the session ends when this is over.
    refreshTokenValidity: Duration.minutes(Math.max(60, Math.ceil(sessionSeconds / 60))),
  };
}

/**
 * @param {import('./settings.js').Settings} settings
 * @param {string} [siteUrl]
 * @param {import('./sign-in.js').SignIn} [signIn]
 */
function urlsFor({ signIn: { callbackUrls } }, siteUrl, signIn) {
  const known = [...(siteUrl ? [siteUrl] : []), ...(signIn?.origins ?? [])];
  const origins = known.length > 0 ? known.map((url) => new URL(url).origin) : [LOCAL_SITE];
  const afterwards = signIn
    ? [SIGNED_OUT, ...(signIn.afterSignOut ? [signIn.afterSignOut] : [])]
    : ['/'];
  return {
    callbackUrls: unique([...origins.map((origin) => origin + CALLBACK), ...callbackUrls]),
    logoutUrls: unique([
      ...origins.flatMap((origin) => afterwards.map((path) => origin + path)),
      ...callbackUrls.map((url) => new URL('/', url).href),
    ]),
  };
}

/** @param {string[]} urls */
function unique(urls) {
  return [...new Set(urls)];
}

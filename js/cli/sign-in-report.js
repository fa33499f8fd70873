/**
 * How visitors are signed in, as rows for people.
 */
import { under } from './api-report.js';

/**
 * @typedef {import('./tools.js').SignIn} SignIn
 * @typedef {import('./tools.js').Report} Report
 */

/**
 * @param {Report} report
 * @param {SignIn} signIn
 * @returns {string[][]}
 */
export function signInRows({ issuers }, signIn) {
  const { clients, key, scopes, claims, endpoints, timeout_ms: timeout } = signIn;
  const issuer = issuers.find((each) => each.issuer === signIn.issuer);
  return [
    ['issuer', signIn.issuer],
    ...under('endpoints', endpointsOf(endpoints, issuer?.discovery_url)),
    ...under('origins', signIn.origins.length > 0 ? signIn.origins : ["the distribution's own"]),
    ...clients.flatMap(clientRows),
    ['scopes', scopes.join(' ')],
    ...under('cookies', cookiesOf(signIn)),
    ['session', sessionOf(signIn)],
    ['/_nearhop/me', `tells the page ${claims.join(', ') || 'no claims'}`],
    ['signed out', `${signIn.after_sign_out ?? '/_nearhop/signed-out'} is shown`],
    ['calls', `to the token endpoint: ${timeout} ms a try`],
    ['key', `from ${key.env}`],
  ];
}

/**
 * @param {SignIn['endpoints']} endpoints
 * @param {string} [discovery]
 */
function endpointsOf(endpoints, discovery) {
  if (!endpoints) return [`by discovery, when the bundle is built: ${discovery}`];
  const { authorization, token, revocation, end_session: end } = endpoints;
  return [authorization, token, revocation, ...Object.values(end ?? {})].filter(
    (url) => url !== null,
  );
}

/** What has to be registered with a client. @param {SignIn['clients'][number]} client */
function clientRows({ client, client_secret: secret, identity_provider: provider, ...urls }) {
  const about = [
    client,
    secret ? `secret from ${secret.env}` : 'no secret',
    ...(provider ? [`straight to ${provider}`] : []),
  ];
  return [
    ['client', about.join(', ')],
    ...under('  callback URLs', urls.callback_urls),
    ...under('  sign-out URLs', urls.sign_out_urls),
  ];
}

/** @param {SignIn} signIn */
function cookiesOf({ cookies, clients }) {
  if (cookies === 'host-only') {
    const names = ['access', 'id', 'refresh'].map((name) => `__Host-nearhop-${name}`);
    return [`${names.join(', ')}: no script can read them`];
  }
  const names = `CognitoIdentityServiceProvider.${clients[0].client}.…`;
  return [`${names}, as AWS Amplify has them: scripts can read them`];
}

/** @param {SignIn} signIn */
function sessionOf({ session_seconds: seconds, refresh_before_seconds: before }) {
  const early = before > 0 ? `, or when less than ${before} s are left at a page load` : '';
  return `${inWords(seconds)}; tokens are refreshed when they have expired${early}`;
}

/** In the largest unit that divides it. @param {number} seconds */
function inWords(seconds) {
  const units = Object.entries({ day: 86_400, hour: 3_600, minute: 60, second: 1 });
  const [unit, size] = units.find(([, length]) => seconds % length === 0) ?? ['second', 1];
  const number = seconds / size;
  return `${number} ${unit}${number === 1 ? '' : 's'}`;
}

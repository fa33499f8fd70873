/**
 * oidc-provider, set up for a user pool's domain.
 */
import { randomBytes } from 'node:crypto';
import Provider from 'oidc-provider';
import { errorPage, leavePage } from './pages.js';
import { Store } from './store.js';

/** @typedef {import('oidc-provider').Configuration} Configuration */

/** Cognito's paths (rule C6); those of a plain issuer are oidc-provider's own. */
const COGNITO_ROUTES = {
  authorization: '/oauth2/authorize',
  token: '/oauth2/token',
  revocation: '/oauth2/revoke',
};

/** How the one API of a plain issuer's access tokens is named (RFC 8707). */
const RESOURCE = 'https://api.example.com';

/** Scopes an app client may ask for; others are left out of what is granted. */
const SCOPES = ['openid', 'email', 'profile', 'phone', 'aws.cognito.signin.user.admin'];

/**
 * @param {import('./domain.js').Parts} parts
 * @returns {import('oidc-provider').Provider}
 */
export function makeProvider(parts) {
  const { url, pool, kind, clients, users, settings, jwksPath } = parts;
  const store = new Store(settings);
  const lifetime = () => settings.accessSeconds;
  return new Provider(url, {
    adapter: (model) => store.of(model),
    clients: clients.map(metadataOf),
    // The first one signs ID tokens.
    jwks: { keys: /** @type {any} */ ([pool.keys.id, pool.keys.access]) },
    routes: { ...(kind === 'cognito' && COGNITO_ROUTES), jwks: jwksPath },
    scopes: SCOPES,
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    conformIdTokenClaims: false,
    findAccount: (_, sub) => accountOf(users.find((user) => user.sub === sub)),
    loadExistingGrant: (ctx) => grantEverything(ctx, parts),
    interactions: { url: (_, { uid }) => `/login/${uid}` },
    extraParams: ['identity_provider'],
    pkce: { required: () => true },
    issueRefreshToken: async () => true,
    expiresWithSession: async () => false,
    rotateRefreshToken: () => settings.rotation !== null,
    ttl: {
      AccessToken: lifetime,
      IdToken: lifetime,
      AuthorizationCode: 300,
      RefreshToken: () => settings.refreshSeconds,
      Grant: 30 * 24 * 3_600,
      Interaction: 3_600,
      Session: 3_600,
    },
    cookies: { keys: [randomBytes(32).toString('base64url')], names: { session: 'cognito' } },
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true, allowedPolicy: (_, client, token) => isOf(client, token) },
      rpInitiatedLogout: {
        enabled: kind === 'oidc',
        logoutSource: (ctx, form) => void (ctx.body = leavePage(form)),
      },
      resourceIndicators: kind === 'oidc' ? forAccessTokens(parts) : { enabled: false },
    },
    renderError: (ctx, { error, error_description: why }) => {
      ctx.type = 'html';
      ctx.body = errorPage(error, why);
    },
  });
}

/**
 * @param {import('./domain.js').Client} client
 * @returns {import('oidc-provider').ClientMetadata}
 */
function metadataOf({ id, secret, redirectUris, logoutUris }) {
  return {
    client_id: id,
    ...(secret !== undefined && { client_secret: secret }),
    token_endpoint_auth_method: secret === undefined ? 'none' : 'client_secret_basic',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    redirect_uris: redirectUris,
    post_logout_redirect_uris: logoutUris,
  };
}

/** @param {import('./domain.js').User} [user] */
function accountOf(user) {
  if (!user) return undefined;
  const { sub, email, name } = user;
  return { accountId: sub, claims: async () => ({ sub, email, email_verified: true, name }) };
}

/**
 * Nobody is asked for consent: the app clients are the pool's own.
 *
 * @param {import('oidc-provider').KoaContextWithOIDC} ctx
 * @param {import('./domain.js').Parts} parts
 */
async function grantEverything({ oidc }, { kind }) {
  const { session, client, provider } = oidc;
  if (!session?.accountId || !client) return undefined;
  const { accountId } = session;
  const grant = new provider.Grant({ clientId: client.clientId, accountId });
  grant.addOIDCScope(SCOPES.join(' '));
  if (kind === 'oidc') grant.addResourceScope(RESOURCE, SCOPES.join(' '));
  await grant.save();
  return grant;
}

/**
 * Access tokens of a plain issuer are JWTs for one API (RFC 9068).
 *
 * @param {import('./domain.js').Parts} parts
 */
function forAccessTokens({ audience, pool, settings }) {
  return {
    enabled: true,
    defaultResource: () => RESOURCE,
    useGrantedResource: () => true,
    getResourceServerInfo: () => ({
      scope: SCOPES.join(' '),
      audience,
      accessTokenTTL: settings.accessSeconds,
      accessTokenFormat: /** @type {const} */ ('jwt'),
      jwt: { sign: { alg: /** @type {const} */ ('RS256'), kid: pool.keys.access.kid } },
    }),
  };
}

/**
 * @param {import('oidc-provider').Client} client
 * @param {{ clientId?: string }} token
 */
function isOf(client, { clientId }) {
  return client.clientId === clientId;
}

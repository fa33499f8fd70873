/**
 * What a user pool's domain does otherwise than an OpenID provider (rule C6).
 */
import { errorPage } from './pages.js';

/** The paths of the provider beneath that a pool's domain has; the rest is not there. */
const PATHS = /^\/(oauth2\/(authorize|token|revoke)(\/[\w-]+)?|login\/[\w-]+)$/;

/**
 * @param {import('oidc-provider').Provider} provider
 * @param {import('./domain.js').Parts} parts
 * @returns {import('koa').Middleware}
 */
export function asCognito(provider, { clients, jwksPath }) {
  return async (ctx, next) => {
    if (ctx.path === '/logout') return leave(ctx, provider, clients);
    if (ctx.path !== jwksPath && !PATHS.test(ctx.path)) return;
    await next();
    const to = ctx.response.get('location') ?? '';
    const isBack = clients.some(({ redirectUris }) => redirectUris.includes(to.split('?')[0]));
    if (isBack) ctx.set('location', withoutIssuer(to));
  };
}

/**
 * Ends the domain's own session, and no refresh token.
 *
 * @param {import('koa').Context} ctx
 * @param {import('oidc-provider').Provider} provider
 * @param {import('./domain.js').Client[]} clients
 */
async function leave(ctx, provider, clients) {
  const { client_id: id, logout_uri: uri } = /** @type {Record<string, string>} */ (ctx.query);
  const client = clients.find((each) => each.id === id);
  if (!client?.logoutUris.includes(uri)) {
    ctx.status = 400;
    ctx.type = 'html';
    ctx.body = errorPage('invalid_request', 'client_id or logout_uri is not one of the pool’s.');
    return;
  }
  const session = await provider.Session.get(ctx);
  await session.destroy();
  ctx.set('cache-control', 'no-store');
  ctx.redirect(uri);
}

/**
 * Cognito does not say in the callback who it is (RFC 9207).
 *
 * @param {string} to
 */
function withoutIssuer(to) {
  const url = new URL(to);
  url.searchParams.delete('iss');
  return url.href;
}

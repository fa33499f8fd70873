/**
 * The sign-in page: user name and password, or "Cancel".
 */
import { timingSafeEqual, createHash } from 'node:crypto';
import { readForm } from './form.js';
import { errorPage, loginPage } from './pages.js';

/** Where oidc-provider sends a visitor who has no session here. */
const PATH = /^\/login\/[\w-]+$/;

/**
 * @param {import('oidc-provider').Provider} provider
 * @param {import('./domain.js').Parts} parts
 * @returns {import('koa').Middleware}
 */
export function loginPages(provider, { users }) {
  return async (ctx, next) => {
    if (!PATH.test(ctx.path)) return next();
    ctx.set({ 'cache-control': 'no-store', 'x-frame-options': 'DENY' });
    ctx.type = 'html';
    const asked = await askedBy(provider, ctx);
    if (!asked) {
      ctx.status = 400;
      ctx.body = errorPage('invalid_request', 'This page has been answered, or it is too old.');
    } else if (ctx.method === 'POST') {
      await answer(provider, ctx, asked, users);
    } else {
      ctx.body = loginPage(asked);
    }
  };
}

/**
 * @typedef {{ client: string, identityProvider?: string }} Asked
 *
 * @param {import('oidc-provider').Provider} provider
 * @param {import('koa').Context} ctx
 * @returns {Promise<Asked | undefined>} undefined where the browser has no such attempt
 */
async function askedBy(provider, { req, res }) {
  try {
    const { params } = await provider.interactionDetails(req, res);
    const { client_id: client, identity_provider: identityProvider } =
      /** @type {Record<string, string>} */ (params);
    return { client, identityProvider };
  } catch {
    return undefined;
  }
}

/**
 * @param {import('oidc-provider').Provider} provider
 * @param {import('koa').Context} ctx
 * @param {Asked} asked
 * @param {import('./domain.js').User[]} users
 */
async function answer(provider, ctx, asked, users) {
  const form = await readForm(ctx.req);
  if (form.get('action') === 'cancel') {
    const refusal = { error: 'access_denied', error_description: 'The visitor cancelled.' };
    return ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, refusal));
  }
  const username = form.get('username') ?? '';
  const user = users.find((each) => each.username === username || each.email === username);
  if (!user || !isSame(form.get('password') ?? '', user.password)) {
    ctx.status = 401;
    ctx.body = loginPage({ ...asked, username, isWrong: true });
    return;
  }
  const result = { login: { accountId: user.sub } };
  ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result));
}

/**
 * @param {string} given
 * @param {string} right
 */
function isSame(given, right) {
  const digest = (/** @type {string} */ text) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(right));
}

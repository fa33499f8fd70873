/**
 * What [sign_in] of nearhop.toml asks of a deployment. It is read from the file itself, as
 * infra/configuration.js reads it: the pool is made before there is a bundle.
 */
import { parse } from 'smol-toml';
import { CommandFault } from '../js/cli/fault.js';

/**
 * @typedef {object} SignIn
 * @property {string[]} origins of `sign_in.origins`: beside the site's own
 * @property {string[]} scopes
 * @property {number} sessionSeconds
 * @property {string | undefined} afterSignOut a path of the site
 * @property {string} keyEnv the environment variable with the key
 * @property {string | undefined} clientSecretEnv the one with the app client's secret, if it is to
 *   have one
 */

/** Where the pool sends people back to, after they signed in, and after they signed out. */
export const CALLBACK = '/_nearhop/callback';
export const SIGNED_OUT = '/_nearhop/signed-out';

/** As src/config/sign_in.rs has it. */
const DEFAULT_SESSION_SECONDS = 30 * 24 * 3_600;

/** Scopes that Cognito knows without a resource server (rule C6). */
const SCOPES = ['openid', 'email', 'phone', 'profile', 'aws.cognito.signin.user.admin'];

/**
 * @param {string} text of nearhop.toml, checked
 * @returns {SignIn | undefined} undefined where there is no [sign_in]
 */
export function signInOf(text) {
  const table = /** @type {Record<string, any> | undefined} */ (parse(text).sign_in);
  if (!table) return undefined;
  return {
    origins: table.origins ?? [],
    scopes: table.scopes ?? [],
    sessionSeconds: table.session_seconds ?? DEFAULT_SESSION_SECONDS,
    afterSignOut: table.after_sign_out,
    keyEnv: table.key.env,
    clientSecretEnv: table.client_secret?.env,
  };
}

/**
 * Refuses what would deploy, and fail at the first visitor.
 *
 * @param {string} file nearhop.toml
 * @param {Record<string, any>} document that is in it
 * @param {import('./settings.js').Settings} settings
 * @throws {CommandFault} `configuration`
 */
export function demandSignIn(file, document, { layout }) {
  const { sign_in: signIn, site = {}, routes = [] } = document;
  if (!signIn) return;
  const refuse = (/** @type {string} */ found, /** @type {string} */ allowed) => {
    throw new CommandFault('configuration', `${file}: found ${found}, allowed: ${allowed}`);
  };
  if (layout !== 'viewer-request') {
    const where = 'which is where visitors are signed in (nearhop.deploy.toml)';
    refuse(`[sign_in] with layout = "${layout}"`, `layout = "viewer-request", ${where}`);
  }
  const guarded = routes.findIndex(isGuardedSite);
  if (guarded >= 0 && !site.viewer_request_attached) {
    const found = `[sign_in] and routes[${guarded}], a part of the site for the signed-in`;
    refuse(found, 'site.viewer_request_attached = true beside them: visitors are signed in there');
  }
  if (signIn.hosts?.length > 0) {
    refuse('sign_in.hosts', 'none: the stacks make one app client, for all hosts');
  }
  if (signIn.identity_provider && signIn.identity_provider !== 'COGNITO') {
    const found = `sign_in.identity_provider = ${JSON.stringify(signIn.identity_provider)}`;
    refuse(found, '"COGNITO", or none: the stacks make a user pool with its own users only');
  }
  const unknown = signIn.scopes?.find((/** @type {string} */ scope) => !SCOPES.includes(scope));
  if (unknown) {
    const found = `${JSON.stringify(unknown)} in sign_in.scopes`;
    refuse(found, `${SCOPES.join(', ')}: the stacks make no resource server`);
  }
}

/** @param {{ target: string, access: string }} route */
function isGuardedSite({ target, access }) {
  return target === 'site' && access === 'authenticated';
}

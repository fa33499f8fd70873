/**
 * A user pool's domain on this machine: sign-in page, `/oauth2/authorize`, `/oauth2/token`,
 * `/oauth2/revoke` and `/logout` (rule C6). What OAuth and OpenID Connect ask for is done by
 * oidc-provider; this folder gives it Cognito's paths, parameters and tokens, and faults that can
 * be switched on while it runs. It is not safe for anything but development.
 */
import { createServer } from 'node:http';
import { asCognito } from './cognito.js';
import { enactFaults, newFaults } from './faults.js';
import { loginPages } from './login.js';
import { makeProvider } from './provider.js';
import { dressTokens } from './tokens.js';

/**
 * @typedef {object} Client an app client
 * @property {string} id
 * @property {string} [secret] sent as HTTP Basic (RFC 6749, section 2.3.1); a public client if left
 *   out
 * @property {string[]} redirectUris where a visitor may be sent back to, compared as text
 * @property {string[]} logoutUris where one may be sent after `/logout`, likewise
 *
 * @typedef {object} User
 * @property {string} username
 * @property {string} password
 * @property {string} sub
 * @property {string} email
 * @property {string} name
 * @property {string[]} [groups]
 *
 * @typedef {object} Settings may be changed while the domain runs
 * @property {number} accessSeconds lifetime of access and ID tokens; 3,600 if left out
 * @property {number} refreshSeconds lifetime of refresh tokens; 30 days if left out
 * @property {Rotation | null} rotation null, which is what Cognito does unless told to: a refresh
 *   returns no new refresh token
 *
 * @typedef {object} Rotation a refresh returns a new refresh token (rule C7)
 * @property {number} graceSeconds for how long the old one may be used again: 0 to 60
 * @property {boolean} [revokes] whether a use after that revokes all refresh tokens that came from
 *   it (RFC 9700, section 4.14.2). That Cognito does so is said nowhere
 *
 * @typedef {object} Options
 * @property {import('../pool.js').Pool} pool whose tokens these are
 * @property {Client[]} clients
 * @property {User[]} users
 * @property {'cognito'|'oidc'} [kind] `oidc`: a plain issuer, at a URL of its own, with
 *   oidc-provider's paths, a discovery document and RFC 9068 access tokens; `cognito` if left out
 * @property {string} [audience] the `aud` of access tokens of the kind `oidc`
 * @property {Partial<Settings>} [settings]
 * @property {Partial<import('./faults.js').Faults>} [faults]
 *
 * @typedef {object} UserPoolDomain
 * @property {string} url without a slash at its end
 * @property {string} issuer the `iss` of its tokens: the pool's, or of the kind `oidc` its URL
 * @property {string} jwksUrl where the keys are
 * @property {Settings} settings
 * @property {import('./faults.js').Faults} faults
 * @property {import('./faults.js').Counts} counts
 * @property {() => Promise<void>} close ends open connections as well
 */

/** @type {Settings} */
const USUAL = { accessSeconds: 3_600, refreshSeconds: 30 * 24 * 3_600, rotation: null };

/**
 * Starts it on a free port of 127.0.0.1.
 *
 * @param {Options} options
 * @returns {Promise<UserPoolDomain>}
 */
export async function startUserPoolDomain(options) {
  const { pool, kind = 'cognito', audience = 'https://api.example.com' } = options;
  const { server, url } = await listen();
  const settings = { ...USUAL, ...options.settings };
  const { faults, counts } = newFaults(options.faults);
  const jwksPath = `/${pool.id}/.well-known/jwks.json`;
  const parts = { ...options, kind, audience, url, settings, faults, counts, jwksPath };
  const provider = makeProvider(parts);
  provider.use(enactFaults(parts));
  if (kind === 'cognito') provider.use(asCognito(provider, parts));
  provider.use(loginPages(provider, parts));
  provider.use(dressTokens(parts));
  server.on('request', provider.callback());
  const issuer = kind === 'oidc' ? url : pool.issuer;
  return { url, issuer, jwksUrl: url + jwksPath, settings, faults, counts, close };

  async function close() {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** @typedef {Required<Pick<Options, 'kind'|'audience'|'pool'|'clients'|'users'>> & {
 *   url: string, settings: Settings, faults: import('./faults.js').Faults,
 *   counts: import('./faults.js').Counts, jwksPath: string }} Parts what the rooms here share */

/** A plain issuer's URL is among its own settings, so the port comes first. */
async function listen() {
  const server = createServer();
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(undefined));
  });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { server, url: `http://127.0.0.1:${port}` };
}

/**
 * The configuration the tests of sign-in run under.
 */
import { stringify } from 'smol-toml';

/** The app client of the site, and that of its other host. */
export const CLIENT = 'web0client';
export const OTHER_CLIENT = 'other0client';

/** What may call `/api/shared` from elsewhere, with its visitor's cookies. */
export const PARTNER = 'https://partner.example.com';

/**
 * @param {{ options: import('./world.js').WorldOptions,
 *   domain: import('./world.js').UserPoolDomain, url: string, otherUrl: string }} parts
 * @returns {string} nearhop.toml
 */
export function tomlOf({ options, domain, url, otherUrl }) {
  const { kind = 'cognito', hasSecret = false, routes = [], signIn, issuer } = options;
  const isOidc = kind === 'oidc';
  return stringify({
    site: { mode: 'spa', viewer_request_attached: true },
    routes: [
      ...routes,
      { pattern: '/app/*', target: 'site', access: 'authenticated' },
      { pattern: '/staff/*', target: 'site', access: 'authenticated', groups: ['nobody-is-here'] },
      { pattern: '/api/*', target: 'api', access: 'authenticated' },
      { pattern: '/api/open', target: 'api', access: 'public' },
      { pattern: '/api/forward', target: 'api', access: 'authenticated', cookies: 'forward' },
      { pattern: '/api/open/forward', target: 'api', access: 'public', cookies: 'forward' },
      {
        pattern: '/api/shared',
        target: 'api',
        access: 'authenticated',
        cors: { preflight: 'answer', origins: [PARTNER], credentials: true },
      },
    ],
    issuers: [
      {
        issuer: domain.issuer,
        ...(isOidc && { kind, jwks_url: domain.jwksUrl }),
        clients: [CLIENT, OTHER_CLIENT],
        ...(isOidc && { audiences: ['https://api.example.com'] }),
        ...issuer,
      },
    ],
    sign_in: {
      ...(!isOidc && { domain: domain.url }),
      client: CLIENT,
      ...(hasSecret && { client_secret: { env: 'NEARHOP_CLIENT_SECRET' } }),
      key: { env: 'NEARHOP_SIGN_IN_KEY' },
      origins: [url],
      scopes: ['openid', 'email', 'profile'],
      hosts: [{ origin: otherUrl, client: OTHER_CLIENT }],
      refresh_before_seconds: 0,
      timeout_ms: 1_500,
      ...signIn,
    },
    api: {
      strip_prefix: '/api',
      origin_secret: { env: 'NEARHOP_ORIGIN_SECRET' },
      regions: [{ name: 'us-east-1', endpoint: 'https://api.example.com' }],
    },
  });
}

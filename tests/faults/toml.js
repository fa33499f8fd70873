/**
 * The configuration of the system that is disturbed and loaded.
 */
import { stringify } from 'smol-toml';
import { EU, REGIONS, hostOf } from './template.js';

/** The app client of the site. */
export const CLIENT = 'web0client';

/** The claim by which a token says whose data its subject's are. */
export const RESIDENCY = 'custom:residency';

/** Keys are fetched as often as may be: a fault of seconds is to be felt. */
export const IMPATIENT = { cooldown_seconds: 1, max_age_seconds: 2, timeout_ms: 500 };

/**
 * @param {{ issuer: string, domain: string, url: string, controlUrl: string,
 *   keys: Record<string, number> }} parts `domain`: the user pool's; `url`: the site's
 * @returns {string} nearhop.toml
 */
export function tomlOf({ issuer, domain, url, controlUrl, keys }) {
  return stringify({
    site: { mode: 'spa', viewer_request_attached: true },
    routes: [
      { pattern: '/app/*', target: 'site', access: 'authenticated' },
      { pattern: '/api/*', target: 'api', access: 'authenticated' },
      { pattern: '/api/read/*', target: 'api', access: 'authenticated', methods: ['GET', 'HEAD'] },
      { pattern: '/api/staff', target: 'api', access: 'authenticated', groups: ['staff'] },
      { pattern: '/api/open', target: 'api', access: 'public' },
    ],
    issuers: [{ issuer, clients: [CLIENT] }],
    keys,
    sign_in: {
      domain,
      key: { env: 'NEARHOP_SIGN_IN_KEY' },
      origins: [url],
      refresh_before_seconds: 0,
      timeout_ms: 2_000,
    },
    api: {
      strip_prefix: '/api',
      origin_secret: { env: 'NEARHOP_ORIGIN_SECRET' },
      regions: REGIONS.map((name) => ({ name, endpoint: `https://${hostOf(name)}` })),
      residency: { claim: RESIDENCY, sets: [{ name: 'EU', regions: EU }] },
      control: { urls: [controlUrl], interval_seconds: 5 },
    },
  });
}

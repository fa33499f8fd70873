/**
 * The distribution that a configuration asks for: its origins and cache behaviors.
 */

/**
 * @typedef {import('../cloudfront/behaviors.js').Behavior} Behavior
 * @typedef {import('aws-lambda').CloudFrontOrigin} CloudFrontOrigin
 * @typedef {import('../cli/tools.js').Report} Report
 */

/**
 * Routes to the API get the managed policy AllViewerExceptHostHeader (rule P1) and, as the
 * configured origin, the first API Region, whose place origin-request takes (rules F2, W2).
 *
 * @param {Pick<Report, 'site'|'routes'|'api'>} report
 * @returns {{ origins: Record<string, CloudFrontOrigin>, behaviors: Behavior[] }}
 */
export function distributionFor({ site, routes, api }) {
  /** @type {Behavior} */
  const rest = {
    pattern: '*',
    origin: 'site',
    // Where origin-request is to verify for itself, it needs the token, which only a policy lets
    // through (rule P2).
    policy: site.viewer_request_attached ? 'none' : 'all-viewer-except-host',
  };
  if (!api) return { origins: {}, behaviors: [rest] };
  const patterns = routes
    .filter(({ target }) => target === 'api')
    .flatMap(({ pattern }) => pathPatterns(pattern));
  /** @type {Behavior[]} */
  const toApi = patterns.map((pattern) => ({
    pattern,
    origin: 'api',
    policy: 'all-viewer-except-host',
  }));
  return { origins: { api: originFor(api.regions[0]) }, behaviors: [...toApi, rest] };
}

/**
 * A route's pattern as path patterns of CloudFront: `/api/*` includes `/api` here and not there;
 * `{id}` is one segment here and any text there.
 *
 * @param {string} pattern
 * @returns {string[]}
 */
function pathPatterns(pattern) {
  const wide = pattern.replace(/\{[^}]*\}/g, '*');
  return wide.endsWith('/*') && wide !== '/*' ? [wide, wide.slice(0, -2)] : [wide];
}

/**
 * @param {{ domain_name: string, path: string }} region
 * @returns {CloudFrontOrigin}
 */
function originFor({ domain_name: authority, path }) {
  const { hostname, port } = new URL(`https://${authority}`);
  return {
    custom: {
      customHeaders: {},
      domainName: hostname,
      keepaliveTimeout: 5,
      path,
      port: Number(port || 443),
      protocol: 'https',
      readTimeout: 30,
      sslProtocols: ['TLSv1.2'],
    },
  };
}

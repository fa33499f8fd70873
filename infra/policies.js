/**
 * What CloudFront forwards, keeps and adds. Nothing more is forwarded than the function and the
 * APIs need.
 */
import { Duration } from 'aws-cdk-lib';
import {
  CacheCookieBehavior,
  CacheHeaderBehavior,
  CachePolicy,
  CacheQueryStringBehavior,
  HeadersReferrerPolicy,
  OriginRequestCookieBehavior,
  OriginRequestHeaderBehavior,
  OriginRequestPolicy,
  OriginRequestQueryStringBehavior,
  ResponseHeadersPolicy,
} from 'aws-cdk-lib/aws-cloudfront';

/**
 * @typedef {import('constructs').Construct} Construct
 * @typedef {import('../js/cli/tools.js').Report} Report
 */

/** Cookies that one origin request policy may name (CloudFront's quotas). */
const MOST_COOKIES = 10;

/** How src/sign_in/ cuts a token that is too long for one cookie. */
const CHUNK_BYTES = 3_800;
const MOST_CHUNKS = 9;

/**
 * For the API: every header but Host, which API Gateway routes on (rule A1). Authorization gets
 * through with such a policy only: a list may not name it (rule P2). CloudFront's own headers about
 * the viewer come along, as with the managed AllViewerExceptHostHeader (rule P1). Of the cookies,
 * those by which origin-request knows who calls, and the home Region, unless a route's API is to
 * see the others too.
 *
 * @param {Construct} scope
 * @param {Report} report
 */
export function apiRequestPolicy(scope, report) {
  const cookies = [...tokenCookies(report), ...sessionCookies(report)];
  if (report.api?.sticky?.by === 'cookie') cookies.push('nearhop_home');
  const session = report.sign_in;
  const all =
    report.routes.some((route) => route.cookies === 'forward') ||
    // Amplify's names have the user's in them.
    session?.cookies === 'amplify' ||
    cookies.length > MOST_COOKIES;
  return new OriginRequestPolicy(scope, 'ApiRequests', {
    comment: 'What Nearhop and the APIs need of a request',
    headerBehavior: OriginRequestHeaderBehavior.denyList('host'),
    queryStringBehavior: OriginRequestQueryStringBehavior.all(),
    cookieBehavior: all
      ? OriginRequestCookieBehavior.all()
      : cookies.length > 0
        ? OriginRequestCookieBehavior.allowList(...cookies)
        : OriginRequestCookieBehavior.none(),
  });
}

/**
 * For the site's files: kept for a day where S3 says nothing else, one copy for everybody. Where
 * viewer-request does not stand before the cache, origin-request decides by what it can see, so
 * that is part of the key: whether a page is loaded, and, where files are protected, who asks (rule
 * P2).
 *
 * @param {Construct} scope
 * @param {Report} report
 */
export function siteCachePolicy(scope, report) {
  const { viewer_request_attached: attached } = report.site;
  const guarded = !attached && report.routes.some(isGuardedSite);
  const headers = attached ? [] : ['sec-fetch-mode', ...(guarded ? ['authorization'] : [])];
  const cookies = guarded ? tokenCookies(report) : [];
  return new CachePolicy(scope, 'SiteFiles', {
    comment: "The site's files",
    minTtl: Duration.seconds(0),
    defaultTtl: Duration.days(1),
    maxTtl: Duration.days(365),
    enableAcceptEncodingBrotli: true,
    enableAcceptEncodingGzip: true,
    queryStringBehavior: CacheQueryStringBehavior.none(),
    headerBehavior: listOrNone(CacheHeaderBehavior, headers),
    cookieBehavior: listOrNone(CacheCookieBehavior, cookies),
  });
}

/**
 * For every answer. What the configuration sets on the site's own files is the same or more.
 *
 * @param {Construct} scope
 */
export function securityHeaders(scope) {
  return new ResponseHeadersPolicy(scope, 'SecurityHeaders', {
    comment: 'HTTPS only, for two years; no guessing of types; no paths in referrers',
    securityHeadersBehavior: {
      strictTransportSecurity: {
        accessControlMaxAge: Duration.days(730),
        includeSubdomains: false,
        override: true,
      },
      contentTypeOptions: { override: true },
      referrerPolicy: { referrerPolicy: HeadersReferrerPolicy.SAME_ORIGIN, override: false },
    },
  });
}

/** @param {Report} report */
function tokenCookies({ issuers }) {
  return [...new Set(issuers.flatMap(({ cookies }) => cookies))];
}

/**
 * The session's cookies with what the API is called with, as viewer-request cuts it: the access
 * token, or else the ID token. Not the refresh token, which is of no use there.
 *
 * @param {Report} report
 */
function sessionCookies(report) {
  const session = report.sign_in;
  if (!session) return [];
  const { issuers, limits } = report;
  const issuer = issuers.find((each) => each.issuer === session.issuer);
  const use = issuer?.token_use.includes('access') === false ? 'id' : 'access';
  const name = `__Host-nearhop-${use}`;
  const chunks = Math.min(Math.ceil(limits.token_bytes / CHUNK_BYTES), MOST_CHUNKS);
  return Array.from({ length: chunks }, (_, index) => (index === 0 ? name : `${name}-${index}`));
}

/** @param {import('../js/cli/tools.js').Route} route */
function isGuardedSite({ target, access }) {
  return target === 'site' && access === 'authenticated';
}

/**
 * @template Behavior
 * @param {{ none: () => Behavior, allowList: (...names: string[]) => Behavior }} kind
 * @param {string[]} names
 */
function listOrNone(kind, names) {
  return names.length > 0 ? kind.allowList(...names) : kind.none();
}

/**
 * What reaches the origin, and the origin-request event before it: the cache key's parts and what
 * the origin request policy adds to them, what CloudFront sends of its own, and the origin
 * (rules E5, E8, E11, P1, P2, W8; guide, "Control origin requests with a policy").
 */
import { requestHeaders } from './request-headers.js';
import { cookiesOf, queryOf } from './selection.js';

/**
 * @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest
 * @typedef {import('aws-lambda').CloudFrontOrigin} CloudFrontOrigin
 * @typedef {import('../distribution.js').Behavior} Behavior
 * @typedef {import('../distribution.js').Origin} Origin
 * @typedef {import('../place/viewer.js').Viewer} Viewer
 *
 * @typedef {object} Way
 * @property {Behavior} behavior
 * @property {Origin} origin
 * @property {Viewer} viewer
 * @property {string} httpVersion of the viewer's request, such as `1.1`
 * @property {{ domainName: string }} distribution named in `Via`
 */

/**
 * The `request` of an origin-request event.
 *
 * @param {CloudFrontRequest} request as viewer-request left it; not changed
 * @param {Way} way
 * @returns {CloudFrontRequest}
 */
export function originRequest(request, way) {
  const { behavior, origin, viewer } = way;
  const { clientIp, method, uri } = request;
  const headers = requestHeaders(request, way);
  const cookies = cookiesOf(request.headers.cookie?.[0]?.value, selections(behavior, 'cookies'));
  if (cookies.length > 0) headers.cookie = [{ key: 'Cookie', value: cookies.join('; ') }];
  // E8: what the origin's own headers are named like is theirs.
  for (const name of Object.keys(origin.customHeaders)) delete headers[name.toLowerCase()];
  const querystring = queryOf(request.querystring, selections(behavior, 'queryStrings'));
  return { clientIp, headers, method, origin: originOf(origin, viewer), querystring, uri };
}

/**
 * The event's form of a configured origin (rules E6, E7). Access by origin access control shows as
 * `none`.
 *
 * @param {Origin} origin
 * @param {{ proto?: 'https'|'http' }} viewer whose protocol an origin of the policy `match-viewer`
 *   gets
 * @returns {CloudFrontOrigin}
 */
export function originOf(origin, { proto = 'https' }) {
  const { domainName, path } = origin;
  const customHeaders = eventHeaders(origin.customHeaders);
  if (origin.kind === 's3') {
    const authMethod = origin.access === 'oai' ? 'origin-access-identity' : 'none';
    const s3 = { authMethod, customHeaders, domainName, path, region: origin.region ?? '' };
    return /** @type {CloudFrontOrigin} */ ({ s3 });
  }
  const protocol = protocolOf(origin, proto);
  const { keepaliveTimeout, readTimeout, responseCompletionTimeout } = origin;
  const custom = {
    customHeaders,
    domainName,
    keepaliveTimeout,
    path,
    port: protocol === 'https' ? origin.httpsPort : origin.httpPort,
    protocol,
    readTimeout,
    ...(responseCompletionTimeout !== undefined && { responseCompletionTimeout }),
    sslProtocols: [...origin.sslProtocols],
  };
  return /** @type {CloudFrontOrigin} */ ({ custom });
}

/**
 * @param {Behavior} behavior
 * @param {'cookies'|'queryStrings'} kind
 */
function selections({ cachePolicy, originRequestPolicy }, kind) {
  return [cachePolicy[kind], ...(originRequestPolicy ? [originRequestPolicy[kind]] : [])];
}

/**
 * @param {Origin} origin
 * @param {'https'|'http'} proto
 */
function protocolOf({ protocolPolicy }, proto) {
  if (protocolPolicy === 'match-viewer') return proto;
  return protocolPolicy === 'http-only' ? 'http' : 'https';
}

/** @param {Record<string, string>} headers */
function eventHeaders(headers) {
  return Object.fromEntries(
    Object.entries(headers).map(([key, value]) => [key.toLowerCase(), [{ key, value }]]),
  );
}

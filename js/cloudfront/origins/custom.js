/**
 * Requests to custom origins.
 */
import { requestHead } from './head.js';

/**
 * @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest
 * @typedef {import('aws-lambda').CloudFrontCustomOrigin} CloudFrontCustomOrigin
 *
 * @typedef {object} Outgoing
 * @property {string} url as CloudFront would call it: the origin's own protocol, name and port
 * @property {string} path what goes on the wire, with the query
 * @property {string[]} headers name, value, name, value …
 */

/**
 * The request line is origin path, uri and query (rule W2 lets functions set all three); `Host` is
 * what the event says, as API Gateway goes by it (rule A1), or the origin's name; the origin's
 * custom headers replace what has the same names (rule E8).
 *
 * @param {CloudFrontRequest} request as origin-request left it
 * @param {CloudFrontCustomOrigin} origin
 * @param {{ id: string, server: URL, body: import('node:stream').Readable | Buffer | null }} to the
 *   request's id, and the server that stands for the origin: a path of its own comes first
 * @returns {Outgoing}
 */
export function customRequest(request, origin, { id, server, body }) {
  const { method, uri, querystring, headers } = request;
  const target = origin.path + uri + (querystring === '' ? '' : `?${querystring}`);
  const own = {
    host: headers.host ?? [{ key: 'Host', value: origin.domainName }],
    'x-amz-cf-id': [{ key: 'X-Amz-Cf-Id', value: id }],
    ...origin.customHeaders,
  };
  return {
    url: `${origin.protocol}://${authority(origin)}${target}`,
    path: server.pathname.replace(/\/$/, '') + target,
    headers: requestHead(headers, own, { method, body }),
  };
}

/** @param {CloudFrontCustomOrigin} origin */
function authority({ protocol, domainName, port }) {
  const implied = protocol === 'https' ? 443 : 80;
  return port === implied ? domainName : `${domainName}:${port}`;
}

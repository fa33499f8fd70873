/**
 * The origins behind the distribution: custom ones as local HTTP servers, S3 ones as directories.
 */
import { request as httpRequest } from 'node:http';
import { Bucket } from './bucket.js';
import { CloudFrontError } from './error.js';

/**
 * @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest
 *
 * @typedef {object} Viewer
 * @property {string} id of the request
 * @property {import('node:http').IncomingMessage | null} body streamed to a custom origin
 * @property {AbortSignal} signal ends the exchange
 *
 * @typedef {object} OriginResponse
 * @property {number} status
 * @property {string} statusDescription
 * @property {string[]} rawHeaders name, value, name, value …
 * @property {import('node:http').IncomingMessage | Buffer | null} body
 */

/** Names that connections to origins may lead to: this machine only. */
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

export class Origins {
  /** @type {Map<string, URL>} */
  #hosts;
  /** @type {Map<string, Bucket>} */
  #buckets;

  /**
   * @param {Record<string, string>} hosts name of a custom origin → the local server that plays it,
   *   such as `http://127.0.0.1:4001`; TLS is not played
   * @param {Record<string, string>} buckets domain name of an S3 origin → directory
   */
  constructor(hosts, buckets) {
    this.#hosts = new Map(
      Object.entries(hosts).map(([name, url]) => [name, localServer(name, url)]),
    );
    this.#buckets = new Map(Object.entries(buckets).map(([name, dir]) => [name, new Bucket(dir)]));
  }

  /**
   * Looks the origin's name up, as CloudFront does both before and after origin-request (rule F2).
   *
   * @param {import('aws-lambda').CloudFrontOrigin} origin
   * @throws {CloudFrontError} 502
   */
  resolve(origin) {
    const { kind, domainName } = nameOf(origin);
    const known = kind === 'custom' ? this.#hosts : this.#buckets;
    if (!known.has(domainName)) {
      throw new CloudFrontError(502, 'Error', "The origin's domain name cannot be resolved.", {
        rule: 'F2',
        found: domainName,
        allowed: [...known.keys()].join(', ') || 'no origin of this kind',
      });
    }
  }

  /**
   * Sends the request to its origin.
   *
   * @param {CloudFrontRequest} request as origin-request left it
   * @param {Viewer} viewer
   * @returns {Promise<OriginResponse>}
   * @throws {CloudFrontError} 502 when the origin cannot be reached, 504 when it is too slow
   */
  fetch(request, viewer) {
    const origin = /** @type {import('aws-lambda').CloudFrontOrigin} */ (request.origin);
    this.resolve(origin);
    if (origin.custom) return this.#fetchCustom(request, origin.custom, viewer);
    const { domainName, path } = /** @type {import('aws-lambda').CloudFrontS3Origin} */ (origin.s3);
    const bucket = /** @type {Bucket} */ (this.#buckets.get(domainName));
    return bucket.fetch(path + request.uri, request);
  }

  /**
   * @param {CloudFrontRequest} request
   * @param {import('aws-lambda').CloudFrontCustomOrigin} origin
   * @param {Viewer} viewer
   * @returns {Promise<OriginResponse>}
   */
  #fetchCustom(request, origin, { id, body, signal }) {
    const { hostname, port } = /** @type {URL} */ (this.#hosts.get(origin.domainName));
    const query = request.querystring === '' ? '' : `?${request.querystring}`;
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest({
        hostname: hostname.replace(/[[\]]/g, ''),
        port,
        method: request.method,
        path: origin.path + request.uri + query,
        headers: { ...headersFor(request, origin), 'X-Amz-Cf-Id': id },
        agent: false,
        signal,
      });
      const slow = setTimeout(() => {
        outgoing.destroy();
        reject(
          new CloudFrontError(
            504,
            'Error',
            `The origin did not answer within ${origin.readTimeout} s.`,
          ),
        );
      }, origin.readTimeout * 1_000);
      outgoing.on('response', (response) => {
        clearTimeout(slow);
        resolve({
          status: response.statusCode ?? 502,
          statusDescription: response.statusMessage ?? '',
          rawHeaders: response.rawHeaders,
          body: response,
        });
      });
      outgoing.on('error', (cause) => {
        clearTimeout(slow);
        reject(
          new CloudFrontError(502, 'Error', 'The origin cannot be reached.', {
            found: origin.domainName,
            cause,
          }),
        );
      });
      if (body) body.pipe(outgoing);
      else outgoing.end();
    });
  }
}

/**
 * @param {import('aws-lambda').CloudFrontOrigin} origin
 * @returns {{ kind: 'custom'|'s3', domainName: string }}
 */
export function nameOf({ custom, s3 }) {
  return custom
    ? { kind: 'custom', domainName: custom.domainName }
    : { kind: 's3', domainName: s3?.domainName ?? '' };
}

/**
 * @param {CloudFrontRequest} request
 * @param {import('aws-lambda').CloudFrontCustomOrigin} origin
 * @returns {Record<string, string | string[]>}
 */
function headersFor(request, origin) {
  const maps = [...Object.entries(request.headers), ...Object.entries(origin.customHeaders)];
  const headers = Object.fromEntries(
    maps.map(([name, entries]) => {
      const values = entries.map(({ value }) => value);
      return [entries[0].key ?? name, values.length === 1 ? values[0] : values];
    }),
  );
  if (!request.headers.host) headers.Host = origin.domainName;
  return headers;
}

/**
 * @param {string} name
 * @param {string} url
 */
function localServer(name, url) {
  const parsed = new URL(url);
  if (parsed.protocol !== 'http:' || !LOOPBACK.has(parsed.hostname)) {
    throw new TypeError(`hosts["${name}"] is "${url}"; allowed: http://127.0.0.1:<port>`);
  }
  return parsed;
}

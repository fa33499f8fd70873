/**
 * A bucket at an S3-compatible server on this machine, addressed by path: `/<bucket>/<key>`.
 */
import { Readable } from 'node:stream';
import aws4 from 'aws4';
import { requestHead } from './head.js';
import { denied, refusal, refused } from './s3.js';

/**
 * @typedef {object} EndpointEntry
 * @property {string} endpoint such as `http://127.0.0.1:4566`
 * @property {string} bucket
 * @property {string} region
 * @property {string} accessKeyId
 * @property {string} secretAccessKey
 * @property {boolean} [public] whether anybody may read, not only CloudFront
 *
 * @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest
 * @typedef {import('./reply.js').Reply} Reply
 */

/** What S3 takes for the digest of a body that is not part of the signature (SigV4 for S3). */
const UNSIGNED = 'UNSIGNED-PAYLOAD';

export class Endpoint {
  #entry;

  /**
   * @param {EndpointEntry} entry
   * @param {URL} server the endpoint
   */
  constructor(entry, server) {
    this.#entry = entry;
    this.server = server;
  }

  /**
   * What goes to the server: `Host` is the server's own, since the signature covers it. Where
   * CloudFront does not sign, a bucket that is not public refuses here already, as S3 would: not
   * every S3-compatible server does (rule S1).
   *
   * @param {string} path origin path and uri, percent-encoded
   * @param {CloudFrontRequest} request
   * @param {{ signed: boolean, body: Readable | Buffer | null,
   *   customHeaders: import('../headers.js').HeaderMap }} facts
   * @returns {{ path: string, headers: string[] } | { refusal: Reply }}
   */
  request(path, request, { signed, body, customHeaders }) {
    const { bucket, public: isPublic = false } = this.#entry;
    const { method, querystring } = request;
    const no = refused(request, { signed, isPublic });
    if (no) return { refusal: no };
    if (!isEncoded(path)) return { refusal: refusal(method, 400, 'Bad Request', 'InvalidURI') };

    const base = this.server.pathname.replace(/\/$/, '');
    const target = `${base}/${bucket}${path}${querystring === '' ? '' : `?${querystring}`}`;
    const host = { Host: this.server.host };
    const own = signed ? this.#signature(method, target, { ...host, ...digest(body) }) : host;
    const map = Object.entries(own).map(([key, value]) => [key.toLowerCase(), [{ key, value }]]);
    const all = { ...customHeaders, ...Object.fromEntries(map) };
    return { path: target, headers: requestHead(request.headers, all, { method, body }) };
  }

  /**
   * The bucket policy of origin access control has no `s3:ListBucket`, whatever the credentials
   * that play CloudFront may do: a key that does not exist is 403 (rule S2).
   *
   * @param {Reply} reply
   * @param {string} method
   * @returns {Reply}
   */
  answer(reply, method) {
    if (reply.status !== 404 || !['GET', 'HEAD'].includes(method)) return reply;
    if (reply.body instanceof Readable) reply.body.resume();
    return denied(method);
  }

  /**
   * Signature Version 4 over `host` and the `x-amz-` headers, which is what S3 asks for.
   *
   * @param {string} method
   * @param {string} path with the query
   * @param {Record<string, string>} headers to be signed
   * @returns {Record<string, string>} these, the date and `Authorization`
   */
  #signature(method, path, headers) {
    const { region, accessKeyId, secretAccessKey } = this.#entry;
    const request = { service: 's3', region, method, path, headers: { ...headers } };
    const signed = aws4.sign(request, { accessKeyId, secretAccessKey });
    return /** @type {Record<string, string>} */ (signed.headers);
  }
}

/**
 * @param {Readable | Buffer | null} body
 * @returns {Record<string, string>}
 */
function digest(body) {
  // Without a body, aws4 takes the digest of nothing.
  return body === null ? {} : { 'X-Amz-Content-Sha256': UNSIGNED };
}

/** @param {string} path */
function isEncoded(path) {
  try {
    return decodeURIComponent(path) !== '';
  } catch {
    return false;
  }
}

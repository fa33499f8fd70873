/**
 * What all S3 origins share: who may read them, and how S3 says no.
 */
import { byteLength } from '../headers.js';

/**
 * @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest
 * @typedef {import('aws-lambda').CloudFrontS3Origin} CloudFrontS3Origin
 * @typedef {import('../distribution.js').Origin} Origin
 * @typedef {import('./reply.js').Reply} Reply
 */

/** S3 refuses larger request headers, in bytes (rule S2). */
const MAX_REQUEST_HEADERS = 8_192;

/**
 * Whether CloudFront signs the request. Origin access control signs every one for the configured
 * bucket, and none for a bucket that a function switched to (rule S1). An origin access identity
 * signs wherever the event's `authMethod` says so.
 *
 * @param {CloudFrontS3Origin} origin the event's
 * @param {Pick<Origin, 'access'|'domainName'>} configured
 * @returns {boolean}
 */
export function isSigned(origin, configured) {
  if (configured.access === 'oac') return origin.domainName === configured.domainName;
  return configured.access === 'oai' && origin.authMethod === 'origin-access-identity';
}

/**
 * What S3 answers before it looks for the object: a private bucket lets nobody in without a
 * signature.
 *
 * @param {CloudFrontRequest} request
 * @param {{ signed: boolean, isPublic: boolean }} access
 * @returns {Reply | undefined} none if the request may go on
 */
export function refused({ method, headers }, { signed, isPublic }) {
  if (byteLength(headers) > MAX_REQUEST_HEADERS) {
    return refusal(method, 400, 'Bad Request', 'RequestHeaderSectionTooLarge');
  }
  return signed || isPublic ? undefined : denied(method);
}

/**
 * Without permission to list the bucket, this is also the answer for a key that does not exist
 * (rule S2).
 *
 * @param {string} method
 * @returns {Reply}
 */
export function denied(method) {
  return refusal(method, 403, 'Forbidden', 'AccessDenied');
}

/**
 * @param {string} method
 * @param {number} status
 * @param {string} statusDescription
 * @param {string} code S3's name for the error
 * @param {string[]} [headers] name, value, name, value …
 * @returns {Reply}
 */
export function refusal(method, status, statusDescription, code, headers = []) {
  const body = Buffer.from(
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
      `<Error><Code>${code}</Code><Message>${statusDescription}</Message></Error>`,
  );
  return {
    status,
    statusDescription,
    rawHeaders: [
      ...headers,
      ...['Content-Type', 'application/xml', 'Content-Length', String(body.length)],
      ...['Date', new Date().toUTCString(), 'Server', 'AmazonS3'],
    ],
    body: method === 'HEAD' ? null : body,
  };
}

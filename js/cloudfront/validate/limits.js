/**
 * Sizes that CloudFront allows, from "Quotas on Lambda@Edge" and "Restrictions on Lambda@Edge" in
 * its guide. KB and MB are powers of 1,024: the guide does not say.
 */
import { byteLength } from '../headers.js';

const KB = 1_024;
const MB = 1_024 * KB;

/** Longest path and query, in characters (rule W9). */
export const MAX_URL = 8_192;

/** Largest request without its body, in bytes (rule W9). */
export const MAX_REQUEST = 32_768;

/**
 * Largest response of a function, headers and body as returned, in bytes (rule G2). The guide
 * gives the figures for viewer and for origin events.
 */
export const MAX_RESPONSE = Object.freeze({
  'viewer-request': 40 * KB,
  'origin-request': MB,
  'origin-response': MB,
  'viewer-response': 40 * KB,
});

/**
 * Largest request body that a function may put in the place of the viewer's, in bytes as returned
 * (rule G6). The figures for base64 are the guide's rounded 53.2 KB and 1.33 MB, a little below
 * what base64 makes of 40 KB and 1 MB: what passes here passes there.
 */
export const MAX_REPLACED_BODY = Object.freeze({
  'viewer-request': Object.freeze({ text: 40 * KB, base64: Math.floor(53.2 * KB) }),
  'origin-request': Object.freeze({ text: MB, base64: Math.floor(1.33 * MB) }),
});

/**
 * @param {{ method: string, uri: string, querystring: string,
 *   headers: import('../headers.js').HeaderMap }} request
 * @returns {number} bytes of the request's head as HTTP/1.1 writes it (rule W9)
 */
export function requestBytes({ method, uri, querystring, headers }) {
  const line = `${method} ${uri}?${querystring} HTTP/1.1\r\n`;
  return Buffer.byteLength(line) + byteLength(headers) + 2;
}

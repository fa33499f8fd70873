/**
 * Compact JWS (RFC 7515, section 7.1) of anything, sound or not.
 */
import { constants, createHmac, privateEncrypt, sign as signWith } from 'node:crypto';

/**
 * @typedef {object | string | Buffer} Content an object becomes JSON, a text UTF-8
 * @typedef {import('node:crypto').KeyObject} KeyObject
 */

/**
 * @param {Content} header
 * @param {Content} payload
 * @param {(input: Buffer) => Buffer} makeSignature of what is signed
 */
export function compact(header, payload, makeSignature) {
  const input = `${segment(header)}.${segment(payload)}`;
  return `${input}.${makeSignature(Buffer.from(input)).toString('base64url')}`;
}

/** @param {Content} content */
export function segment(content) {
  const isPlain = typeof content === 'object' && !Buffer.isBuffer(content);
  const bytes = Buffer.from(isPlain ? JSON.stringify(content) : content);
  return bytes.toString('base64url');
}

/**
 * @param {'RS256'|'RS384'|'RS512'|'PS256'|'ES256'} algorithm
 * @param {KeyObject} key
 * @param {Buffer} input
 */
export function sign(algorithm, key, input) {
  const padding =
    algorithm === 'PS256'
      ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
      : { dsaEncoding: /** @type {const} */ ('ieee-p1363') };
  return signWith(`sha${algorithm.slice(2)}`, input, { key, ...padding });
}

/**
 * @param {'HS256'|'HS384'|'HS512'} algorithm
 * @param {string | Buffer} secret
 * @param {Buffer} input
 */
export function hmac(algorithm, secret, input) {
  return createHmac(`sha${algorithm.slice(2)}`, secret)
    .update(input)
    .digest();
}

/**
 * RSA's private operation on a whole block: a signature with any padding one likes.
 *
 * @param {KeyObject} key
 * @param {Buffer} block as long as the modulus
 */
export function signBlock(key, block) {
  return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, block);
}

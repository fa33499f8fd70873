/**
 * What Lambda@Edge runs: Nearhop's WebAssembly with the bundle's configuration, and signatures
 * verified by OpenSSL. A bundle's index.mjs is
 *
 *   import { createNearhop } from './handler.mjs';
 *   export const handler = createNearhop(new URL('.', import.meta.url));
 *
 * @typedef {import('./worker.mjs').CloudFrontEvent} CloudFrontEvent
 * @typedef {import('./worker.mjs').CloudFrontResult} CloudFrontResult
 * @typedef {import('./worker.mjs').WorkerOptions} WorkerOptions
 */

import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';

import * as glue from './nearhop_bg.mjs';
import { createHandler } from './worker.mjs';

/**
 * Loads a bundle. Everything is read and compiled here, at start: an event finds it ready.
 *
 * @param {URL} folder  the bundle's folder, with a / at its end
 * @param {Partial<WorkerOptions>} [options]  other inputs than Lambda's own, for tests
 * @returns {(event: CloudFrontEvent) => Promise<CloudFrontResult>}
 */
export function createNearhop(folder, options) {
  const module = new WebAssembly.Module(readFileSync(new URL('nearhop_bg.wasm', folder)));
  const config = readConfiguration(folder);
  return createHandler({ module, glue, config, imports: signatures, ...options });
}

/**
 * nearhop.json and, where the bundle has one, places.mmdb behind a NUL, which JSON never holds.
 *
 * @param {URL} folder
 */
function readConfiguration(folder) {
  const config = readFileSync(new URL('nearhop.json', folder));
  const places = new URL('places.mmdb', folder);
  return existsSync(places) ? Buffer.concat([config, Buffer.of(0), readFileSync(places)]) : config;
}

/**
 * RS256 and HS256 for one WebAssembly instance. A public key is imported once and named by its slot
 * from then on.
 *
 * @param {() => Buffer} memory a view of the instance's memory as it is
 */
export function signatures(memory) {
  /** @type {import('node:crypto').KeyObject[]} */
  const keys = [];
  /** @type {Map<string, number>} */
  const slots = new Map();
  return {
    nearhop: {
      /**
       * @param {number} at
       * @param {number} length
       */
      import_rsa_key(at, length) {
        const jwk = memory().latin1Slice(at, at + length);
        let slot = slots.get(jwk);
        if (slot === undefined) {
          const [n, e] = jwk.split('.');
          try {
            keys.push(createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' }));
          } catch {
            return -1;
          }
          slot = keys.length - 1;
          slots.set(jwk, slot);
        }
        return slot;
      },

      /**
       * @param {number} slot
       * @param {number} message
       * @param {number} messageLength
       * @param {number} signature
       * @param {number} signatureLength
       */
      verify_rs256(slot, message, messageLength, signature, signatureLength) {
        const bytes = memory();
        return verify(
          'RSA-SHA256',
          bytes.subarray(message, message + messageLength),
          keys[slot],
          bytes.subarray(signature, signature + signatureLength),
        )
          ? 1
          : 0;
      },

      /**
       * @param {number} key
       * @param {number} keyLength
       * @param {number} message
       * @param {number} messageLength
       * @param {number} signature
       * @param {number} signatureLength
       */
      verify_hs256(key, keyLength, message, messageLength, signature, signatureLength) {
        const bytes = memory();
        const mac = createHmac('sha256', bytes.subarray(key, key + keyLength))
          .update(bytes.subarray(message, message + messageLength))
          .digest();
        const found = bytes.subarray(signature, signature + signatureLength);
        return found.length === mac.length && timingSafeEqual(found, mac) ? 1 : 0;
      },
    },
  };
}

/**
 * What Lambda@Edge runs: Nearhop's WebAssembly with the bundle's configuration, and RS256 by
 * OpenSSL. A bundle's index.mjs is
 *
 *   import { createNearhop } from './handler.mjs';
 *   export const handler = createNearhop(new URL('.', import.meta.url));
 *
 * @typedef {import('./worker.mjs').CloudFrontEvent} CloudFrontEvent
 * @typedef {import('./worker.mjs').CloudFrontResult} CloudFrontResult
 * @typedef {import('./worker.mjs').WorkerOptions} WorkerOptions
 */

import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';

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
  const config = readFileSync(new URL('nearhop.json', folder));
  return createHandler({ module, glue, config, imports: rs256, ...options });
}

/**
 * RS256 for one WebAssembly instance. A key is imported once and named by its slot from then on.
 *
 * @param {() => Buffer} memory a view of the instance's memory as it is
 */
export function rs256(memory) {
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
    },
  };
}

/**
 * What Lambda@Edge runs: Nearhop's WebAssembly, in whose memory the configuration lies read and
 * checked, and signatures verified by OpenSSL. In a bundle's index.mjs the handler is
 *
 *   export const handler = createNearhop(new URL('.', import.meta.url));
 *
 * @typedef {import('../../worker/js/worker.mjs').CloudFrontEvent} CloudFrontEvent
 * @typedef {import('../../worker/js/worker.mjs').CloudFrontResult} CloudFrontResult
 * @typedef {import('../../worker/js/worker.mjs').WorkerOptions} WorkerOptions
 */

import { createHandler } from '../../worker/js/worker.mjs';

/**
 * Loads a bundle.
 *
 * @param {URL} folder  the bundle's folder, with a / at its end
 * @param {Partial<WorkerOptions>} [options]  other inputs than Lambda's own, for tests
 * @returns {(event: CloudFrontEvent) => Promise<CloudFrontResult>}
 */
export function createNearhop(folder, options) {
  // Not by `import`: making a module of it for that would cost a cold start a millisecond.
  const { readFileSync } = process.getBuiltinModule('node:fs');
  const load = (/** @type {string} */ file) =>
    new WebAssembly.Module(readFileSync(new URL(file, folder)));
  /** @type {WebAssembly.Module | undefined} */
  let others;
  const rest = () => (others ??= load('rest.wasm'));
  return createHandler({ module: load('nearhop.wasm'), rest, imports, ...options });
}

/**
 * Loading it is a quarter of what a cold start costs, and whoever is sent a page only does not need
 * it.
 *
 * @type {() => typeof import('node:crypto')}
 */
const crypto = () => (loaded ??= process.getBuiltinModule('node:crypto'));
/** @type {typeof import('node:crypto') | undefined} */
let loaded;

/**
 * What one WebAssembly instance imports: RS256 and HS256. A public key is named by its slot, and
 * imported when a signature of its own is first to be verified.
 *
 * @param {() => Buffer} memory a view of the instance's memory as it is
 */
export function imports(memory) {
  /** Undefined is a key that OpenSSL would not have. */
  /** @type {(import('node:crypto').KeyObject | undefined)[]} */
  const keys = [];
  /** The keys as they came, by slot. @type {string[]} */
  const slots = [];
  /** @param {number} slot */
  const keyOf = (slot) => {
    if (!(slot in keys)) keys[slot] = importKey(slots[slot]);
    return keys[slot];
  };
  return {
    nearhop: {
      /**
       * @param {number} at
       * @param {number} length
       */
      import_rsa_key(at, length) {
        const key = memory().latin1Slice(at, at + length);
        const known = slots.indexOf(key);
        return known < 0 ? slots.push(key) - 1 : known;
      },

      /**
       * @param {number} slot
       * @param {number} message
       * @param {number} messageLength
       * @param {number} signature
       * @param {number} signatureLength
       */
      verify_rs256(slot, message, messageLength, signature, signatureLength) {
        const key = keyOf(slot);
        if (key === undefined) return 0;
        const bytes = memory();
        const signed = bytes.subarray(message, message + messageLength);
        const by = bytes.subarray(signature, signature + signatureLength);
        return crypto().verify('RSA-SHA256', signed, key, by) ? 1 : 0;
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
        const mac = crypto()
          .createHmac('sha256', bytes.subarray(key, key + keyLength))
          .update(bytes.subarray(message, message + messageLength))
          .digest();
        const found = bytes.subarray(signature, signature + signatureLength);
        return found.length === mac.length && crypto().timingSafeEqual(found, mac) ? 1 : 0;
      },

      /**
       * @param {number} message
       * @param {number} length
       * @param {number} digest  32 bytes to write
       */
      sha256_digest(message, length, digest) {
        const bytes = memory();
        const hash = crypto().createHash('sha256').update(bytes.subarray(message, message + length));
        bytes.set(hash.digest(), digest);
      },

      /**
       * @param {number} key
       * @param {number} nonce
       * @param {number} about
       * @param {number} aboutLength
       * @param {number} text
       * @param {number} length
       * @param {number} encrypted  `length` and 16 bytes to write
       * @param {number} room
       */
      aes_256_gcm_encrypt(key, nonce, about, aboutLength, text, length, encrypted, room) {
        const bytes = memory();
        const cipher = crypto().createCipheriv(AES, ...keyAndNonce(bytes, key, nonce));
        cipher.setAAD(bytes.subarray(about, about + aboutLength));
        const body = [cipher.update(bytes.subarray(text, text + length)), cipher.final()];
        const into = bytes.subarray(encrypted, encrypted + room);
        into.set(Buffer.concat([...body, cipher.getAuthTag()]));
      },

      /**
       * @param {number} key
       * @param {number} nonce
       * @param {number} about
       * @param {number} aboutLength
       * @param {number} encrypted
       * @param {number} length  with the tag
       * @param {number} text  16 bytes less to write
       * @param {number} room
       */
      aes_256_gcm_decrypt(key, nonce, about, aboutLength, encrypted, length, text, room) {
        const bytes = memory();
        const tag = encrypted + length - 16;
        const decipher = crypto().createDecipheriv(AES, ...keyAndNonce(bytes, key, nonce));
        decipher.setAAD(bytes.subarray(about, about + aboutLength));
        decipher.setAuthTag(bytes.subarray(tag, tag + 16));
        try {
          const body = decipher.update(bytes.subarray(encrypted, tag));
          bytes.subarray(text, text + room).set(Buffer.concat([body, decipher.final()]));
          return 1;
        } catch {
          return 0;
        }
      },
    },
  };
}

const AES = 'aes-256-gcm';

/**
 * @param {Buffer} bytes
 * @param {number} key  where 32 bytes are
 * @param {number} nonce  where 12 bytes are
 * @returns {[Buffer, Buffer]}
 */
function keyAndNonce(bytes, key, nonce) {
  return [bytes.subarray(key, key + 32), bytes.subarray(nonce, nonce + 12)];
}

/** @param {string} key  MODULUS.EXPONENT in base64url (RFC 7518, section 6.3.1) */
function importKey(key) {
  try {
    const [n, e] = key.split('.');
    return crypto().createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' });
  } catch {
    return undefined;
  }
}

/**
 * Wycheproof's vectors against the RS256 Lambda@Edge verifies with, entered as WebAssembly enters
 * it. tests/wycheproof/README.md says what they are.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { imports } from '../js/handler/handler.mjs';
import { parse } from './edge.js';

/** @typedef {{ import_rsa_key: Function, verify_rs256: Function }} Rs256 */

const suite = parse('wycheproof/rsa_signature_2048_sha256_test.json');

const memory = Buffer.alloc(65_536);
/** @type {Rs256} */
const rs256 = imports(() => memory).nearhop;

describe('Wycheproof, PKCS #1 v1.5 with SHA-256', () => {
  it('signature/wycheproof: has sound signatures and unsound ones', () => {
    const results = suite.testGroups.flatMap((/** @type {any} */ { tests }) =>
      tests.map((/** @type {any} */ { result }) => result),
    );
    assert.equal(results.length, suite.numberOfTests);
    assert(results.filter((/** @type {string} */ result) => result === 'valid').length > 5);
    assert(results.filter((/** @type {string} */ result) => result === 'invalid').length > 200);
  });

  for (const { keyJwk, publicKey, tests } of suite.testGroups) {
    const jwk = keyJwk ?? publicKey;
    for (const { tcId, comment, msg, sig, result } of tests) {
      it(`signature/wycheproof: ${tcId} ${comment}`, () => {
        const slot = importKey(jwk);
        assert(slot >= 0);
        const verifies = verify(slot, Buffer.from(msg, 'hex'), Buffer.from(sig, 'hex'));
        // What Wycheproof calls acceptable has one right spelling less.
        assert.equal(verifies, result === 'valid' ? 1 : 0);
      });
    }
  }
});

describe('RS256 by the host', () => {
  const [{ keyJwk, tests }] = suite.testGroups;

  it('signature/short, signature/long: answers a signature of any length, and never throws', () => {
    const slot = importKey(keyJwk);
    const sound = tests.find((/** @type {any} */ { result }) => result === 'valid');
    const [message, signature] = [Buffer.from(sound.msg, 'hex'), Buffer.from(sound.sig, 'hex')];
    for (let length = 0; length < 600; length += 1) {
      for (const filler of [0x00, 0xff]) {
        const altered = Buffer.concat([signature, Buffer.alloc(600, filler)]).subarray(0, length);
        assert.equal(verify(slot, message, altered), length === 256 ? 1 : 0, `${length} bytes`);
      }
    }
  });

  it('imports a key once', () => {
    assert.equal(importKey(keyJwk), importKey(keyJwk));
    const { n } = suite.testGroups[1].keyJwk;
    assert.notEqual(importKey({ n, e: 'AQAB' }), importKey(keyJwk));
  });

  it('verifies nothing with what is no key, and with no key at all', () => {
    const { sig, msg } = tests.find((/** @type {any} */ { result }) => result === 'valid');
    const [message, signature] = [Buffer.from(msg, 'hex'), Buffer.from(sig, 'hex')];
    const noKey = rs256.import_rsa_key(100, memory.latin1Write('no key', 100));
    for (const slot of [noKey, noKey + 1, -1]) {
      assert.equal(verify(slot, message, signature), 0, `slot ${slot}`);
    }
    assert.equal(verify(importKey(keyJwk), message, signature), 1);
  });
});

/** @param {{ n: string, e: string }} jwk */
function importKey({ n, e }) {
  const length = memory.latin1Write(`${n}.${e}`, 100);
  return rs256.import_rsa_key(100, length);
}

/**
 * @param {number} slot
 * @param {Buffer} message
 * @param {Buffer} signature
 */
function verify(slot, message, signature) {
  memory.set(message, 10_000);
  memory.set(signature, 30_000);
  return rs256.verify_rs256(slot, 10_000, message.length, 30_000, signature.length);
}

/**
 * Examples of RFCs against the RS256 Lambda@Edge verifies with, entered as WebAssembly enters it,
 * and against the whole function. tests/rfc/README.md says what they are.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { imports } from '../js/handler/handler.mjs';
import { Edge, load, parse, token as known } from './edge.js';

/** @type {[string, { key: Record<string, string>, token: string }][]} */
const EXAMPLES = [
  ['signature/rfc-7515', parse('rfc/rfc7515-a.2.json')],
  ['signature/rfc-7520', parse('rfc/rfc7520-4.1.json')],
];

const memory = Buffer.alloc(4_096);
/** @type {{ import_rsa_key: Function, verify_rs256: Function }} */
const rs256 = imports(() => memory).nearhop;

describe('the signature of an RFC’s example', () => {
  for (const [id, { key, token }] of EXAMPLES) {
    it(`${id}: verifies, and not with a bit flipped anywhere`, () => {
      const [header, payload, end] = token.split('.');
      const signed = Buffer.from(`${header}.${payload}`);
      const signature = Buffer.from(end, 'base64url');
      const slot = rs256.import_rsa_key(0, memory.latin1Write(`${key.n}.${key.e}`, 0));
      assert.equal(verify(slot, signed, signature), 1);
      for (const bytes of [signed, signature]) {
        for (let bit = 0; bit < bytes.length * 8; bit += 1) {
          bytes[bit >> 3] ^= 1 << (bit & 7);
          assert.equal(verify(slot, signed, signature), 0, `bit ${bit}`);
          bytes[bit >> 3] ^= 1 << (bit & 7);
        }
      }
      assert.equal(verify(slot, signed, signature), 1);
    });

    it(`${id}: opens nothing, though its issuer has the key`, async (test) => {
      const folder = mkdtempSync(join(tmpdir(), 'nearhop-examples-'));
      test.after(() => rmSync(folder, { recursive: true, force: true }));
      const file = join(folder, 'jwks.json');
      const { keys } = parse('vectors/jwks-1.json');
      writeFileSync(file, JSON.stringify({ keys: [...keys, { kid: 'example', ...key }] }));
      const edge = new Edge(await load(test, { keySets: [pathToFileURL(file).href] }));
      assert.equal(await edge.ask(token), 'token_malformed');
      assert.equal(edge.fetches, 0);
      assert.equal(await edge.ask(known('access')), '/api/hello');
    });
  }
});

/**
 * @param {number} slot
 * @param {Buffer} signed
 * @param {Buffer} signature
 */
function verify(slot, signed, signature) {
  const at = signed.copy(memory, 0);
  const length = signature.copy(memory, at);
  return rs256.verify_rs256(slot, 0, at, at, length);
}

/**
 * Each letter at each place of the sixteen that the edge's WebAssembly decodes together: what it makes
 * of base64url must be what everybody makes of it, to the letter. Whether a signature verifies is not
 * asked here, so that only the letters count.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { imports } from '../js/handler/handler.mjs';
import { Edge, load, token } from './edge.js';

const ALPHABET = /^[A-Za-z0-9_-]*$/;
const [HEADER, PAYLOAD, SIGNATURE] = token('access').split('.');

/** @type {import('./edge.js').Loaded} */
let loaded;
/** @type {(() => void)[]} */
const ends = [];
after(() => ends.forEach((end) => end()));
before(async () => {
  loaded = await load({ after: (end) => void ends.push(end) });
});

describe('base64url on WebAssembly', () => {
  for (const more of [0, 2, 3, 6, 15]) {
    it(`takes the alphabet and nothing else, ${more} letters beyond blocks of sixteen`, async () => {
      const edge = accepting();
      const letters = padded(more);
      let [taken, refused] = [0, 0];
      for (let at = letters.length - 40; at < letters.length; at += 1) {
        for (let code = 0x21; code < 0x7f; code += 1) {
          const payload = letters.slice(0, at) + String.fromCharCode(code) + letters.slice(at + 1);
          const expected = isObject(payload);
          const outcome = await edge.ask(`${HEADER}.${payload}.${SIGNATURE}`);
          assert.equal(outcome === '/api/hello', expected, `${at}: ${payload[at]}: ${outcome}`);
          if (expected) taken += 1;
          else refused += 1;
        }
      }
      assert.ok(taken > 500 && refused > 500, `${taken} taken, ${refused} refused`);
    });
  }
});

/** An edge that takes every signature for a good one. */
function accepting() {
  return new Edge(loaded, {
    imports: (memory) => {
      const { nearhop } = imports(memory);
      return { nearhop: { ...nearhop, verify_rs256: () => 1 } };
    },
  });
}

/**
 * The payload with a claim more at its end, so that there are so many letters beyond whole blocks of
 * sixteen.
 *
 * @param {number} more
 */
function padded(more) {
  const claims = JSON.parse(Buffer.from(PAYLOAD, 'base64url').toString());
  for (let length = 48; ; length += 1) {
    const text = JSON.stringify({ ...claims, pad: 'U'.repeat(length) });
    const letters = Buffer.from(text).toString('base64url');
    if (letters.length % 16 === more) return letters;
  }
}

/** @param {string} payload */
function isObject(payload) {
  if (!ALPHABET.test(payload)) return false;
  const bytes = Buffer.from(payload, 'base64url');
  if (bytes.toString('base64url') !== payload) return false;
  try {
    return typeof JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) === 'object';
  } catch {
    return false;
  }
}

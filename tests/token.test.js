/**
 * What the shared vectors cannot say of tokens, through a real bundle: tokens altered in any bit,
 * texts of any length, and how much is remembered.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { imports } from '../js/handler/handler.mjs';
import { Edge, load, read, token } from './edge.js';

/** @type {import('./edge.js').Loaded} */
let loaded;
/** @type {(() => void)[]} */
const ends = [];
after(() => ends.forEach((end) => end()));
before(async () => {
  loaded = await load({ after: (end) => ends.push(end) });
});

describe('an altered token', () => {
  it('signature/bit-flips: is refused whichever bit was flipped', async () => {
    const edge = new Edge(loaded);
    const segments = token('access').split('.').map(decode);
    /** @type {Record<string, number>} */
    const answers = {};
    for (const [which, segment] of segments.entries()) {
      for (let bit = 0; bit < segment.length * 8; bit += 1) {
        const altered = segments.map((bytes) => Buffer.from(bytes));
        altered[which][bit >> 3] ^= 1 << (bit & 7);
        const answer = await edge.ask(altered.map(encode).join('.'));
        assert.match(answer, /^(token_|keys_unavailable$)/, `segment ${which}, bit ${bit}`);
        answers[answer] = (answers[answer] ?? 0) + 1;
      }
    }
    assert(answers.token_signature > 2_048, JSON.stringify(answers));
    assert.equal(await edge.ask(token('access')), '/api/hello');
  });

  it('is refused whichever character was doubled, left out or exchanged', async () => {
    const edge = new Edge(loaded);
    const text = token('access');
    for (let at = 0; at < text.length; at += 1) {
      const [front, here, next, rest] = [
        text.slice(0, at),
        text[at],
        text[at + 1] ?? '',
        text.slice(at + 2),
      ];
      const altered = [front + here + here + next + rest, front + next + rest];
      if (here !== next && next !== '') altered.push(front + next + here + rest);
      for (const each of altered) {
        assert.match(await edge.ask(each), /^(token_|keys_unavailable$)/, `character ${at}`);
      }
    }
  });
});

const LONG_KID = `{"kid":"${'k'.repeat(65_536)}"}`;

describe('a text of any length', () => {
  const [header, payload, signature] = token('access').split('.');
  for (const [why, text] of [
    ['kid/64-kb: a kid of 64 KB', `${encode(LONG_KID)}.${payload}.${signature}`],
    ['json/1-mb: a payload of 1 MB', `${header}.${encode(' '.repeat(1_048_576))}.${signature}`],
    ['signature/long: a signature of 1 MB', `${header}.${payload}.${'A'.repeat(1_048_576)}`],
    ['encoding/empty-segments: a million dots', '.'.repeat(1_048_576)],
  ]) {
    it(`${why} is refused`, async () => {
      const edge = new Edge(loaded);
      assert.equal(await edge.ask(text), 'token_malformed');
      assert.equal(edge.fetches, 0);
      assert.equal(await edge.ask(token('access')), '/api/hello');
    });
  }
});

describe('memory', () => {
  it('verdict-cache/memory: does not grow with 100,000 distinct tokens that verify', async () => {
    const { edge, bytes } = saying(1);
    for (const each of distinctTokens(5_000)) assert.equal(await edge.ask(each), '/api/hello');
    const filled = bytes();
    for (const each of distinctTokens(100_000)) assert.equal(await edge.ask(each), '/api/hello');
    assert.equal(bytes(), filled);
  });

  it('verdict-cache/memory: does not grow with tokens that do not verify', async () => {
    const { edge, bytes } = saying(0);
    for (const each of distinctTokens(100)) assert.equal(await edge.ask(each), 'token_signature');
    const filled = bytes();
    for (const each of distinctTokens(20_000)) {
      assert.equal(await edge.ask(each), 'token_signature');
    }
    assert.equal(bytes(), filled);
  });

  it('verdict-cache/memory: holds as many of the longest tokens as configured', async () => {
    const toml = `${read('vectors/nearhop.toml')}\n[limits]\nverdicts = 100\n`;
    const { edge, bytes } = saying(1, await load({ after: (end) => ends.push(end) }, { toml }));
    assert.equal(await edge.ask(token('access')), '/api/hello');
    const before = bytes();
    for (const each of distinctTokens(3_000, 11_400)) {
      assert(each.length > 15_000 && each.length <= 16_384);
      assert.equal(await edge.ask(each), '/api/hello');
    }
    // Twice what the tokens themselves take: an allocator leaves gaps.
    assert(bytes() - before < 2 * 100 * 16_384, `${bytes() - before}`);
  });
});

/**
 * An instance whose host says the same of every signature, and how large its memory is.
 *
 * @param {0 | 1} verifies
 * @param {import('./edge.js').Loaded} [from]
 */
function saying(verifies, from = loaded) {
  let bytes = () => 0;
  const edge = new Edge(from, {
    imports: (memory) => {
      bytes = () => memory().buffer.byteLength;
      const { nearhop, ...glue } = imports(memory);
      return { ...glue, nearhop: { ...nearhop, verify_rs256: () => verifies } };
    },
  });
  return { edge, bytes: () => bytes() };
}

/**
 * Tokens of different users, each with a signature of its own that was never made.
 *
 * @param {number} count
 * @param {number} [filler] bytes more in the payload
 */
function* distinctTokens(count, filler = 0) {
  const [header, payload] = token('access').split('.');
  const claims = JSON.parse(decode(payload).toString());
  const random = generator(count);
  for (let n = 0; n < count; n += 1) {
    const user = {
      ...claims,
      sub: `${random()}`.padEnd(24),
      ...(filler && { x: 'x'.repeat(filler) }),
    };
    const made = Buffer.alloc(256);
    for (let at = 0; at < 256; at += 4) made.writeUInt32LE(random(), at);
    yield `${header}.${encode(JSON.stringify(user))}.${encode(made)}`;
  }
}

/**
 * Numbers below 2^32 that look random and are the same in every run (xorshift32).
 *
 * @param {number} seed
 */
function generator(seed) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>>= 0);
  };
}

/** @param {string} segment */
function decode(segment) {
  return Buffer.from(segment, 'base64url');
}

/** @param {string | Buffer} content */
function encode(content) {
  return Buffer.from(content).toString('base64url');
}

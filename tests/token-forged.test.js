/**
 * Tokens that anybody can make from what is public, through a real bundle: a key set, and somebody
 * else's token with a space in it.
 */
import assert from 'node:assert/strict';
import { createHmac, createPublicKey } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { Edge, baseEvent, load, parse, token } from './edge.js';

/** @type {import('./edge.js').Loaded} */
let loaded;
/** @type {(() => void)[]} */
const ends = [];
after(() => ends.forEach((end) => end()));
before(async () => {
  loaded = await load({ after: (end) => void ends.push(end) });
});

describe('an HMAC is no signature', () => {
  for (const alg of ['HS256', 'HS384', 'HS512']) {
    for (const form of /** @type {const} */ (['pem', 'der', 'jwk', 'modulus'])) {
      it(`algorithm/${alg.toLowerCase()}, algorithm/keyed-by-${form}: of neither key`, async () => {
        const edge = new Edge(loaded);
        const [, payload] = token('access').split('.');
        for (const jwk of parse('vectors/jwks-1.json').keys) {
          for (const secret of spellings(jwk)[form]) {
            for (const [named, refusal] of [
              [alg, 'token_algorithm'],
              ['RS256', 'token_signature'],
            ]) {
              const header = encode(JSON.stringify({ kid: jwk.kid, alg: named }));
              const signed = `${header}.${payload}`;
              const hmac = createHmac(alg.replace('HS', 'sha'), secret).update(signed).digest();
              assert.equal(await edge.ask(`${signed}.${encode(hmac)}`), refusal);
            }
          }
        }
        assert.equal(edge.fetches, 0);
        assert.equal(await edge.ask(token('access')), '/api/hello');
      });
    }
  }
});

describe('a token has no white space in it', () => {
  /** @type {[string, string, string][]} */
  const spaces = [
    ['whitespace', 'a space', ' '],
    ['whitespace', 'a tab', '\t'],
    ['whitespace', 'a no-break space', '\u00a0'],
    ['whitespace', 'a vertical tab', '\v'],
    ['whitespace', 'a form feed', '\f'],
    ['line-break', 'a carriage return', '\r'],
    ['line-break', 'a line feed', '\n'],
    ['line-break', 'both', '\r\n'],
  ];
  for (const [name, what, space] of spaces) {
    it(`encoding/${name}: ${what} anywhere, in the header and in a cookie`, async () => {
      const edge = new Edge(loaded);
      const text = token('access');
      for (let at = 0; at <= text.length; at += 1) {
        const spaced = text.slice(0, at) + space + text.slice(at);
        const refusal = /^(token_(malformed|missing|signature)|request_malformed|internal)$/;
        assert.match(await edge.ask(spaced), refusal, `at ${at}`);
        // Around a cookie's value, spaces are the parser's (RFC 6265, section 5.2).
        if (at === 0 || at === text.length) continue;
        assert.match(await askByCookie(edge, spaced), refusal, `cookie, at ${at}`);
      }
      assert.equal(await askByCookie(edge, text), '/api/hello');
    });
  }
});

/**
 * What a public key may be spelled as, for whoever takes it for a secret.
 *
 * @param {import('node:crypto').JsonWebKey} jwk
 * @returns {Record<'pem' | 'der' | 'jwk' | 'modulus', (string | Buffer)[]>}
 */
function spellings(jwk) {
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const types = /** @type {const} */ (['spki', 'pkcs1']);
  const pems = types.map((type) => `${key.export({ type, format: 'pem' })}`);
  const bare = key.export({ format: 'jwk' });
  const { kty, n, e } = bare;
  return {
    pem: pems.flatMap((pem) => [pem, pem.trim(), pem.replaceAll('\n', '\r\n')]),
    der: types.map((type) => key.export({ type, format: 'der' })),
    jwk: [jwk, bare, { e, kty, n }].map((each) => JSON.stringify(each)),
    modulus: [`${n}`, Buffer.from(`${n}`, 'base64url')],
  };
}

/**
 * @param {Edge} edge
 * @param {string} value
 * @returns {Promise<string>} the code of the refusal, or where the request goes on to
 */
async function askByCookie(edge, value) {
  const event = baseEvent('viewer-request');
  const { request } = event.Records[0].cf;
  request.uri = '/api/hello';
  request.headers.cookie = [{ key: 'cookie', value: `a=1; nearhop_access=${value}; b=2` }];
  const { uri, body } = await edge.handle(event);
  return uri ?? JSON.parse(body).error;
}

/** @param {string | Buffer} content */
function encode(content) {
  return Buffer.from(content).toString('base64url');
}

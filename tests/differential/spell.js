/**
 * Tokens whose signature is made after they are spelled otherwise than RFC 7515 has it, and tokens
 * signed otherwise than by RS256.
 *
 * @typedef {import('./random.js').Random} Random
 * @typedef {import('../vectors/mint/pool.js').Key} Key
 */
import { constants, sign as signWith } from 'node:crypto';
import { hmac, segment, sign } from '../vectors/mint/jose.js';

/**
 * A token with one or two of its three segments spelled otherwise; header and payload are signed as
 * they are spelled.
 *
 * @param {Buffer} header
 * @param {Buffer} payload
 * @param {Key} key
 * @param {Random} random
 */
export function spell(header, payload, key, random) {
  const parts = [header, payload].map((bytes) => bytes.toString('base64url'));
  const which = random.below(3);
  if (which < 2) parts[which] = otherwise(parts[which], random);
  if (random.chance(0.2)) parts[1] = otherwise(parts[1], random);
  const signature = sign('RS256', key.privateKey, Buffer.from(parts.join('.')));
  const text = signature.toString('base64url');
  return [...parts, which === 2 ? otherwise(text, random) : text].join('.');
}

/**
 * A token whose header names another algorithm, signed by it or not at all.
 *
 * @param {{ header: object, key: Key }} original
 * @param {Buffer} payload
 * @param {Random} random
 */
export function signOtherwise({ header, key }, payload, random) {
  const { alg, make } = random.pick(SIGNATURES);
  const claimed = random.pick([alg, alg, alg, 'RS256', alg.toLowerCase()]);
  const input = `${segment({ ...header, alg: claimed })}.${segment(payload)}`;
  return `${input}.${make(key, Buffer.from(input)).toString('base64url')}`;
}

/** @type {{ alg: string, make: (key: Key, input: Buffer) => Buffer }[]} */
const SIGNATURES = [
  { alg: 'none', make: () => Buffer.alloc(0) },
  { alg: 'None', make: () => Buffer.alloc(0) },
  { alg: 'RS384', make: ({ privateKey }, input) => sign('RS384', privateKey, input) },
  { alg: 'RS512', make: ({ privateKey }, input) => sign('RS512', privateKey, input) },
  { alg: 'PS256', make: ({ privateKey }, input) => signPss(privateKey, input) },
  { alg: 'HS256', make: (key, input) => hmac('HS256', exported(key, 'pem'), input) },
  { alg: 'HS256', make: (key, input) => hmac('HS256', exported(key, 'der'), input) },
  { alg: 'HS256', make: ({ kid }, input) => hmac('HS256', kid, input) },
  { alg: 'HS512', make: (key, input) => hmac('HS512', exported(key, 'pem'), input) },
  { alg: 'RS256', make: () => Buffer.alloc(256) },
  { alg: 'RS256', make: (key, input) => Buffer.from([0, ...sign('RS256', key.privateKey, input)]) },
];

/**
 * Without a salt: it would be another signature each time.
 *
 * @param {Key['privateKey']} key
 * @param {Buffer} input
 */
function signPss(key, input) {
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return signWith('sha256', input, { key, padding, saltLength: 0 });
}

/** @param {Key} key @param {'pem' | 'der'} format */
function exported({ publicKey }, format) {
  return format === 'pem'
    ? publicKey.export({ type: 'spki', format }).toString()
    : publicKey.export({ type: 'spki', format });
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

const STRAY = [' ', '\n', '\r\n', '\t', '=', '\0', '~', '%0A'];

/** @type {((text: string, random: Random) => string)[]} */
const SPELLINGS = [
  (text) => text + '='.repeat((4 - (text.length % 4)) % 4 || 1),
  (text) => text.replaceAll('-', '+').replaceAll('_', '/'),
  (text, random) => inserted(text, random.pick(STRAY), random),
  // The last character's spare bits; where it has none, another value.
  (text) => {
    const last = ALPHABET.indexOf(text.at(-1) ?? 'A');
    return text.slice(0, -1) + ALPHABET[last ^ 1];
  },
  (text) => `${text}A`,
  (text, random) => inserted(text, random.pick([...'*:!$\u00e9\u2010']), random),
  (text) => encodeURIComponent(text).replaceAll('-', '%2D').replaceAll('_', '%5F'),
  (text) => Buffer.from(text).toString('base64url'),
  (text) => Buffer.from(text, 'base64url').toString('hex'),
];

/** @param {string} text @param {Random} random */
function otherwise(text, random) {
  return random.pick(SPELLINGS)(text, random);
}

/** @param {string} text @param {string} what @param {Random} random */
function inserted(text, what, random) {
  const at = random.pick([0, text.length, random.below(text.length + 1)]);
  return text.slice(0, at) + what + text.slice(at);
}

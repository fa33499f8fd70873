/**
 * The vectors' two user pools with keys that a seed decides, so that a run can be had again to the
 * last bit. Such keys guard nothing: whoever knows the seed has them.
 */
import {
  checkPrimeSync,
  createHash,
  createPrivateKey,
  createPublicKey,
} from 'node:crypto';
import { accessClaims, idClaims, keySet, makeIssuers, NOW } from '../vectors/mint/pool.js';

/**
 * @typedef {import('../vectors/mint/pool.js').Key} Key
 * @typedef {import('../vectors/mint/pool.js').Pool} Pool
 * @typedef {Record<string, { kid: string, jwk: import('node:crypto').JsonWebKey }>} SeededKeys by
 *   name, in a form that can be handed to another thread
 *
 * @typedef {object} PoolSettings what tests/vectors/nearhop.toml says of it
 * @property {{ keys: object[] }} set what it publishes
 * @property {number} leeway seconds
 * @property {string[]} clients
 * @property {('access' | 'id')[]} uses kinds of token
 * @typedef {Pool & PoolSettings} Settings
 *
 * @typedef {object} Original a sound token that is mutated
 * @property {Key} key
 * @property {Record<string, unknown>} header
 * @property {Record<string, unknown>} claims
 */

/** @param {number} seed @returns {SeededKeys} */
export function seededKeys(seed) {
  const names = ['one access', 'one id', 'two access', 'two id'];
  return Object.fromEntries(names.map((name) => [name, seededKey(`${seed} ${name}`)]));
}

/**
 * @param {SeededKeys} keys
 * @returns {Settings[]}
 */
export function makePools(keys) {
  const { one, two } = makeIssuers((name) => {
    const { kid, jwk } = keys[name];
    const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
    return { kid, privateKey, publicKey: createPublicKey(privateKey) };
  });
  return [one, two].map((pool, at) => ({ ...pool, set: keySet(pool), ...SETTINGS[at] }));
}

/** By pool. @type {Pick<PoolSettings, 'leeway' | 'clients' | 'uses'>[]} */
export const SETTINGS = [
  { leeway: 0, clients: ['web0client', 'partner0client'], uses: ['access'] },
  { leeway: 60, clients: ['machine0client'], uses: ['access', 'id'] },
];

/**
 * @param {Pool[]} pools
 * @returns {Original[]}
 */
export function makeOriginals([one, two]) {
  const original = (/** @type {Key} */ key, /** @type {Record<string, unknown>} */ claims) => ({
    key,
    header: { kid: key.kid, alg: 'RS256' },
    claims,
  });
  return [
    original(one.access, accessClaims(one, { 'cognito:groups': ['admin', 'b c'] })),
    original(one.id, accessClaims(one, { aud: 'https://api.example.com', nbf: NOW - 5 })),
    original(two.access, accessClaims(two, { username: undefined, scope: 'a/read b' })),
    original(two.id, idClaims(two, { 'cognito:groups': [] })),
  ];
}

/** @param {string} seed */
function seededKey(seed) {
  const kid = bytes(`${seed} kid`, 32).toString('base64');
  return { kid, jwk: rsaKey(seededPrime(`${seed} p`), seededPrime(`${seed} q`)) };
}

/**
 * RFC 7518, section 6.3.2.
 *
 * @param {bigint} p
 * @param {bigint} q
 */
function rsaKey(p, q) {
  const e = 65_537n;
  const d = inverse(e, (p - 1n) * (q - 1n));
  const numbers = { n: p * q, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
  const members = Object.entries(numbers).map(([name, number]) => [name, base64url(number)]);
  return { kty: 'RSA', ...Object.fromEntries(members) };
}

/** The first of a seed's 1,024-bit numbers that is prime. @param {string} seed */
function seededPrime(seed) {
  for (let n = 0; ; n += 1) {
    const octets = bytes(`${seed} ${n}`, 128);
    octets[0] |= 0xc0; // so that two of them multiply to 2,048 bits
    octets[127] |= 1;
    const number = BigInt(`0x${octets.toString('hex')}`);
    if ((number - 1n) % 65_537n !== 0n && checkPrimeSync(number)) return number;
  }
}

/** By Euclid's algorithm. @param {bigint} number @param {bigint} modulus */
function inverse(number, modulus) {
  let [a, b, x, y] = [number % modulus, modulus, 1n, 0n];
  while (a > 1n) [a, b, x, y] = [b % a, a, y - (b / a) * x, x];
  return ((x % modulus) + modulus) % modulus;
}

/** @param {bigint} number */
function base64url(number) {
  const hex = number.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url');
}

/** @param {string} seed @param {number} length */
function bytes(seed, length) {
  return createHash('shake256', { outputLength: length }).update(seed).digest();
}

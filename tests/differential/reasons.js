/**
 * Why the bundle refuses what a library accepts: every difference in strictness has one of these
 * reasons, or it is a finding.
 *
 * A reason is read off the token by other means than the bundle's own, and counts only for the
 * codes the bundle refuses with because of it.
 *
 * @typedef {object} Reason
 * @property {string} name
 * @property {string} because in one sentence
 * @property {string[]} codes
 * @property {(facts: Facts) => boolean} holds
 *
 * @typedef {object} Facts a token as a lenient reader has it
 * @property {string} token
 * @property {string[]} segments
 * @property {Buffer[]} bytes of header and payload
 * @property {string[]} texts of header and payload
 * @property {Member[][]} members of header and payload
 * @property {Record<string, any>} header
 * @property {Record<string, any>} claims
 * @property {typeof SETTINGS[number]} pool whose token it says it is
 */
import { NOW } from '../vectors/mint/pool.js';
import { membersOf, numbersOf } from './json.js';
import { SETTINGS } from './pools.js';

/** @typedef {import('./json.js').Member} Member */

const HEADER = ['alg', 'kid', 'typ', 'crit', 'b64', 'zip'];
const DATES = ['exp', 'nbf', 'iat'];
const TEXTS = ['jti', 'client_id', 'token_use', 'scope', 'username', 'cognito:username'];
const CLAIMS = ['iss', 'sub', 'aud', 'cognito:groups', ...DATES, ...TEXTS];

/** The first that holds is the one. @type {Reason[]} */
export const REASONS = [
  {
    name: 'no field value',
    because:
      'No header field has control characters (RFC 9110, section 5.5): the event is refused.',
    codes: ['internal'],
    holds: ({ token }) => /[\0-\x08\x0a-\x1f\x7f]/.test(token),
  },
  {
    name: 'no `b64token`',
    because:
      'RFC 6750, section 2.1, has one form; what stands around a token is not trimmed away.',
    codes: ['request_malformed', 'token_missing'],
    holds: ({ token }) => !/^[\w.~+/=-]+$/.test(token),
  },
  {
    name: 'base64url in another spelling',
    because:
      'A token has one spelling (RFC 7515, section 2): no padding or white space, spare bits zero.',
    codes: ['token_malformed', 'token_signature'],
    holds: ({ segments }) =>
      segments.some((text) => Buffer.from(text, 'base64').toString('base64url') !== text),
  },
  {
    name: 'octets that are not UTF-8',
    because: 'What a lenient reader puts in their place is not what was signed.',
    codes: ['token_malformed'],
    holds: ({ bytes, texts }) => bytes.some((octets, i) => !octets.equals(Buffer.from(texts[i]))),
  },
  {
    name: 'byte order mark',
    because: 'JSON has none (RFC 8259, section 8.1).',
    codes: ['token_malformed'],
    holds: ({ texts }) => texts.some((text) => text.startsWith('\ufeff')),
  },
  {
    name: 'a member twice',
    because:
      'Readers differ on which one counts (RFC 7519, section 4), so none does.',
    codes: ['token_malformed'],
    holds: ({ members: [header, claims] }) => isTwice(header, HEADER) || isTwice(claims, CLAIMS),
  },
  {
    name: 'a number past all range',
    because: 'Readers differ on whether `1e400` is infinite or an error.',
    codes: ['token_malformed'],
    holds: ({ texts }) => texts.some((text) => numbersOf(text).some((n) => !Number.isFinite(n))),
  },
  {
    name: 'half a surrogate pair',
    because: 'It is no character, so readers differ on what stands there.',
    codes: ['token_malformed'],
    holds: ({ header, claims }) => [header, claims].some(hasLoneSurrogate),
  },
  {
    name: 'nested past 127 levels',
    because: 'The parser stops there, so that no token can exhaust the stack.',
    codes: ['token_malformed'],
    holds: ({ header, claims }) => [header, claims].some((value) => depthOf(value) > 127),
  },
  {
    name: '`crit`, `b64` or `zip` in the header',
    because:
      'They change what is signed (RFC 7515, section 4.1.11; RFC 7797), and no issuer uses them.',
    codes: ['token_algorithm'],
    holds: ({ header }) => ['crit', 'b64', 'zip'].some((name) => Object.hasOwn(header, name)),
  },
  {
    name: '`typ` that is no text',
    because: 'It says what kind of token this is (RFC 7515, section 4.1.9), where that is read.',
    codes: ['token_malformed'],
    holds: ({ header }) => Object.hasOwn(header, 'typ') && typeof header.typ !== 'string',
  },
  {
    name: 'no `exp`',
    because: 'A token that never expires could never be got rid of (rule C8).',
    codes: ['token_malformed'],
    holds: ({ claims }) => claims.exp === undefined,
  },
  {
    name: 'a date that is not whole seconds',
    because: 'Cognito writes whole seconds; a fraction, an exponent or null is somebody else’s.',
    codes: ['token_malformed'],
    holds: ({ members: [, claims] }) =>
      claims.some(({ name, text }) => DATES.includes(name) && !/^\d+$/.test(text)),
  },
  {
    name: 'a date past 2^53',
    because: 'Readers differ on which number it is.',
    codes: ['token_malformed'],
    holds: ({ members: [, claims] }) =>
      claims.some(
        ({ name, text }) => DATES.includes(name) && /^\d+$/.test(text) && BigInt(text) > 2n ** 53n,
      ),
  },
  {
    name: 'no `sub`, or an empty one',
    because: 'The API is told who calls: nobody is no answer.',
    codes: ['token_malformed'],
    holds: ({ claims }) => claims.sub === undefined || claims.sub === '',
  },
  {
    name: 'a claim of another type',
    because: 'A claim that is there is of the type that RFC 7519 or Cognito gives it.',
    codes: ['token_malformed'],
    holds: ({ claims }) =>
      typeof claims.sub !== 'string' ||
      TEXTS.some((name) => Object.hasOwn(claims, name) && typeof claims[name] !== 'string') ||
      (Object.hasOwn(claims, 'aud') && !isText(claims.aud) && !isTexts(claims.aud)) ||
      (Object.hasOwn(claims, 'cognito:groups') && !isTexts(claims['cognito:groups'])),
  },
  {
    name: 'the pool’s other issuer',
    because: 'A pool can have two (rule C3), and the configuration says which one counts.',
    codes: ['token_issuer'],
    holds: ({ claims }) => /\/(issuer-)?cognito-idp\.[^/]+\/[^/]+_Vectors0[12]$/.test(claims.iss),
  },
  {
    name: 'no `token_use`, or another',
    because: 'It tells a pool’s tokens apart (rule C2); general libraries leave that to callers.',
    codes: ['token_malformed', 'token_use'],
    holds: ({ claims, pool }) => !pool.uses.includes(claims.token_use),
  },
  {
    name: 'for another client',
    because:
      'It is for somebody else’s app (rule C2); general libraries leave that to callers.',
    codes: ['token_client'],
    holds: ({ claims, pool }) =>
      !pool.clients.includes(claims.token_use === 'id' ? claims.aud : claims.client_id),
  },
  {
    name: '`exp` is now',
    because: 'A token is valid before `exp`, not at it (RFC 7519, section 4.1.4).',
    codes: ['token_expired'],
    holds: ({ claims, pool }) => claims.exp + pool.leeway === NOW,
  },
  {
    name: 'issued in the future',
    because: 'Its issuer’s clock or ours is wrong by more than the leeway: no date of it counts.',
    codes: ['token_not_yet_valid'],
    holds: ({ claims, pool }) => claims.iat > NOW + pool.leeway,
  },
];

/**
 * @param {string} token
 * @param {string} code what the bundle refuses it with
 * @returns {Reason | undefined}
 */
export function reasonFor(token, code) {
  const candidates = REASONS.filter(({ codes }) => codes.includes(code));
  const facts = candidates.length > 0 ? factsOf(token) : undefined;
  return facts && candidates.find(({ holds }) => holds(facts));
}

/**
 * @param {string} token
 * @returns {Facts}
 */
function factsOf(token) {
  const segments = token.split('.');
  const bytes = segments.slice(0, 2).map((text) => Buffer.from(text, 'base64'));
  const texts = bytes.map((octets) => octets.toString());
  const [header, claims] = texts.map(parsed);
  const pool = SETTINGS[String(claims.iss).endsWith('Vectors02') ? 1 : 0];
  return { token, segments, bytes, texts, members: texts.map(membersOf), header, claims, pool };
}

/** @param {string} text @returns {Record<string, any>} empty for what is no object */
function parsed(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** @param {Member[]} members @param {string[]} names */
function isTwice(members, names) {
  return names.some((name) => members.filter((member) => member.name === name).length > 1);
}

/** @param {unknown} value @returns {boolean} */
function hasLoneSurrogate(value) {
  if (typeof value === 'string') return /\p{Surrogate}/u.test(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some((entry) => entry.some(hasLoneSurrogate));
}

/** @param {unknown} value @returns {number} */
function depthOf(value) {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

/** @param {unknown} value */
function isText(value) {
  return typeof value === 'string';
}

/** @param {unknown} value */
function isTexts(value) {
  return Array.isArray(value) && value.every(isText);
}

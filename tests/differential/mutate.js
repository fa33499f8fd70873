/**
 * Changes to tokens: to what they say, or to how they are written.
 *
 * @typedef {import('./random.js').Random} Random
 */
import { NOW } from '../vectors/mint/pool.js';
import { NAMES, VALUES } from './odd.js';

/**
 * Header and claims as JSON text with up to three changes.
 *
 * @param {{ header: Record<string, unknown>, claims: Record<string, unknown> }} token
 * @param {Random} random
 * @returns {{ header: string | Buffer, payload: string | Buffer }}
 */
export function mutateSegments({ header, claims }, random) {
  const texts = { header: members(header), payload: members(claims) };
  for (let left = 1 + random.below(3); left > 0; left -= 1) {
    const isHeader = random.chance(0.25);
    const list = isHeader ? texts.header : texts.payload;
    random.pick(isHeader ? MEMBER_CHANGES : [...MEMBER_CHANGES, ...CLAIM_CHANGES])(list, random);
  }
  return {
    header: written(texts.header, random),
    payload: written(texts.payload, random),
  };
}

/**
 * A compact token with one or two changes to its text.
 *
 * @param {string} token
 * @param {Random} random
 * @param {string[]} others whose segments may take the place of its own
 */
export function mutateToken(token, random, others) {
  const once = random.pick(TEXT_CHANGES)(token, random, others);
  return random.chance(0.2) ? random.pick(TEXT_CHANGES)(once, random, others) : once;
}

/** A member as JSON has it: the text of its name and of its value. */
/** @typedef {[name: string, value: string]} Member */

/**
 * @param {Record<string, unknown>} object
 * @returns {Member[]}
 */
function members(object) {
  return Object.entries(object)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [JSON.stringify(name), JSON.stringify(value)]);
}

/** @type {((list: Member[], random: Random) => void)[]} */
const MEMBER_CHANGES = [
  (list, random) => list.splice(random.below(list.length + 1), 1),
  (list, random) => {
    const member = list[random.below(list.length || 1)];
    if (member) member[1] = random.pick(VALUES);
  },
  (list, random) => insert(list, [JSON.stringify(random.pick(NAMES)), random.pick(VALUES)], random),
  (list, random) => insert(list, [`"x${random.below(99)}"`, random.pick(VALUES)], random),
  (list, random) => {
    const member = list[random.below(list.length || 1)];
    if (member)
      insert(list, [member[0], random.chance(0.5) ? member[1] : random.pick(VALUES)], random);
  },
  (list, random) => {
    const member = list[random.below(list.length || 1)];
    if (member) member[0] = escaped(member[0]);
  },
  (list, random) => {
    const member = list[random.below(list.length || 1)];
    if (member) member[1] = escaped(member[1]);
  },
  (list, random) => {
    const [a, b] = [list[random.below(list.length || 1)], list[random.below(list.length || 1)]];
    if (a && b) [a[1], b[1]] = [b[1], a[1]];
  },
  (list, random) => insert(list, [`"deep"`, nested(random.below(200), random)], random),
  (list) => list.reverse(),
];

/** @type {typeof MEMBER_CHANGES} */
const CLAIM_CHANGES = [
  (list, random) => {
    const name = random.pick(['"exp"', '"nbf"', '"iat"']);
    const away = random.pick([-3_600, -61, -60, -59, -2, -1, 0, 1, 2, 59, 60, 61, 3_600]);
    const value = `${NOW + away}`;
    const member = list.find((each) => each[0] === name);
    if (member) member[1] = value;
    else insert(list, [name, value], random);
  },
  (list, random) => {
    const member = list.find((each) => each[0] === '"iss"');
    if (member) member[1] = random.pick(ISSUERS)(member[1]);
  },
  (list, random) => {
    const name = random.pick([
      '"client_id"',
      '"aud"',
      '"token_use"',
      '"sub"',
      '"scope"',
      '"username"',
    ]);
    const member = list.find((each) => each[0] === name);
    if (member) member[1] = altered(member[1], random);
  },
  (list, random) => {
    const groups = Array.from({ length: random.below(4) }, () => random.pick(VALUES));
    insert(list, ['"cognito:groups"', `[${groups}]`], random);
  },
];

/** @type {((iss: string) => string)[]} */
const ISSUERS = [
  (iss) => iss.replace('//cognito-idp', '//issuer-cognito-idp'),
  (iss) => iss.replace('//issuer-cognito-idp', '//cognito-idp'),
  (iss) => iss.replace('Vectors01', 'Vectors02'),
  (iss) => iss.replace(/"$/, '/"'),
  (iss) => iss.replace('.com', '.com.'),
  (iss) => iss.toUpperCase(),
  (iss) => iss.replaceAll('/', '\\/'),
  (iss) => `[${iss}]`,
];

/** @type {((token: string, random: Random, others: string[]) => string)[]} */
const TEXT_CHANGES = [
  altered,
  altered,
  (token, random, others) => {
    const segments = token.split('.');
    const at = random.below(segments.length);
    segments[at] = random.pick(others).split('.')[at] ?? '';
    return segments.join('.');
  },
  (token, random) => {
    const segments = token.split('.');
    const at = random.below(segments.length);
    const bytes = Buffer.from(segments[at], 'base64url');
    if (bytes.length > 0) bytes[random.below(bytes.length)] ^= 1 << random.below(8);
    segments[at] = bytes.toString('base64url');
    return segments.join('.');
  },
  (token, random) => token.slice(0, random.below(token.length + 1)),
  (token, random) => {
    const at = random.pick([0, token.length, random.below(token.length + 1)]);
    const odd = random.pick([' ', '\t', '\n', '\r\n', '\0', ',', '"', '%3D', '\u00a0', '\uff0e']);
    return token.slice(0, at) + odd + token.slice(at);
  },
  (token, random, others) => token + random.pick([',', ', ', '.', ' ']) + random.pick(others),
  (token, random) => token + random.pick(['=', '==', '.', '.e30', 'A', '_', '-']),
  (token, random) => {
    const at = random.below(token.length);
    return token.slice(0, at) + random.pick(['.', '=', '+', '/', '-', 'A']) + token.slice(at);
  },
  (token, random) => {
    const segments = token.split('.');
    const at = random.below(3);
    const other = segments[random.below(3)] ?? '';
    segments.splice(at, 1, random.pick(['', 'e30', other, `${segments[at]}=`]));
    return segments.join('.');
  },
  (token, random) => {
    const last = token.length - 1;
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    return token.slice(0, last) + random.pick([...alphabet]);
  },
];

/**
 * @param {Member[]} list
 * @param {Member} member
 * @param {Random} random
 */
function insert(list, member, random) {
  list.splice(random.below(list.length + 1), 0, member);
}

/**
 * The object as text, now and then in a way JSON allows or does not.
 *
 * @param {Member[]} list
 * @param {Random} random
 * @returns {string | Buffer}
 */
function written(list, random) {
  const space = random.chance(0.1) ? random.pick([' ', '\n', '\t', '\r\n', '\u00a0', '\f']) : '';
  const text = `{${list.map(([name, value]) => `${name}${space}:${value}`).join(`,${space}`)}}`;
  if (random.chance(0.9)) return text;
  const changed = random.pick([
    `${text} `,
    ` ${text}`,
    `${text}\0`,
    `\ufeff${text}`,
    `${text}{}`,
    `[${text}]`,
    `${text},`,
    text.slice(0, -1),
    text.replace('}', ',}'),
    text.replace('{', '{,'),
    text.replace(':', '='),
    text.replaceAll('"', "'"),
    altered(text, random),
    JSON.stringify(text),
    '{}',
    '',
  ]);
  if (random.chance(0.8)) return changed;
  const bytes = Buffer.from(text);
  bytes[random.below(bytes.length)] = random.below(256);
  return bytes;
}

/**
 * One character exchanged, left out or doubled.
 *
 * @param {string} text
 * @param {Random} random
 */
function altered(text, random) {
  const at = random.below(text.length || 1);
  const here = random.pick([
    String.fromCharCode(33 + random.below(94)),
    '',
    `${text[at] ?? ''}${text[at] ?? ''}`,
  ]);
  return text.slice(0, at) + here + text.slice(at + 1);
}

/** The first letter of a text as JSON may also write it. @param {string} json */
function escaped(json) {
  return json.replace(/^"(\w)/, (_, letter) => {
    const code = letter.charCodeAt(0).toString(16).padStart(4, '0');
    return `"\\u${code}`;
  });
}

/**
 * @param {number} depth
 * @param {Random} random
 */
function nested(depth, random) {
  return random.chance(0.5)
    ? '['.repeat(depth) + ']'.repeat(depth)
    : `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
}

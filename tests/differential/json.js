/**
 * What JSON.parse does not tell of a text: members that appear twice, and how numbers are written.
 *
 * @typedef {object} Member
 * @property {string} name
 * @property {string} text of the value, as written; of an array or object, its first character
 */

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/gs;

/**
 * The members of an object, all of them, in order.
 *
 * @param {string} json
 * @returns {Member[]}
 */
export function membersOf(json) {
  const tokens = json.match(TOKEN) ?? [];
  /** @type {Member[]} */
  const members = [];
  let depth = 0;
  for (const [at, token] of tokens.entries()) {
    if (token === '{' || token === '[') depth += 1;
    if (token === '}' || token === ']') depth -= 1;
    if (depth === 1 && tokens[at + 1] === ':') {
      members.push({ name: nameOf(token), text: tokens[at + 2] ?? '' });
    }
  }
  return members;
}

/**
 * The numbers in a text.
 *
 * @param {string} json
 * @returns {number[]}
 */
export function numbersOf(json) {
  const numbers = (json.match(TOKEN) ?? []).filter((token) => /^-?\d/.test(token));
  return numbers.map(Number);
}

/** @param {string} token */
function nameOf(token) {
  try {
    return String(JSON.parse(token));
  } catch {
    return token;
  }
}

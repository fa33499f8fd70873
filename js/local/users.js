/**
 * Who there is to try things with. Their passwords are made up for one world, and are of no use
 * elsewhere.
 */
import { randomBytes } from 'node:crypto';

/**
 * @typedef {object} User
 * @property {string} name
 * @property {string} email what one signs in with
 * @property {string} displayName the claim `name`
 * @property {string} password
 */

const NAMES = ['alice', 'bob'];

/** @returns {User[]} */
export function makeUsers() {
  return NAMES.map((name) => ({
    name,
    email: `${name}@example.com`,
    displayName: name[0].toUpperCase() + name.slice(1),
    password: newPassword(),
  }));
}

/** As the pool's policy has it: letters of both kinds, a digit and a symbol, 12 at least. */
function newPassword() {
  return `Try-${randomBytes(9).toString('hex')}-1`;
}

/**
 * Pages of a list: how long they are, and where the next one begins.
 */
import { createHash } from 'node:crypto';
import { invalid } from './answer.mjs';

/** Ids of notes: 14 bytes, of which the first six say when. */
export const ID = /^[0-9a-f]{28}$/;

const PAGE = { least: 1, usual: 20, most: 50 };

/**
 * @param {string | null} text `limit` of the query
 * @returns {number} notes of a page
 * @throws {import('./answer.mjs').Refusal} 400
 */
export function limitOf(text) {
  if (text === null) return PAGE.usual;
  const limit = Number(text);
  if (/^\d{1,3}$/.test(text) && limit >= PAGE.least && limit <= PAGE.most) return limit;
  const message = `must be a number from ${PAGE.least} to ${PAGE.most}`;
  throw invalid([{ field: 'limit', message }]);
}

/**
 * Where a list goes on. It carries whose list it is, so that one of another caller's is refused;
 * that it can be forged is no harm, for the partition is always the caller's own.
 *
 * @param {string} id of the last note shown
 * @param {string} user
 */
export function sealCursor(id, user) {
  return Buffer.from(id + bond(id, user), 'hex').toString('base64url');
}

/**
 * @param {string} cursor
 * @param {string} user
 * @returns {string} the id
 * @throws {import('./answer.mjs').Refusal} 400, for one that was not made for this caller
 */
export function openCursor(cursor, user) {
  const text = Buffer.from(cursor, 'base64url').toString('hex');
  const id = text.slice(0, 28);
  if (ID.test(id) && sealCursor(id, user) === cursor) return id;
  throw invalid([{ field: 'cursor', message: 'is none that a list of yours ended with' }]);
}

/**
 * What ties an id to a caller.
 *
 * @param {string} id
 * @param {string} user
 */
function bond(id, user) {
  return createHash('sha256').update(`${id}\0${user}`).digest('hex').slice(0, 20);
}

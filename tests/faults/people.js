/**
 * Who asks: users with tokens that hold, people with tokens that do not, visitors who signed in.
 */
import { decodeJwt } from 'jose';
import { makeKey } from '../../js/local/pool.js';
import { Jar } from '../sign-in/jar.js';
import { ACCESS, Visitor } from '../sign-in/visitor.js';
import { ISSUER, sign } from './issuer.js';
import { RESIDENCY } from './toml.js';

/**
 * @typedef {import('jose').JWK} Jwk
 * @typedef {{ sub: string, token: string }} Holder
 * @typedef {{ sub: string, cookie: string }} Signed somebody with a session
 *
 * @typedef {object} People
 * @property {Holder[]} users with a good token
 * @property {Holder[]} residents of the EU, by their token
 * @property {Holder[]} next with a token signed by the key that the issuer rotates to
 * @property {Record<'expired'|'forged'|'foreign'|'unknown', Holder[]>} refused whose token does not
 *   hold: yesterday's; signed by a stranger's key under a known name; of another pool; signed by a
 *   key that nobody knows
 * @property {Signed[]} sessions
 * @property {Signed[]} expired sessions whose access token has expired
 * @property {string[]} secrets what must not be read in any log: tokens and cookies
 *
 * @typedef {{ access: Jwk, next: Jwk, stranger: Jwk }} Keys
 */

const HOUR = 3_600;
const DAY = 24 * HOUR;

/**
 * @param {Keys} keys the issuer's
 * @param {number} count of users
 * @returns {Promise<Omit<People, 'sessions'|'expired'>>}
 */
export async function makePeople({ access, next, stranger }, count) {
  const now = Math.floor(Date.now() / 1_000);
  const yesterday = { iat: now - DAY - 2 * HOUR, exp: now - DAY };
  const forger = await makeKey();
  /**
   * @type {(name: string, key: Jwk, how?: object, header?: { kid?: string }) =>
   *   Promise<Holder[]>}
   */
  const some = (name, key, claims = {}, header = {}) =>
    Promise.all(
      Array.from({ length: count }, async (_, n) => {
        const sub = `${name}-${n}`;
        return { sub, token: await sign(key, { sub, ...claims }, header) };
      }),
    );
  const users = await some('user', access);
  const residents = await some('resident', access, { [RESIDENCY]: 'EU' });
  const ofNext = await some('next', next);
  const refused = {
    expired: await some('expired', access, yesterday),
    forged: await some('forged', forger, {}, { kid: access.kid }),
    foreign: await some('foreign', stranger, { iss: `${ISSUER}x` }),
    unknown: await some('unknown', stranger),
  };
  const all = [users, residents, ofNext, ...Object.values(refused)].flat();
  const secrets = all.map(({ token }) => signatureOf(token));
  return { users, residents, next: ofNext, refused, secrets };
}

/**
 * Visitors who sign in, one after the other, by the user pool's own pages. Their access tokens are
 * signed anew so that neither is of this very hour: a clock that jumps is not to end them.
 *
 * @param {{ url: string }} world
 * @param {Jwk} access key
 * @param {number} count
 * @returns {Promise<Pick<People, 'sessions'|'expired'|'secrets'>>}
 */
export async function signInSome(world, access, count) {
  const now = Math.floor(Date.now() / 1_000);
  const sessions = [];
  const expired = [];
  const secrets = [];
  for (let n = 0; n < count; n += 1) {
    // It asks its world for no more than the site's URL.
    const visitor = new Visitor(/** @type {any} */ (world), { jar: new Jar() });
    await visitor.signIn('/app/');
    const claims = decodeJwt(String(visitor.jar.value(world.url, ACCESS)));
    const again = (/** @type {object} */ times) =>
      sign(access, { ...claims, sub: String(claims.sub), ...times });
    const good = await again({ iat: now - 2 * HOUR, exp: now + 20 * HOUR });
    const old = await again({ iat: now - DAY - HOUR, exp: now - DAY });
    const sub = String(claims.sub);
    sessions.push({ sub, cookie: cookieOf(visitor, good) });
    expired.push({ sub, cookie: cookieOf(visitor, old) });
    const kept = visitor.jar.cookies(world.url).filter(({ value }) => value.length > 20);
    secrets.push(...kept.map(({ value }) => value), signatureOf(good), signatureOf(old));
  }
  return { sessions, expired, secrets };
}

/**
 * @param {Visitor} visitor
 * @param {string} access token
 */
function cookieOf({ jar, url }, access) {
  jar.set(url, ACCESS, access);
  return jar
    .cookies(url)
    .map(({ name, value }) => `${name}=${value}`)
    .join('; ');
}

/** Whatever of a token is logged: without its signature it is of no use. @param {string} token */
function signatureOf(token) {
  return token.split('.')[2];
}

/**
 * The user pool's people: who there is to try things with, and how they get tokens.
 */
import { randomBytes } from 'node:crypto';
import { askAws } from './requests.js';

/**
 * @typedef {{ name: string, email: string, password: string }} User
 * @typedef {{ access: string, id: string }} Tokens
 *
 * @typedef {object} Pool
 * @property {string} url of the plane that has it
 * @property {string} id
 * @property {string} client
 */

const NAMES = ['alice', 'bob'];

/**
 * @param {Pool} pool
 * @returns {Promise<User[]>} with passwords made up for them
 */
export async function createUsers(pool) {
  return Promise.all(
    NAMES.map(async (name) => {
      const user = { name, email: `${name}@example.com`, password: newPassword() };
      const who = { UserPoolId: pool.id, Username: user.email };
      await ask(pool, 'AdminCreateUser', {
        ...who,
        MessageAction: 'SUPPRESS',
        UserAttributes: [
          { Name: 'email', Value: user.email },
          { Name: 'email_verified', Value: 'true' },
        ],
      });
      await ask(pool, 'AdminSetUserPassword', { ...who, Password: user.password, Permanent: true });
      return user;
    }),
  );
}

/**
 * @param {Pool} pool
 * @param {User} user
 * @returns {Promise<Tokens>} good for 15 minutes (infra/data-stack.js)
 */
export async function signIn(pool, { email, password }) {
  const { AuthenticationResult: result } = await ask(pool, 'InitiateAuth', {
    AuthFlow: 'USER_PASSWORD_AUTH',
    ClientId: pool.client,
    AuthParameters: { USERNAME: email, PASSWORD: password },
  });
  return { access: result.AccessToken, id: result.IdToken };
}

/**
 * @param {Pool} pool
 * @param {string} action
 * @param {object} input
 */
function ask({ url, id }, action, input) {
  const [region] = id.split('_');
  return askAws(url, { service: 'cognito', action, region }, input);
}

/** As the pool's policy has it: letters of both kinds, a digit and a symbol, 12 at least. */
function newPassword() {
  return `Try-${randomBytes(9).toString('hex')}-1`;
}

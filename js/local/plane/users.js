/**
 * The deployed user pool: its people and how they get tokens, and where its app client sends them
 * back to.
 */
import { makeUsers } from '../users.js';
import { askAws } from './requests.js';

/**
 * @typedef {import('../users.js').User} User
 * @typedef {{ access: string, id: string }} Tokens
 *
 * @typedef {object} Pool
 * @property {string} url of the plane that has it
 * @property {string} id
 * @property {string} client
 */

/** What DescribeUserPoolClient says and UpdateUserPoolClient does not take. */
const READ_ONLY = ['ClientSecret', 'CreationDate', 'LastModifiedDate'];

/**
 * @param {Pool} pool
 * @returns {Promise<User[]>} with passwords made up for them
 */
export async function createUsers(pool) {
  return Promise.all(
    makeUsers().map(async (user) => {
      const who = { UserPoolId: pool.id, Username: user.email };
      await ask(pool, 'AdminCreateUser', {
        ...who,
        MessageAction: 'SUPPRESS',
        UserAttributes: [
          { Name: 'email', Value: user.email },
          { Name: 'email_verified', Value: 'true' },
          { Name: 'name', Value: user.displayName },
        ],
      });
      await ask(pool, 'AdminSetUserPassword', { ...who, Password: user.password, Permanent: true });
      return user;
    }),
  );
}

/**
 * @param {Pool} pool
 * @param {Pick<User, 'email'|'password'>} user
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
 * Has the app client send people back to where the site is now, in place of where it was when it
 * was deployed. Its paths stay as deployed.
 *
 * @param {Pool} pool
 * @param {{ from: string, to: string }} site origins
 * @returns {Promise<{ ClientSecret?: string }>} the client
 */
export async function moveSite(pool, { from, to }) {
  const which = { UserPoolId: pool.id, ClientId: pool.client };
  const { UserPoolClient: client } = await ask(pool, 'DescribeUserPoolClient', which);
  const moved = (/** @type {string} */ url) =>
    new URL(url).origin === from ? to + url.slice(from.length) : url;
  // What an update leaves out, Cognito sets back.
  await ask(pool, 'UpdateUserPoolClient', {
    ...Object.fromEntries(Object.entries(client).filter(([name]) => !READ_ONLY.includes(name))),
    CallbackURLs: client.CallbackURLs.map(moved),
    LogoutURLs: client.LogoutURLs.map(moved),
  });
  return client;
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

/**
 * Where people sign in to the light world: its user pool's domain, set up as the deployed one is.
 */
import { CALLBACK, SIGNED_OUT } from '../../infra/sign-in.js';
import { startUserPoolDomain } from './domain/domain.js';
import { makeUsers } from './users.js';

/** As the app client is deployed (infra/user-pool.js). */
const SETTINGS = { accessSeconds: 15 * 60, rotation: { graceSeconds: 60 } };

/**
 * @typedef {object} LightSignIn
 * @property {string} url the domain's
 * @property {import('./users.js').User[]} users
 * @property {() => Promise<void>} close
 */

/**
 * @param {{ pool: import('./pool.js').Pool, client: string, clientSecret?: string, siteUrl: string,
 *   signIn: import('../../infra/sign-in.js').SignIn }} options `client`: the id of the app client
 * @returns {Promise<LightSignIn>}
 */
export async function startLightSignIn({ pool, client, clientSecret, siteUrl, signIn }) {
  const afterwards = [SIGNED_OUT, ...(signIn.afterSignOut ? [signIn.afterSignOut] : [])];
  const users = makeUsers();
  const { url, close } = await startUserPoolDomain({
    pool,
    clients: [
      {
        id: client,
        secret: clientSecret,
        redirectUris: [siteUrl + CALLBACK],
        logoutUris: afterwards.map((path) => siteUrl + path),
      },
    ],
    users: users.map(({ displayName, ...user }) => ({
      ...user,
      username: user.name,
      // The same at each start: whoever is signed in stays who they are.
      sub: user.name,
      name: displayName,
    })),
    settings: SETTINGS,
  });
  return { url, users, close };
}

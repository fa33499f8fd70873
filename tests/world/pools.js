/**
 * Tokens of pools: those of the light world, and of one that is not the deployment's.
 */
import { mint } from '../../js/local/mint.js';
import { askAws } from '../../js/local/plane/requests.js';
import { signIn } from '../../js/local/plane/users.js';
import { openPool } from '../../js/local/pool.js';

const POOLS = 'https://cognito-idp.us-east-1.amazonaws.com/';

/**
 * Signs somebody in by a pool of the light world's kind.
 *
 * @param {string} pool its id
 * @param {string} name
 * @param {string} state where its keys are
 */
export async function minted(pool, name, state) {
  const keys = await openPool(POOLS + pool, state);
  const who = { client: 'nearhopdemo0client', username: name, sub: name };
  return { access: await mint(keys, who), id: await mint(keys, { ...who, use: 'id' }) };
}

/**
 * A token that a plane issued, and not for the pool of the deployment.
 *
 * @param {string} url
 */
export async function tokenOfAnotherPool(url) {
  const to = (/** @type {string} */ action, /** @type {object} */ input) =>
    askAws(url, { service: 'cognito', action, region: 'us-east-1' }, input);
  const { UserPool } = await to('CreateUserPool', { PoolName: 'another' });
  const UserPoolId = UserPool.Id;
  const { UserPoolClient } = await to('CreateUserPoolClient', {
    UserPoolId,
    ClientName: 'site',
    ExplicitAuthFlows: ['ALLOW_USER_PASSWORD_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
  });
  const user = { name: 'eve', email: 'eve', password: 'Try-another-1' };
  await to('AdminCreateUser', { UserPoolId, Username: user.email, MessageAction: 'SUPPRESS' });
  const changed = { UserPoolId, Username: user.email, Password: user.password, Permanent: true };
  await to('AdminSetUserPassword', changed);
  const pool = { url, id: UserPoolId, client: UserPoolClient.ClientId };
  return (await signIn(pool, user)).access;
}

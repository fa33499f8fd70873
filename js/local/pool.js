/**
 * A development stand-in for a Cognito user pool: an issuer's name and two key pairs, one for
 * access tokens and one for ID tokens, as Cognito has them (rule C1).
 */
import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';

/**
 * @typedef {'access'|'id'} TokenUse
 *
 * @typedef {object} Pool
 * @property {string} issuer the `iss` of its tokens
 * @property {string} id the pool's id: the last segment of the issuer's URL (rule C3)
 * @property {Record<TokenUse, import('jose').JWK>} keys private keys (RFC 7517), each with its
 *   `kid`
 */

/**
 * The pool of that issuer. Its keys are made when first asked for and kept in a file that only its
 * owner can read; two processes that ask at once get the same ones.
 *
 * @param {string} issuer
 * @param {string} directory where keys are kept; made if it is not there
 * @returns {Promise<Pool>}
 * @throws {Error} where the issuer does not end in a pool id, or the file holds no keys
 */
export async function openPool(issuer, directory) {
  const id = issuer.split('/').at(-1) ?? '';
  if (!/^[\w-]+$/.test(id)) {
    throw new Error(
      `issuer "${issuer}": the last segment is no user pool id, such as us-east-1_Example01`,
    );
  }
  const file = join(directory, `${id}.keys.json`);
  const keys = (await readKeys(file)) ?? (await makeKeys(file, directory));
  return { issuer, id, keys };
}

/**
 * @param {Pool} pool
 * @returns {import('jose').JSONWebKeySet} the public halves, as the issuer publishes them (rule C4)
 */
export function publicKeys({ keys }) {
  const publish = (/** @type {import('jose').JWK} */ { kty, n, e, kid }) => ({
    alg: 'RS256',
    e,
    kid,
    kty,
    n,
    use: 'sig',
  });
  return { keys: [publish(keys.id), publish(keys.access)] };
}

/**
 * A key of the form both halves of a pool's have.
 *
 * @returns {Promise<import('jose').JWK>}
 */
export async function makeKey() {
  const { privateKey } = await generateKeyPair('RS256', { modulusLength: 2048, extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'RS256', use: 'sig' };
}

/**
 * @param {string} file
 * @returns {Promise<Pool['keys'] | undefined>}
 */
async function readKeys(file) {
  const text = await readFile(file, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  await chmod(file, 0o600);
  const { access, id } = JSON.parse(text);
  if (!access?.d || !id?.d)
    throw new Error(`${file} holds no keys. Remove it: new ones will be made.`);
  return { access, id };
}

/**
 * @param {string} file
 * @param {string} directory
 * @returns {Promise<Pool['keys']>}
 */
async function makeKeys(file, directory) {
  const [access, id] = await Promise.all([makeKey(), makeKey()]);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, `${JSON.stringify({ access, id }, null, 2)}\n`, {
    mode: 0o600,
    flag: 'wx',
  });
  try {
    await link(draft, file);
  } catch (error) {
    // Another process was faster: its keys count.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft);
  }
  return /** @type {Pool['keys']} */ (await readKeys(file));
}

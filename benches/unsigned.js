/**
 * Tokens in the hundreds of thousands: to sign as many takes too long, so their signatures are random,
 * and the host is told to find them good. All else is as ever.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { load } from './children/load.js';
import { CLIENT, ISSUER } from './tokens.js';

/**
 * Distinct tokens with signatures of no key.
 *
 * @param {string} kid of the key that access tokens are signed with
 * @returns {() => string}
 */
export function unsigned(kid) {
  const encoded = (/** @type {object} */ part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url');
  const header = encoded({ kid, alg: 'RS256' });
  const now = Math.floor(Date.now() / 1_000);
  const own = { sub: '00000000-0000-4000-8000-000000000de5', 'cognito:groups': ['staff'] };
  const times = { auth_time: now, exp: now + 86_400, iat: now };
  const user = { version: 2, username: 'dev', scope: 'openid' };
  const rest = { token_use: 'access', client_id: CLIENT, ...user };
  return () => {
    const random = randomBytes(256);
    const jti = random.toString('hex', 0, 16);
    const payload = encoded({ ...own, iss: ISSUER, ...times, ...rest, jti, event_id: jti });
    return `${header}.${payload}.${random.toString('base64url')}`;
  };
}

/**
 * A bundle whose host finds every signature good.
 *
 * @param {string} dir the bundle's folder
 * @returns {Promise<{ handler: import('./children/load.js').Handler, memoryBytes: () => number }>}
 *   with what the memory of its WebAssembly takes
 */
export async function loadAccepting(dir) {
  const parts = ['nearhop.wasm', 'rest.wasm'].map(async (name) => {
    const module = new WebAssembly.Module(await readFile(join(dir, name)));
    return WebAssembly.Module.imports(module);
  });
  const imported = (await Promise.all(parts)).flat();
  /** @type {() => Buffer} */
  let memory = () => Buffer.alloc(0);
  const imports = (/** @type {() => Buffer} */ view) => {
    memory = view;
    return accepting(imported);
  };
  return { handler: await load(dir, { imports }), memoryBytes: () => memory().byteLength };
}

/** @param {ReturnType<typeof WebAssembly.Module.imports>} imported */
function accepting(imported) {
  /** @type {Record<string, Record<string, () => number>>} */
  const imports = {};
  for (const { module: from, name } of imported) {
    if (from !== 'nearhop') continue; // the worker's own
    imports[from] ??= {};
    imports[from][name] = () => (name.startsWith('verify') ? 1 : 0);
  }
  return imports;
}

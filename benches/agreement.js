/**
 * Before anything is measured: all verifiers accept the good token, and none of them a bad one.
 */
import { mint } from '../js/local/mint.js';
import { openPool } from '../js/local/pool.js';
import { bearer, longCookie, originRequest, viewerRequest } from './events.js';
import { ISSUER, WISH } from './tokens.js';

/** @typedef {import('../js/local/mint.js').Fault} Fault */

/** @type {Fault[]} */
const FAULTS = ['expired', 'wrong-key', 'wrong-issuer', 'wrong-client', 'tampered', 'none'];

/**
 * @param {string} keys the folder that the pool's keys are in
 * @param {import('./children/load.js').Handler} handler Nearhop's
 * @param {import('./verifiers.js').Peer[]} peers
 * @returns {Promise<number>} how many answers were asked for
 * @throws {Error} naming who decided otherwise, and about what
 */
export async function agree(keys, handler, peers) {
  const tokens = { access: await samples(keys, 'access'), id: await samples(keys, 'id') };
  const all = [...nearhop(handler), ...peers];
  for (const { name, use, input, request, accepts } of all) {
    for (const { what, token, good } of tokens[use]) {
      let accepted = false;
      try {
        accepted = accepts(await request(input(token)));
      } catch {
        // A refusal, from whoever throws.
      }
      if (accepted !== good) {
        const decision = accepted ? 'accepts' : 'refuses';
        throw new Error(`${name} ${decision} a token that is ${what}; nothing was measured`);
      }
    }
  }
  return all.length * tokens.access.length;
}

/** @param {import('./children/load.js').Handler} request */
function nearhop(request) {
  /** @type {Record<string, (token: string) => string>} */
  const ways = {
    'nearhop, bearer': (token) => viewerRequest(bearer(token)),
    'nearhop, cookie': (token) => viewerRequest(longCookie(token)),
    'nearhop, origin-request': (token) => originRequest(bearer(token)),
  };
  return Object.entries(ways).map(([name, event]) => ({
    name,
    use: /** @type {const} */ ('access'),
    input: (/** @type {string} */ token) => JSON.parse(event(token)),
    request,
    accepts: (/** @type {any} */ result) => {
      if (result.status !== undefined && result.status !== '401') {
        throw new Error(`${name}: answered ${result.status}`);
      }
      return result.status === undefined;
    },
  }));
}

/**
 * The good one stands last too: what was refused has changed nothing.
 *
 * @param {string} keys
 * @param {import('../js/local/pool.js').TokenUse} use
 */
async function samples(keys, use) {
  const pool = await openPool(ISSUER, keys);
  const minted = (/** @type {object} */ more) => mint(pool, { ...WISH, use, ...more });
  const token = await minted({});
  const other = use === 'access' ? 'id' : 'access';
  const bad = [
    { what: 'good but for a byte of its signature', token: otherSignature(token) },
    { what: `an ${other} token`, token: await minted({ use: other }) },
    { what: 'garbage', token: 'e30.e30.e30' },
  ];
  for (const fault of FAULTS) bad.push({ what: fault, token: await minted({ faults: [fault] }) });
  const good = { what: 'good', token, good: true };
  return [good, ...bad.map((each) => ({ ...each, good: false })), good];
}

/** @param {string} token */
function otherSignature(token) {
  const at = token.lastIndexOf('.') + 1;
  const signature = Buffer.from(token.slice(at), 'base64url');
  signature[100] ^= 1;
  return token.slice(0, at) + signature.toString('base64url');
}

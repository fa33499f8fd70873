/**
 * Prints distinct tokens, one a line:
 *
 *   node benches/children/mint.js KEYS access|id COUNT
 */
import { mint } from '../../js/local/mint.js';
import { openPool } from '../../js/local/pool.js';
import { ISSUER, WISH } from '../tokens.js';

const [keys, use, count] = process.argv.slice(2);
const AT_ONCE = 100;

const pool = await openPool(ISSUER, keys);
const wish = { ...WISH, use: /** @type {import('../../js/local/pool.js').TokenUse} */ (use) };
for (let left = Number(count); left > 0; left -= AT_ONCE) {
  const batch = Array.from({ length: Math.min(AT_ONCE, left) }, () => mint(pool, wish));
  process.stdout.write(`${(await Promise.all(batch)).join('\n')}\n`);
}

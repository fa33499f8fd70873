/**
 * What memory a handler holds after requests with distinct tokens: prints the process's resident
 * set at the beginning and at each mark, and what WebAssembly has of it at each mark, in bytes.
 *
 *   node benches/children/memory.js BUNDLE|- TOKENS MARK…
 *
 * TOKENS has a token a line and is read piece by piece; `unsigned:KID` makes tokens with that `kid`
 * which are taken for good (benches/unsigned.js). `-` makes the same events and handles none.
 * Each event has a turn of the event loop to itself, as on Lambda. V8 collects between turns too:
 * where there are none, garbage piles up with any handler.
 */
import { openSync, readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { bearer, viewerRequest } from '../events.js';

const UNSIGNED = 'unsigned:';

const [dir, tokens, ...marks] = process.argv.slice(2);
const rss = [process.memoryUsage.rss()];
/** @type {number[]} */
const webAssembly = [];
const { handler, memoryBytes } = await loaded();
let count = 0;
for (const token of await source()) {
  const result = await handler(JSON.parse(viewerRequest(bearer(token))));
  if (result.status !== undefined) throw new Error(`request ${count}: ${result.status}`);
  await setImmediate();
  count += 1;
  if (count === Number(marks[0])) {
    rss.push(process.memoryUsage.rss());
    webAssembly.push(memoryBytes());
    marks.shift();
    if (marks.length === 0) break;
  }
}
if (marks.length > 0) throw new Error(`only ${count} tokens`);
console.log(JSON.stringify({ rss, webAssembly }));

/** @returns {Promise<{ handler: import('./load.js').Handler, memoryBytes: () => number }>} */
async function loaded() {
  const memoryBytes = () => 0;
  if (dir === '-') return { handler: async () => ({}), memoryBytes };
  if (tokens.startsWith(UNSIGNED)) return (await import('../unsigned.js')).loadAccepting(dir);
  return { handler: await (await import('./load.js')).load(dir), memoryBytes };
}

/** @returns {Promise<Iterable<string>>} */
async function source() {
  if (!tokens.startsWith(UNSIGNED)) return lines(openSync(tokens, 'r'));
  const { unsigned } = await import('../unsigned.js');
  return endless(unsigned(tokens.slice(UNSIGNED.length)));
}

/** @param {() => string} next */
function* endless(next) {
  for (;;) yield next();
}

/** @param {number} fd */
function* lines(fd) {
  const piece = Buffer.alloc(65_536);
  let rest = '';
  for (let size; (size = readSync(fd, piece)) > 0; ) {
    const parts = (rest + piece.latin1Slice(0, size)).split('\n');
    rest = /** @type {string} */ (parts.pop());
    yield* parts;
  }
}

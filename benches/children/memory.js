/**
 * What memory a handler holds after requests with distinct tokens: prints the process's resident
 * set in bytes, as a JSON array, at the beginning and at each mark.
 *
 *   node benches/children/memory.js BUNDLE|- TOKENS MARK…
 *
 * TOKENS has a token a line and is read piece by piece. `-` makes the same events and handles none.
 * Each event has a turn of the event loop to itself, as on Lambda. V8 collects between turns too:
 * where there are none, garbage piles up with any handler.
 */
import { openSync, readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { bearer, viewerRequest } from '../events.js';

const [dir, file, ...marks] = process.argv.slice(2);
const rss = [process.memoryUsage.rss()];
/** @type {import('./load.js').Handler} */
const handler = dir === '-' ? async () => ({}) : await loaded();
let count = 0;
for (const token of lines(openSync(file, 'r'))) {
  const result = await handler(JSON.parse(viewerRequest(bearer(token))));
  if (result.status !== undefined) throw new Error(`request ${count}: ${result.status}`);
  await setImmediate();
  count += 1;
  if (count === Number(marks[0])) {
    rss.push(process.memoryUsage.rss());
    marks.shift();
    if (marks.length === 0) break;
  }
}
if (marks.length > 0) throw new Error(`only ${count} tokens`);
console.log(JSON.stringify(rss));

async function loaded() {
  const { load } = await import('./load.js');
  return load(dir);
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

/**
 * A thread of a long run: chunk after chunk as it is told their numbers.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Judge } from './judge.js';
import { makeLibraries } from './libraries.js';
import { makeOriginals, makePools } from './pools.js';
import { makeEdge, runChunk } from './run.js';

const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
/** @type {{ seed: number, keys: import('./pools.js').SeededKeys }} */
const { seed, keys } = workerData;
const pools = makePools(keys);
const originals = makeOriginals(pools);
/** @type {(() => void)[]} */
const ends = [];
const judge = new Judge(
  await makeEdge({ after: (end) => ends.push(end) }, pools),
  makeLibraries(pools),
);

port.on('message', async (/** @type {number | null} */ chunk) => {
  if (chunk !== null) {
    port.postMessage(await runChunk(judge, originals, seed, chunk));
    return;
  }
  for (const end of ends) end();
  port.close();
});
port.postMessage('ready');

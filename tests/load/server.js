/**
 * The system under load, in a process of its own: what it costs is told apart from what asks.
 *
 * It tells its parent `{ ready }` once, `{ lines }` of the functions' logs now and then, and
 * `{ strays }` at the end. It is told `{ killed: REGION }`, `{ started: REGION }` and `{ close }`,
 * and answers each by `{ done }`.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { startWorld } from '../faults/world.js';

/**
 * @typedef {object} Ready
 * @property {string} url
 * @property {import('../faults/issuer.js').Issuer['keys']} keys the issuer's private ones
 * @property {string[]} secrets of the configuration
 *
 * @typedef {{ killed?: string, started?: string, close?: boolean }} Wish
 * @typedef {{ ready?: Ready, lines?: string[], strays?: string[], done?: boolean }} Told
 */

/** @param {Told} told */
const tell = (told) => void process.send?.(told);

const takeLines = () => world.takeLogs().map(({ text }) => text);

// As it is deployed: keys are fetched when they are old, and APIs have their time.
const world = await startWorld({ keys: {}, readTimeout: 30 });
const logs = setInterval(() => tell({ lines: takeLines() }), 500);

process.on('message', async (/** @type {Wish} */ { killed, started, close }) => {
  if (killed) await world.regions.get(killed)?.kill();
  if (started) await world.regions.get(started)?.start();
  if (!close) return tell({ done: true });
  clearInterval(logs);
  await world.close();
  tell({ lines: takeLines(), strays: world.strays });
  // What was told is to arrive before the end.
  await pause(50);
  process.disconnect();
});
process.on('disconnect', () => void world.close());
// Ctrl-C reaches the whole process group: the parent decides when this one ends.
process.on('SIGINT', () => {});
tell({ ready: { url: world.url, keys: world.issuer.keys, secrets: world.secrets } });

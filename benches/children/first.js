/**
 * A cold start: loads a handler, gives it events, and prints what that took as a line of JSON.
 *
 *   node benches/children/first.js MODULE|- EVENTS
 *
 * EVENTS has an event a line; `-` loads nothing, and reads the events alone. With the first answer
 * stands what the process has spent since it began; then, for all events after it, what one took.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [module, file] = process.argv.slice(2);
const print = console.log;
console.log = () => {}; // what handlers log goes nowhere
globalThis.fetch = () => Promise.reject(new Error('nothing is fetched here'));
const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
const events = lines.map((line) => JSON.parse(line));
const handler = await load();
const result = events.length > 0 ? await handler(events[0]) : {};
const { user, system } = process.cpuUsage();
const first = { cpuMs: (user + system) / 1_000, wallMs: performance.now() };
const eachMs = await further(events.slice(1));
print(JSON.stringify({ ...first, eachMs, status: result.status ?? null }));
// What was begun beside the answer, such as a look at operators' switches, does not count.
process.exit(0);

async function load() {
  if (module === '-') return () => ({});
  if (module.endsWith('.cjs')) return createRequire(import.meta.url)(module).handler;
  return (await import(pathToFileURL(module).href)).handler;
}

/** @param {any[]} others */
async function further(others) {
  const start = performance.now();
  for (const event of others) await handler(event);
  return others.length > 0 ? (performance.now() - start) / others.length : null;
}

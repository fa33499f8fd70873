/**
 * What the tests of running functions share: functions made from source, and the runtime clients
 * and Node versions to run them with.
 *
 * The tests run with Nearhop's own client on the Node that runs them; on those that NEARHOP_NODES
 * names, as JSON (`{"nodejs24.x": "/path/of/node"}`); and with AWS's client where NEARHOP_RIC names
 * the index.mjs of aws-lambda-ric 4.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { EdgeFunctions } from '../../js/cloudfront/lambda/functions.js';

/**
 * @typedef {object} Runner
 * @property {string} name
 * @property {string} runtime
 * @property {Record<string, string>} [nodes]
 * @property {string} [ric]
 *
 * @typedef {{ after: (end: () => void | Promise<void>) => void }} Test
 */

const [MAJOR] = process.versions.node.split('.').map(Number);

/** @type {Runner} */
export const OWN = { name: `Node ${process.versions.node}`, runtime: `nodejs${MAJOR}.x` };

/** @type {Record<string, string>} */
const NODES = JSON.parse(process.env.NEARHOP_NODES ?? '{}');

/** @type {Runner[]} */
const RUNNERS = [
  OWN,
  ...Object.keys(NODES).map((runtime) => ({ name: runtime, runtime, nodes: NODES })),
  ...ricRunners(),
];

/**
 * The same tests with each runner; those that are missing show as skipped.
 *
 * @param {string} name
 * @param {(runner: Runner) => void} tests
 */
export function withEachRunner(name, tests) {
  for (const runner of RUNNERS) {
    describe(`${name}, ${runner.name}`, { timeout: 120_000 }, () => tests(runner));
  }
  const nodes = Object.keys(NODES).length === 0 && 'NEARHOP_NODES names no other Node';
  const ric = ricRunners().length === 0 && 'NEARHOP_RIC names no aws-lambda-ric';
  if (nodes) it(`${name}, other Node versions`, { skip: nodes }, () => {});
  if (ric) it(`${name}, aws-lambda-ric`, { skip: ric }, () => {});
}

/**
 * A function, ended when the test is over.
 *
 * @param {Test} test
 * @param {string | Record<string, string>} code source of index.mjs, or files by path
 * @param {Partial<import('../../js/cloudfront/distribution.js').FunctionSource>
 *   & Partial<import('../../js/cloudfront/lambda/functions.js').Options> & { runner?: Runner }}
 *   [options]
 */
export function edgeFunction(test, code, { runner = OWN, ...options } = {}) {
  const files = typeof code === 'string' ? { 'index.mjs': code } : code;
  const source = {
    name: 'tried',
    code: folder(test, files),
    handler: 'index.handler',
    runtime: runner.runtime,
    timeout: 20,
    memory: 128,
    ...options,
  };
  const edge = new EdgeFunctions({
    functions: new Map([['f', source]]),
    onWarning: () => {},
    nodes: runner.nodes,
    ric: runner.ric,
    ...options,
  });
  test.after(() => edge.close());
  return {
    edge,
    folder: source.code,
    invoke: (/** @type {object} */ event = {}, region = 'eu-west-1') =>
      edge.invoke('f', region, event),
  };
}

/**
 * A folder that is gone when the test is over.
 *
 * @param {Test} test
 * @param {Record<string, string | Uint8Array>} files path → content
 * @returns {string}
 */
export function folder(test, files) {
  const root = mkdtempSync(join(tmpdir(), 'nearhop-test-'));
  test.after(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

/**
 * Waits until something holds.
 *
 * @param {() => boolean} holds
 * @param {string} what for the error after 20 s
 */
export async function until(holds, what) {
  for (const end = Date.now() + 20_000; !holds(); ) {
    if (Date.now() > end) throw new Error(`not within 20 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/**
 * @param {number} pid
 * @returns {boolean}
 */
export function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** @returns {Runner[]} */
function ricRunners() {
  const ric = process.env.NEARHOP_RIC;
  const [runtime] = Object.keys(NODES)
    .filter((name) => Number.parseInt(name.slice('nodejs'.length), 10) >= 22)
    .sort()
    .reverse();
  if (!ric || (!runtime && MAJOR < 22)) return [];
  const on = runtime ?? OWN.runtime;
  return [{ name: `aws-lambda-ric on ${on}`, runtime: on, nodes: NODES, ric }];
}

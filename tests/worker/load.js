/**
 * Workers as Lambda would load them, and the events of tests/events.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { createHandler } from '../../worker/js/worker.mjs';
import { validated } from '../valid.js';

/**
 * @typedef {import('../../worker/js/worker.mjs').WorkerOptions} WorkerOptions
 * @typedef {Pick<WorkerOptions, 'module' | 'glue' | 'imports'> & { bytes: Uint8Array }} Built
 * @typedef {{ result: any, log: string[] }} Handled
 */

const root = new URL('../../', import.meta.url);

/** The example, where scripts/build puts it. @returns {Promise<Built>} */
export async function buildHello() {
  await run('scripts/build', 'hello');
  return load(new URL('pkg/hello/', root), 'hello');
}

/**
 * The worker of worker/tests/unruly, in a folder of this process's own: test files run at the same
 * time. The folder lies in target/, where `.js` is an ES module.
 *
 * @returns {Promise<Built>}
 */
export async function buildUnruly() {
  await mkdir(new URL('target/', root), { recursive: true });
  const folder = await mkdtemp(fileURLToPath(new URL('target/unruly-', root)));
  try {
    await runForWasm(
      `wasm-pack --log-level warn build --mode no-install --release --no-pack --no-gitignore \\
        --target bundler --out-dir ${JSON.stringify(folder)} worker/tests/unruly`,
    );
    const built = await load(pathToFileURL(`${folder}/`), 'unruly');
    return { ...built, imports: unrulyImports };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The worker of worker/tests/plain, made by cargo alone. @returns {Promise<Built>} */
export async function buildPlain() {
  await runForWasm('cargo build --release -p plain');
  const wasm = new URL('target/wasm32-unknown-unknown/release/plain.wasm', root);
  const bytes = await readFile(wasm);
  return { bytes, module: new WebAssembly.Module(bytes) };
}

/** @param {() => Buffer} memory */
function unrulyImports(memory) {
  return {
    unruly: {
      /** @param {number} at @param {number} length */
      fill: (at, length) => void memory().fill('x', at, at + length),
      throw: () => {
        throw new Error('thrown by the host');
      },
    },
  };
}

/**
 * A started worker with a log of its own, held to CloudFront's rules.
 *
 * @param {Built} built
 * @param {Partial<WorkerOptions>} [options]
 */
export function start(built, options = {}) {
  /** @type {string[]} */
  const log = [];
  const { module, glue, imports } = built;
  const made = createHandler({
    module,
    glue,
    imports,
    region: 'eu-west-1',
    log: (line) => log.push(line),
    ...options,
  });
  const handler = validated(made);
  /**
   * @param {any} event
   * @returns {Promise<Handled>}
   */
  return async (event) => {
    const result = await handler(event);
    return { result, log: log.splice(0) };
  };
}

/**
 * A documented event.
 *
 * @param {string} trigger
 * @param {(cf: any) => void} [change]  what is to differ
 */
export function eventOf(trigger, change = () => {}) {
  const event = json(`tests/events/${trigger}.json`);
  change(event.Records[0].cf);
  return event;
}

/** A viewer-request for a path, which may have a query. @param {string} target */
export function requestFor(target) {
  const [uri, querystring = ''] = target.split('?');
  return eventOf('viewer-request', (cf) => Object.assign(cf.request, { uri, querystring }));
}

/** A file of the repository. @param {string} path @returns {any} */
export function json(path) {
  return JSON.parse(readFileSync(new URL(path, root), 'utf8'));
}

/**
 * @param {URL} folder
 * @param {string} name
 */
async function load(folder, name) {
  const glue = await import(new URL(`${name}_bg.js`, folder).href);
  const bytes = await readFile(new URL(`${name}_bg.wasm`, folder));
  return { bytes, module: new WebAssembly.Module(bytes), glue };
}

/** A command with what scripts/setup found for WebAssembly. @param {string} command */
async function runForWasm(command) {
  const script = `. scripts/environment.sh
    scripts/setup --quiet
    with_wasm_toolchain ${command}`;
  await run('bash', '-c', script, 'tests');
}

/** @param {string} command @param {string[]} args */
async function run(command, ...args) {
  const cwd = fileURLToPath(root);
  await promisify(execFile)(command, args, { cwd, maxBuffer: 1 << 26 });
}

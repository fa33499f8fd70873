// The npm package cloudfront-worker, as somebody who installs it finds it.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { json } from './load.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

/** A folder with the package under node_modules, inside this repository: types are found there. */
let folder = '';
before(async () => {
  await mkdir(join(root, 'target'), { recursive: true });
  folder = await mkdtemp(join(root, 'target/package-'));
  const installed = join(folder, 'node_modules/cloudfront-worker');
  await mkdir(installed, { recursive: true });
  const pack = ['pack', '--silent', '--pack-destination', folder];
  await run('npm', pack, { cwd: join(root, 'worker') });
  const { version } = json('worker/package.json');
  const archive = join(folder, `cloudfront-worker-${version}.tgz`);
  await run('tar', ['-xzf', archive, '-C', installed, '--strip-components', '1']);
});
after(() => rm(folder, { recursive: true }));

it("has the crate's version", async () => {
  const cargo = await readFile(join(root, 'Cargo.toml'), 'utf8');
  assert.equal(json('worker/package.json').version, /^version = "(.*)"$/m.exec(cargo)?.[1]);
});

it('is imported by its name', async () => {
  const script = "import * as it from 'cloudfront-worker'; console.log(Object.keys(it).join())";
  await writeFile(join(folder, 'import.mjs'), script);
  const { stdout } = await run(process.execPath, [join(folder, 'import.mjs')]);
  assert.equal(stdout, 'FetchFault,createHandler,fetchBytes\n');
});

it('has types that accept what is right and nothing else', async () => {
  await writeFile(
    join(folder, 'index.mts'),
    `import { createHandler, FetchFault, type Get } from 'cloudfront-worker';
    const module = new WebAssembly.Module(new Uint8Array());
    const get = async ({ url, post }: Get) => {
      const form: string | undefined = post?.form;
      if (form) throw new FetchFault('unreachable');
      if (url === '') throw new FetchFault(503, new Uint8Array());
      return new Uint8Array();
    };
    export const handler = createHandler({ module, get, now: () => 0 });
    const result: Promise<import('aws-lambda').CloudFrontRequestResult> = handler({ Records: [] });
    // @ts-expect-error there is no worker without its module
    createHandler({});
    // @ts-expect-error a fetch brings bytes
    createHandler({ module, get: async () => 'text' });
    // @ts-expect-error no such reason
    new FetchFault('too-large');
    void result;`,
  );
  const compilerOptions = {
    noEmit: true,
    strict: true,
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2022', 'dom'],
    types: ['node'],
  };
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['index.mts'] }),
  );
  const check = run(join(root, 'node_modules/.bin/tsc'), ['--project', folder]);
  await check.catch(({ stdout }) => assert.fail(stdout));
});

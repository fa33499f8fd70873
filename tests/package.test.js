/**
 * What npm publishes.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

describe('the package', { timeout: 60_000 }, () => {
  it('has every file that its modules read', async () => {
    const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
    const { stdout } = await run('npm', args, { cwd: ROOT });
    const [{ files }] = JSON.parse(stdout);
    const paths = new Set(files.map((/** @type {{ path: string }} */ { path }) => path));
    const needed = [
      'js/cloudfront/data/cloudfront-pops.csv',
      'js/cloudfront/data/cloudfront-rec.csv',
      'js/cloudfront/policies/managed.json',
      'js/cloudfront/trace/page/index.html',
      'src/tools/data/aws-latency.csv',
      'src/tools/data/aws-regions.csv',
    ];
    assert.deepEqual(needed.filter((path) => !paths.has(path)), []);
  });

  it('exports modules that are there, with their types', () => {
    const { exports, scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
    const { files } = JSON.parse(
      readFileSync(`${ROOT}tsconfig.types.json`, 'utf8').replace(/^ *\/\/.*$/gm, ''),
    );
    assert.match(scripts.prepack, /tsc -p tsconfig\.types\.json$/);
    for (const [name, entry] of Object.entries(exports)) {
      const module = typeof entry === 'string' ? entry : entry.default;
      assert.ok(existsSync(`${ROOT}${module}`), `${name}: ${module}`);
      if (typeof entry === 'string') continue;
      const source = module.replace(/^\.\//, '');
      // Types that are written by hand lie beside their module.
      if (entry.types === module.replace(/\.js$/, '.d.ts')) {
        assert.ok(existsSync(`${ROOT}${entry.types}`), `${name}: ${entry.types}`);
        continue;
      }
      assert.equal(entry.types, `./pkg/types/${source.replace(/\.js$/, '.d.ts')}`);
      assert.ok(files.includes(source), `${source} in tsconfig.types.json`);
    }
  });

  it('is imported by its name', async () => {
    const { startCloudFront, validate, readTemplate } = await import('nearhop/cloudfront');
    for (const each of [startCloudFront, validate, readTemplate]) {
      assert.equal(typeof each, 'function');
    }
  });
});

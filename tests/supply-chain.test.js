/**
 * What comes from others: which version, under which licence, and that nothing is taken from where it
 * should not be. For crates, deny.toml says it (scripts/deny).
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {{ version?: string, license?: string, dev?: boolean, devOptional?: boolean, peer?: boolean,
 *   link?: boolean, integrity?: string, resolved?: string }} Locked
 * @typedef {Record<string, Locked & Record<string, any>>} Packages
 */

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Licences that ask for no more than to be named. */
const LICENCES = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'];

const EXACT = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;

for (const folder of ['', 'benches/peers/']) {
  describe(`npm: ${folder}package.json`, () => {
    const { dependencies, devDependencies } = json(`${folder}package.json`);
    /** @type {{ packages: Packages }} */
    const { packages } = json(`${folder}package-lock.json`);
    const { '': root, ...installed } = packages;

    it('names one version of each package', () => {
      const wanted = Object.entries({ ...dependencies, ...devDependencies });
      assert(wanted.length > 0);
      assert.deepEqual(wanted.filter(([, version]) => !EXACT.test(version)), []);
    });

    it('is what package-lock.json was made from', () => {
      assert.deepEqual(root.dependencies, dependencies);
      assert.deepEqual(root.devDependencies, devDependencies);
    });

    it('has a digest for whatever is installed, and no address', () => {
      const all = Object.entries(installed);
      assert(all.length > 0);
      const loose = all.filter(([, { integrity, inBundle }]) => !inBundle && !integrity);
      assert.deepEqual(loose.map(([path]) => path), []);
      assert.deepEqual(all.filter(([, { resolved }]) => resolved), []);
    });
  });
}

describe('npm: what is installed with nearhop', () => {
  /** @type {{ packages: Packages }} */
  const { packages } = json('package-lock.json');
  const shipped = Object.entries(packages).filter(
    ([path, { dev, devOptional, peer }]) => path !== '' && !dev && !devOptional && !peer,
  );

  it('is what package.json says, with what that needs', () => {
    const names = shipped.map(([path]) => path.replace(/^node_modules\//, ''));
    for (const name of Object.keys(json('package.json').dependencies)) assert(names.includes(name));
    assert(names.length < 20, `${names.length} packages: ${names.join(', ')}`);
  });

  it('asks for no more than to be named', () => {
    const others = shipped.filter(([, { license = 'none' }]) => !LICENCES.includes(license));
    assert.deepEqual(others.map(([path, { license }]) => `${path}: ${license}`), []);
  });

  it('runs nothing when it is installed', () => {
    const scripts = shipped.filter(([, { hasInstallScript }]) => hasInstallScript);
    assert.deepEqual(scripts.map(([path]) => path), []);
  });
});

describe('cargo', () => {
  it('has its lock files in the repository, with a digest for every crate of a registry', () => {
    const locks = tracked('*Cargo.lock');
    assert(locks.includes('Cargo.lock'));
    if (existsSync(`${ROOT}fuzz/Cargo.toml`)) assert(locks.includes('fuzz/Cargo.lock'));
    for (const lock of locks) {
      const crates = read(lock).split('[[package]]').slice(1);
      const foreign = crates.filter((crate) => crate.includes('source = '));
      assert(foreign.length > 0, lock);
      for (const crate of foreign) assert.match(crate, /source = "registry\+[^]*checksum = "/, lock);
    }
  });
});

/** Files in the repository. @param {string[]} patterns of git, which a slash does not end */
function tracked(...patterns) {
  const output = execFileSync('git', ['ls-files', ...patterns], { cwd: ROOT, encoding: 'utf8' });
  return output.split('\n').filter(Boolean);
}

/** @param {string} path */
function read(path) {
  return readFileSync(`${ROOT}${path}`, 'utf8');
}

/** @param {string} path @returns {any} */
function json(path) {
  return JSON.parse(read(path));
}

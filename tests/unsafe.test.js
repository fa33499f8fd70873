/**
 * Unsafe code is in one file, with its reason beside it.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const ONLY = 'worker/src/host.rs';

it('no other file has unsafe code, or allows it', () => {
  const files = tracked('*.rs');
  assert(files.includes(ONLY));
  const holders = files.filter((file) => /\bunsafe(?!-inline|_code\)\])|allow\(unsafe_code/.test(code(file)));
  assert.deepEqual(holders, [ONLY]);
});

it('every crate but the worker forbids it', () => {
  const manifests = tracked('*Cargo.toml').filter((file) => /^\[package\]$/m.test(read(file)));
  const folders = manifests.map((file) => dirname(file));
  const roots = folders.map((folder) => `${folder === '.' ? '' : `${folder}/`}src/lib.rs`);
  const present = roots.filter((root) => tracked(root).length > 0 && root !== 'worker/src/lib.rs');
  assert(present.includes('src/lib.rs'));
  assert.deepEqual(present.filter((root) => !/^#!\[forbid\(unsafe_code\)\]$/m.test(read(root))), []);
});

it('each of it says why it is sound', () => {
  const lines = read(ONLY).split('\n');
  const uses = lines.flatMap((line, at) => (/\bunsafe \{|^\s*#\[unsafe\(/.test(line) ? [at] : []));
  assert(uses.length > 0);
  // One comment speaks for the exports, which follow each other.
  const first = uses.filter((at) => !lines[at].includes('#[unsafe(')).concat(
    uses.find((at) => lines[at].includes('#[unsafe(')) ?? [],
  );
  for (const at of first) {
    assert.match(lines.slice(Math.max(0, at - 4), at).join('\n'), /\/\/ SAFETY/, `line ${at + 1}`);
  }
});

/** Without comments. @param {string} file */
function code(file) {
  return read(file).replace(/\/\/.*$/gm, '');
}

/** Files in the repository. @param {string} pattern */
function tracked(pattern) {
  const output = execFileSync('git', ['ls-files', pattern], { cwd: ROOT, encoding: 'utf8' });
  return output.split('\n').filter(Boolean);
}

/** @param {string} path */
function read(path) {
  return readFileSync(`${ROOT}${path}`, 'utf8');
}

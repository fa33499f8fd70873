// Code, tests and docs cite facts about the platform by id; docs/rules.md must say what each one is.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** `rule W3`, `rules W5, W7`, `rules C1–C5`. */
const CITATION = /\brules? ((?:[A-Z]\d+)(?:(?:, | and |–|-)[A-Z]\d+)*)/gi;

it('every rule that is cited is described', () => {
  const described = new Set(
    [...read('docs/rules.md').matchAll(/^\| ([A-Z]\d+) \|/gm)].map(([, id]) => id),
  );
  assert(described.size > 40, `docs/rules.md describes ${described.size} rules`);
  const unknown = new Map();
  let citations = 0;
  for (const file of trackedFiles()) {
    for (const [, list] of read(file).matchAll(CITATION)) {
      for (const [id] of list.matchAll(/[A-Z]\d+/g)) {
        citations += 1;
        if (!described.has(id)) unknown.set(id, [...(unknown.get(id) ?? []), file]);
      }
    }
  }
  assert(citations > 50, `only ${citations} citations were found`);
  assert.deepEqual(Object.fromEntries(unknown), {});
});

function trackedFiles() {
  const list = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' });
  return list.split('\0').filter((file) => /\.(rs|js|mjs|md|toml|json)$/.test(file));
}

/** @param {string} file */
function read(file) {
  return readFileSync(`${root}/${file}`, 'utf8');
}

/**
 * The one module that `nearhop bundle` makes of several.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { join } from '../js/cli/join.js';

describe('modules put into one file', () => {
  it('each stand once, after those they import, and do what they did', async () => {
    const files = {
      'a/entry.mjs': `import { left } from './left.mjs';
import {
  right,
  RIGHT,
} from '../b/right.mjs';

export const ENTRY = [...left(), ...right(), RIGHT];
`,
      'a/left.mjs': `import { ORDER } from '../order.mjs';
ORDER.push('left');
export const left = () => ORDER;
`,
      'b/right.mjs': `import { ORDER } from '../order.mjs';
ORDER.push('right');
export async function unused() {}
export class Right {}
export function right() {
  return [new Right().constructor.name];
}
export const RIGHT = 'const';
`,
      'order.mjs': "export const ORDER = ['order'];\n",
    };
    const { text, read } = await joined('a/entry.mjs', files);
    assert.deepEqual(read, ['a/entry.mjs', 'a/left.mjs', 'order.mjs', 'b/right.mjs']);
    const { ENTRY } = await imported(`${text}export { ENTRY };`);
    assert.deepEqual(ENTRY, ['order', 'left', 'right', 'Right', 'const']);
  });

  it('lose the comments that have their lines to themselves, and nothing else', async () => {
    const { text } = await joined('entry.mjs', {
      'entry.mjs': `/**
 * What it is. @type {any}
 */
export const A = /** @type {any} */ ('/** a */'); // beside
  // Indented.
/** @type {any} */ (A).length;
/** One line. */
export const B = 'https://a.example'; /* beside */
`,
    });
    const kept = `
const A = /** @type {any} */ ('/** a */'); // beside
/** @type {any} */ (A).length;
const B = 'https://a.example'; /* beside */
`;
    assert.equal(text.trim(), kept.trim());
  });

  it('import what they need of Node, each name once', async () => {
    const { text } = await joined('entry.mjs', {
      'entry.mjs': `import { basename, join } from 'node:path';
import { DIR } from './dir.mjs';
const NAME = basename(join(DIR, 'x'));
`,
      'dir.mjs': `import { dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
export const DIR = dirname(join(tmpdir(), 'y'));
`,
    });
    assert.deepEqual(text.match(/^import .*/gm), [
      "import { basename, join, dirname } from 'node:path';",
      "import { tmpdir } from 'node:os';",
    ]);
    assert.equal((await imported(`${text}export { NAME };`)).NAME, 'x');
  });

  for (const line of [
    "import whole from './a.mjs';",
    "import * as whole from './a.mjs';",
    "import { one as other } from './a.mjs';",
    "import './a.mjs';",
    "import { one } from 'a-package';",
    "import fs from 'node:fs';",
    'export default 1;',
    "export { one } from './a.mjs';",
    "export * from './a.mjs';",
    'export let count = 0;',
  ]) {
    it(`are refused with: ${line}`, async () => {
      const entry = "import { b } from './b.mjs';\n";
      const files = { 'entry.mjs': entry, 'b.mjs': `${line}\n`, 'a.mjs': '' };
      const message = `b.mjs cannot be put into one file: ${line}`;
      await assert.rejects(joined('entry.mjs', files), { message });
    });
  }

  it('are refused where one of them is missing', async () => {
    const files = { 'a/entry.mjs': "import { b } from '../b.mjs';\n" };
    await assert.rejects(joined('a/entry.mjs', files), { message: 'no b.mjs' });
  });
});

/**
 * @param {string} entry
 * @param {Record<string, string>} files
 */
async function joined(entry, files) {
  /** @type {string[]} */
  const read = [];
  const text = await join(entry, async (path) => {
    read.push(path);
    if (!(path in files)) throw new Error(`no ${path}`);
    return files[path];
  });
  return { text, read };
}

/** @param {string} text of a module */
function imported(text) {
  return import(`data:text/javascript,${encodeURIComponent(text)}`);
}

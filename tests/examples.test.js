/**
 * The examples on README.md and in docs/ show what their commands print.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { pages, withOutput } from '../scripts/examples.js';

for (const page of pages()) {
  const text = readFileSync(page, 'utf8');
  const number = text.match(/^```console\n\$ nearhop /gm)?.length ?? 0;
  if (number === 0) continue;
  test(`${page}: ${number} commands print what is shown`, () => {
    assert.equal(withOutput(text), text, 'to write them anew: node scripts/examples.js');
  });
}

test('there are examples to be checked', () => {
  const all = pages().map((page) => readFileSync(page, 'utf8')).join('\n');
  for (const command of ['explain', 'plan']) {
    assert.match(all, new RegExp(`^\\\`{3}console\\n\\$ nearhop ${command}`, 'm'));
  }
});

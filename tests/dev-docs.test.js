/**
 * What docs/dev.md shows is so.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { NODES, ROOT, linesOf, started } from './dev.js';
import { nearhop } from './nearhop.js';

describe('docs/dev.md', { timeout: 120_000 }, () => {
  const page = readFileSync(join(ROOT, 'docs/dev.md'), 'utf8');

  it('shows files as they are', () => {
    const [, ...code] = text('examples/edge-function/function/index.mjs').split('\n');
    assert.ok(page.includes(`\`\`\`js\n${code.join('\n')}\`\`\``), 'the function');
    const name = 'examples/edge-function/start-page.test.js';
    assert.ok(page.includes(`<!-- ${name} -->\n\`\`\`js\n${text(name)}\`\`\``), 'its test');
  });

  it('shows a test that passes', async () => {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const options = { cwd: join(ROOT, 'examples/edge-function'), env, timeout: 60_000 };
    const child = spawn(process.execPath, ['--test', 'start-page.test.js'], options);
    const lines = linesOf(child.stdout);
    const code = await new Promise((resolve) => child.once('close', resolve));
    assert.equal(code, 0, lines.join('\n'));
    assert.ok(lines.some((line) => /(#|ℹ) pass 3$/.test(line)), lines.join('\n'));
  });

  it('shows faults that a running distribution takes', async (test) => {
    const { control } = await started(test, ['examples/failover/template.yaml', ...NODES]);
    const commands = [...page.matchAll(/^curl (.*http:\/\/localhost:8081.*)$/gm)];
    assert.ok(commands.length > 10);
    for (const [line, args] of commands) {
      const method = /-X (\w+)/.exec(args)?.[1] ?? 'GET';
      const path = /localhost:8081(\/\S*)/.exec(args)?.[1];
      const body = /-d '([^']*)'/.exec(args)?.[1];
      const headers = args.includes('-H') ? { 'content-type': 'application/json' } : undefined;
      const answer = await fetch(`${control}${path}`, { method, headers, body });
      assert.ok(answer.ok, `${line}: ${answer.status} ${await answer.text()}`);
    }
  });

  it('names no option that the command does not have', async () => {
    const { stdout } = await nearhop(['--help']);
    const [, usage] = /nearhop dev([^]*?)\n\n/.exec(stdout) ?? [];
    const options = new Set(usage.match(/--[a-z-]+/g));
    const told = new Set(page.match(/(?<=[\s`(])--[a-z][a-z-]+/g));
    told.delete('--test'); // Node's
    const unknown = [...told].filter((option) => !options.has(option));
    assert.deepEqual(unknown, []);
  });
});

/** @param {string} file */
function text(file) {
  return readFileSync(join(ROOT, file), 'utf8');
}

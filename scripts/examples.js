/**
 * The examples of README.md and docs/: every block that begins with `$ nearhop …` shows what
 * that command prints.
 *
 *   node scripts/examples.js            runs them and writes their output beneath
 *
 * A block that ends in a line `…` keeps its number of lines.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** @returns {string[]} paths from the repository's root */
export function pages() {
  const docs = readdirSync(`${ROOT}docs`).filter((name) => name.endsWith('.md'));
  return ['README.md', ...docs.map((name) => `docs/${name}`)];
}

/**
 * @param {string} text a page
 * @returns {string} the same with the output of its commands
 */
export function withOutput(text) {
  const block = /^(```console\n\$ nearhop ((?:[^\n]*\\\n)*[^\n]*)\n)([^]*?)^```$/gm;
  return text.replace(block, (_, head, command, before) => {
    const printed = run(command.replaceAll('\\\n', ' '));
    const shown = before.split('\n').indexOf('…');
    const kept = printed.split('\n').slice(0, shown).join('\n');
    return `${head}${shown < 0 ? printed : `${kept}\n…\n`}\`\`\``;
  });
}

/** @param {string} command what follows `nearhop` */
function run(command) {
  const args = command.trim().split(/\s+/);
  const options = /** @type {const} */ ({ cwd: ROOT, encoding: 'utf8' });
  const { status, stdout, stderr } = spawnSync('node', ['js/cli/nearhop.js', ...args], options);
  if (status !== 0) throw new Error(`nearhop ${command} exits with ${status}: ${stderr}`);
  return stdout;
}

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  for (const page of pages()) {
    const text = readFileSync(`${ROOT}${page}`, 'utf8');
    const written = withOutput(text);
    if (written !== text) writeFileSync(`${ROOT}${page}`, written);
  }
}

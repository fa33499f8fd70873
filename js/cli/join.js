/**
 * Makes one ES module of several: loading a file of its own for each costs every cold start.
 */
import { posix } from 'node:path';

/** `import { a, b } from '…';`, over as many lines as it takes: a module of Node's or a file. */
const IMPORT = /^import \{\s+(\w+(?:,\s+\w+)*),?\s+\} from '((?:node:|\.\.?\/)[^']+)';\n/gm;

/** What Nearhop's own modules are written with. Others are refused rather than guessed at. */
const EXPORT = /^export (?=(async )?(function|class|const) )/gm;

/**
 * Comments that have their lines to themselves. One that a line goes on after is left; no text of
 * several lines may look like one.
 */
const COMMENT = /^ *(?:\/\/.*|\/\*\*(?:(?!\*\/)[^])*\*\/)\n/gm;

/**
 * A module and all that it imports, in the order in which Node would run them: each file once,
 * after those it imports.
 *
 * @param {string} entry  the module's path, with / between folders
 * @param {(path: string) => Promise<string | Buffer>} read  gives the text of the file at a path
 * @returns {Promise<string>} a module with no exports, in which only modules of Node are imported,
 *   without the comments: more than a third of the text, and nobody reads it there. No two files may
 *   declare the same name at their top level: Node would refuse it
 * @throws {Error} where a module has an import or export of another form; what `read` throws
 */
export async function join(entry, read) {
  /** @type {Map<string, Set<string>>} */
  const imported = new Map();
  /** @type {string[]} */
  const bodies = [];
  /** @type {Set<string>} */
  const seen = new Set();

  /** @param {string} path */
  const add = async (path) => {
    if (seen.has(path)) return;
    seen.add(path);
    const source = String(await read(path));
    for (const [, names, from] of source.matchAll(IMPORT)) {
      if (from.startsWith('node:')) note(imported, from, names);
      else await add(posix.join(posix.dirname(path), from));
    }
    bodies.push(bodyOf(path, source));
  };

  await add(entry);
  const imports = [...imported].map(
    ([from, names]) => `import { ${[...names].join(', ')} } from '${from}';\n`,
  );
  return `${imports.join('')}\n${bodies.join('\n\n')}\n`;
}

/**
 * @param {Map<string, Set<string>>} imported
 * @param {string} from
 * @param {string} names as written: `a, b`
 */
function note(imported, from, names) {
  const all = imported.get(from) ?? new Set();
  for (const name of names.split(/,\s+/)) all.add(name);
  imported.set(from, all);
}

/**
 * @param {string} path
 * @param {string} source
 */
function bodyOf(path, source) {
  const body = source.replace(IMPORT, '').replace(EXPORT, '').replace(COMMENT, '');
  const left = /^(import|export)\b.*/m.exec(body);
  if (left) throw new Error(`${path} cannot be put into one file: ${left[0]}`);
  return body.trim();
}

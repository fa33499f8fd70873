/**
 * Makes one ES module of several: loading a file of its own for each costs every cold start.
 */

/** `import … from '…';`, over as many lines as it takes. */
const IMPORT = /^import (?<names>[^'"]+) from '(?<from>[^']+)';\n/gm;

/** What Nearhop's own modules are written with. Others are refused rather than guessed at. */
const EXPORT = /^export (?=(async )?(function|class|const) )/gm;

/**
 * @param {string[]} sources the modules' texts, each after those it imports; none of their names may
 *   be declared twice
 * @returns {string} a module with no exports, in which only modules of Node are imported
 * @throws {Error} where a module has an import or export of another form
 */
export function join(sources) {
  /** @type {Map<string, Set<string>>} */
  const imported = new Map();
  const bodies = sources.map((source) => {
    const body = source
      .replace(IMPORT, (_, names, from) => {
        if (from.startsWith('node:')) note(imported, from, names);
        return '';
      })
      .replace(EXPORT, '');
    const left = /^(import|export)\b.*/m.exec(body);
    if (left) throw new Error(`cannot be put into one file: ${left[0]}`);
    return body.trim();
  });
  const imports = [...imported].map(
    ([from, names]) => `import { ${[...names].join(', ')} } from '${from}';\n`,
  );
  return `${imports.join('')}\n${bodies.join('\n\n')}\n`;
}

/**
 * @param {Map<string, Set<string>>} imported
 * @param {string} from
 * @param {string} names as written: `{ a, b }`
 */
function note(imported, from, names) {
  const braced = /^\{([\w\s,]+)\}$/.exec(names);
  if (!braced) throw new Error(`cannot be put into one file: import ${names} from '${from}'`);
  const all = imported.get(from) ?? new Set();
  for (const name of braced[1].split(',')) if (name.trim()) all.add(name.trim());
  imported.set(from, all);
}

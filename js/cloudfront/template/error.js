/**
 * What is wrong with a template, said so that its author can mend it.
 */

/** @typedef {(string | number)[]} Path keys and indices from a template's top */

/**
 * @typedef {object} Fault
 * @property {string} found what is there; of a header or a variable, never its value
 * @property {string} allowed what may be there
 * @property {string} [rule] id of the rule that asks for it
 * @property {string} [advice] what to do, as a sentence
 * @property {unknown} [cause]
 */

/** Thrown by everything in this folder; its message is one line and complete. */
export class TemplateError extends Error {
  /**
   * @param {{ file: string, line?: number, path: Path }} place
   * @param {Fault} fault
   */
  constructor({ file, line, path }, { found, allowed, rule, advice, cause }) {
    const at = pathText(path);
    const what = `found ${found}; allowed: ${allowed}${rule ? ` (rule ${rule})` : ''}.`;
    const where = [placeText(file, line), at].filter(Boolean).join(': ');
    super([`${where}: ${what}`, advice].filter(Boolean).join(' '), { cause });
    this.name = 'TemplateError';
    this.file = file;
    this.line = line;
    this.at = at;
    this.found = found;
    this.allowed = allowed;
    this.rule = rule;
    this.advice = advice;
  }
}

/**
 * @param {string} file
 * @param {number | undefined} line
 * @returns {string} such as `template.yaml:12`
 */
export function placeText(file, line) {
  return line === undefined ? file : `${file}:${line}`;
}

/**
 * @param {Path} path
 * @returns {string} such as `Resources.Site.Properties.Origins[0]`
 */
export function pathText(path) {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '');
}

/**
 * @param {unknown} value
 * @returns {string} a value as messages show it: short, and whole only where it is a scalar
 */
export function shown(value) {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value);
  return text.length <= 120 ? text : `${text.slice(0, 117)}…"`;
}

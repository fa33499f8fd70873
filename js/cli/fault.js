/**
 * Why a command cannot go on.
 */

/**
 * `configuration`: what nearhop.toml says cannot stand · `usage`: what the command was asked for
 * cannot · `outside`: a file, an issuer or the environment did not do its part · `internal`: a
 * mistake of ours.
 *
 * @typedef {'configuration'|'usage'|'outside'|'internal'} Kind
 */

/** What a command exits with. @type {Record<Kind, number>} */
export const EXIT = { configuration: 1, usage: 2, outside: 3, internal: 70 };

/** A failure that people can do something about. */
export class CommandFault extends Error {
  /**
   * @param {Kind} kind
   * @param {string} message what was found, what is allowed
   * @param {{ cause?: unknown }} [options]
   */
  constructor(kind, message, options) {
    super(message, options);
    this.name = 'CommandFault';
    this.kind = kind;
    /** @type {import('./tools.js').Diagnostic[]} what is wrong with the configuration */
    this.diagnostics = [];
    /** @type {{ file: string, text: string } | undefined} the configuration */
    this.source = undefined;
  }

  /**
   * @param {{ file: string, text: string }} source
   * @param {import('./tools.js').Diagnostic[]} diagnostics
   */
  static ofConfiguration(source, diagnostics) {
    const lines = diagnostics.map((diagnostic) => inOneLine(source.file, diagnostic));
    const fault = new CommandFault('configuration', lines.join('\n'));
    fault.diagnostics = diagnostics;
    fault.source = source;
    return fault;
  }
}

/**
 * `nearhop.toml:12:10: routes[1].target: found "lambda", allowed: "site", "api"`
 *
 * @param {string} file
 * @param {{ line: number | null, column: number | null, key: string, message: string }} where
 */
export function inOneLine(file, { line, column, key, message }) {
  const place = line === null ? file : `${file}:${line}:${column}`;
  return `${place}: ${key ? `${key}: ` : ''}${message}`;
}

/**
 * @param {unknown} error
 * @returns {CommandFault}
 */
export function ofError(error) {
  if (error instanceof CommandFault) return error;
  const { stack, message } = /** @type {Error} */ (error);
  return new CommandFault('internal', stack ?? message ?? String(error), { cause: error });
}

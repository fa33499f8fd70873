/**
 * Colours, for terminals only.
 */

/** @typedef {Record<'bold'|'red'|'yellow'|'green'|'faint', (text: string) => string>} Paint */

/** SGR parameters (ECMA-48): on and off. @type {Record<keyof Paint, [number, number]>} */
const CODES = { bold: [1, 22], red: [31, 39], yellow: [33, 39], green: [32, 39], faint: [2, 22] };

/**
 * @param {NodeJS.WriteStream} stream
 * @returns {Paint}
 */
export function paintFor(stream) {
  // hasColors knows NO_COLOR, FORCE_COLOR and dumb terminals.
  const colours = Boolean(stream.isTTY) && stream.hasColors();
  const entries = Object.entries(CODES).map(([name, [on, off]]) => [
    name,
    (/** @type {string} */ text) => (colours ? `\x1b[${on}m${text}\x1b[${off}m` : text),
  ]);
  return Object.fromEntries(entries);
}

/**
 * Text from a file or a network, without what a terminal would obey.
 *
 * @param {string} text
 */
export function tame(text) {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}

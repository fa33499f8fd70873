/**
 * Header names, fields and origins that both sides know by number (worker/src/known.rs).
 */

/** The names of events' headers. */
export class Names {
  /** @type {Map<string, number>} */
  #numbers = new Map();
  #learn;

  /** @param {(name: string) => number} learn  asks the instance; -1 for a name to be written out */
  constructor(learn) {
    this.#learn = learn;
  }

  /** @param {string} name @returns {number} -1 for a name to be written out */
  numberOf(name) {
    return this.#numbers.get(name) ?? this.#new(name);
  }

  /** @param {string} name */
  #new(name) {
    if (this.#numbers.size === MOST_NAMES) return -1;
    const number = this.#learn(name);
    if (number >= 0) this.#numbers.set(name, number);
    return number;
  }
}
const MOST_NAMES = 256;

/** What outcomes hold: fields, or origins. @template T */
export class Known {
  /** @type {T[]} */
  #all = [];
  #parse;

  /** @param {(text: string) => T} parse */
  constructor(parse) {
    this.#parse = parse;
  }

  /**
   * @param {string} text
   * @param {number} at  where it begins
   * @param {number} end
   * @returns {T}  not to be given away: it is known by more than one outcome
   */
  read(text, at, end) {
    const number = text.charCodeAt(at) - ZERO;
    if (end === at + 1) return this.#all[number];
    const read = this.#parse(text.slice(at + 1, end));
    if (number >= 0) this.#all[number] = read;
    return read;
  }
}
const ZERO = '0'.charCodeAt(0);

/** A field of outcomes. @param {string} text */
export function parseField(text) {
  const space = text.indexOf(' ');
  return { key: text.slice(0, space), value: text.slice(space + 1) };
}

/** An origin that requests are switched to. @param {string} text */
export function parseOrigin(text) {
  const [protocol, port, domainName, path] = text.split(' ');
  return { protocol, port: +port, domainName, path };
}

/**
 * The sections of a WebAssembly module, read and written (WebAssembly Core 2.0, section 5.5).
 */

/** Ids of sections. */
export const SECTION = {
  custom: 0,
  import: 2,
  memory: 5,
  export: 7,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
};

/**
 * The custom section of a lean module (snapshot.mjs) that says which static data its code never
 * reads: a count, and an address and a length for each.
 */
export const UNUSED_DATA = 'cloudfront.unused-data';

const PREAMBLE = Buffer.from('\0asm\x01\0\0\0', 'latin1');

/**
 * @typedef {object} Section
 * @property {number} id
 * @property {string} name  of a custom section; empty otherwise
 * @property {Buffer} body  what follows the name
 */

/**
 * @param {Uint8Array} module
 * @returns {Section[]}
 */
export function sectionsOf(module) {
  const reader = new Reader(module, PREAMBLE.length);
  /** @type {Section[]} */
  const sections = [];
  while (reader.at < module.length) {
    const id = reader.byte();
    const body = new Reader(reader.bytes(reader.unsigned()));
    const name = id === SECTION.custom ? body.text() : '';
    sections.push({ id, name, body: body.rest() });
  }
  return sections;
}

/** @param {Section[]} sections */
export function moduleOf(sections) {
  const parts = sections.flatMap(({ id, name, body }) => {
    const content = id === SECTION.custom ? Buffer.concat([text(name), body]) : body;
    return [Buffer.of(id), unsigned(content.length), content];
  });
  return Buffer.concat([PREAMBLE, ...parts]);
}

/**
 * @param {Section[]} sections
 * @param {number} id
 * @param {string} [name]  of a custom section
 */
export function bodyOf(sections, id, name = '') {
  const found = sections.find((section) => section.id === id && section.name === name);
  return found?.body ?? Buffer.of(0);
}

/**
 * Where static data are, in the order of the module.
 *
 * @param {Buffer} body  of the data section
 * @returns {{ address: number, start: number, size: number }[]}  `start` counts from the body's
 * @throws {Error} where data have no fixed address
 */
export function segmentsOf(body) {
  const reader = new Reader(body);
  return reader.list(() => {
    // i32.const ADDRESS end: what linkers write, and all that is read here.
    const [kind, constant] = [reader.byte(), reader.byte()];
    const address = reader.unsigned();
    if (kind !== 0 || constant !== 0x41 || reader.byte() !== 0x0b) {
      throw new Error('the module has data of a kind that is not known here');
    }
    const size = reader.unsigned();
    const start = reader.at;
    reader.bytes(size);
    return { address, start, size };
  });
}

/** Reads what a section is made of. */
export class Reader {
  /** @param {Uint8Array} bytes @param {number} [at] */
  constructor(bytes, at = 0) {
    this.source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.at = at;
  }

  byte() {
    return this.source[this.at++];
  }

  /** @param {number} length */
  bytes(length) {
    return this.source.subarray(this.at, (this.at += length));
  }

  rest() {
    return this.source.subarray(this.at);
  }

  text() {
    return this.bytes(this.unsigned()).toString();
  }

  /** LEB128 of up to 32 bits. An address below 2^31 may be read as one, though it is signed. */
  unsigned() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  /**
   * As many as the count before them says.
   *
   * @template T
   * @param {() => T} read
   * @returns {T[]}
   */
  list(read) {
    const found = [];
    for (let left = this.unsigned(); left > 0; left -= 1) found.push(read());
    return found;
  }
}

/** @param {number} value below 2^32 */
export function unsigned(value) {
  const bytes = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value & 0x7f) | 0x80);
  return Buffer.of(...bytes, value);
}

/** Of an address: its highest bit is the sign's. @param {number} address below 2^31 */
export function signed(address) {
  const bytes = [];
  for (; address >= 0x40; address = Math.floor(address / 0x80)) bytes.push((address & 0x7f) | 0x80);
  return Buffer.of(...bytes, address);
}

/** @param {string} value */
export function text(value) {
  return Buffer.concat([unsigned(Buffer.byteLength(value)), Buffer.from(value)]);
}

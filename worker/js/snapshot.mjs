/**
 * Reads a worker's configuration where the bundle is made, so that no instance at the edge has to:
 * a module of the same code whose memory begins as that of an instance that has been configured.
 *
 *   const bytes = snapshot({ module: readFileSync('hello.wasm'), config });
 *   const handler = createHandler({ module: new WebAssembly.Module(bytes) });
 *
 * The same input gives the same bytes. Whatever is secret in the configuration is in them.
 *
 * @typedef {object} SnapshotOptions
 * @property {Uint8Array} module  the worker, with all that configuring needs
 * @property {Uint8Array} [lean]  the same module without the export `cloudfront_configure` and the
 *   functions that only it can reach; `module` unless given. Static data, function table and the
 *   order of their parts must be `module`'s, as wasm-metadce leaves them
 * @property {Uint8Array} [config]  bytes handed to `Worker::configure`
 */

/** Ids of a module's sections (WebAssembly Core 2.0, section 5.5). */
const SECTION = { memory: 5, export: 7, dataCount: 12, data: 11 };
const PREAMBLE = 8;
const PAGE = 65_536;

/** Zeros fewer than these are carried: a segment of its own would be no shorter. */
const GAP = 64;

/**
 * @param {SnapshotOptions} options
 * @returns {Buffer} a module without `cloudfront_configure`
 * @throws {Error} with the worker's reason where it refuses the configuration; where it calls the
 *   host, which would know nothing of that at the edge; where `lean` is not of `module`
 */
export function snapshot({ module, lean = module, config = new Uint8Array() }) {
  const image = configured(module, config);
  const [ours, theirs] = [sectionsOf(module), sectionsOf(lean)];
  for (const id of [SECTION.memory, SECTION.data]) {
    if (!bodyOf(ours, id).equals(bodyOf(theirs, id))) throw new Error('lean is of another module');
  }
  // The stack lies below the static data, and nobody is on it.
  image.fill(0, 0, firstDatum(bodyOf(ours, SECTION.data)));
  const ranges = nonZero(image);

  /** @type {Record<number, (body: Buffer) => Buffer>} */
  const rewritten = {
    [SECTION.memory]: (body) => memorySection(body, image.length / PAGE),
    [SECTION.export]: withoutConfigure,
    [SECTION.dataCount]: () => unsigned(ranges.length),
    [SECTION.data]: () => dataSection(image, ranges),
  };
  const sections = theirs.map(({ id, body }) => ({ id, body: rewritten[id]?.(body) ?? body }));
  return Buffer.concat([
    lean.subarray(0, PREAMBLE),
    ...sections.flatMap(({ id, body }) => [Buffer.of(id), unsigned(body.length), body]),
  ]);
}

/**
 * The memory of an instance that has read its configuration.
 *
 * @param {Uint8Array} bytes
 * @param {Uint8Array} config
 */
function configured(bytes, config) {
  const module = new WebAssembly.Module(bytes);
  const instance = new WebAssembly.Instance(module, refusing(module));
  /** @type {import('./types.js').Exports} */
  const exports = /** @type {any} */ (instance.exports);
  const memory = () => Buffer.from(exports.memory.buffer);
  const input = exports.cloudfront_input(config.length) >>> 0;
  memory().set(config, input);
  if (!exports.cloudfront_configure) throw new Error('the module is a snapshot already');
  const reason = exports.cloudfront_configure(config.length);
  const at = exports.cloudfront_output() >>> 0;
  if (reason > 0) throw new Error(memory().toString('utf8', at, at + reason));
  return memory();
}

/** @param {WebAssembly.Module} module */
function refusing(module) {
  /** @type {WebAssembly.Imports} */
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    imports[from] ??= {};
    imports[from][name] = () => {
      throw new Error(`the worker calls ${from}.${name} while it is configured`);
    };
  }
  return imports;
}

/** @typedef {{ id: number, body: Buffer }} Section */

/**
 * @param {Uint8Array} module
 * @returns {Section[]}
 */
function sectionsOf(module) {
  const reader = new Reader(module, PREAMBLE);
  /** @type {Section[]} */
  const sections = [];
  while (reader.at < module.length) {
    const id = reader.byte();
    sections.push({ id, body: reader.bytes(reader.unsigned()) });
  }
  return sections;
}

/** @param {Section[]} sections @param {number} id */
function bodyOf(sections, id) {
  return sections.find((section) => section.id === id)?.body ?? Buffer.of(0);
}

/** Where the static data begin. @param {Buffer} body of the data section */
function firstDatum(body) {
  const reader = new Reader(body);
  let first = Infinity;
  for (let count = reader.unsigned(); count > 0; count -= 1) {
    // i32.const ADDRESS end: what linkers write, and all that is read here.
    const [kind, constant] = [reader.byte(), reader.byte()];
    const address = reader.unsigned();
    if (kind !== 0 || constant !== 0x41 || reader.byte() !== 0x0b) {
      throw new Error('the module has data of a kind that a snapshot cannot replace');
    }
    reader.bytes(reader.unsigned());
    first = Math.min(first, address);
  }
  return first;
}

/**
 * @param {Buffer} image
 * @returns {[start: number, end: number][]}
 */
function nonZero(image) {
  /** @type {[number, number][]} */
  const ranges = [];
  let last = -Infinity;
  for (let at = 0; at < image.length; at += 1) {
    if (image[at] === 0) continue;
    if (at - last <= GAP) ranges[ranges.length - 1][1] = at + 1;
    else ranges.push([at, at + 1]);
    last = at;
  }
  return ranges;
}

/**
 * One memory, now that large at first.
 *
 * @param {Buffer} body
 * @param {number} pages
 */
function memorySection(body, pages) {
  const reader = new Reader(body);
  if (reader.unsigned() !== 1) throw new Error('the module has not one memory');
  const flags = reader.byte();
  reader.unsigned();
  return Buffer.concat([Buffer.of(1, flags), unsigned(pages), body.subarray(reader.at)]);
}

/** @param {Buffer} body of the export section */
function withoutConfigure(body) {
  const reader = new Reader(body);
  const kept = [];
  for (let count = reader.unsigned(); count > 0; count -= 1) {
    const start = reader.at;
    const name = reader.bytes(reader.unsigned()).toString();
    reader.byte();
    reader.unsigned();
    if (name !== 'cloudfront_configure') kept.push(body.subarray(start, reader.at));
  }
  return Buffer.concat([unsigned(kept.length), ...kept]);
}

/**
 * @param {Buffer} image
 * @param {[number, number][]} ranges
 */
function dataSection(image, ranges) {
  const segments = ranges.flatMap(([start, end]) => [
    Buffer.concat([Buffer.of(0, 0x41), signed(start), Buffer.of(0x0b), unsigned(end - start)]),
    image.subarray(start, end),
  ]);
  return Buffer.concat([unsigned(ranges.length), ...segments]);
}

class Reader {
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

  /** LEB128 of up to 32 bits. An address below 2^31 may be read as one, though it is signed. */
  unsigned() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }
}

/** @param {number} value below 2^32 */
function unsigned(value) {
  const bytes = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value & 0x7f) | 0x80);
  return Buffer.of(...bytes, value);
}

/** Of an address: its highest bit is the sign's. @param {number} address below 2^31 */
function signed(address) {
  const bytes = [];
  for (; address >= 0x40; address = Math.floor(address / 0x80)) bytes.push((address & 0x7f) | 0x80);
  return Buffer.of(...bytes, address);
}

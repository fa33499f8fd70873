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
 *   functions that only it can reach; `module` unless given. Static data must be `module`'s, and so
 *   must the function table where it is not a function left out.
 *   A custom section (UNUSED_DATA) may name static data that its own code never reads
 * @property {Uint8Array} [config]  bytes handed to `Worker::configure`
 */

import {
  Reader,
  SECTION,
  UNUSED_DATA,
  bodyOf,
  moduleOf,
  sectionsOf,
  segmentsOf,
  signed,
  unsigned,
} from './sections.mjs';

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
  const statics = segmentsOf(bodyOf(ours, SECTION.data)).map(({ address }) => address);
  // The stack lies below the static data, and nobody is on it.
  image.fill(0, 0, Math.min(...statics));
  clear(image, unusedData(theirs));
  const ranges = nonZero(image);

  /** @type {Record<number, (body: Buffer) => Buffer>} */
  const rewritten = {
    [SECTION.memory]: (body) => memorySection(body, image.length / PAGE),
    [SECTION.export]: withoutConfigure,
    [SECTION.dataCount]: () => unsigned(ranges.length),
    [SECTION.data]: () => dataSection(image, ranges),
  };
  const sections = theirs
    .filter(({ name }) => name !== UNUSED_DATA)
    .map(({ id, name, body }) => ({ id, name, body: rewritten[id]?.(body) ?? body }));
  return moduleOf(sections);
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

/** @typedef {[start: number, end: number]} Range  of addresses */

/**
 * @param {import('./sections.mjs').Section[]} lean
 * @returns {Range[]} in the order of their addresses
 */
function unusedData(lean) {
  const reader = new Reader(bodyOf(lean, SECTION.custom, UNUSED_DATA));
  return reader.list(() => {
    const address = reader.unsigned();
    return [address, address + reader.unsigned()];
  });
}

/**
 * Clears data that code never reads, but what the configuration may have kept a pointer to: any
 * aligned word of memory that could be one is taken for one.
 *
 * @param {Buffer} image
 * @param {Range[]} unused
 */
function clear(image, unused) {
  /** @type {Set<Range>} */
  const kept = new Set();
  const words = new Uint32Array(image.buffer, image.byteOffset, image.length / 4);
  /** @param {number} start @param {number} end */
  const follow = (start, end) => {
    for (let at = Math.ceil(start / 4); at < end / 4; at += 1) {
      const range = around(unused, words[at]);
      if (range === undefined || kept.has(range)) continue;
      kept.add(range);
      follow(...range);
    }
  };
  let from = 0;
  for (const [start, end] of [...unused, [image.length, image.length]]) {
    follow(from, start);
    from = end;
  }
  for (const range of unused) if (!kept.has(range)) image.fill(0, ...range);
}

/**
 * @param {Range[]} ranges
 * @param {number} address
 */
function around(ranges, address) {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[middle][1] <= address) low = middle + 1;
    else high = middle;
  }
  return ranges[low]?.[0] <= address ? ranges[low] : undefined;
}

/**
 * @param {Buffer} image
 * @returns {Range[]}
 */
function nonZero(image) {
  /** @type {Range[]} */
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
  const kept = reader
    .list(() => {
      const start = reader.at;
      const name = reader.text();
      reader.byte();
      reader.unsigned();
      return { name, bytes: body.subarray(start, reader.at) };
    })
    .filter(({ name }) => name !== 'cloudfront_configure');
  return Buffer.concat([unsigned(kept.length), ...kept.map(({ bytes }) => bytes)]);
}

/**
 * @param {Buffer} image
 * @param {Range[]} ranges
 */
function dataSection(image, ranges) {
  const segments = ranges.flatMap(([start, end]) => [
    Buffer.concat([Buffer.of(0, 0x41), signed(start), Buffer.of(0x0b), unsigned(end - start)]),
    image.subarray(start, end),
  ]);
  return Buffer.concat([unsigned(ranges.length), ...segments]);
}


// A worker that was configured where its bundle was made, beside one that reads its configuration
// when it starts.

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';

import {
  SECTION,
  UNUSED_DATA,
  bodyOf,
  moduleOf,
  sectionsOf,
  segmentsOf,
  unsigned,
} from '../../worker/js/sections.mjs';
import { snapshot } from '../../worker/js/snapshot.mjs';
import { buildHello, buildPlain, buildUnruly, eventOf, requestFor, start } from './load.js';

/** @type {import('./load.js').Built} */
let plain;
/** @type {import('./load.js').Built} */
let hello;
/** @type {import('./load.js').Built} */
let unruly;
before(async () => {
  plain = await buildPlain();
  hello = await buildHello();
  unruly = await buildUnruly();
});

/**
 * @param {import('./load.js').Built} built
 * @param {string} [config]
 */
function snapshotOf(built, config = '') {
  const bytes = snapshot({ module: built.bytes, config: Buffer.from(config) });
  return { ...built, bytes, module: new WebAssembly.Module(bytes) };
}

/** @param {Uint8Array} bytes @param {string} text */
function count(bytes, text) {
  return Buffer.from(bytes).toString('latin1').split(text).length - 1;
}

/**
 * Two addresses in the first segment of static data, of 8 bytes each that are none of them 0; both
 * are text when written as pointers.
 *
 * @param {Uint8Array} module
 * @returns {[number, number]}
 */
function staticWords(module) {
  const body = bodyOf(sectionsOf(module), SECTION.data);
  const [{ address, start, size }] = segmentsOf(body);
  const found = [];
  for (let at = 0; at + 8 <= size && found.length < 2; at += 1) {
    const isText = [0, 8, 16, 24].every((shift) => (((address + at + 4) >> shift) & 0x80) === 0);
    const word = body.subarray(start + at, start + at + 8);
    if ((address + at) % 8 === 0 && isText && !word.includes(0)) found.push(address + at);
  }
  assert.equal(found.length, 2, 'static data to try with');
  return [found[0], found[1]];
}

/**
 * @param {Uint8Array} module
 * @param {number[]} addresses  of 8 bytes each, in order
 */
function withUnused(module, addresses) {
  const ranges = addresses.flatMap((address) => [unsigned(address), unsigned(8)]);
  const body = Buffer.concat([unsigned(addresses.length), ...ranges]);
  return moduleOf([...sectionsOf(module), { id: SECTION.custom, name: UNUSED_DATA, body }]);
}

/** The memory as it is at first. @param {Uint8Array} module */
function imageOf(module) {
  const body = bodyOf(sectionsOf(module), SECTION.data);
  const image = Buffer.alloc(4_000_000);
  for (const { address, start, size } of segmentsOf(body)) {
    body.copy(image, address, start, start + size);
  }
  return image;
}

describe('a snapshot', () => {
  it('begins with its configuration', async () => {
    for (const config of ['', 'what it was configured with', 'x'.repeat(1_000_000)]) {
      const carried = start(snapshotOf(plain, config));
      const { result } = await carried(eventOf('viewer-request'));
      assert.equal(result.status, config.length > 40_000 ? '500' : '200');
      if (config.length < 40_000) assert.equal(result.body ?? '', config);
    }
  });

  it('answers as the worker does, in its own Region', async () => {
    const [read, carried] = [start(hello), start(snapshotOf(hello))];
    for (const trigger of ['viewer-request', 'origin-request', 'origin-response']) {
      const [expected, found] = [await read(eventOf(trigger)), await carried(eventOf(trigger))];
      assert.deepEqual(found, expected);
    }
    const elsewhere = start(snapshotOf(hello), { region: 'sa-east-1' });
    const { result } = await elsewhere(requestFor('/hello'));
    assert.equal(result.body, 'Hello from sa-east-1\n');
  });

  it('is the same bytes for the same input', () => {
    const [first, second] = [snapshotOf(plain, 'same').bytes, snapshotOf(plain, 'same').bytes];
    assert.ok(Buffer.from(first).equals(second));
    assert.ok(!Buffer.from(first).equals(snapshotOf(plain, 'other').bytes));
  });

  it('carries what became of the configuration, and not its text beside', () => {
    const config = 'the one and only configuration of this worker';
    assert.equal(count(snapshotOf(plain, config).bytes, config), 1);
    assert.equal(count(snapshotOf(unruly, config).bytes, config), 0);
  });

  it('leaves out static data that its code never reads and nothing points to', () => {
    const [first, second] = staticWords(plain.bytes);
    const lean = withUnused(plain.bytes, [first, second]);
    const made = (/** @type {string} */ config) =>
      imageOf(snapshot({ module: plain.bytes, lean, config: Buffer.from(config) }));
    assert.deepEqual([...made('no pointer').subarray(first, first + 8)], Array(8).fill(0));

    // Into its middle, as a slice may: the configuration is kept as it came, aligned.
    const pointer = Buffer.alloc(4);
    pointer.writeUInt32LE(first + 4);
    const image = made(pointer.toString('latin1'));
    const original = imageOf(plain.bytes);
    assert.deepEqual(image.subarray(first, first + 8), original.subarray(first, first + 8));
    assert.deepEqual([...image.subarray(second, second + 8)], Array(8).fill(0));
  });

  it('does not carry the list of what it leaves out', () => {
    const lean = withUnused(plain.bytes, staticWords(plain.bytes));
    assert.equal(count(snapshot({ module: plain.bytes, lean }), UNUSED_DATA), 0);
  });

  it('starts afresh after a trap', async () => {
    const handle = start(snapshotOf(unruly));
    assert.equal((await handle(requestFor('/count'))).result.body, '1');
    assert.equal((await handle(requestFor('/count'))).result.body, '2');
    assert.equal((await handle(requestFor('/trap/panic'))).result.status, '500');
    assert.equal((await handle(requestFor('/count'))).result.body, '1');
  });
});

describe('no snapshot is made', () => {
  it('of a configuration that the worker refuses', () => {
    assert.throws(() => snapshotOf(unruly, 'refuse'), /^Error: refused, as asked$/);
    assert.throws(() => snapshotOf(unruly, 'refuse silently'), /^Error: it gives no reason$/);
    assert.throws(() => snapshotOf(unruly, 'panic'), WebAssembly.RuntimeError);
  });

  it('of a worker that calls the host while it is configured', () => {
    assert.throws(
      () => snapshotOf(unruly, 'call the host'),
      /the worker calls unruly\.throw while it is configured/,
    );
    assert.throws(
      () => snapshotOf(unruly, 'draw entropy'),
      /the worker calls cloudfront\.random while it is configured/,
    );
  });

  it('of a snapshot', () => {
    assert.throws(() => snapshotOf(snapshotOf(plain)), /a snapshot already/);
  });

  it('with the lean part of another module', () => {
    const lean = hello.bytes;
    assert.throws(() => snapshot({ module: plain.bytes, lean }), /lean is of another module/);
  });

  it('of what is no module', () => {
    assert.throws(() => snapshot({ module: Buffer.from('no module') }), WebAssembly.CompileError);
  });
});

// A worker that was configured where its bundle was made, beside one that reads its configuration
// when it starts.

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';

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

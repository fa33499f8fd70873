/**
 * That the instructions counted are those executed (benches/counts/instructions.js).
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import binaryen from 'binaryen';
import { Counter, counting } from '../benches/counts/instructions.js';

/**
 * The exports of a module that counts, and its counter.
 *
 * @param {string} text
 * @param {Record<string, () => void>} [host]
 */
function start(text, host = {}) {
  const written = binaryen.parseText(text);
  const module = new WebAssembly.Module(counting(written.emitBinary()));
  written.dispose();
  const counter = new Counter();
  const { exports } = new WebAssembly.Instance(module, { host, ...counter.imports });
  return { counter, exports: /** @type {any} */ (exports) };
}

describe('instructions counted', () => {
  it('each time round a loop', async () => {
    const { counter, exports } = start(`(module
      (func (export "sum") (param $n i32) (result i32) (local $sum i32)
        loop $again
          local.get $sum  local.get $n  i32.add  local.set $sum
          local.get $n  i32.const 1  i32.sub  local.tee $n
          br_if $again
        end
        local.get $sum))`);
    for (const n of [1, 10, 1_000]) {
      const count = await counter.count(async () => {
        assert.equal(exports.sum(n), (n * (n + 1)) / 2);
      });
      assert.equal(count, 9 * n + 1);
    }
  });

  it('those of the branch taken only', async () => {
    const { counter, exports } = start(`(module
      (func (export "pick") (param $one i32) (result i32)
        local.get $one
        if (result i32)
          i32.const 7
        else
          local.get $one  i32.const 3  i32.add  i32.popcnt
        end))`);
    assert.equal(await counter.count(async () => assert.equal(exports.pick(1), 7)), 3);
    assert.equal(await counter.count(async () => assert.equal(exports.pick(0), 2)), 6);
  });

  it('none after a branch or a return', async () => {
    const { counter, exports } = start(`(module
      (func (export "leave") (param $how i32)
        block $out
          block $near
            local.get $how
            br_table $near $out
          end
          local.get $how  drop
          return
        end
        local.get $how  drop  local.get $how  drop))`);
    assert.equal(await counter.count(async () => exports.leave(0)), 2 + 3);
    assert.equal(await counter.count(async () => exports.leave(1)), 2 + 4);
  });

  it('those of functions called, and a call of the host as one', async () => {
    let calls = 0;
    const { counter, exports } = start(
      `(module
        (import "host" "note" (func $note))
        (func $inner (param i32) (result i32) local.get 0  i32.const 2  i32.mul)
        (func (export "outer") (result i32) call $note  i32.const 4  call $inner))`,
      { note: () => void (calls += 1) },
    );
    assert.equal(await counter.count(async () => assert.equal(exports.outer(), 8)), 6);
    assert.equal(calls, 1);
  });

  it('of nothing run, none', async () => {
    const { counter } = start('(module (func (export "idle") nop))');
    assert.equal(await counter.count(async () => {}), 0);
  });
});

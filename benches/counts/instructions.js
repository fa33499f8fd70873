/**
 * Counts the WebAssembly instructions that a module executes: for the same input the same number, on
 * any machine.
 *
 *   const counter = new Counter();
 *   const instance = new WebAssembly.Instance(new WebAssembly.Module(counting(bytes)), {
 *     ...imports,
 *     ...counter.imports,
 *   });
 *
 * Every instruction counts one, `memory.copy` of any length too; `block`, `loop`, `else`, `end` and
 * `nop` count nothing, since they only give the code its shape. What the host's functions do is not
 * counted.
 */
import binaryen from 'binaryen';

import { FEATURES } from '../../scripts/features.js';

/** What a counting module imports beside what it did. */
export class Counter {
  /** Node's types lack it. @type {{ value: bigint }} */
  #instructions = new /** @type {any} */ (WebAssembly).Global({ value: 'i64', mutable: true }, 0n);
  imports = { counter: { instructions: this.#instructions } };

  /** @param {() => Promise<unknown>} run */
  async count(run) {
    const before = this.#instructions.value;
    await run();
    return Number(this.#instructions.value - before);
  }
}

/**
 * A module that does what another does, and counts. Memory, data and the function table stay.
 *
 * @param {Uint8Array} bytes
 */
export function counting(bytes) {
  const module = binaryen.readBinary(bytes);
  module.setFeatures(FEATURES);
  const written = binaryen.parseText(countingText(module.emitStackIR()));
  written.setFeatures(FEATURES);
  const made = written.emitBinary();
  module.dispose();
  written.dispose();
  return made;
}

const COUNTER = ' (import "counter" "instructions" (global $counter (mut i64)))';

const add = (/** @type {number} */ count) =>
  `global.get $counter i64.const ${count} i64.add global.set $counter`;

/** Where other code than the next line may go on, or come here from. */
const ENDS_A_RUN = new Set([
  'br', 'br_if', 'br_table', 'else', 'end', 'if', 'loop', 'return', 'unreachable',
]);

const SHAPES_ONLY = new Set(['block', 'else', 'end', 'loop', 'nop']);

/**
 * Where instructions always run one after another, their number is added before the first.
 *
 * @param {string} text  with an instruction a line, as Binaryen writes its stack IR
 */
function countingText(text) {
  const lines = ['(module', COUNTER];
  /** @type {string[]} */
  let run = [];
  let count = 0;
  const endRun = () => {
    if (count > 0) lines.push(add(count));
    lines.push(...run);
    [run, count] = [[], 0];
  };
  for (const line of text.split('\n').slice(1)) {
    const [instruction] = /^ *[a-z][\w.]*/.exec(line) ?? [];
    if (instruction === undefined) {
      // Outside a function, its parameters and locals, or its end.
      endRun();
      lines.push(line);
      continue;
    }
    run.push(line);
    const name = instruction.trim();
    if (!SHAPES_ONLY.has(name)) count += 1;
    if (ENDS_A_RUN.has(name)) endRun();
  }
  return lines.join('\n');
}

/**
 * A bundle whose WebAssembly ends by a trap: 500 for the event, and an instance that answers the
 * next one as if nothing had been. How the worker does it is in tests/worker/traps.test.js.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { imports } from '../../js/handler/handler.mjs';
import { Edge, bearer, load, token } from '../edge.js';
import { isSound } from './events.js';

/** @type {import('../edge.js').Loaded} */
let loaded;
/** @type {(() => void)[]} */
const ends = [];
after(() => ends.forEach((end) => end()));
before(async () => {
  loaded = await load({ after: (end) => void ends.push(end) });
});

/**
 * What befalls an instance while a signature is verified, by name.
 *
 * @type {[string, (memory: Buffer) => number][]}
 */
const ACCIDENTS = [
  [
    'the host throws',
    () => {
      throw new Error('no memory left');
    },
  ],
  ['its memory is all ones', (memory) => (memory.fill(0xff), 1)],
];

describe('after a trap', () => {
  for (const [what, accident] of ACCIDENTS) {
    it(`any-event/after-a-trap, secrets/log-line: ${what}: 500, then all is well`, async () => {
      let isDue = false;
      const edge = new Edge(loaded, {
        imports: (memory) => {
          const { nearhop, ...glue } = imports(memory);
          const verify = (/** @type {unknown[]} */ ...given) => {
            if (!isDue) return Reflect.apply(nearhop.verify_rs256, undefined, given);
            isDue = false;
            return accident(memory());
          };
          return { ...glue, nearhop: { ...nearhop, verify_rs256: verify } };
        },
      });
      assert.equal(await edge.ask(token('access')), '/api/hello');
      for (const name of ['access-second-user', 'access-two', 'access-second-user']) {
        isDue = true;
        const answer = await edge.handle(bearer(token(name)));
        isSound(answer, what);
        assert.equal(answer.status, '500');
        assert.equal(isDue, false, 'it did befall');
        assert.match(edge.lines.at(-1) ?? '', /^cloudfront-worker: /);
        assert.equal(await edge.ask(token(name)), '/api/hello');
        assert.equal(await edge.ask(token('exp-past')), 'token_expired');
      }
      assert.doesNotMatch(edge.lines.join('\n'), /eyJ/, 'no token is logged');
    });
  }
});

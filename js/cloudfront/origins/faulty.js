/**
 * Faults on command, as they look from CloudFront.
 */
import { Readable, Transform, pipeline } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { OriginFailure, tooSlow } from './failure.js';

/**
 * @typedef {import('./reply.js').Reply} Reply
 *
 * @typedef {object} Fault what happens to every attempt of one fetch: the origin refuses the
 *   connection; accepts it and says nothing; answers later; or breaks off within its answer
 * @property {'kill'|'hang'|'slow'|'reset'} kind
 * @property {number} [ms] how much later
 */

/**
 * An attempt under a fault.
 *
 * @param {Fault | undefined} fault
 * @param {() => Promise<Reply>} attempt
 * @param {{ name: string, readTimeout: number, signal: AbortSignal }} facts the origin's domain
 *   name, its response timeout in seconds, and what ends the fetch
 * @returns {Promise<Reply>}
 * @throws {OriginFailure}
 */
export async function faulty(fault, attempt, { name, readTimeout, signal }) {
  if (fault?.kind === 'kill') {
    const facts = { rule: 'F6', found: name };
    throw new OriginFailure('connect', 'The origin refuses connections, by a fault.', facts);
  }
  if (fault?.kind === 'hang' || fault?.kind === 'slow') {
    const most = readTimeout * 1_000;
    const ms = fault.kind === 'hang' ? most : Math.min(fault.ms ?? 0, most);
    await paused(ms, signal);
    if (ms === most) throw tooSlow(name, readTimeout);
  }
  const reply = await attempt();
  return fault?.kind === 'reset' ? brokenOff(reply, name) : reply;
}

/**
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 * @throws the signal's reason
 */
export async function paused(ms, signal) {
  if (ms <= 0) return;
  await pause(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
}

/**
 * The same head, and a body that breaks after its first packet. Without a body, the connection
 * breaks before the head.
 *
 * @param {Reply} reply
 * @param {string} name
 * @returns {Reply}
 */
function brokenOff(reply, name) {
  const facts = { found: name };
  if (reply.body === null) {
    throw new OriginFailure('reset', 'The origin broke the connection, by a fault.', facts);
  }
  const message = 'The origin broke the connection within its answer, by a fault.';
  const failure = new OriginFailure('reset', message, facts);
  const breaking = new Transform({
    transform(chunk, _encoding, done) {
      this.push(chunk.subarray(0, Math.ceil(chunk.length / 2)));
      setImmediate(done, failure);
    },
    flush: (done) => done(failure),
  });
  const whole = Buffer.isBuffer(reply.body) ? Readable.from([reply.body]) : reply.body;
  pipeline(whole, breaking, () => {});
  return { ...reply, body: breaking };
}

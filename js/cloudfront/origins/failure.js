/**
 * What CloudFront says when it gets no answer from an origin.
 */
import { CloudFrontError } from '../error.js';

/**
 * Why there is no answer: the name leads nowhere, there is no connection, the answer takes too
 * long, the connection broke, or what came is no HTTP answer.
 *
 * @typedef {'resolve'|'connect'|'timeout'|'reset'|'invalid'} FailureKind
 */

/**
 * What the viewer gets. The guide ("HTTP 502/504 status code") puts an origin that rejects
 * connections, names that do not resolve, and invalid answers under 502, and silence of any length
 * under 504. A connection that breaks before the head is 502 by analogy: unverified.
 *
 * @type {Record<FailureKind, number>}
 */
const STATUS = { resolve: 502, connect: 502, timeout: 504, reset: 502, invalid: 502 };

export class OriginFailure extends CloudFrontError {
  /** Attempts it took to fail (rule F6); 0 if none was made. */
  attempts = 0;

  /**
   * @param {FailureKind} kind
   * @param {string} message
   * @param {{ status?: number, rule?: string, found?: string, allowed?: string, cause?: unknown }}
   *   [facts] `status` where it is not the one of the kind
   */
  constructor(kind, message, facts = {}) {
    super(facts.status ?? STATUS[kind], 'Error', message, facts);
    this.name = 'OriginFailure';
    this.kind = kind;
  }
}

/**
 * @param {string} name the origin's domain name
 * @param {number} seconds the response timeout
 */
export function tooSlow(name, seconds) {
  const message = `The origin did not answer within ${seconds} s, its response timeout.`;
  return new OriginFailure('timeout', message, { rule: 'F6', found: name });
}

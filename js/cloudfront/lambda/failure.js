/**
 * An invocation without an answer (rule F1).
 */
import { CloudFrontError } from '../error.js';

/**
 * Its message is for the viewer too and holds nothing of the function's own words; those are in
 * `cause` and `logs`, for the function's developer.
 */
export class FunctionFailure extends CloudFrontError {
  /** @type {string[]} lines written meanwhile */
  logs = [];
  /** @type {number} milliseconds from the event sent; 0 if none was */
  ms = 0;
  /** @type {number | undefined} as an Invocation's */
  initMs;
  /** @type {string | undefined} as an Invocation's; undefined if no environment was involved */
  instance;
  /** @type {number | undefined} as an Invocation's */
  memoryMb;

  /**
   * @param {'LambdaExecutionError'|'LambdaLimitExceeded'} reason
   * @param {string} message
   * @param {string} [cause] what the function said, or how its process ended
   */
  constructor(reason, message, cause) {
    super(503, reason, message, { rule: 'F1', cause });
    this.name = 'FunctionFailure';
  }
}

/**
 * @param {string} message
 * @param {string} [cause]
 * @returns {FunctionFailure} 503 `LambdaExecutionError`
 */
export function failure(message, cause) {
  return new FunctionFailure('LambdaExecutionError', message, cause);
}

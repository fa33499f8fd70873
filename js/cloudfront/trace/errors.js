/**
 * What a trace says of what went wrong.
 */
import { CloudFrontError } from '../error.js';

/**
 * @typedef {import('./redact.js').Redactor} Redactor
 */

/**
 * @param {unknown} error
 * @param {Redactor} redactor
 * @returns {import('./record.js').TraceError}
 */
export function errorOf(error, redactor) {
  const told = error instanceof CloudFrontError ? error : undefined;
  const cause = told ? told.cause : error;
  const text = (/** @type {unknown} */ value) =>
    value === undefined ? null : redactor.text(String(value));
  return {
    status: told?.status ?? null,
    reason: told?.reason ?? 'Error',
    message: redactor.text(told?.message ?? 'An error within the local CloudFront.'),
    rule: told?.rule ?? null,
    at: text(told?.at),
    found: text(told?.found),
    allowed: text(told?.allowed),
    cause: text(cause instanceof Error ? (cause.stack ?? cause) : cause),
  };
}

/**
 * @param {unknown} failure an `OriginFailure`
 * @param {Redactor} redactor
 * @returns {{ kind: string, message: string }}
 */
export function failureOf(failure, redactor) {
  const { kind = 'failure', message = String(failure) } =
    /** @type {{ kind?: string, message?: string }} */ (failure);
  return { kind, message: redactor.text(message) };
}

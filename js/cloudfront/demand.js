/**
 * Demands on what a function returns.
 */
import { CloudFrontError } from './error.js';

/**
 * Throws unless the condition holds.
 *
 * @param {unknown} condition
 * @param {string} rule id of the Lambda@Edge rule that asks for it
 * @param {string} at where: `request.headers.host`
 * @param {string} found what was there; of a header, never its value
 * @param {string} allowed what may be there
 * @returns {asserts condition}
 */
export function demand(condition, rule, at, found, allowed) {
  if (condition) return;
  const message = 'The function returned what CloudFront does not accept.';
  throw new CloudFrontError(502, 'LambdaValidationError', message, { rule, at, found, allowed });
}

/**
 * @param {unknown} value
 * @returns {string} what kind of value it is, never the value
 */
export function describe(value) {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? 'other text' : `a ${typeof value}`;
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
export function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

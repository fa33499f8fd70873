/**
 * Tests of faults: one change each to a template that is right.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TemplateError, readTemplate } from '../../../js/cloudfront/template/read.js';
import { site } from './site.js';

/** @typedef {import('./site.js').Parts} Parts */

/**
 * @typedef {object} Fault
 * @property {string} [rule] id; none of what CloudFront itself demands of a distribution
 * @property {string} name
 * @property {(parts: Parts) => unknown} change
 * @property {string} at end of the key path
 * @property {string} found part of it
 * @property {string} [allowed] part of it
 */

/**
 * @param {string} title
 * @param {Fault[]} faults
 */
export function describeFaults(title, faults) {
  describe(title, () => {
    for (const { rule, name, change, at, found, allowed = '' } of faults) {
      it(rule ? `${rule}: ${name}` : `demands ${name}`, async () => {
        const error = await errorOf(change);
        assert.equal(error.rule, rule);
        assert.ok(error.at.endsWith(at), `${error.at} ends with ${at}`);
        assert.ok(error.found.includes(found), `${error.found} includes ${found}`);
        assert.ok(error.allowed.includes(allowed), `${error.allowed} includes ${allowed}`);
        const start = `template: ${error.at}: found ${error.found}; allowed: ${error.allowed}`;
        assert.ok(error.message.startsWith(start), error.message);
      });
    }
  });
}

/**
 * @param {(parts: Parts) => unknown} change
 * @returns {Promise<TemplateError>} that of the changed template
 */
export async function errorOf(change) {
  const parts = site();
  change(parts);
  return thrownBy(readTemplate(parts.template));
}

/**
 * @param {Promise<unknown>} reading
 * @returns {Promise<TemplateError>}
 */
export async function thrownBy(reading) {
  const error = await reading.then(
    () => assert.fail('the template was taken'),
    (thrown) => thrown,
  );
  assert.ok(error instanceof TemplateError, error.stack);
  return error;
}

/**
 * Good templates, and what is said of them once they are broken.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkTemplate } from '../../infra/checks/index.js';

/**
 * Breaks a good template in one way.
 *
 * @typedef {[name: string, change: (template: any) => void, said: RegExp]} Mistake
 */

/**
 * A test for each mistake: the check says it.
 *
 * @param {any} good template
 * @param {Mistake[]} mistakes
 */
export function finds(good, mistakes) {
  for (const [name, change, said] of mistakes) {
    test(name, () => {
      const template = structuredClone(good);
      change(template);
      const messages = checkTemplate(template).map(({ message }) => message);
      assert.ok(
        messages.some((message) => said.test(message)),
        `${said} is not among:\n${messages.join('\n') || 'nothing'}`,
      );
    });
  }
}

/**
 * @param {any} template
 * @param {string} type
 * @param {(logicalId: string) => boolean} [which]
 * @returns {any} the properties of the first such resource
 */
export function one({ Resources }, type, which = () => true) {
  const [, resource] = /** @type {[string, any][]} */ (Object.entries(Resources)).find(
    ([logicalId, { Type }]) => Type === type && which(logicalId),
  ) ?? ['', undefined];
  assert.ok(resource, `no ${type}`);
  return resource.Properties;
}

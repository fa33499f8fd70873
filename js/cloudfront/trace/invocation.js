/**
 * What a trace says of one invocation: what was sent, what came back, what changed.
 */
import { isObject } from '../validate/demand.js';
import { diff } from './diff.js';

/**
 * @typedef {import('./record.js').FunctionStep} FunctionStep
 */

/**
 * @param {{ sent: any, returned: unknown }} raw
 * @param {{ sent: any, returned: unknown }} shown
 * @returns {Pick<FunctionStep, 'result'|'changes'>}
 */
export function changesOf({ sent, returned }, shown) {
  if (!isObject(sent) || !isObject(returned)) return { result: null, changes: [] };
  const part = sent.response !== undefined ? 'response' : 'request';
  const isGenerated = part === 'request' && returned.status !== undefined;
  const before = isGenerated ? {} : sent[part];
  return {
    result: isGenerated ? 'generated' : part,
    changes: diff(before, returned, {
      before: isGenerated ? {} : shown.sent[part],
      after: shown.returned,
    }),
  };
}

/**
 * @param {any} event
 * @returns {unknown} its `request` and `response`
 */
export function partsOf(event) {
  const { config: _, ...parts } = event?.Records?.[0]?.cf ?? event ?? {};
  return event === undefined ? undefined : parts;
}

/**
 * @param {string} skipped `<rule>: <why>` or just why
 * @returns {{ rule: string | null, why: string }}
 */
export function reasonOf(skipped) {
  const [, rule = null, why] = /^(?:([A-Z]\d+): )?(.*)$/s.exec(skipped) ?? [];
  return { rule, why };
}

/** @param {Record<string, unknown> | undefined} response made by a function */
export function textOf(response) {
  return response?.bodyEncoding === 'base64' ? undefined : /** @type {any} */ (response?.body);
}

/**
 * What came of a call, in words.
 */
import { problemOf } from '/call.js';
import { meaning } from '/reasons.js';

/** @param {import('./call.js').Answer} answer @returns {string} why it was answered where it was */
export function whyOf(answer) {
  const { ok, edge, region, reason, status, code } = answer;
  if (!ok && !region) return problemOf(answer);
  const said = [
    region && `${region}: ${meaning(reason)}`,
    edge && `edge ${edge}`,
    !ok && [status, code].filter(Boolean).join(' '),
  ];
  return said.filter(Boolean).join(' · ') || 'Answered without the API.';
}

/**
 * @param {import('./call.js').Answer} answer
 * @returns {string} all of it in a sentence, for those who do not see the map
 */
export function storyOf(answer) {
  const { ok, edge, region, ms, status } = answer;
  const outcome = ok ? `in ${ms.toFixed(0)} ms` : `not as asked${status ? `: ${status}` : ''}`;
  const where = [edge && `from edge ${edge}`, region && `to ${region}`].filter(Boolean).join(' ');
  return `Call ${where} answered ${outcome}. ${whyOf(answer)}`;
}

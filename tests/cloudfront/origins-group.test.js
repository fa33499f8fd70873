/**
 * When an origin group fails over.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OriginFailure } from '../../js/cloudfront/origins/failure.js';
import { failsOver } from '../../js/cloudfront/origins/group.js';

const CHOICES = [400, 403, 404, 416, 429, 500, 502, 503, 504];
const group = (/** @type {number[]} */ ...statuses) => ({ statuses });

describe('an origin group', () => {
  it('F3: fails over on the statuses chosen, and on no other', () => {
    for (const status of [200, 301, 304, ...CHOICES]) {
      assert.equal(failsOver(group(404, 500), 'GET', { status }), [404, 500].includes(status));
      assert.equal(failsOver(group(), 'GET', { status }), false);
    }
  });

  it('F3: fails over for GET, HEAD and OPTIONS only', () => {
    const fails = (/** @type {string} */ method) =>
      failsOver(group(...CHOICES), method, { status: 503 }, ['GET', 'HEAD', 'OPTIONS']);
    assert.deepEqual(
      ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'].filter(fails),
      ['GET', 'HEAD', 'OPTIONS'],
    );
  });

  it('F3: does not for OPTIONS unless it is a cached method', () => {
    assert.equal(failsOver(group(503), 'OPTIONS', { status: 503 }), false);
    assert.equal(failsOver(group(503), 'OPTIONS', { status: 503 }, ['GET', 'HEAD']), false);
  });

  /** @type {[import('../../js/cloudfront/origins/failure.js').FailureKind, number[]][]} */
  const FAILURES = [
    ['connect', [503]],
    ['timeout', [504]],
    ['resolve', []],
    ['reset', []],
    ['invalid', []],
  ];
  for (const [kind, statuses] of FAILURES) {
    const when = statuses.length > 0 ? `if ${statuses} is chosen` : 'never';
    it(`F3: fails over on the failure "${kind}" ${when}`, () => {
      const failure = new OriginFailure(kind, 'no answer');
      const fails = (/** @type {number} */ status) => failsOver(group(status), 'GET', { failure });
      assert.deepEqual(CHOICES.filter(fails), statuses);
    });
  }
});

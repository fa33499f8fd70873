/**
 * Which cache behavior a path gets.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chooseBehavior } from '../../js/cloudfront/behaviors.js';

const BEHAVIORS = [
  { pattern: '/api/*', target: 'api' },
  { pattern: 'img/?.png', target: 'img' },
  { pattern: '*.jpg', target: 'img' },
  { pattern: '/a[1].txt', target: 'odd' },
  { pattern: '*', target: 'site' },
];

/** @type {[path: string, target: string][]} */
const CASES = [
  ['/api/hello', 'api'],
  ['/api/', 'api'],
  ['/api', 'site'],
  ['/apix', 'site'],
  ['/API/hello', 'site'],
  ['//api//hello', 'api'],
  ['/x/../api/hello', 'api'],
  ['/./api/hello', 'api'],
  ['/%61pi/hello', 'api'],
  ['/x/%2e%2e/api/hello', 'api'],
  ['/api/../index.html', 'site'],
  ['/api/..', 'site'],
  ['/../../api/x', 'api'],
  ['/x%2fapi/hello', 'site'],
  ['/img/a.png', 'img'],
  ['/img/ab.png', 'site'],
  ['/img/aXpng', 'site'],
  ['/x/y/z.jpg', 'img'],
  ['/z.jpg/', 'site'],
  ['/a[1].txt', 'odd'],
  ['/a1.txt', 'site'],
  ['/', 'site'],
  ['/a\u0000b', 'site'],
];

describe('the behavior of a path', () => {
  for (const [path, target] of CASES) {
    it(`W2: ${JSON.stringify(path)} goes to ${target}`, () => {
      assert.equal(chooseBehavior(BEHAVIORS, path).target, target);
    });
  }

  it('is the first whose pattern matches', () => {
    assert.equal(chooseBehavior(BEHAVIORS, '/api/a.jpg').target, 'api');
  });

  it('cannot be missing', () => {
    assert.throws(() => chooseBehavior([{ pattern: '/api/*' }], '/'), TypeError);
  });
});

/**
 * Faults on command: which origin or function they meet, how often, how long.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Faults } from '../../js/cloudfront/faults/faults.js';

const API = 'abc.execute-api.eu-west-1.amazonaws.com';

/** @param {Record<string, unknown>} wanted */
function withOrigin(name = API, wanted = {}) {
  const faults = new Faults();
  faults.set('origin', name, wanted);
  return faults;
}

describe('a fault of an origin', () => {
  it('is known by domain name, id, Region or *', () => {
    for (const name of [API, 'api', 'eu-west-1', '*']) {
      const faults = withOrigin(name, { fault: 'kill' });
      assert.deepEqual(faults.origin(API, 'api'), { kind: 'kill' }, name);
    }
    for (const name of ['other', 'eu-west-2', 'eu-west', 'amazonaws.com']) {
      assert.equal(withOrigin(name, { fault: 'kill' }).origin(API, 'api'), undefined, name);
    }
  });

  it('of a Region is that of every origin in it and of none elsewhere', () => {
    const faults = withOrigin('eu-west-1', { fault: 'reset' });
    for (const name of [API, 'bucket.s3.eu-west-1.amazonaws.com', 'api.eu-west-1.example.test']) {
      assert.deepEqual(faults.origin(name), { kind: 'reset' }, name);
    }
    for (const name of [API.replace('eu-west-1', 'us-east-1'), 'api.example.test']) {
      assert.equal(faults.origin(name), undefined, name);
    }
  });

  it('meets as many requests as it was told', () => {
    const faults = withOrigin(API, { fault: 'kill', times: 2 });
    assert.equal(faults.origin('other.test'), undefined);
    assert.deepEqual(faults.list(), [{ on: 'origin', name: API, fault: 'kill', times: 2 }]);
    const met = [1, 2, 3].map(() => faults.origin(API)?.kind);
    assert.deepEqual(met, ['kill', 'kill', undefined]);
    assert.deepEqual(faults.list(), []);
  });

  it('lasts as long as it was told', () => {
    let now = 1_000;
    const faults = new Faults({ now: () => now });
    faults.set('origin', API, { fault: 'hang', for_ms: 500 });
    assert.deepEqual(faults.list(), [{ on: 'origin', name: API, fault: 'hang', until: 1_500 }]);
    now = 1_499;
    assert.deepEqual(faults.origin(API), { kind: 'hang' });
    now = 1_500;
    assert.equal(faults.origin(API), undefined);
    assert.deepEqual(faults.list(), []);
  });

  it('says how slow', () => {
    const faults = withOrigin(API, { fault: 'slow', ms: 300 });
    assert.deepEqual(faults.origin(API), { kind: 'slow', ms: 300 });
  });

  it('takes the place of the one before; of several that fit the last one acts', () => {
    const faults = withOrigin(API, { fault: 'kill' });
    faults.set('origin', API, { fault: 'hang' });
    assert.equal(faults.list().length, 1);
    faults.set('origin', '*', { fault: 'reset', times: 1 });
    assert.deepEqual(
      [1, 2].map(() => faults.origin(API)?.kind),
      ['reset', 'hang'],
    );
  });

  it('ends by name, or all do, and the clock stays', () => {
    const faults = withOrigin(API, { fault: 'kill' });
    faults.set('origin', 'b.test', { fault: 'kill' });
    faults.set('function', API, { fault: 'trap' });
    faults.clockSkewMs = 5;
    assert.equal(faults.clear('origin', API), 1);
    assert.equal(faults.origin(API), undefined);
    assert.deepEqual(faults.origin('b.test'), { kind: 'kill' });
    assert.equal(faults.clear(), 2);
    assert.equal(faults.invocation(API, 'eu-west-1', 'viewer-request'), undefined);
    assert.equal(faults.clockSkewMs, 5);
  });

  it('cannot be changed through what is listed', () => {
    const faults = withOrigin(API, { fault: 'kill', times: 1 });
    faults.list()[0].times = 7;
    faults.origin(API);
    assert.equal(faults.origin(API), undefined);
  });
});

describe('a fault of a function', () => {
  const EDGE = 'eu-central-1';

  it('is of one function or all, one trigger or all, one edge Region or all', () => {
    /** @type {[string, object, boolean][]} */
    const cases = [
      ['edge', {}, true],
      ['*', {}, true],
      ['other', {}, false],
      ['edge', { trigger: 'origin-request' }, true],
      ['edge', { trigger: 'viewer-request' }, false],
      ['edge', { region: EDGE }, true],
      ['edge', { region: 'us-east-1' }, false],
      ['*', { region: EDGE, trigger: 'origin-request' }, true],
      ['*', { region: EDGE, trigger: 'origin-response' }, false],
    ];
    for (const [name, wanted, meets] of cases) {
      const faults = new Faults();
      faults.set('function', name, { fault: 'throttle', ...wanted });
      const met = faults.invocation('edge', EDGE, 'origin-request');
      assert.deepEqual(
        met,
        meets ? { kind: 'throttle' } : undefined,
        `${name} ${JSON.stringify(wanted)}`,
      );
    }
  });

  it('may be set for several triggers and Regions at once', () => {
    const faults = new Faults();
    faults.set('function', 'edge', { fault: 'throttle', region: EDGE });
    faults.set('function', 'edge', { fault: 'trap', trigger: 'viewer-request' });
    faults.set('function', 'edge', { fault: 'crash', trigger: 'viewer-request' });
    assert.deepEqual(
      faults.list().map(({ fault }) => fault),
      ['crash', 'throttle'],
    );
    assert.equal(faults.clear('function', 'edge'), 2);
  });

  it('that skips is not an invocation, and the other way round', () => {
    const faults = new Faults();
    faults.set('function', 'edge', { fault: 'skip', trigger: 'origin-response', times: 1 });
    assert.equal(faults.invocation('edge', EDGE, 'origin-response'), undefined);
    assert.equal(faults.skips('edge', EDGE, 'origin-request'), false);
    assert.equal(faults.skips('edge', EDGE, 'origin-response'), true);
    assert.equal(faults.skips('edge', EDGE, 'origin-response'), false);
    faults.set('function', 'edge', { fault: 'trap' });
    assert.equal(faults.skips('edge', EDGE, 'origin-response'), false);
  });

  it('is never that of an origin of the same name', () => {
    const faults = withOrigin('edge', { fault: 'hang' });
    assert.equal(faults.invocation('edge', EDGE, 'origin-request'), undefined);
    faults.set('function', 'api', { fault: 'hang' });
    assert.equal(faults.origin(API, 'api'), undefined);
  });
});

describe('wrong input', () => {
  /** @type {['origin'|'function', string, unknown, RegExp][]} */
  const cases = [
    [
      'origin',
      'a',
      { fault: 'die' },
      /^fault: found "die", allowed: "kill", "hang", "slow", "reset"$/,
    ],
    ['origin', 'a', {}, /^fault: found nothing/],
    ['origin', 'a', { fault: 'throttle' }, /^fault: found "throttle"/],
    ['origin', 'a', { fault: 'slow' }, /^ms: found nothing, allowed: a whole number/],
    ['origin', 'a', { fault: 'slow', ms: 0.5 }, /^ms: found 0\.5/],
    ['origin', 'a', { fault: 'kill', ms: 5 }, /^ms: .* only with "slow"/],
    ['origin', 'a', { fault: 'kill', times: 0 }, /^times: found 0/],
    ['origin', 'a', { fault: 'kill', times: '3' }, /^times: found "3"/],
    ['origin', 'a', { fault: 'kill', for_ms: -1 }, /^for_ms: found -1/],
    ['origin', 'a', { fault: 'kill', trigger: 'origin-request' }, /^body: found the key "trigger"/],
    ['origin', '', { fault: 'kill' }, /^name: found ""/],
    ['origin', 'a b', { fault: 'kill' }, /^name: found "a b"/],
    ['origin', 'x'.repeat(300), { fault: 'kill' }, /^name: found "x{59}…/],
    ['origin', 'a', null, /^body: found null, allowed: a JSON object/],
    ['origin', 'a', [], /^body: found an empty array/],
    ['function', 'f', { fault: 'kill' }, /^fault: found "kill", allowed: "throttle", "trap"/],
    [
      'function',
      'f',
      { fault: 'trap', trigger: 'viewer-requests' },
      /^trigger: .*"viewer-request"/,
    ],
    ['function', 'f', { fault: 'trap', region: 'Ireland' }, /^region: found "Ireland"/],
    ['function', 'f', { fault: 'trap', ms: 1 }, /^body: found the key "ms"/],
  ];
  for (const [on, name, wanted, message] of cases) {
    it(`for ${on} ${name.slice(0, 9)}: ${JSON.stringify(wanted)}`, () => {
      const faults = new Faults();
      assert.throws(() => faults.set(on, name, wanted), { name: 'WrongInput', message });
      assert.deepEqual(faults.list(), []);
    });
  }
});

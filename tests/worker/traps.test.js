// After a trap, however it came about: 500 for its event, and a worker that starts afresh.

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';

import { buildPlain, buildUnruly, eventOf, requestFor, start } from './load.js';

/** @type {import('./load.js').Built} */
let unruly;
/** @type {ReturnType<typeof start>} */
let handle;
before(async () => {
  unruly = await buildUnruly();
});

/** @param {string} target */
async function body(target) {
  return (await handle(requestFor(target))).result.body;
}

describe('a trap', () => {
  for (const [target, why] of /** @type {[string, RegExp][]} */ ([
    ['/trap/panic', /trap: /],
    ['/trap/overflow', /stack|memory access out of bounds/],
    ['/trap/exhaust', /trap: /],
    ['/host/throw', /thrown by the host/],
  ])) {
    it(`any-event/after-a-trap: ${target}: 500, the next event handled, nothing remembered`, async () => {
      handle = start(unruly);
      assert.equal(await body('/count'), '1');
      assert.equal(await body('/count'), '2');
      for (let round = 0; round < 3; round += 1) {
        const { result, log } = await handle(requestFor(target));
        internalError(result);
        assert.equal(log.length, 1);
        assert.match(log[0], /^cloudfront-worker: /);
        assert.match(log[0], why);
        assert.equal(await body('/count'), '1');
      }
    });
  }

  it('any-event/after-a-trap: at any other trigger', async () => {
    handle = start(unruly);
    for (const trigger of ['origin-request', 'origin-response', 'viewer-response']) {
      const event = eventOf(trigger, (cf) => (cf.request.uri = '/trap/panic'));
      internalError((await handle(event)).result);
      assert.equal(await body('/count'), '1');
    }
  });

  it('leaves the glue of wasm-bindgen with the memory of the new instance', async () => {
    handle = start(unruly);
    assert.equal(await body('/host/glue?1234'), '1234');
    internalError((await handle(requestFor('/trap/panic'))).result);
    assert.equal(await body('/host/glue?987654321'), '987654321');
  });

  it('leaves imported functions with the memory of the new instance', async () => {
    handle = start(unruly);
    assert.equal(await body('/host/fill'), 'xxxxxxxx');
    internalError((await handle(requestFor('/trap/panic'))).result);
    assert.equal(await body('/host/fill'), 'xxxxxxxx');
  });

  it('any-event/after-a-trap: of one event is not that of those it runs beside', async () => {
    handle = start(unruly);
    const targets = ['/count', '/trap/panic', '/count', '/trap/overflow', '/count'];
    const all = await Promise.all(targets.map((target) => handle(requestFor(target))));
    assert.deepEqual(
      all.map(({ result }) => result.status),
      ['200', '500', '200', '500', '200'],
    );
  });
});

describe('a worker that cannot start', () => {
  it('throws where the handler is made, with the reason', () => {
    const config = Buffer.from('refuse');
    assert.throws(() => start(unruly, { config }), /cannot start: refused, as asked$/);
  });

  it('throws without a reason too', () => {
    const config = Buffer.from('refuse silently');
    assert.throws(() => start(unruly, { config }), /cannot start: it gives no reason$/);
  });

  it('throws when it panics', () => {
    for (const config of ['panic', 'panic at start'].map((text) => Buffer.from(text))) {
      assert.throws(() => start(unruly, { config }), WebAssembly.RuntimeError);
    }
  });

  it('throws without the functions it imports', () => {
    assert.throws(() => start({ ...unruly, imports: undefined }), /unruly/);
    assert.throws(() => start({ ...unruly, glue: undefined }), /unruly_bg\.js/);
  });

  it('after a trap: 500 until it can', async () => {
    const config = Buffer.from('accept');
    handle = start(unruly, { config });
    config.write('refuse');
    for (const target of ['/trap/panic', '/count', '/count']) {
      internalError((await handle(requestFor(target))).result);
    }
    const { log } = await handle(requestFor('/count'));
    assert.deepEqual(log, ['cloudfront-worker: the worker cannot start: refused, as asked']);
    config.write('accept');
    assert.equal(await body('/count'), '1');
  });
});

describe('a worker that cargo alone compiled', () => {
  it('needs no glue', async () => {
    const config = Buffer.from('Grüße\nan 東京\n');
    handle = start(await buildPlain(), { config });
    assert.equal(await body('/'), 'Grüße\nan 東京\n');
    const { result } = await handle(eventOf('origin-response'));
    assert.deepEqual(result, eventOf('origin-response').Records[0].cf.response);
  });
});

/** @param {any} result */
function internalError(result) {
  assert.deepEqual(result, {
    status: '500',
    statusDescription: 'Internal Server Error',
    headers: {
      'cache-control': [{ key: 'cache-control', value: 'no-store' }],
      'content-type': [{ key: 'content-type', value: 'text/plain; charset=utf-8' }],
    },
    body: 'Internal Server Error',
  });
}

/**
 * Whatever the event, the handler returns what CloudFront takes, and opens nothing that is shut.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Edge, baseEvent, load, read, token } from '../edge.js';
import { S3_ORIGIN } from '../events/origins.js';
import {
  OTHER_VALUES,
  TRIGGERS,
  broken,
  eventOf,
  isSound,
  places,
} from './events.js';

/** @type {import('../edge.js').Loaded} */
let loaded;
/** @type {(() => void)[]} */
const ends = [];
const suite = { after: (/** @type {() => void} */ end) => void ends.push(end) };
after(() => ends.forEach((end) => end()));
before(async () => {
  loaded = await load(suite);
});

describe('any event at all', () => {
  it('any-event/empty-object: that is none', async () => {
    const edge = new Edge(loaded);
    const { cf } = baseEvent('viewer-request').Records[0];
    const none = [undefined, null, 0, NaN, '', 'event', true, [], {}, () => {}, Symbol('event')];
    const records = [null, [], [null], [{}], [{ cf: null }], [{ cf: {} }], [[cf]], 'cf'];
    const events = [...none, ...records.map((Records) => ({ Records })), { records: [{ cf }] }];
    for (const [index, event] of events.entries()) {
      const answer = await edge.handle(event);
      isSound(answer, `event ${index}`);
      assert.equal(answer.status, '500');
    }
    assert.equal(await edge.ask(token('access')), '/api/hello', 'the next one works');
  });

  it('any-event/unknown-trigger: of an unknown trigger', async () => {
    const edge = new Edge(loaded);
    for (const trigger of ['', 'viewer', 'VIEWER-REQUEST', 'origin-request ', '__proto__', 'x\ny']) {
      const event = eventOf('viewer-request', { uri: '/' });
      event.Records[0].cf.config.eventType = trigger;
      const answer = await edge.handle(event);
      isSound(answer, trigger);
      assert.equal(answer.status, '500', trigger);
    }
  });

  for (const trigger of TRIGGERS) {
    it(`any-event/missing-fields, any-event/wrong-types: of ${trigger}, anywhere`, async () => {
      const edge = new Edge(loaded);
      const met = new Set();
      for (const uri of ['/api/hello', '/members/report.pdf']) {
        const whole = eventOf(trigger, { uri });
        for (const place of places(whole)) {
          for (const value of OTHER_VALUES) {
            const event = broken(whole, place, value);
            const where = `${place.join('.')}: ${String(JSON.stringify(value))}`;
            const answer = await edge.handle(event);
            const { config, request, response } = event.Records?.[0]?.cf ?? {};
            const goesOn = answer === request || answer === response;
            if (!goesOn) isSound(answer, where);
            // None of these makes a path open, or a token.
            if (goesOn) assert.match(config.eventType, /-response$/, `opened: ${where}`);
            met.add(goesOn ? 'goes on' : answer.status);
          }
        }
      }
      assert(met.has('500') && met.has(trigger.endsWith('-request') ? '401' : 'goes on'));
    });
  }

  it('any-event/10000-headers, header-spoofing/ours: with 10,000 headers', async () => {
    const edge = new Edge(loaded);
    for (const trigger of ['viewer-request', 'origin-request']) {
      /** @type {Record<string, string>} */
      const headers = {};
      for (let n = 0; n < 10_000; n += 1) headers[`x-field-${n}`] = `value ${n}`;
      for (let n = 0; n < 1_000; n += 1) headers[`x-nearhop-${n}`] = 'spoofed';
      const refused = await edge.handle(eventOf(trigger, { uri: '/api/hello', headers }));
      isSound(refused);
      assert.equal(refused.status, '401');
      headers.authorization = `Bearer ${token('access')}`;
      const { headers: seen } = await edge.handle(eventOf(trigger, { uri: '/api/hello', headers }));
      assert.equal(seen['x-field-9999'][0].value, 'value 9999');
      assert.equal(Object.keys(seen).filter((name) => name.startsWith('x-field-')).length, 10_000);
      assert.doesNotMatch(JSON.stringify(seen), /spoofed/);
    }
  });

  it('any-event/megabytes: with values of megabytes', async () => {
    const edge = new Edge(loaded);
    const large = 'a'.repeat(4_194_304);
    for (const request of [
      { uri: `/${large}` },
      { uri: '/api/hello', querystring: large },
      { uri: '/api/hello', method: large },
      { uri: '/api/hello', clientIp: large },
      { uri: '/api/hello', headers: { authorization: `Bearer ${large}` } },
      { uri: '/api/hello', headers: { cookie: `nearhop_access=${large}; `.repeat(2) } },
      { uri: '/api/hello', headers: { 'access-control-request-method': large, origin: large } },
    ]) {
      const answer = await edge.handle(eventOf('viewer-request', request));
      isSound(answer);
      assert.match(answer.status, /^(400|401|500)$/);
    }
    assert.equal(await edge.ask(token('access')), '/api/hello');
  });
});

/** What the site's answers get, unless the configuration says otherwise (docs/configuration.md). */
const SECURITY_HEADERS = {
  'strict-transport-security': 'max-age=63072000',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'strict-origin-when-cross-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
  'content-security-policy': "base-uri 'self'; object-src 'none'; frame-ancestors 'none'",
};

describe('what CloudFront sent', () => {
  it('comes back as it was, but for the edits (rule E10)', async () => {
    const edge = new Edge(loaded);
    for (const trigger of TRIGGERS) {
      const event = eventOf(trigger, { uri: '/app.js', futureField: { a: [1] } });
      const { cf } = event.Records[0];
      if (cf.request.origin) cf.request.origin = { s3: { ...S3_ORIGIN.s3, futureField: 'b' } };
      if (cf.response) cf.response.futureField = 'c';
      cf.request.headers['x-future'] = [{ key: 'X-Future', value: 'd', futureField: 'e' }];
      const { request, response } = structuredClone(cf);
      if (response) {
        for (const [key, value] of Object.entries(SECURITY_HEADERS)) {
          response.headers[key] = [{ key, value }];
        }
      }
      assert.deepEqual(await edge.handle(event), response ?? request, trigger);
    }
  });

  it('keeps its S3 origin where the site is asked (rule S1)', async () => {
    const edge = new Edge(loaded);
    for (const uri of ['/', '/orders/17', '/app.js']) {
      const origin = structuredClone(S3_ORIGIN);
      const answer = await edge.handle(eventOf('origin-request', { uri, origin }));
      assert.deepEqual(answer.origin, S3_ORIGIN);
    }
  });
});

describe('many events at once', () => {
  it('get the answers each would get alone', async () => {
    const signed = { authorization: 'Bearer {token access}', cookie: 'a=1; nearhop_access=x' };
    const open = ['/', '/orders/17', '/app.js', '/api/health', '/api/hello', '/members/a.pdf', '/a//b'];
    const shut = ['/api/hello', '/api/admin/x', '/api/session', '/members/a.pdf', '/%61pi/x'];
    const events = () =>
      ['viewer-request', 'origin-request'].flatMap((trigger) => [
        ...open.map((uri) => eventOf(trigger, { uri })),
        ...shut.map((uri) => eventOf(trigger, { uri, headers: signed })),
      ]);
    const alone = [];
    for (const event of events()) alone.push(await new Edge(loaded).handle(event));
    assert(alone.length >= 20);
    const edge = new Edge(loaded);
    for (let run = 0; run < 3; run += 1) {
      assert.deepEqual(await Promise.all(events().map((event) => edge.handle(event))), alone);
    }
  });

  it('wait for one fetch together', async () => {
    const edge = new Edge(await load(suite, { keySets: [null, null] }));
    edge.fetch = async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return Buffer.from(read('vectors/jwks-1.json'));
    };
    const asking = Array.from({ length: 20 }, () => edge.ask(token('access')));
    assert.deepEqual(await Promise.all(asking), Array(20).fill('/api/hello'));
    assert.equal(edge.fetches, 1);
  });
});

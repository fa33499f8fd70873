/**
 * Whatever the event, the handler answers, and CloudFront takes the answer. And the validator that
 * says so of every test's answers refuses what breaks a rule.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { generator } from './differential/random.js';
import { Edge, load, token } from './edge.js';
import { TRIGGERS, eventOf } from './handler/events.js';
import { validated } from './valid.js';

/** @typedef {import('./differential/random.js').Random} Random */

/** Events made; another seed makes others: VALID_SEED=7 node --test tests/valid.test.js. */
const EVENTS = 4_000;
const SEED = Number(process.env.VALID_SEED ?? 20261123);

/** @type {(() => void)[]} */
const ends = [];
after(() => ends.forEach((end) => end()));

describe('any event at all', () => {
  /** @type {Edge} */
  let edge;
  before(async () => {
    edge = new Edge(await load({ after: (end) => void ends.push(end) }));
  });

  for (const trigger of TRIGGERS) {
    it(`any-event/missing-fields, any-event/wrong-types: ${EVENTS} of ${trigger}, seed ${SEED}`, async () => {
      const random = generator(SEED);
      let forwarded = 0;
      for (let run = 0; run < EVENTS; run += 1) {
        const event = spoilt(random, plausible(random, trigger));
        try {
          const answer = await edge.handle(event);
          if (!('status' in answer) || trigger.endsWith('-response')) forwarded += 1;
        } catch (error) {
          throw new Error(`event ${run} of seed ${SEED}: ${printed(event)}`, { cause: error });
        }
      }
      assert(forwarded > EVENTS / 20, `only ${forwarded} events got as far as a policy`);
    });
  }

  it('any-event/10000-headers: of headers that are all like ours', async () => {
    for (const trigger of TRIGGERS) {
      const event = eventOf(trigger, { uri: '/api/hello' });
      const { request, response } = event.Records[0].cf;
      for (const { headers } of [request, response].filter(Boolean)) {
        for (let n = 0; n < 10_000; n += 1) headers[`x-nearhop-${n}`] = [{ key: 'x', value: `${n}` }];
      }
      assert(await edge.handle(event));
    }
  });

  it('any-event/wrong-types: without prototypes, with inherited fields, frozen', async () => {
    for (const trigger of TRIGGERS) {
      const made = () => eventOf(trigger, { uri: '/api/hello' });
      const named = '{"__proto__": {"status": "200"}, "constructor": [], "toString": null}';
      const spiked = made();
      Object.assign(spiked.Records[0].cf.request.headers, JSON.parse(named));
      const inheriting = made();
      const { request } = inheriting.Records[0].cf;
      request.headers = Object.create(request.headers);
      const events = [bare(made()), inheriting, frozen(made()), spiked];
      for (const event of events) assert(await edge.handle(event));
    }
    assert.equal(/** @type {any} */ ({}).status, undefined);
    assert.equal(await edge.ask(token('access')), '/api/hello', 'the next one works');
  });
});

describe('the validator refuses an answer that breaks', () => {
  /** @type {[string, string, (cf: any) => any][]} */
  const broken = [
    ['F1', 'viewer-request', () => null],
    ['F1', 'viewer-request', (cf) => ({ Records: [{ cf }] })],
    ['W1', 'viewer-request', ({ request }) => ({ ...request, method: 'PUT' })],
    ['E2', 'origin-request', ({ request }) => ({ ...request, uri: 'api' })],
    ['E3', 'viewer-request', ({ request }) => ({ ...request, headers: { Host: [] } })],
    ['E4', 'viewer-request', ({ request }) => ({ ...request, body: { action: 'replace' } })],
    ['E5', 'origin-request', ({ request }) => ({ ...request, origin: {} })],
    ['E6', 'origin-request', (cf) => switched(cf, { port: 22 })],
    ['E7', 'origin-request', ({ request }) => ({ ...request, origin: { s3: S3 } })],
    ['E8', 'origin-request', (cf) => switched(cf, { customHeaders: field('host', 'a') })],
    ['E9', 'origin-response', ({ response }) => ({ ...response, status: 200 })],
    ['W3', 'viewer-request', ({ request }) => ({ ...request, origin: {} })],
    ['W4', 'viewer-request', (cf) => added(cf.request, 'host', 'elsewhere')],
    ['W5', 'origin-request', (cf) => added(cf.request, 'if-range', 'x')],
    ['W6', 'origin-response', (cf) => added(cf.response, 'via', 'x')],
    ['W6', 'viewer-response', ({ response }) => ({ ...response, status: '201' })],
    ['W7', 'viewer-request', (cf) => added(cf.request, 'x-edge-mine', 'x')],
    ['W8', 'viewer-request', (cf) => added(cf.request, 'cloudfront-viewer-country', 'DE')],
    ['W9', 'viewer-request', ({ request }) => ({ ...request, querystring: 'a b' })],
    ['W10', 'origin-request', (cf) => switched(cf, { customHeaders: field('x-a', 'a', 2_000) })],
    ['G1', 'viewer-request', () => ({ status: '99' })],
    ['G2', 'viewer-request', () => ({ status: '200', body: 'x'.repeat(50_000) })],
    ['G3', 'viewer-request', () => ({ status: '204', body: 'x' })],
    ['G6', 'viewer-request', ({ request }) => ({ ...request, body: LARGE_BODY })],
  ];
  for (const [rule, trigger, answer] of broken) {
    it(`${rule}: at ${trigger}`, async () => {
      const handler = validated(async ({ Records }) => answer(Records[0].cf));
      const event = eventOf(trigger, { uri: '/' });
      if (rule === 'G6') event.Records[0].cf.request.body = { ...LARGE_BODY, data: '' };
      await assert.rejects(handler(event), { name: 'CloudFrontError', rule });
    });
  }

  it('though the event was changed in place', async () => {
    const handler = validated(async ({ Records }) => {
      Records[0].cf.request.method = 'PUT';
      return Records[0].cf.request;
    });
    await assert.rejects(handler(eventOf('viewer-request', { uri: '/' })), { rule: 'W1' });
  });

  it('though the event could never be sent', async () => {
    const handler = validated(async () => ({ status: '99' }));
    await assert.rejects(handler({}), { rule: 'G1' });
    await assert.rejects(handler(eventOf('viewer-request', { uri: 'a b' })), { rule: 'G1' });
  });
});

const LARGE_BODY = { action: 'replace', encoding: 'text', data: 'x'.repeat(50_000) };
const S3 = { authMethod: 'else', customHeaders: {}, domainName: 'a.example', path: '', region: 'a' };

/** @param {any} cf @param {object} changes */
function switched({ request }, changes) {
  const { custom } = eventOf('origin-request', {}).Records[0].cf.request.origin;
  return { ...request, origin: { custom: { ...custom, ...changes } } };
}

/** @param {any} part @param {string} name @param {string} value */
function added(part, name, value) {
  return { ...part, headers: { ...part.headers, ...field(name, value) } };
}

/** @param {string} key @param {string} value @param {number} [times] */
function field(key, value, times = 1) {
  return { [key]: [{ key, value: value.repeat(times) }] };
}

/**
 * An event as CloudFront could send it: paths, methods, cookies and tokens that lead to most of what
 * a policy can say.
 *
 * @param {Random} random
 * @param {string} trigger
 */
function plausible(random, trigger) {
  const headers = Object.fromEntries(
    Array.from({ length: random.below(4) }, () => [random.pick(NAMES), random.pick(VALUES)]),
  );
  const [uri, method] = [random.pick(PATHS), random.pick(METHODS)];
  return eventOf(trigger, { uri, method, querystring: random.pick(QUERIES), headers });
}

const PATHS = ['/', '/app.js', '/orders/17', '/api/hello', '/api/health', '/api/admin/x'];
PATHS.push('/members/a.pdf', '/a//b', '/%61pi/x', '/api/../x', '/.auth/x', `/${'a'.repeat(8_000)}`);
const METHODS = ['GET', 'GET', 'HEAD', 'POST', 'OPTIONS', 'DELETE', 'X'];
const QUERIES = ['', 'a=1', 'a=%00&&=', 'q='.repeat(90)];
const NAMES = ['authorization', 'cookie', 'origin', 'access-control-request-method', 'x-nearhop-pin'];
NAMES.push('sec-fetch-site', 'cloudfront-viewer-country', 'x-amzn-oidc-data', 'range', 'host');
const VALUES = ['Bearer {token access}', 'Bearer x.y.z', 'nearhop_access={token access}', 'POST'];
VALUES.push('', 'https://app.example.com', 'null', 'DE', '\u00e9=\u00ff; ;=', 'a'.repeat(9_000));

/**
 * The event with up to three places that hold something else, or that are gone.
 *
 * @param {Random} random
 * @param {any} event
 */
function spoilt(random, event) {
  for (let times = random.below(4); times > 0; times -= 1) {
    const holders = objectsIn(event);
    const holder = random.pick(holders);
    const name = random.pick([...Object.keys(holder), 'status', 'x']);
    if (random.below(4) === 0) delete holder[name];
    else holder[name] = anything(random, 3);
  }
  return event;
}

/** @param {any} value @returns {any[]} itself and what it holds */
function objectsIn(value) {
  if (typeof value !== 'object' || value === null) return [];
  return [value, ...Object.values(value).flatMap(objectsIn)];
}

/**
 * @param {Random} random
 * @param {number} depth
 * @returns {any}
 */
function anything(random, depth) {
  const kind = random.below(depth > 0 ? 5 : 3);
  if (kind < 3) return random.pick(SCALARS);
  const parts = Array.from({ length: random.below(4) }, () => anything(random, depth - 1));
  if (kind === 3) return parts;
  return Object.fromEntries(parts.map((part) => [random.pick(FIELDS), part]));
}

/** @type {any[]} */
const SCALARS = [undefined, null, true, 0, -1, 1e21, NaN, 7n, '', '/', '204', 'GET', 'a\r\nb', '\0'];
SCALARS.push('\ud800', 'x'.repeat(40_000), 'é', '東京', () => 'x', Symbol('x'), ...TRIGGERS);
const FIELDS = ['key', 'value', 'status', 'headers', 'custom', 's3', 'data', 'x', 'X', 'a b', ''];

/** @param {any} value @returns {any} without a prototype anywhere */
function bare(value) {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(bare);
  const fields = Object.entries(value).map(([name, inner]) => [name, bare(inner)]);
  return Object.assign(Object.create(null), Object.fromEntries(fields));
}

/** @param {any} value @returns {any} all of it frozen */
function frozen(value) {
  objectsIn(value).forEach(Object.freeze);
  return value;
}

/** @param {any} event */
function printed(event) {
  const shown = JSON.stringify(event, (_, value) =>
    ['bigint', 'symbol', 'function', 'undefined'].includes(typeof value) ? String(value) : value,
  );
  return shown.length > 4_000 ? `${shown.slice(0, 4_000)}…` : shown;
}

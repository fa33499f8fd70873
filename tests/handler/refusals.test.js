/**
 * Every refusal there is, through a real bundle: a sound answer that no cache keeps, JSON for
 * programs and a page for people.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Edge, load, read } from '../edge.js';
import { eventOf, isSound } from './events.js';

/** @type {import('../edge.js').Loaded} */
let loaded;
/** @type {(() => void)[]} */
const ends = [];
const suite = { after: (/** @type {() => void} */ end) => void ends.push(end) };
after(() => ends.forEach((end) => end()));
before(async () => {
  loaded = await load(suite);
});

/** @param {string} name of a token */
const bearer = (name) => ({ headers: { authorization: `Bearer {token ${name}}` } });

/**
 * The code, the status, and a request that meets it. `no_region` is not among them: a policy has a
 * Region or cannot start.
 *
 * @type {[string, number, any][]}
 */
const REFUSALS = [
  ['path_ambiguous', 400, { uri: '/a/../b' }],
  ['request_malformed', 400, { headers: { authorization: 'Bearer a b' } }],
  ['token_missing', 401, {}],
  ['token_malformed', 401, { headers: { authorization: 'Bearer a.b.c' } }],
  ['token_algorithm', 401, bearer('none')],
  ['token_key_unknown', 401, bearer('kid-stranger')],
  ['token_signature', 401, bearer('signature-stranger')],
  ['token_issuer', 401, bearer('iss-unknown-pool')],
  ['token_client', 401, bearer('client-other-pool')],
  ['token_use', 401, bearer('use-refresh')],
  ['token_expired', 401, bearer('exp-past')],
  ['token_not_yet_valid', 401, bearer('nbf-next')],
  ['client_not_allowed', 403, { uri: '/api/partner/x', ...bearer('access') }],
  ['group_required', 403, { uri: '/api/admin/x', ...bearer('access') }],
  ['scope_required', 403, { uri: '/api/reports/x', ...bearer('access') }],
  ['cross_site', 403, { method: 'POST', headers: { cookie: 'nearhop_access={token access}' } }],
  ['method_not_allowed', 405, { uri: '/api/health', method: 'POST' }],
  ['keys_unavailable', 503, bearer('access')],
  ['internal', 500, { method: 'G T' }],
];

/** The cases that each refusal holds. */
const HOLDS = ['no-store', 'status', 'size', 'json']
  .map((name) => `generated-responses/${name}`)
  .join(', ');

for (const trigger of ['viewer-request', 'origin-request']) {
  describe(`a refusal at ${trigger}`, () => {
    for (const [code, status, request] of REFUSALS) {
      it(`${HOLDS}: ${code}`, async () => {
        const lost = code === 'keys_unavailable';
        const edge = new Edge(lost ? await load(suite, { keySets: [null, null] }) : loaded);
        if (!lost) edge.fetch = async () => Buffer.from(read('vectors/jwks-1.json'));
        const { headers = {}, ...rest } = { uri: '/api/hello', ...request };
        const event = eventOf(trigger, { ...rest, headers: { accept: 'application/json', ...headers } });
        const { requestId } = event.Records[0].cf.config;
        const answer = await edge.handle(event);

        isSound(answer);
        assert.equal(answer.status, String(status));
        assert.equal(answer.headers['content-type'][0].value, 'application/json');
        const { error, message, request_id: id, ...more } = JSON.parse(answer.body);
        assert.deepEqual([error, more], [code, {}]);
        assert.match(message, /^[A-Z][^"<>]*\.$/);
        // An event that cannot be read has no id to repeat.
        assert.equal(id, code === 'internal' ? '' : requestId);
        const challenge = answer.headers['www-authenticate']?.[0].value;
        // No token would let a request from another site in.
        const challenges = [401, 403].includes(status) && code !== 'cross_site';
        if (challenges) assert.match(challenge, /^Bearer\b/);
        else if (status !== 400) assert.equal(challenge, undefined);

        const [line, ...lines] = edge.lines;
        assert.deepEqual(lines, []);
        if (code === 'internal') return;
        const { refused, status: logged, request_id: traced, detail } = JSON.parse(line);
        assert.deepEqual([refused, logged, traced], [code, status, requestId]);
        assert(detail.length > 0);
      });
    }
  });
}

describe('a refusal of a page load', () => {
  const html = { accept: 'text/html', 'sec-fetch-mode': 'navigate' };

  it('generated-responses/page: is a page for the site, and says nothing of the request', async () => {
    const edge = new Edge(loaded);
    for (const [uri, status] of [
      ['/members/home', '401'],
      ['/<script>//', '400'],
    ]) {
      const answer = await edge.handle(eventOf('viewer-request', { uri, headers: html }));
      isSound(answer);
      assert.equal(answer.status, status);
      assert.equal(answer.headers['content-type'][0].value, 'text/html; charset=utf-8');
      assert.match(answer.body, /^<!doctype html>.*<h1>\d{3}/s);
      assert.doesNotMatch(answer.body, /members|script/);
    }
  });

  it('generated-responses/json: is JSON where the API was asked, whoever asks', async () => {
    const edge = new Edge(loaded);
    const answer = await edge.handle(eventOf('viewer-request', { uri: '/api/hello', headers: html }));
    assert.equal(JSON.parse(answer.body).error, 'token_missing');
  });

  it('by HEAD is as that by GET', async () => {
    const edge = new Edge(loaded);
    const ask = (/** @type {string} */ method) =>
      edge.handle(eventOf('viewer-request', { uri: '/members/home', headers: html, method }));
    assert.deepEqual(await ask('HEAD'), await ask('GET'));
  });
});

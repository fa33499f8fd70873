/**
 * The path the policy decides by is the path the origin reads, however it is written and however
 * the origin reads it; or the request is refused.
 *
 * NEARHOP_SEED=N repeats a run's paths.
 */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { generator } from '../differential/random.js';
import { Edge, baseEvent, load, read, token } from '../edge.js';
import { AS_S3_KEY, OF_APIS, READERS, decoded } from './readers.js';
import { ruleOf, withRules } from './routes.js';
import { url } from './urls.js';

/** How many paths. */
const PATHS = 20_000;

const seed = Number(process.env.NEARHOP_SEED ?? randomInt(2 ** 31));

/** @type {(() => void)[]} */
const ends = [];
after(() => ends.forEach((end) => end()));
/**
 * @typedef {object} Asked a path, and where a request for it with a token ends up
 * @property {string} uri
 * @property {Edge} edge
 * @property {boolean} strips whether it takes `/api` off
 * @property {string} seen the path decoded, once
 * @property {Reached} [reached] undefined where it is refused
 *
 * @typedef {object} Reached
 * @property {string} path what the origin gets
 * @property {boolean} isSite
 * @property {string} [pattern] of the API's route
 */

/** @type {Asked[]} */
const asked = [];
/** Those that are not refused. @type {(Asked & { reached: Reached })[]} */
const sent = [];
before(async () => {
  /** @type {Edge[]} */
  const edges = [];
  for (const strips of [false, true]) {
    const toml = withRules(read('vectors/nearhop.toml'), strips);
    edges.push(new Edge(await load({ after: (end) => ends.push(end) }, { toml })));
  }
  const random = generator(seed);
  for (let n = 0; n < PATHS; n += 1) {
    const [uri, edge] = [url(random), edges[n % 2]];
    const reached = await reach(edge, uri);
    const each = { uri, edge, strips: n % 2 === 1, seen: decoded(uri), reached };
    asked.push(each);
    if (reached) sent.push({ ...each, reached });
  }
});

describe('what the origin reads is what the policy saw', () => {
  for (const [name, reader] of Object.entries(READERS)) {
    it(`path-tricks/one-path: ${name}`, () => {
      for (const { uri, seen, strips, reached } of sent) {
        if (reached.isSite && name === OF_APIS) continue;
        const wanted = reached.isSite ? keyOf(seen) : strips ? withoutApi(seen) : seen;
        assert.equal(reader(reached.path), wanted, `${told(uri)} is sent as ${reached.path}`);
      }
    });
  }

  it('but for S3’s plus that is a space, which is under the same rule', () => {
    for (const { uri, seen, reached } of sent) {
      if (!reached.isSite) continue;
      assert.equal(ruleOf(AS_S3_KEY(reached.path)).pattern, ruleOf(seen).pattern, told(uri));
    }
  });
});

describe('the rule of what the origin reads', () => {
  it('path-tricks/one-path: is the one that was decided, with a token and without', async () => {
    /** @type {Record<string, number>} */
    const met = {};
    for (const { uri, edge, seen, reached } of sent) {
      const rule = ruleOf(seen);
      met[rule.pattern] = (met[rule.pattern] ?? 0) + 1;
      assert.equal(reached.isSite, rule.target === 'site', told(uri));
      if (!reached.isSite) assert.equal(reached.pattern, rule.pattern, told(uri));
      const isShut = (await ask(edge, uri, false)).status === '401';
      assert.equal(isShut, rule.access === 'authenticated', told(uri));
    }
    assert.equal(Object.keys(met).length, 10, `too few to show much: ${JSON.stringify(met)}`);
  });

  it('path-tricks/one-path: is that of the path as any of them reads it', () => {
    for (const { uri, strips, reached } of sent) {
      if (reached.isSite || strips) continue;
      for (const [name, reader] of Object.entries(READERS)) {
        const rule = ruleOf(reader(reached.path));
        assert.equal(rule.pattern, reached.pattern, `${told(uri)} ${name}`);
      }
    }
  });
});

describe('a canonical path', () => {
  it('is what it is at the next trigger, and at the one after that', async () => {
    for (const { uri, edge, reached } of sent) {
      const first = await edge.handle(event('viewer-request', uri, true));
      const again = await edge.handle(event('viewer-request', first.uri, true));
      assert.equal(again.uri, first.uri, told(uri));
      assert.equal((await ask(edge, first.uri, true)).uri, reached.path, told(uri));
    }
  });

  it('is the same for the same octets, whichever of them are escaped', async () => {
    for (const { uri, edge, reached } of sent) {
      const other = uri.replace(/%[0-9A-Fa-f]{2}|[A-Za-z0-9._~-]/g, (octet, at) =>
        octet.length > 1 || at % 3 > 0 ? octet : escape(octet),
      );
      assert.equal((await ask(edge, other, true)).uri, reached.path, `${told(uri)} and ${other}`);
    }
  });
});

it('these paths go everywhere', () => {
  const met = {
    refused: asked.length - sent.length,
    api: sent.filter(({ reached }) => !reached.isSite).length,
    site: sent.filter(({ reached }) => reached.isSite).length,
    escaped: sent.filter(({ uri }) => uri.includes('%')).length,
  };
  const few = Object.values(met).some((count) => count < PATHS / 10);
  assert(!few, `too few to show much: ${JSON.stringify(met)}`);
});

/**
 * @param {Edge} edge
 * @param {string} uri
 * @returns {Promise<Reached | undefined>}
 */
async function reach(edge, uri) {
  edge.lines.length = 0;
  const { uri: path, origin, status, body } = await ask(edge, uri, true);
  if (path === undefined) {
    // No event has such a path (rule W9): one that had is refused whole.
    const refusal = /[\0-\x1f\x7f]/.test(uri) ? /^(path_ambiguous|internal)$/ : /^path_ambiguous$/;
    assert.match(JSON.parse(body).error, refusal, `${told(uri)}: ${status}`);
    return undefined;
  }
  const isSite = origin.custom.domainName === SITE;
  return { path, isSite, pattern: isSite ? undefined : JSON.parse(edge.lines[0]).route };
}

/** @param {Edge} edge @param {string} uri @param {boolean} withToken */
function ask(edge, uri, withToken) {
  return edge.handle(event('origin-request', uri, withToken));
}

/** @param {string} trigger @param {string} uri @param {boolean} withToken */
function event(trigger, uri, withToken) {
  const made = baseEvent(trigger);
  const { request } = made.Records[0].cf;
  request.uri = uri;
  request.method = 'POST'; // so that nothing is a page load
  delete request.headers.authorization;
  if (withToken) {
    request.headers.authorization = [{ key: 'Authorization', value: `Bearer ${token('access')}` }];
  }
  return made;
}

const SITE = baseEvent('origin-request').Records[0].cf.request.origin.custom.domainName;

/** The key of a path in a site served as it is. @param {string} path */
function keyOf(path) {
  return path.endsWith('/') ? `${path}index.html` : path;
}

/** What the API is sent of a path, where `/api` is taken off. @param {string} path */
function withoutApi(path) {
  return path === '/api' ? '/' : path.replace(/^\/api\//, '/');
}

/** @param {string} letter */
function escape(letter) {
  return `%${letter.charCodeAt(0).toString(16)}`;
}

/** @param {string} uri */
function told(uri) {
  return `NEARHOP_SEED=${seed}: ${JSON.stringify(uri)}`;
}

/**
 * The script for frontends, as a page would load it, over stand-ins for what a browser has.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { session, show, signIn, signOut } from '../js/session/session.js';

const SOURCE = readFileSync(new URL('../js/session/session.js', import.meta.url), 'utf8');
const SESSION = {
  claims: { sub: '42', email: 'ada@example.com', name: '' },
  expires: 1_900_000_000,
};

const before = { fetch: globalThis.fetch };

describe('js/session/session.js', () => {
  /** @type {{ url: string, options: unknown }[]} */
  let fetches;
  /** @type {string[]} */
  let visited;

  /** @param {Record<string, unknown>} globals */
  const have = (globals) => void Object.assign(globalThis, globals);

  /** @param {() => Response} answer of /_nearhop/me */
  const answerBy = (answer) =>
    have({
      fetch: async (/** @type {string} */ url, /** @type {unknown} */ options) => {
        fetches.push({ url, options });
        return answer();
      },
    });

  beforeEach(() => {
    [fetches, visited] = [[], []];
    answerBy(() => Response.json(SESSION));
    have({
      location: {
        href: 'https://app.example.com/orders/17?tab=1&x=%20#end',
        origin: 'https://app.example.com',
        assign: (/** @type {string} */ url) => void visited.push(url),
      },
    });
  });
  afterEach(() => {
    have(before);
    for (const name of ['location', 'document']) Reflect.deleteProperty(globalThis, name);
  });

  it('has less than 1,000 bytes, and www/ serves a copy of it', () => {
    assert.ok(Buffer.byteLength(SOURCE) < 1_000, `${Buffer.byteLength(SOURCE)} bytes`);
    const copy = readFileSync(new URL('../www/session.js', import.meta.url), 'utf8');
    assert.equal(copy, SOURCE, 'cp js/session/session.js www/session.js');
  });

  it('needs no inline script or style, and keeps nothing in the browser', () => {
    assert.doesNotMatch(SOURCE, /innerHTML|\.style\b|eval|Function\(|Storage|document\.cookie/);
  });

  it('documents what it exports', async () => {
    const types = readFileSync(new URL('../js/session/session.d.ts', import.meta.url), 'utf8');
    const documented = types.matchAll(/^ \*\/\nexport function (\w+)\(/gm);
    const declared = [...documented].map(([, name]) => name);
    const exported = Object.keys(await import('../js/session/session.js'));
    assert.deepEqual(declared.sort(), exported.sort());
  });

  it('tells who is signed in, by a plain fetch', async () => {
    assert.deepEqual(await session(), SESSION);
    assert.deepEqual(fetches, [{ url: '/_nearhop/me', options: undefined }]);
  });

  it('tells that nobody is: 401, and nothing else', async () => {
    answerBy(() => Response.json({ error: 'signed_out' }, { status: 401 }));
    assert.equal(await session(), null);
    for (const status of [400, 403, 404, 429, 500, 503]) {
      answerBy(() => Response.json(SESSION, { status }));
      // A Response that was not fetched has no URL.
      await assert.rejects(session(), { name: 'Error', message: `: ${status}` });
    }
  });

  it('takes a page for no session, nor no answer', async () => {
    answerBy(() => new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } }));
    await assert.rejects(session(), SyntaxError);
    answerBy(() => {
      throw new TypeError('fetch failed');
    });
    await assert.rejects(session(), TypeError);
  });

  it('asks anew each time', async () => {
    await session();
    answerBy(() => new Response('{}', { status: 401 }));
    assert.equal(await session(), null);
    assert.equal(fetches.length, 2);
  });

  it('goes to sign in and comes back here, or where it is told', () => {
    signIn();
    signIn('/a?b=c&d');
    signIn('//evil.example/');
    assert.deepEqual(visited, [
      '/_nearhop/sign-in?return=%2Forders%2F17%3Ftab%3D1%26x%3D%2520%23end',
      '/_nearhop/sign-in?return=%2Fa%3Fb%3Dc%26d',
      // For the edge to refuse, which others ask as well.
      '/_nearhop/sign-in?return=%2F%2Fevil.example%2F',
    ]);
  });

  it('goes to sign out, here alone or everywhere', () => {
    signOut();
    signOut({});
    signOut({ local: false });
    signOut({ local: true });
    const everywhere = '/_nearhop/sign-out';
    assert.deepEqual(visited, [everywhere, everywhere, everywhere, `${everywhere}?local`]);
  });

  it('shows in the page what there is to be shown', async () => {
    const page = fakePage();
    have({ document: page.document });
    assert.deepEqual(await show(), SESSION);
    assert.deepEqual(page.shown(), {
      hidden: { in: false, out: true },
      claims: ['ada@example.com', 'ada@example.com', ''],
    });
    answerBy(() => new Response('{}', { status: 401 }));
    assert.equal(await show(), null);
    assert.deepEqual(page.shown(), { hidden: { in: true, out: false }, claims: ['', '', ''] });
  });

  it('leaves the page as it is when nobody knows', async () => {
    const page = fakePage();
    have({ document: page.document });
    answerBy(() => new Response('', { status: 503 }));
    await assert.rejects(show(), /503/);
    assert.deepEqual(page.shown(), {
      hidden: { in: true, out: true },
      claims: ['(unknown)', '(unknown)', '(unknown)'],
    });
  });

  it('starts by itself where elements ask for it, once', async () => {
    const load = (/** @type {string} */ name) => import(`../js/session/session.js?${name}`);
    await load('without-a-document');
    have({ document: { querySelector: () => null } });
    await load('without-elements');
    assert.equal(fetches.length, 0);
    const page = fakePage();
    have({ document: page.document });
    await load('with-elements');
    assert.equal(fetches.length, 1);
  });
});

/** A page with one element for each state, and three for claims. */
function fakePage() {
  const state = (/** @type {string} */ nearhop) => ({ dataset: { nearhop }, hidden: true });
  const claim = (/** @type {string} */ nearhopClaim) => ({
    dataset: { nearhopClaim },
    textContent: '(unknown)',
  });
  const states = { in: state('signed-in'), out: state('signed-out') };
  const claims = [claim('email'), claim('name email'), claim('phone_number')];
  const found = /** @type {Record<string, object[]>} */ ({
    '[data-nearhop]': Object.values(states),
    '[data-nearhop-claim]': claims,
  });
  return {
    document: {
      querySelector: (/** @type {string} */ css) => found[css][0],
      querySelectorAll: (/** @type {string} */ css) => found[css],
    },
    shown: () => ({
      hidden: { in: states.in.hidden, out: states.out.hidden },
      claims: claims.map(({ textContent }) => textContent),
    }),
  };
}

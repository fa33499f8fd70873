/**
 * Sign-in begins: who is sent to the user pool's domain, and with what.
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { ask } from '../local/world.js';
import { OWN_CALL, PAGE_LOAD } from './jar.js';
import { CLIENT } from './toml.js';
import { ATTEMPT, Visitor, assertGenerated, assertPage, setCookies } from './visitor.js';
import { startSignInWorld } from './world.js';

describe('sign-in begins', { timeout: 120_000 }, () => {
  /** @type {import('./world.js').World} */
  let world;
  before(async () => {
    world = await startSignInWorld({ signIn: { identity_provider: 'Example & Co' } });
  });
  after(() => world?.close());
  afterEach(() => world.calm());

  it('generated-responses/page: a page load goes to the authorization endpoint', async () => {
    const step = await new Visitor(world).ask('/app/orders/17?sort=a%2Fb&x=');
    assert.equal(step.status, 302);
    assertGenerated(step);
    const { origin, pathname, searchParams } = new URL(step.to);
    assert.equal(origin + pathname, `${world.domain.url}/oauth2/authorize`);
    const { state, nonce, code_challenge: challenge, ...rest } = Object.fromEntries(searchParams);
    assert.deepEqual(rest, {
      response_type: 'code',
      client_id: CLIENT,
      redirect_uri: `${world.url}/_nearhop/callback`,
      scope: 'openid email profile',
      code_challenge_method: 'S256',
      identity_provider: 'Example & Co',
    });
    assert.match(challenge, /^[\w-]{43}$/);
    for (const random of [state, nonce]) assert.match(random, /^[\w-]{22,}$/);
  });

  it('with one cookie for the attempt, which says nothing of it', async () => {
    const step = await new Visitor(world).ask('/app/very-private-path');
    const [cookie, ...others] = setCookies(step);
    assert.deepEqual(others, []);
    assert.match(cookie.name, /^__Host-nearhop-attempt-[\w-]{11}$/);
    assert.deepEqual(cookie.attributes.sort(), [
      'HttpOnly',
      'Max-Age=600',
      'Path=/',
      'SameSite=Lax',
      'Secure',
    ]);
    assert.doesNotMatch(cookie.value, /private/);
    const decoded = Buffer.from(cookie.value.split('.').at(-1) ?? '', 'base64url').toString(
      'latin1',
    );
    assert.doesNotMatch(decoded, /private/);
    const state = String(new URL(step.to).searchParams.get('state'));
    assert.ok(!cookie.value.includes(state) && !decoded.includes(state));
  });

  it('everything is another each time', async () => {
    const visitor = new Visitor(world);
    const steps = await Promise.all([1, 2, 3, 4].map(() => visitor.ask('/app/')));
    for (const name of ['state', 'nonce', 'code_challenge']) {
      const values = steps.map(({ to }) => new URL(to).searchParams.get(name));
      assert.equal(new Set(values).size, 4, name);
    }
    assert.equal(new Set(steps.flatMap(setCookies).map(({ name }) => name)).size, 4);
  });

  it('a browser keeps at most five attempts, and the oldest goes', async () => {
    const visitor = new Visitor(world);
    /** @type {string[][]} */
    const kept = [];
    for (let n = 0; n < 8; n++) {
      await visitor.ask('/app/');
      kept.push(visitor.names(ATTEMPT));
    }
    assert.deepEqual(
      kept.map(({ length }) => length),
      [1, 2, 3, 4, 5, 5, 5, 5],
    );
  });

  /** @type {[string, { method?: string, headers?: Record<string, string>, path?: string }][]} */
  const data = [
    ['a script’s call', { headers: OWN_CALL }],
    ['a script’s call that would take HTML', { headers: { ...OWN_CALL, accept: 'text/html' } }],
    ['a program that takes anything', { headers: { accept: '*/*' } }],
    ['a program that says nothing', { headers: { accept: '' } }],
    ['an API that is called', { path: '/api/orders', headers: OWN_CALL }],
    ['a form that is sent', { method: 'POST' }],
    ['a POST to an API', { path: '/api/orders', method: 'POST', headers: OWN_CALL }],
    ['an image', { headers: { accept: 'image/*', 'sec-fetch-mode': 'no-cors' } }],
  ];
  for (const [name, { path = '/app/', ...how }] of data) {
    it(`generated-responses/json: ${name} gets 401 and JSON, and nothing else`, async () => {
      const step = await new Visitor(world).ask(path, how);
      assert.equal(step.status, 401);
      assertGenerated(step);
      assert.equal(JSON.parse(step.text).error, 'token_missing');
      assert.match(String(step.headers.get('www-authenticate')), /^Bearer/);
      assert.deepEqual([step.to, step.cookies], ['', []]);
    });
  }

  /** @type {[string, { method?: string, headers?: Record<string, string> }][]} */
  const pages = [
    ['HEAD', { method: 'HEAD' }],
    ['a browser without Fetch Metadata', { headers: { accept: 'text/html,*/*;q=0.8' } }],
    ['TEXT/HTML in capitals', { headers: { accept: 'image/*, TEXT/HTML;q=0.1' } }],
    ['a link on another site', { headers: { ...PAGE_LOAD, 'sec-fetch-site': 'cross-site' } }],
  ];
  for (const [name, how] of pages) {
    it(`a page load: ${name}`, async () => {
      const step = await new Visitor(world).ask('/app/', how);
      assert.equal(step.status, 302);
      assert.ok(step.to.startsWith(`${world.domain.url}/oauth2/authorize?`));
    });
  }

  it('a query that is too long for the cookie is left out on the way back', async () => {
    const visitor = new Visitor(world);
    assert.equal((await visitor.signIn(`/app/a?q=${'x'.repeat(5_000)}`)).to, `${world.url}/app/a`);
    const long = `/app/a?q=${'x'.repeat(1_500)}`;
    assert.equal((await new Visitor(world).signIn(long)).to, world.url + long);
  });

  it('public paths need none of it', async () => {
    const visitor = new Visitor(world);
    assert.equal((await visitor.ask('/')).status, 200);
    const open = await visitor.call('/api/open');
    assert.equal(open.status, 200);
    assert.deepEqual(visitor.names(), []);
  });

  it('a bad Authorization header is refused, not sent to sign in', async () => {
    for (const [authorization, status] of /** @type {const} */ ([
      ['Bearer not-a-token', 401],
      ['Basic YTpi', 401],
      // Not in the form of RFC 6750: `invalid_request`.
      ['Bearer', 400],
    ])) {
      const headers = { ...PAGE_LOAD, authorization };
      const step = await new Visitor(world).ask('/app/', { headers });
      assert.equal(step.status, status, authorization);
      assert.deepEqual([step.to, step.cookies], ['', []]);
    }
  });

  it('redirects/host: nobody is sent to sign in from a Host that is not the site', async () => {
    for (const host of ['evil.example', 'localhost', 'localhost:1', 'localhost.evil.example']) {
      for (const path of ['/app/', '/_nearhop/sign-in', '/_nearhop/callback?code=a&state=b']) {
        const answer = await ask(world.url, path, { headers: { ...PAGE_LOAD, host } });
        assert.ok(answer.status >= 400 && answer.status < 500, `${host} ${path} ${answer.status}`);
        assert.equal(answer.headers.location, undefined);
        assert.equal(answer.headers['set-cookie'], undefined);
        assert.equal(answer.headers['cache-control'], 'no-store');
      }
    }
  });

  const stays = ['/app/a?b=c', '/app/caf%C3%A9', '/', '/app/?next=https%3A%2F%2Fevil.example'];
  for (const path of stays) {
    it(`/_nearhop/sign-in?return=${path} leads there`, async () => {
      const visitor = new Visitor(world);
      const asked = `/_nearhop/sign-in?return=${encodeURIComponent(path)}`;
      assert.equal((await visitor.signIn(asked)).to, world.url + path);
    });
  }

  /** By the case they are of. @type {Record<string, string[]>} */
  const evil = {
    'double-slash': ['//evil.example/', '///evil.example/'],
    backslash: ['/\\evil.example/', '\\\\evil.example/', '/\\/evil.example/', '\\/evil.example/'],
    scheme: [
      'https://evil.example/',
      'https:evil.example',
      'https:/evil.example',
      'HTTPS:evil.example',
      'javascript:alert(1)',
      'data:text/html,x',
    ],
    'at-sign': ['@evil.example', '.evil.example', ':1@evil.example'],
    'line-break': [
      '/\r\nset-cookie: a=b',
      '/app/\r\nlocation: https://evil.example',
      '/\n/evil.example',
      '/\r/evil.example',
    ],
    tab: ['/\t/evil.example', '\t//evil.example', ' //evil.example', '/\u0000/evil.example'],
    encoded: [
      '/%2fevil.example/',
      '/%5cevil.example/',
      '/%09/evil.example',
      '/%0d%0aset-cookie: a=b',
      '/%252fevil.example/',
      '%2f%2fevil.example/',
    ],
    'own-paths': [
      '/.//evil.example/',
      '/app/..//evil.example/',
      '/_nearhop/sign-out',
      '/_nearhop/sign-in?return=/',
      '/%5Fnearhop/sign-out',
      '',
    ],
  };
  const each = Object.entries(evil).flatMap(([name, paths]) => paths.map((path) => [name, path]));
  for (const [name, path] of each) {
    it(`redirects/${name}: ?return=${JSON.stringify(path)} leads to the start`, async () => {
      const visitor = new Visitor(world);
      const asked = `/_nearhop/sign-in?return=${encodeURIComponent(path)}`;
      const step = await visitor.signIn(asked);
      assert.equal(step.to, `${world.url}/`);
      assert.equal(step.headers.get('location')?.startsWith(`${world.url}/`), true);
    });
  }

  it('return is taken once: the first', async () => {
    const asked = '/_nearhop/sign-in?return=%2Fapp%2F&return=https%3A%2F%2Fevil.example';
    assert.equal((await new Visitor(world).signIn(asked)).to, `${world.url}/app/`);
  });

  it('what is not among the reserved paths is not there', async () => {
    const visitor = new Visitor(world);
    for (const path of ['/_nearhop/', '/_nearhop/x', '/_nearhop/callback/', '/_nearhop/ME']) {
      const step = await visitor.ask(path);
      assert.equal(step.status, 404, path);
      assertGenerated(step);
    }
    assert.equal(world.bucket.asked.length, 0, 'and the bucket is not asked for it');
  });

  it('reserved paths have methods of their own', async () => {
    const visitor = new Visitor(world);
    for (const [path, allow] of /** @type {const} */ ([
      ['/_nearhop/sign-in', 'GET, HEAD'],
      ['/_nearhop/callback', 'GET'],
      ['/_nearhop/me', 'GET, HEAD'],
      ['/_nearhop/signed-out', 'GET, HEAD'],
    ])) {
      const step = await visitor.ask(path, { method: 'POST' });
      assert.deepEqual([step.status, step.headers.get('allow')], [405, allow], path);
    }
  });

  it('sign-in/provider-error: at the authorization endpoint: a page with one way on', async () => {
    for (const [error, status] of /** @type {const} */ ([
      ['access_denied', 403],
      ['server_error', 503],
      ['temporarily_unavailable', 503],
      ['invalid_scope', 502],
      ['<script>alert(1)</script>', 502],
    ])) {
      world.domain.faults.authorize = error;
      const visitor = new Visitor(world);
      const { start, login } = await visitor.begin('/app/a?b=c');
      const step = await visitor.come(login);
      assertPage(step, status);
      assert.doesNotMatch(step.text, /<script|alert/);
      assert.deepEqual(visitor.names(), [], `${error}: the attempt is over`);
      assert.ok(start.to);
      const way = /href="([^"]+)"/.exec(step.text)?.[1].replaceAll('&amp;', '&') ?? '';
      world.domain.faults.authorize = null;
      assert.equal((await visitor.signIn(way)).to, `${world.url}/app/a?b=c`);
    }
  });
});

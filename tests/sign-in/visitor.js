/**
 * A visitor with a browser that has no scripts.
 */
import assert from 'node:assert/strict';
import { Jar, OWN_CALL, PAGE_LOAD } from './jar.js';
import { ADA } from './world.js';

/**
 * @typedef {import('./jar.js').Step} Step
 * @typedef {import('./world.js').World} World
 * @typedef {import('./world.js').User} User
 */

/** The cookies of a session, whole. */
export const ACCESS = '__Host-nearhop-access';
export const ID = '__Host-nearhop-id';
export const REFRESH = '__Host-nearhop-refresh';
export const ENDED = '__Host-nearhop-ended';
export const ATTEMPT = '__Host-nearhop-attempt-';

export class Visitor {
  /**
   * @param {World} world
   * @param {{ jar?: Jar, url?: string }} [how] `url`: the site's, by one of its names
   */
  constructor(world, { jar = new Jar(), url = world.url } = {}) {
    this.world = world;
    this.jar = jar;
    this.url = url;
  }

  /**
   * One request of the site; redirects are not followed.
   *
   * @param {string} path
   * @param {Parameters<Jar['ask']>[1]} [how] a page load unless headers say otherwise
   */
  ask(path, how = {}) {
    return this.jar.ask(this.url + path, { headers: PAGE_LOAD, ...how });
  }

  /**
   * A call of the page's own script: redirects are followed, as `fetch` does.
   *
   * @param {string} path
   * @param {Parameters<Jar['ask']>[1]} [how]
   * @returns {Promise<Step & { json: () => any }>}
   */
  async call(path, how = {}) {
    const asked = { ...how, headers: { ...OWN_CALL, ...how.headers } };
    let step = await this.jar.ask(this.url + path, asked);
    for (let redirects = 0; step.to; redirects += 1) {
      assert.ok(redirects < 20, 'redirects without end');
      assert.equal(step.status, 307, 'what keeps the method and the body');
      step = await this.jar.ask(step.to, asked);
    }
    const { text } = step;
    return { ...step, json: () => JSON.parse(text) };
  }

  /**
   * Begins to sign in: a page load, which leads to the sign-in page.
   *
   * @param {string} path
   * @returns {Promise<{ start: Step, login: string, state: string }>} `start`: the site's redirect;
   *   `login`: the URL of the sign-in page, or of the callback where the domain asks nothing
   */
  async begin(path) {
    const start = await this.ask(path);
    assert.equal(start.status, 302, start.text);
    const { to } = await this.jar.ask(start.to);
    return { start, login: to, state: String(new URL(start.to).searchParams.get('state')) };
  }

  /**
   * Answers the sign-in page.
   *
   * @param {string} login
   * @param {User | 'cancel'} [who]
   * @returns {Promise<string>} the callback's URL
   */
  async answer(login, who = ADA) {
    if (login.startsWith(this.url)) return login;
    const { username, password } = who === 'cancel' ? { username: '', password: '' } : who;
    const action = who === 'cancel' ? 'cancel' : 'sign-in';
    const form = { username, password, action };
    const { to } = await this.jar.ask(login, { form });
    const back = await this.jar.ask(to);
    assert.ok(back.to.startsWith(`${this.url}/_nearhop/callback?`), back.to);
    return back.to;
  }

  /**
   * All of it.
   *
   * @param {string} [path]
   * @param {User | 'cancel'} [who]
   * @returns {Promise<Step>} the callback's answer
   */
  async signIn(path = '/app/', who = ADA) {
    const { login } = await this.begin(path);
    return this.come(await this.answer(login, who));
  }

  /**
   * Comes back from the domain: for the browser it is a redirect from another site.
   *
   * @param {string} callback
   */
  come(callback) {
    return this.jar.ask(callback, { headers: { ...PAGE_LOAD, 'sec-fetch-site': 'cross-site' } });
  }

  /** @returns {Promise<any>} what `/_nearhop/me` says, or undefined where nobody is signed in */
  async me() {
    const { status, json } = await this.call('/_nearhop/me');
    if (status === 401) return undefined;
    assert.equal(status, 200);
    return json();
  }

  /** @param {string} beginning @returns {string[]} names of cookies the site has set */
  names(beginning = '') {
    const names = this.jar.cookies(this.url).map(({ name }) => name);
    return names.filter((name) => name.startsWith(beginning)).sort();
  }

  /** Forgets the tokens that expire, as a browser does with expired cookies. */
  dropTokens() {
    for (const name of [...this.names(ACCESS), ...this.names(ID)]) {
      this.jar.set(this.url, name, undefined);
    }
  }
}

/**
 * Somebody who has just signed in; what the origins were asked until then is forgotten.
 *
 * @param {World} world
 * @param {User} [who]
 * @returns {Promise<Visitor>}
 */
export async function signedIn(world, who = ADA) {
  const visitor = new Visitor(world);
  await visitor.signIn('/app/', who);
  for (const origin of [world.api, world.bucket]) origin.asked.splice(0);
  return visitor;
}

/**
 * Somebody who signed in so long ago that the tokens have expired.
 *
 * @param {World} world
 * @returns {Promise<Visitor>}
 */
export async function signedInLongAgo(world) {
  const visitor = await signedIn(world);
  for (const name of [ACCESS, ID]) {
    const token = String(visitor.jar.value(world.url, name));
    visitor.jar.set(world.url, name, await world.expire(token));
  }
  return visitor;
}

/**
 * @param {World} world
 * @param {() => Promise<unknown>} work
 * @returns {Promise<number>} how often the token endpoint was asked for a code's tokens meanwhile
 */
export async function exchangesIn({ domain }, work) {
  const before = domain.counts.exchanges;
  await work();
  return domain.counts.exchanges - before;
}

/**
 * What every answer of sign-in's own has to be.
 *
 * @param {Step} step
 */
export function assertGenerated({ headers, text, status }) {
  assert.equal(headers.get('cache-control'), 'no-store');
  assert.ok(status >= 200 && status < 600);
  assert.ok(text.length < 40_000);
}

/**
 * A page with one way on, and no redirect.
 *
 * @param {Step} step
 * @param {number} status
 */
export function assertPage(step, status) {
  assertGenerated(step);
  assert.equal(step.status, status, step.text);
  assert.equal(step.to, '');
  assert.match(String(step.headers.get('content-type')), /^text\/html/);
  assert.equal(step.text.match(/<a |<button/g)?.length, 1, step.text);
}

/**
 * The attributes of the cookies an answer sets, but for those it clears.
 *
 * @param {Step} step
 * @returns {{ name: string, value: string, attributes: string[] }[]}
 */
export function setCookies({ cookies }) {
  return cookies
    .map((field) => {
      const [pair, ...attributes] = field.split('; ');
      const at = pair.indexOf('=');
      return { name: pair.slice(0, at), value: pair.slice(at + 1), attributes };
    })
    .filter(({ attributes }) => !attributes.includes('Max-Age=0'));
}

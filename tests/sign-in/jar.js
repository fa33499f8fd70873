/**
 * A small browser without scripts: cookies by host, and redirects one at a time.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';

/** How a browser loads a page (Fetch Metadata). */
export const PAGE_LOAD = {
  accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-site': 'none',
};

/** How a page's script calls its own API. */
export const OWN_CALL = {
  accept: 'application/json',
  'sec-fetch-mode': 'cors',
  'sec-fetch-dest': 'empty',
  'sec-fetch-site': 'same-origin',
};

/**
 * @typedef {object} Step an answer, read
 * @property {string} url that was asked
 * @property {number} status
 * @property {Headers} headers
 * @property {string} text
 * @property {string[]} cookies its Set-Cookie fields
 * @property {string} to the absolute URL it redirects to, or ''
 */

/** Keeps cookies as a browser does, as far as host-only cookies with `Path` go. */
export class Jar {
  /** @type {Map<string, { host: string, path: string, name: string, value: string }>} */
  #cookies = new Map();

  /**
   * @param {string} url
   * @returns {{ name: string, value: string }[]} what is sent there
   */
  cookies(url) {
    const { hostname, pathname } = new URL(url);
    return [...this.#cookies.values()].filter(
      ({ host, path }) => host === hostname && `${pathname}/`.startsWith(path.replace(/\/?$/, '/')),
    );
  }

  /**
   * @param {string} url
   * @param {string} name
   * @returns {string | undefined}
   */
  value(url, name) {
    return this.cookies(url).find((cookie) => cookie.name === name)?.value;
  }

  /**
   * @param {string} url
   * @param {string} name
   * @param {string | undefined} value undefined takes it away
   */
  set(url, name, value) {
    const { hostname: host } = new URL(url);
    const key = `${host} / ${name}`;
    if (value === undefined) this.#cookies.delete(key);
    else this.#cookies.set(key, { host, path: '/', name, value });
  }

  /** @returns {Jar} another with the same cookies */
  copy() {
    const copy = new Jar();
    copy.#cookies = new Map(this.#cookies);
    return copy;
  }

  /**
   * One request; redirects are not followed.
   *
   * @param {string} url
   * @param {{ method?: string, headers?: Record<string, string>, form?: Record<string, string>,
   *   body?: string }} [how]
   * @returns {Promise<Step>}
   */
  async ask(url, { method, headers = {}, form, body } = {}) {
    const cookie = this.cookies(url).map(({ name, value }) => `${name}=${value}`);
    const answer = await send(url, {
      method: method ?? (form ? 'POST' : 'GET'),
      headers: { ...(cookie.length > 0 && { cookie: cookie.join('; ') }), ...headers },
      body: form ? String(new URLSearchParams(form)) : body,
      isForm: form !== undefined,
    });
    const cookies = answer.headers.getSetCookie();
    for (const field of cookies) this.keep(url, field);
    const location = answer.headers.get('location');
    const to = location === null ? '' : new URL(location, url).href;
    const { status, headers: given } = answer;
    return { url, status, headers: given, text: answer.text, cookies, to };
  }

  /**
   * Follows redirects as a page load does, until there are none.
   *
   * @param {string} url
   * @param {Record<string, string>} [headers]
   * @returns {Promise<{ last: Step, steps: Step[] }>}
   */
  async load(url, headers = PAGE_LOAD) {
    const steps = [await this.ask(url, { headers })];
    for (let last = steps[0]; last.to; last = steps[steps.length - 1]) {
      assert.ok(steps.length < 20, `redirects without end: ${steps.map((each) => each.url)}`);
      steps.push(await this.ask(last.to, { headers }));
    }
    return { last: steps[steps.length - 1], steps };
  }

  /**
   * As if an answer of that URL had set it.
   *
   * @param {string} url
   * @param {string} field a Set-Cookie field
   */
  keep(url, field) {
    const [pair, ...attributes] = field.split(';').map((part) => part.trim());
    const [, name, value] = /^([^=]*)=(.*)$/s.exec(pair) ?? [];
    const { hostname: host } = new URL(url);
    const has = (/** @type {string} */ wanted) =>
      attributes.find((each) => each.toLowerCase().startsWith(`${wanted}=`))?.split('=')[1];
    const path = has('path') ?? '/';
    const expires = has('expires');
    const isPast = expires !== undefined && Date.parse(expires) < Date.now();
    const isGone = Number(has('max-age') ?? (isPast ? 0 : 1)) <= 0;
    const key = `${host} ${path} ${name}`;
    if (isGone) this.#cookies.delete(key);
    else this.#cookies.set(key, { host, path, name, value });
  }
}

/**
 * Not by `fetch`, which sets Fetch Metadata of its own.
 *
 * @param {string} url
 * @param {{ method: string, headers: Record<string, string>, body?: string, isForm: boolean }} how
 * @returns {Promise<{ status: number, headers: Headers, text: string }>}
 */
async function send(url, { method, headers, body, isForm }) {
  const type = isForm && { 'content-type': 'application/x-www-form-urlencoded' };
  const length = body !== undefined && { 'content-length': String(Buffer.byteLength(body)) };
  const asked = request(url, { method, headers: { ...type, ...length, ...headers }, agent: false });
  asked.end(body);
  const [answer] = await once(asked, 'response');
  const given = new Headers();
  for (let at = 0; at < answer.rawHeaders.length; at += 2) {
    given.append(answer.rawHeaders[at], answer.rawHeaders[at + 1]);
  }
  return { status: answer.statusCode, headers: given, text: await text(answer) };
}

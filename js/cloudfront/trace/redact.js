/**
 * Takes what is secret out of events, answers, addresses and logs before anything keeps them.
 *
 * What stays: a credential's scheme, cookies' names and attributes, and how long each secret was:
 * `Bearer … (812 characters)`. Bodies become their size.
 */
import { isObject } from '../validate/demand.js';

/**
 * @typedef {import('../headers.js').HeaderMap} HeaderMap
 */

/** Headers that hold credentials though their names do not say so. */
const CREDENTIALS = new Set(['authorization', 'proxy-authorization', 'x-nearhop-pin']);
const SECRET_HEADER = /secret|token|api-?key|password/i;
const SECRET_PARAMETER = /secret|token|api-?key|password|signature|credential|assertion|^code$/i;
/** Headers whose value is an address, with a query that may hold secrets. */
const ADDRESSES = new Set(['location', 'content-location', 'referer']);

/**
 * A secret this long is looked for wherever else it may have gone. A shorter one would also be
 * found in places that have nothing to do with it, such as `us-east-1`.
 */
const RECOGNIZABLE = 16;
const HOST_NAME = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/;

/** Redacts one request's things, and remembers its secrets to find them in what comes later. */
export class Redactor {
  #keep;
  /** @type {Set<string>} */
  #known = new Set();

  /** @param {boolean} keep whether everything stays as it is */
  constructor(keep = false) {
    this.#keep = keep;
  }

  /**
   * @template T
   * @param {T} value anything made of JSON: a request or a response of an event, or what a function
   *   returned
   * @returns {T} a copy of the same shape, without secrets
   */
  copy(value) {
    if (this.#keep) return structuredClone(value);
    const copied = this.#copy(value, '');
    // Only now is every secret known: one may stand before the header that tells that it is one.
    return this.#scrub(copied);
  }

  /**
   * @param {HeaderMap} headers
   * @returns {HeaderMap}
   */
  headers(headers) {
    return this.copy({ headers }).headers;
  }

  /**
   * @param {string} url
   * @returns {string}
   */
  url(url) {
    return this.#keep ? url : this.text(this.#address(url));
  }

  /**
   * @param {string} text a line of a log, or an error's words
   * @returns {string} without the secrets met so far
   */
  text(text) {
    let scrubbed = text;
    for (const secret of this.#known) {
      if (scrubbed.includes(secret)) scrubbed = scrubbed.replaceAll(secret, hidden(secret));
    }
    return scrubbed;
  }

  /**
   * @param {any} value
   * @param {string} name the value's key
   * @returns {any}
   */
  #copy(value, name) {
    if (Array.isArray(value)) return value.map((item) => this.#copy(item, ''));
    if (!isObject(value)) {
      return name === 'querystring' && typeof value === 'string' ? this.#query(value) : value;
    }
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, this.#member(value, key, item)]),
    );
  }

  /**
   * @param {Record<string, unknown>} owner
   * @param {string} key
   * @param {any} item
   */
  #member(owner, key, item) {
    if (key === 'headers' && isObject(item)) {
      return this.#map(item, (name, value) => this.#header(name, value));
    }
    if (key === 'customHeaders' && isObject(item)) {
      return this.#map(item, (_name, value) => this.#hide(value));
    }
    if (key === 'data' && typeof item === 'string') return sizeOf(item, owner.encoding);
    if (key === 'body' && typeof item === 'string') return sizeOf(item, owner.bodyEncoding);
    return this.#copy(item, key);
  }

  /**
   * @param {Record<string, unknown>} headers
   * @param {(name: string, value: string) => string} show
   */
  #map(headers, show) {
    const redacted = Object.entries(headers).map(([name, entries]) => [
      name,
      // Functions return all kinds of things in place of header maps.
      Array.isArray(entries)
        ? entries.map((entry) =>
            typeof entry?.value === 'string'
              ? { ...entry, value: show(name.toLowerCase(), entry.value) }
              : this.#copy(entry, ''),
          )
        : typeof entries === 'string'
          ? show(name.toLowerCase(), entries)
          : this.#copy(entries, ''),
    ]);
    return Object.fromEntries(redacted);
  }

  /**
   * @param {string} name in lower case
   * @param {string} value
   */
  #header(name, value) {
    if (name === 'cookie')
      return value
        .split(/; */)
        .map((pair) => this.#pair(pair))
        .join('; ');
    if (name === 'set-cookie') return value.replace(/^[^;]*/, (pair) => this.#pair(pair));
    if (CREDENTIALS.has(name)) return this.#credentials(value);
    if (SECRET_HEADER.test(name)) return this.#hide(value);
    return ADDRESSES.has(name) ? this.#address(value) : value;
  }

  /** @param {string} value `<scheme> <credentials>` (RFC 9110, 11.4) */
  #credentials(value) {
    const [, scheme, credentials] = /^([A-Za-z][\w-]{0,31} +)?(.*)$/s.exec(value) ?? [];
    return `${scheme ?? ''}${this.#hide(credentials ?? '')}`;
  }

  /** @param {string} pair `<name>=<value>` of a cookie */
  #pair(pair) {
    const [, name, value] = /^([^=]*=)?(.*)$/s.exec(pair) ?? [];
    return `${name ?? ''}${this.#hide(value ?? '')}`;
  }

  /** @param {string} url */
  #address(url) {
    const [, before, query, after] = /^([^?#]*\??)([^#]*)(.*)$/s.exec(url) ?? [];
    // OAuth 2.0's implicit answers stand behind the `#`.
    return `${before}${this.#query(query ?? '')}${this.#query(after ?? '')}`;
  }

  /** @param {string} query */
  #query(query) {
    return query.replace(/([^&=#?]+)=([^&]*)/g, (pair, name, value) =>
      SECRET_PARAMETER.test(name) ? `${name}=${this.#hide(value)}` : pair,
    );
  }

  /** @param {string} secret */
  #hide(secret) {
    if (secret.length >= RECOGNIZABLE && !HOST_NAME.test(secret)) this.#known.add(secret);
    return hidden(secret);
  }

  /**
   * @param {any} value
   * @returns {any}
   */
  #scrub(value) {
    if (typeof value === 'string') return this.text(value);
    if (Array.isArray(value)) return value.map((item) => this.#scrub(item));
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#scrub(item)]));
  }
}

/** @param {string} secret */
function hidden(secret) {
  return `… (${secret.length} ${secret.length === 1 ? 'character' : 'characters'})`;
}

/**
 * @param {string} data
 * @param {unknown} encoding
 */
function sizeOf(data, encoding) {
  const bytes = Buffer.byteLength(data, encoding === 'base64' ? 'base64' : 'utf8');
  return `… (${bytes.toLocaleString('en')} ${bytes === 1 ? 'byte' : 'bytes'})`;
}

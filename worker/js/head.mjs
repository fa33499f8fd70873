/**
 * A CloudFront event as the text that crosses into WebAssembly (worker/src/wire.rs).
 */

/** The body of an event that has none, and other bytes that are not there. @type {Buffer} */
export const NOTHING = Buffer.alloc(0);

/** What the number of a known name has more than the length of a value could. */
const KNOWN = 2 ** 30;

/** How many UTF-16 code units make a value long. */
const LONG = 2_000;

/** An event as the text that crosses into WebAssembly. */
export class Head {
  /** The values, one after the other; what comes after `before`. */
  text = '';
  /**
   * Up to the last long value, each of which is a piece by itself. V8 joins text by noting what of, and
   * makes one of it when it is read: long values are better written twice than copied for that.
   *
   * @type {string[] | undefined}
   */
  before;
  /**
   * Of each value its length in UTF-16 code units, or the number of a known name.
   *
   * @type {number[]}
   */
  lengths = [];
  /** The request's body, decoded. */
  body = NOTHING;
  #names;

  /**
   * @param {any} cf  the event's only record, as CloudFront gave it, whatever that is
   * @param {{ numberOf: (name: string) => number }} names
   * @throws {MalformedEvent}
   */
  constructor(cf, names) {
    this.#names = names;
    const config = object(cf.config, 'config');
    const request = object(cf.request, 'request');
    this.#value(config.eventType, 'config.eventType');
    this.#value(config.requestId ?? '', 'config.requestId');
    this.#value(config.distributionDomainName ?? '', 'config.distributionDomainName');
    this.#value(config.distributionId ?? '', 'config.distributionId');
    this.#value(request.method, 'request.method');
    this.#value(request.clientIp, 'request.clientIp');
    this.#value(request.uri, 'request.uri');
    this.#value(request.querystring, 'request.querystring');
    this.#headers(request.headers, 'request.headers');
    this.#requestBody(request.body ?? undefined);
    this.#origin(request.origin);
    this.#response(cf.response ?? undefined);
  }

  /** @param {unknown} value @param {string} name */
  #value(value, name) {
    if (typeof value !== 'string') throw new MalformedEvent(`${name} is not a string`);
    this.lengths.push(value.length);
    this.text += value;
  }

  /** @param {Record<string, { value: string }[]>} headers @param {string} name */
  #headers(headers, name) {
    object(headers, name);
    const { lengths } = this;
    const at = lengths.push(0) - 1;
    /** @type {string[] | undefined} */
    let before;
    let text = '';
    for (const key in headers) {
      const fields = headers[key];
      if (!Array.isArray(fields)) throw malformedField(name, key);
      const number = this.#names.numberOf(key);
      for (let i = 0; i < fields.length; i += 1) {
        const value = fields[i]?.value;
        if (typeof value !== 'string') throw malformedField(name, key);
        lengths.push(number < 0 ? key.length : KNOWN + number, value.length);
        if (number < 0) text += key;
        if (value.length < LONG) {
          text += value;
        } else {
          (before ??= []).push(text, value);
          text = '';
        }
      }
    }
    const count = String((lengths.length - 1 - at) / 2);
    lengths[at] = count.length;
    this.text += count;
    if (before) {
      this.before = [...(this.before ?? []), this.text, ...before];
      this.text = '';
    }
    this.text += text;
  }

  /** @param {any} body */
  #requestBody(body) {
    if (body === undefined) {
      this.lengths.push(0);
      return;
    }
    const { inputTruncated, encoding, data } = object(body, 'request.body');
    if (typeof inputTruncated !== 'boolean') {
      throw new MalformedEvent('request.body.inputTruncated is not a boolean');
    }
    this.#value(inputTruncated ? 'truncated' : 'complete', 'request.body');
    this.body = decode(data, encoding);
  }

  /** @param {any} origin */
  #origin(origin) {
    const kind = origin?.custom ? 'custom' : origin?.s3 ? 's3' : '';
    this.#value(kind, 'request.origin');
    if (kind === '') return;
    this.#value(origin[kind].domainName, 'request.origin.domainName');
    this.#value(origin[kind].path, 'request.origin.path');
    this.#headers(origin[kind].customHeaders ?? {}, 'request.origin.customHeaders');
  }

  /** @param {any} response */
  #response(response) {
    if (response === undefined) {
      this.lengths.push(0);
      return;
    }
    this.#value(response.status, 'response.status');
    this.#headers(response.headers, 'response.headers');
  }
}

/**
 * The lengths of a head's values in bytes of UTF-8, where not all of its text is ASCII.
 *
 * @param {Head} head
 */
export function bytesOf({ before = [], text: last, lengths }) {
  const text = before.join('') + last;
  let at = 0;
  return lengths.map((length) => {
    if (length >= KNOWN) return length;
    at += length;
    return Buffer.byteLength(text.slice(at - length, at));
  });
}

/**
 * @param {any} event
 * @returns {any} its only record
 */
export function recordOf(event) {
  return object(event?.Records?.[0]?.cf, 'Records[0].cf');
}

/** @type {(value: any, name: string) => any} */
function object(value, name) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MalformedEvent(`${name} is not an object`);
  }
  return value;
}

/** @type {(data: unknown, encoding: unknown) => Buffer} */
function decode(data, encoding) {
  if (typeof data !== 'string') throw new MalformedEvent('request.body.data is not a string');
  if (encoding === 'text') return Buffer.from(data);
  if (encoding !== 'base64') {
    throw new MalformedEvent('request.body.encoding is neither base64 nor text');
  }
  const bytes = Buffer.from(data, 'base64');
  // Buffer leaves out what is not base64; without that, the length of the text says how many bytes.
  if (bytes.length !== Buffer.byteLength(data, 'base64')) {
    throw new MalformedEvent('request.body.data is not base64');
  }
  return bytes;
}

/** The event is not of the shape rules E1–E9 describe. */
export class MalformedEvent extends Error {}

/** @type {(name: string, key: string) => MalformedEvent} */
function malformedField(name, key) {
  return new MalformedEvent(`${name}[${JSON.stringify(key)}] is not an array of { value: string }`);
}

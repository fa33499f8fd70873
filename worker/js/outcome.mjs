/**
 * What a worker answered, read from its memory and carried out on the event (worker/src/wire.rs).
 *
 * @typedef {import('./worker.mjs').CloudFrontResult} CloudFrontResult
 *
 * @typedef {import('./worker.mjs').Get & { tag: number, retries: number }} Fetch  one the worker asks
 *   for; by the tag it knows what comes of it
 */

/** What the worker answered, still as text. */
export class Outcome {
  /** @type {Fetch | undefined} */
  fetch;
  /** @type {Fetch | undefined} */
  aside;
  /** @type {string} */
  log;
  #text;
  #at = 0;
  #kind;
  /** @type {Buffer} */
  #bytes;

  /**
   * @param {Buffer} memory  read here; the bytes of a body once more, in carryOut
   * @param {number} at
   * @param {number} size
   */
  constructor(memory, at, size) {
    const start = at >>> 0;
    this.#bytes = memory.subarray(start, start + size);
    this.#text = memory.utf8Slice(start, start + size);
    this.#kind = this.#line();
    this.log = this.#lineOf('l') ?? '';
    if (this.#text[this.#at] === 'a') this.aside = this.#fetch();
    if (this.#kind === 'G') this.fetch = this.#fetch();
  }

  /**
   * Applies the edits to what CloudFront sent, or makes the answer that takes its place.
   * @param {any} cf
   * @returns {CloudFrontResult}
   */
  carryOut(cf) {
    const forwards = this.#kind === 'F';
    const ofResponse = cf.config.eventType.endsWith('-response');
    const target = !forwards ? { headers: {} } : ofResponse ? cf.response : cf.request;
    const { headers } = target;
    while (this.#at < this.#text.length) {
      const letter = this.#text[this.#at];
      if (letter === 't' || letter === 'b') {
        this.#carryBody(target, letter === 't', forwards && !ofResponse);
        break;
      }
      const text = this.#line().slice(1);
      switch (letter) {
        case '-':
          delete headers[text];
          break;
        case '=': {
          const [key, value] = cut(text);
          put(headers, key, [{ key, value }]);
          break;
        }
        case '+': {
          const [key, value] = cut(text);
          if (!Object.hasOwn(headers, key)) put(headers, key, []);
          headers[key].push({ key, value });
          break;
        }
        case 'u':
          target.uri = text;
          break;
        case 'q':
          target.querystring = text;
          break;
        case 's':
          [target.status, target.statusDescription] = cut(text);
          break;
        case 'o':
          switchOrigin(target, text);
          break;
        case 'x':
          delete target.origin.custom.customHeaders?.[text];
          break;
        default:
          // Without its text, which may be secret.
          throw new Error(`the outcome holds a line no rule describes: ${letter}`);
      }
    }
    return target;
  }

  /** @returns {Fetch} */
  #fetch() {
    const [tag, timeoutMs, maxBytes, retries, ...url] = this.#line().slice(1).split(' ');
    const limits = { timeoutMs: +timeoutMs, maxBytes: +maxBytes, retries: +retries };
    const form = this.#lineOf('p');
    const post = form === undefined ? form : { form, authorization: this.#lineOf('h') };
    return { tag: +tag, url: url.join(' '), ...limits, post };
  }

  /** The next line, if it begins so. @param {string} letter @returns {string | undefined} */
  #lineOf(letter) {
    return this.#text[this.#at] === letter ? this.#line().slice(1) : undefined;
  }

  #line() {
    const start = this.#at;
    const end = this.#text.indexOf('\n', start);
    this.#at = end + 1;
    return this.#text.slice(start, end);
  }

  /** @param {any} target @param {boolean} isText @param {boolean} ofRequest */
  #carryBody(target, isText, ofRequest) {
    const encoding = isText ? 'text' : 'base64';
    const data = isText
      ? this.#text.slice(this.#at + 2)
      : this.#bytes.subarray(this.#bytes.indexOf('\nb\n') + 3).toString('base64');
    if (ofRequest) {
      target.body = { ...target.body, action: 'replace', encoding, data };
    } else {
      target.body = data;
      target.bodyEncoding = encoding;
    }
  }
}

/** @type {(text: string) => string[]} */
function cut(text) {
  const space = text.indexOf(' ');
  return [text.slice(0, space), text.slice(space + 1)];
}

/** @type {(headers: Record<string, unknown>, key: string, value: unknown) => void} */
function put(headers, key, value) {
  if (key !== '__proto__') headers[key] = value;
  else Object.defineProperty(headers, key, { ...ORDINARY, value });
}
const ORDINARY = { enumerable: true, configurable: true, writable: true };

/**
 * Time limits and the like stay those of the distribution's own custom origin; an S3 origin has
 * none that fit, so CloudFront's defaults are put in their place (rules E6, E7).
 * @param {any} request
 * @param {string} text
 */
function switchOrigin(request, text) {
  const [protocol, port, domainName, path] = text.split(' ');
  const defaults = { keepaliveTimeout: 5, readTimeout: 30, sslProtocols: ['TLSv1.2'] };
  const { s3, custom = { customHeaders: {}, ...defaults }, ...unknown } = request.origin;
  request.origin = { ...unknown, custom: { ...custom, protocol, port: +port, domainName, path } };
}

/**
 * What a worker answered, read from its memory and carried out on the event (worker/src/wire.rs).
 *
 * @typedef {import('./worker.mjs').CloudFrontResult} CloudFrontResult
 *
 * @typedef {import('./instance.mjs').Instance['known']} Known
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
  #memory;
  #start;
  #end;
  #text;
  #at = 0;
  #kind;
  #known;

  /**
   * @param {Buffer} memory  read here; the bytes of a body once more, in carryOut
   * @param {number} start
   * @param {number} size
   * @param {Known} known  what its instance knows
   */
  constructor(memory, start, size, known) {
    this.#memory = memory;
    this.#start = start;
    this.#end = start + size;
    this.#known = known;
    this.#text = memory.utf8Slice(start, this.#end);
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
    const text = this.#text;
    for (let at = this.#at, end; at < text.length; at = end + 1) {
      const letter = text[at];
      if (letter === 't' || letter === 'b') {
        this.#carryBody(target, at, letter === 't', forwards && !ofResponse);
        break;
      }
      end = text.indexOf('\n', at);
      switch (letter) {
        case '=':
        case '+': {
          const { key, value } = this.#known.fields.read(text, at + 1, end);
          if (letter === '+' && Object.hasOwn(headers, key)) headers[key].push({ key, value });
          else put(headers, key, [{ key, value }]);
          break;
        }
        case '-':
          delete headers[text.slice(at + 1, end)];
          break;
        case 'u':
          target.uri = text.slice(at + 1, end);
          break;
        case 'q':
          target.querystring = text.slice(at + 1, end);
          break;
        case 's':
          target.status = text.slice(at + 1, at + 4);
          target.statusDescription = text.slice(at + 5, end);
          break;
        case 'o':
          switchOrigin(target, this.#known.origins.read(text, at + 1, end));
          break;
        case 'x':
          delete target.origin.custom.customHeaders?.[text.slice(at + 1, end)];
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

  /** @param {any} target @param {number} at @param {boolean} isText @param {boolean} ofRequest */
  #carryBody(target, at, isText, ofRequest) {
    const encoding = isText ? 'text' : 'base64';
    const data = isText
      ? this.#text.slice(at + 2)
      : this.#memory.subarray(this.#memory.indexOf('\nb\n', this.#start) + 3, this.#end).toString('base64');
    if (ofRequest) {
      target.body = { ...target.body, action: 'replace', encoding, data };
    } else {
      target.body = data;
      target.bodyEncoding = encoding;
    }
  }
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
 * @param {ReturnType<typeof import('./known.mjs').parseOrigin>} to
 */
function switchOrigin({ origin }, { protocol, port, domainName, path }) {
  if (origin.custom === undefined) {
    delete origin.s3;
    origin.custom = { customHeaders: {}, ...DEFAULTS, sslProtocols: ['TLSv1.2'] };
  }
  const { custom } = origin;
  custom.protocol = protocol;
  custom.port = port;
  custom.domainName = domainName;
  custom.path = path;
}
const DEFAULTS = { keepaliveTimeout: 5, readTimeout: 30 };

/**
 * The JavaScript half of the crate cloudfront-worker: gives CloudFront's events to a worker in
 * WebAssembly and carries its outcomes out on the very object CloudFront sent.
 *
 *   import { createHandler } from './worker.mjs';
 *   export const handler = createHandler({ module, glue, config });
 *
 * The two texts that cross are described in worker/src/wire.rs.
 *
 * @typedef {import('aws-lambda').CloudFrontRequestEvent | import('aws-lambda').CloudFrontResponseEvent} CloudFrontEvent
 * @typedef {import('aws-lambda').CloudFrontRequest | import('aws-lambda').CloudFrontResultResponse} CloudFrontResult
 *
 * @typedef {object} WorkerOptions
 * @property {WebAssembly.Module} module  the compiled worker
 * @property {Glue} [glue]  what wasm-bindgen wrote beside it for the target `bundler`, if it did; it
 *   serves one handler at a time
 * @property {Uint8Array} [config]  bytes handed to `Worker::configure`; a snapshot has had its own
 * @property {string} [region]  the Region executing the function; AWS_REGION unless given
 * @property {(memory: () => Buffer) => WebAssembly.Imports} [imports]  functions of the host the
 *   worker imports besides; called once per instance with a view of that instance's memory
 * @property {() => number} [now]  milliseconds since 1970
 * @property {(line: string) => void} [log]  takes the worker's log lines
 * @property {(get: Get, validators?: Validators) => Promise<Uint8Array>} [get]  performs a fetch, or
 *   throws a FetchFault; `validators` are there when it may be revalidated
 *
 * @typedef {{ __wbg_set_wasm?: (exports: WebAssembly.Exports) => void, [name: string]: unknown }} Glue
 * @typedef {{ url: string, timeoutMs: number, maxBytes: number }} Get
 * @typedef {Map<string, string>} Validators  the `ETag` of what was got last, by URL
 */

/** How many fetches one event may lead to before it is answered 500. */
const MOST_FETCHES = 3;

/** @type {Buffer} */
const NOTHING = Buffer.alloc(0);

/** Matches what Latin-1 cannot hold. V8 answers it for a one-byte string without reading it. */
const BEYOND_LATIN1 = /[^\x00-\xff]/;

/**
 * Makes the function Lambda calls. The worker is started at once, so that a bundle that cannot
 * start fails when it is deployed and not at the first request.
 *
 * Whatever the event and whatever happens inside, the handler returns what CloudFront accepts: a
 * malformed event or a trap is answered 500, and a trapped instance is replaced (its memory can be
 * in any state) before the next event.
 *
 * @param {WorkerOptions} options
 * @returns {(event: CloudFrontEvent) => Promise<CloudFrontResult>}
 */
export function createHandler(options) {
  const log = options.log ?? console.log;
  const now = options.now ?? Date.now;
  const get = options.get ?? fetchBytes;
  /** @type {Map<string, Promise<void>>} */
  const underWay = new Map();
  /** @type {Instance | undefined} */
  let instance = new Instance(options);

  /**
   * @param {Fetch} fetch
   * @param {Validators} [validators]
   */
  const getAndRecord = async (fetch, validators) => {
    const asking = instance;
    let bytes = /** @type {Uint8Array} */ (NOTHING);
    let fault = 0;
    try {
      bytes = await get(fetch, validators);
    } catch (error) {
      fault = error instanceof FetchFault ? error.fault : FAULT.unreachable;
    }
    // To another instance, started since after a trap, the tag may mean something else.
    if (instance !== asking) return;
    const line = asking?.record(bytes, fetch.tag, fault, now());
    if (line) log(line);
  };

  /**
   * One fetch for all events that want the same.
   *
   * @param {Fetch} fetch
   * @param {Validators} [validators]
   */
  const perform = (fetch, validators) => {
    const key = `${fetch.tag} ${fetch.url}`;
    const promise =
      underWay.get(key) ?? getAndRecord(fetch, validators).finally(() => underWay.delete(key));
    underWay.set(key, promise);
    return promise;
  };

  /**
   * A fetch that no answer waits for: it begins when the answer has been handed over, since the
   * first one loads half of Node. Nobody hears of its failure but the worker and the log, and a
   * rejection that nobody hears of would end the process.
   *
   * @param {Fetch} fetch
   */
  const performAside = async (fetch) => {
    const asking = instance;
    await new Promise((resolve) => setImmediate(resolve));
    if (instance !== asking) return;
    try {
      await perform(fetch, asking?.validators);
    } catch (error) {
      if (instance === asking) discard();
      log(`cloudfront-worker: ${describe(error)}`);
    }
  };

  const discard = () => {
    instance?.discard();
    instance = undefined;
  };

  return async function handler(event) {
    try {
      const head = new Head(event);
      for (let fetches = 0; ; fetches += 1) {
        instance ??= new Instance(options);
        const outcome = instance.handle(head, now());
        if (outcome.log) log(outcome.log);
        if (outcome.fetch === undefined) {
          const result = outcome.carryOut(head.cf);
          // Not before: what it brings may come at once, and overwrite the outcome's bytes.
          if (outcome.aside) void performAside(outcome.aside);
          return result;
        }
        if (outcome.aside) void performAside(outcome.aside);
        if (fetches === MOST_FETCHES) throw new Error(`more than ${fetches} fetches for one event`);
        await perform(outcome.fetch);
      }
    } catch (error) {
      // A malformed event has reached no instance; anything else may have broken this one.
      if (!(error instanceof MalformedEvent)) discard();
      log(`cloudfront-worker: ${describe(error)}`);
      return internalError();
    }
  };
}

/** A worker in one WebAssembly instance. */
class Instance {
  /** Of what this instance was given; another one knows nothing of it. @type {Validators} */
  validators = new Map();
  #memory = NOTHING;
  #input = 0;
  #capacity = 0;
  #body = NOTHING;
  /** @type {import('./types.js').Exports} */
  #exports;

  /** @param {WorkerOptions} options */
  constructor({ module, glue, config, region, imports }) {
    const needed = WebAssembly.Module.imports(module).map((item) => item.module);
    const glueName = needed.find((name) => name.endsWith('_bg.js'));
    const instance = new WebAssembly.Instance(module, {
      ...(glueName && glue && { [glueName]: /** @type {any} */ (glue) }),
      cloudfront: {
        /** @param {number} into */
        read_body: (into) => this.#body.copy(this.#view(), into >>> 0),
      },
      ...imports?.(() => this.#view()),
    });
    this.#exports = /** @type {any} */ (instance.exports);
    glue?.__wbg_set_wasm?.(instance.exports);
    this.#exports.__wbindgen_start?.();

    if (this.#exports.cloudfront_configure) this.#configure(config ?? NOTHING);
    const name = Buffer.from(region ?? process.env.AWS_REGION ?? '');
    this.#write(name);
    this.#exports.cloudfront_start(name.length, seed());
  }

  /** Not for a snapshot: it begins with what came of this. @param {Uint8Array} config */
  #configure(config) {
    this.#write(config);
    const reason = this.#exports.cloudfront_configure?.(config.length) ?? 0;
    this.#capacity = 0;
    if (reason > 0) {
      const at = this.#exports.cloudfront_output() >>> 0;
      throw new Error(`the worker cannot start: ${this.#view().utf8Slice(at, at + reason)}`);
    }
  }

  /**
   * @param {Head} head
   * @param {number} now
   */
  handle(head, now) {
    const { text, values } = head;
    // One byte a character in Latin-1; up to three in UTF-8.
    const utf8 = BEYOND_LATIN1.test(text);
    this.#reserve(utf8 ? text.length * 3 : text.length);
    const length = this.#memory[utf8 ? 'utf8Write' : 'latin1Write'](text, this.#input);
    this.#body = head.body;
    const size = this.#exports.cloudfront_handle(length, values, +utf8, now, head.body.length);
    return new Outcome(this.#view(), this.#exports.cloudfront_output(), size);
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} tag
   * @param {number} fault  one of FAULT, 0 for none
   * @param {number} now
   * @returns {string} a line for the log, or nothing
   */
  record(bytes, tag, fault, now) {
    this.#write(bytes);
    const size = this.#exports.cloudfront_record(bytes.length, tag, fault, now);
    const at = this.#exports.cloudfront_output() >>> 0;
    return this.#view().utf8Slice(at, at + size).replaceAll('\n', ' ');
  }

  /**
   * Growing a memory, even by nothing, detaches every view of it. wasm-bindgen's glue keeps one and
   * takes another only when that is detached: it would go on reading this memory for the next
   * instance.
   */
  discard() {
    this.#exports.memory.grow(0);
  }

  /** @param {Uint8Array} bytes */
  #write(bytes) {
    this.#reserve(bytes.length);
    this.#memory.set(bytes, this.#input);
  }

  /** @param {number} length */
  #reserve(length) {
    if (length > this.#capacity) {
      this.#input = this.#exports.cloudfront_input(length) >>> 0;
      this.#capacity = length;
    }
    this.#view();
  }

  /** The instance's memory. Growing detaches the buffer an earlier view looked into. */
  #view() {
    const { buffer } = this.#exports.memory;
    if (this.#memory.buffer !== buffer) this.#memory = Buffer.from(buffer);
    return this.#memory;
  }
}

/**
 * Differs from instance to instance, and no client can know it. Loading `node:crypto` for a number
 * that need not be secret would cost every cold start some milliseconds.
 */
function seed() {
  const word = () => BigInt(Math.floor(Math.random() * 2 ** 32));
  return (word() << 32n) | word();
}

/** An event as the text that crosses into WebAssembly. */
class Head {
  text = '';
  values = 0;
  /** The request's body, decoded. */
  body = NOTHING;

  /** @param {any} event */
  constructor(event) {
    this.cf = object(event?.Records?.[0]?.cf, 'Records[0].cf');
    const config = object(this.cf.config, 'config');
    const request = object(this.cf.request, 'request');
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
    this.#response(this.cf.response ?? undefined);
  }

  /** @param {unknown} value @param {string} name */
  #value(value, name) {
    if (typeof value !== 'string') throw new MalformedEvent(`${name} is not a string`);
    this.text += value + '\n';
    this.values += 1;
  }

  /** @param {Record<string, { value: string }[]>} headers @param {string} name */
  #headers(headers, name) {
    object(headers, name);
    let text = '';
    let count = 0;
    for (const key in headers) {
      const fields = headers[key];
      if (!Array.isArray(fields)) throw malformedField(name, key);
      for (const field of fields) {
        const value = field?.value;
        if (typeof value !== 'string') throw malformedField(name, key);
        text += key + '\n' + value + '\n';
        count += 1;
      }
    }
    this.text += count + '\n' + text;
    this.values += 1 + 2 * count;
  }

  /** @param {any} body */
  #requestBody(body) {
    if (body === undefined) return this.#value('', 'request.body');
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
    if (response === undefined) return this.#value('', 'response');
    this.#value(response.status, 'response.status');
    this.#headers(response.headers, 'response.headers');
  }
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

/** What the worker answered, still as text. */
class Outcome {
  /** @type {Fetch | undefined} */
  fetch;
  /** @type {Fetch | undefined} */
  aside;
  log = '';
  #text;
  #at = 0;
  #kind;
  /** @type {Buffer} */
  #bytes;

  /**
   * @typedef {Get & { tag: number }} Fetch
   * @param {Buffer} memory
   * @param {number} at
   * @param {number} size
   */
  constructor(memory, at, size) {
    const start = at >>> 0;
    this.#bytes = memory.subarray(start, start + size);
    this.#text = memory.utf8Slice(start, start + size);
    this.#kind = this.#line();
    if (this.#text[this.#at] === 'l') this.log = this.#line().slice(1);
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
          throw new Error(`the outcome holds a line no rule describes: ${text}`);
      }
    }
    return target;
  }

  /** @returns {Fetch} */
  #fetch() {
    const [tag, timeoutMs, maxBytes, ...url] = this.#line().slice(1).split(' ');
    return { tag: +tag, timeoutMs: +timeoutMs, maxBytes: +maxBytes, url: url.join(' ') };
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

/** @param {unknown} error */
function describe(error) {
  if (error instanceof MalformedEvent) return `malformed event: ${error.message}`;
  if (error instanceof WebAssembly.RuntimeError) return `trap: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}

/** The answer when there is no worker to ask. Never cached (rule G4), never a reason to guess. */
function internalError() {
  return {
    status: '500',
    statusDescription: 'Internal Server Error',
    headers: {
      'cache-control': [{ key: 'cache-control', value: 'no-store' }],
      'content-type': [{ key: 'content-type', value: 'text/plain; charset=utf-8' }],
    },
    body: 'Internal Server Error',
  };
}

/** The event is not of the shape rules E1–E9 describe. */
class MalformedEvent extends Error {}

/** @type {(name: string, key: string) => MalformedEvent} */
function malformedField(name, key) {
  return new MalformedEvent(`${name}[${JSON.stringify(key)}] is not an array of { value: string }`);
}

/** Why a fetch brought nothing: the numbers of `FetchFault` in worker/src/outcome.rs. */
const FAULT = { status: 1, tooLarge: 2, unreachable: 3, notModified: 4 };

/** A fetch that brought nothing. */
export class FetchFault extends Error {
  /** @param {keyof typeof FAULT} reason */
  constructor(reason) {
    super(reason);
    this.fault = FAULT[reason];
  }
}

/**
 * Gets a resource: 200 only, no redirects, within the time and size given. With `validators`, what
 * was got before is asked after by its `ETag` (RFC 9110, section 13.1.2), and a 304 is a FetchFault
 * of its own.
 *
 * @param {Get} get
 * @param {Validators} [validators]
 * @returns {Promise<Uint8Array>}
 */
export async function fetchBytes({ url, timeoutMs, maxBytes }, validators) {
  const etag = validators?.get(url);
  const response = await fetch(url, {
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
    headers: { accept: 'application/json', ...(etag && { 'if-none-match': etag }) },
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new FetchFault(response.status === 304 && etag ? 'notModified' : 'status');
  }
  const chunks = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) throw new FetchFault('tooLarge');
    chunks.push(chunk);
  }
  const validator = response.headers.get('etag');
  if (validator) validators?.set(url, validator);
  else validators?.delete(url);
  return Buffer.concat(chunks);
}

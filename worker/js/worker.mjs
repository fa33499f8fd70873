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
 * @property {Glue} glue  what wasm-bindgen wrote beside it for the target `bundler`
 * @property {string} [glueName]  the module name by which the worker imports its glue
 * @property {Uint8Array} [config]  bytes handed to `Worker::start`
 * @property {string} [region]  the Region executing the function; AWS_REGION unless given
 * @property {(memory: () => Buffer) => WebAssembly.Imports} [imports]  functions of the host the
 *   worker imports besides; called once per instance with a view of that instance's memory
 * @property {() => number} [now]  milliseconds since 1970
 * @property {(line: string) => void} [log]  takes the worker's log lines
 * @property {(get: Get) => Promise<Uint8Array>} [get]  performs a fetch, or throws a FetchFault
 *
 * @typedef {{ __wbg_set_wasm?: (exports: WebAssembly.Exports) => void, [name: string]: unknown }} Glue
 * @typedef {{ url: string, timeoutMs: number, maxBytes: number }} Get
 */

/** How many fetches one event may lead to before it is answered 500. */
const MOST_FETCHES = 3;

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

  /** One fetch for all events that wait for the same URL.
   * @param {Fetch} fetch */
  const perform = (fetch) => {
    const { url, tag } = fetch;
    let promise = underWay.get(url);
    if (!promise) {
      promise = get(fetch)
        .then(
          (bytes) => instance?.record(bytes, tag, 0, now()),
          (error) => {
            const fault = error instanceof FetchFault ? error.fault : FAULT.unreachable;
            instance?.record(new Uint8Array(), tag, fault, now());
          },
        )
        .finally(() => underWay.delete(url));
      underWay.set(url, promise);
    }
    return promise;
  };

  return async function handler(event) {
    try {
      const head = Head.of(event);
      for (let fetches = 0; fetches <= MOST_FETCHES; fetches += 1) {
        instance ??= new Instance(options);
        const outcome = instance.handle(head, now());
        if (outcome.log) log(outcome.log);
        if (outcome.fetch === undefined) return outcome.carryOut(head.cf);
        await perform(outcome.fetch);
      }
      throw new Error(`the worker asked for more than ${MOST_FETCHES} fetches`);
    } catch (error) {
      // A malformed event has reached no instance; anything else may have broken this one.
      if (!(error instanceof MalformedEvent)) instance = undefined;
      log(`cloudfront-worker: ${describe(error)}`);
      return internalError();
    }
  };
}

/** A worker in one WebAssembly instance. */
class Instance {
  /** @type {Buffer} */
  #memory = Buffer.alloc(0);
  #input = 0;
  #capacity = 0;
  /** @type {Buffer} */
  #body = Buffer.alloc(0);
  /** @type {Exports} */
  #exports;

  /**
   * @typedef {object} Exports
   * @property {WebAssembly.Memory} memory
   * @property {(len: number) => number} cloudfront_input
   * @property {() => number} cloudfront_output
   * @property {(len: number) => number} cloudfront_start
   * @property {(len: number, values: number, utf8: number, now: number, body: number) => number} cloudfront_handle
   * @property {(len: number, tag: number, fault: number, now: number) => void} cloudfront_record
   * @property {() => void} [__wbindgen_start]
   */

  /** @param {WorkerOptions} options */
  constructor({ module, glue, glueName = './nearhop_bg.js', config, region, imports }) {
    const instance = new WebAssembly.Instance(module, {
      [glueName]: /** @type {any} */ (glue),
      cloudfront: {
        /** @param {number} into */
        read_body: (into) => this.#body.copy(this.#view(), into),
      },
      ...imports?.(() => this.#view()),
    });
    this.#exports = /** @type {any} */ (instance.exports);
    glue.__wbg_set_wasm?.(instance.exports);
    this.#exports.__wbindgen_start?.();

    const seed = crypto.getRandomValues(new BigUint64Array(1))[0];
    const start = Buffer.concat([
      Buffer.from(`${region ?? process.env.AWS_REGION ?? ''}\n${seed}\n`),
      config ?? new Uint8Array(),
    ]);
    this.#write(start);
    const reason = this.#exports.cloudfront_start(start.length);
    if (reason > 0) throw new Error(`the worker cannot start: ${this.#output(reason)}`);
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
    const length = utf8
      ? this.#memory.utf8Write(text, this.#input)
      : this.#memory.latin1Write(text, this.#input);
    this.#body = head.body;
    const size = this.#exports.cloudfront_handle(
      length, values, utf8 ? 1 : 0, now, head.body.length,
    );
    return new Outcome(this.#view(), this.#exports.cloudfront_output(), size);
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} tag
   * @param {number} fault  one of FAULT, 0 for none
   * @param {number} now
   */
  record(bytes, tag, fault, now) {
    this.#write(bytes);
    this.#exports.cloudfront_record(bytes.length, tag, fault, now);
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

  /** @param {number} size */
  #output(size) {
    const at = this.#exports.cloudfront_output() >>> 0;
    return this.#view().utf8Slice(at, at + size);
  }
}

/** An event as the text that crosses into WebAssembly. */
class Head {
  text = '';
  values = 0;
  #data = '';
  /** @type {BufferEncoding} */
  #encoding = 'utf8';
  /** @type {Buffer | undefined} */
  #body;

  /**
   * @param {any} event
   * @throws {MalformedEvent}
   */
  static of(event) {
    try {
      return new Head(event.Records[0].cf);
    } catch (error) {
      // A TypeError: something the shape demands is not there.
      if (error instanceof TypeError) throw new MalformedEvent(error.message);
      throw error;
    }
  }

  /** @param {any} cf */
  constructor(cf) {
    const { config, request, response } = cf;
    this.cf = cf;
    this.#value(config.eventType, 'config.eventType');
    this.#value(config.requestId ?? '', 'config.requestId');
    this.#value(config.distributionDomainName ?? '', 'config.distributionDomainName');
    this.#value(config.distributionId ?? '', 'config.distributionId');
    this.#value(request.method, 'request.method');
    this.#value(request.clientIp, 'request.clientIp');
    this.#value(request.uri, 'request.uri');
    this.#value(request.querystring, 'request.querystring');
    this.#headers(request.headers, 'request.headers');
    this.#requestBody(request.body);
    this.#origin(request.origin);
    this.#response(response);
  }

  /** The request's body, decoded when it is asked for. */
  get body() {
    this.#body ??= Buffer.from(this.#data, this.#encoding);
    return this.#body;
  }

  /**
   * @param {unknown} value
   * @param {string} name
   */
  #value(value, name) {
    if (typeof value !== 'string') throw new MalformedEvent(`${name} is not a string`);
    this.text += value + '\n';
    this.values += 1;
  }

  /**
   * @param {Record<string, { value: string }[]>} headers
   * @param {string} name
   */
  #headers(headers, name) {
    if (typeof headers !== 'object' || headers === null) {
      throw new MalformedEvent(`${name} is not an object`);
    }
    let text = '';
    let count = 0;
    for (const key in headers) {
      const fields = headers[key];
      if (!Array.isArray(fields)) throw new MalformedEvent(`${name} holds something but arrays`);
      for (let i = 0; i < fields.length; i += 1) {
        const value = fields[i]?.value;
        if (typeof value !== 'string') {
          throw new MalformedEvent(`${name} holds a value that is not a string`);
        }
        text += key + '\n' + value + '\n';
        count += 1;
      }
    }
    this.text += count + '\n' + text;
    this.values += 1 + 2 * count;
  }

  /** @param {any} body */
  #requestBody(body) {
    if (!body) {
      this.#value('', 'request.body');
      return;
    }
    this.#data = typeof body.data === 'string' ? body.data : '';
    this.#encoding = body.encoding === 'base64' ? 'base64' : 'utf8';
    this.#value(body.inputTruncated ? 'truncated' : 'complete', 'request.body');
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
    if (!response) {
      this.#value('', 'response');
      return;
    }
    this.#value(response.status, 'response.status');
    this.#headers(response.headers, 'response.headers');
  }
}

/** What the worker answered, still as text. */
class Outcome {
  /** @type {Fetch | undefined} */
  fetch;
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
    if (this.#text.charCodeAt(this.#at) === LETTER.log) this.log = this.#line().slice(1);
    if (this.#kind === 'G') {
      const [tag, timeoutMs, maxBytes, url] = this.#line().slice(1).split(' ');
      this.fetch = { tag: +tag, timeoutMs: +timeoutMs, maxBytes: +maxBytes, url };
    }
  }

  /**
   * Applies the edits to what CloudFront sent, or makes the answer that takes its place.
   * @param {any} cf
   * @returns {CloudFrontResult}
   */
  carryOut(cf) {
    const forwards = this.#kind === 'F';
    const target = forwards ? (cf.response ?? cf.request) : { headers: {} };
    const { headers } = target;
    while (this.#at < this.#text.length) {
      const letter = this.#text.charCodeAt(this.#at);
      if (letter === LETTER.text || letter === LETTER.bytes) {
        this.#carryBody(target, letter === LETTER.text, forwards && !cf.response);
        break;
      }
      const text = this.#line().slice(1);
      switch (letter) {
        case LETTER.remove:
          delete headers[text];
          break;
        case LETTER.set: {
          const [key, value] = cut(text);
          headers[key] = [{ key, value }];
          break;
        }
        case LETTER.append: {
          const [key, value] = cut(text);
          (headers[key] ??= []).push({ key, value });
          break;
        }
        case LETTER.uri:
          target.uri = text;
          break;
        case LETTER.querystring:
          target.querystring = text;
          break;
        case LETTER.status:
          [target.status, target.statusDescription] = cut(text);
          break;
        case LETTER.origin:
          switchOrigin(target, text);
          break;
        case LETTER.withoutCustomHeader:
          delete target.origin.custom.customHeaders[text];
          break;
        default:
          throw new Error(`the outcome holds a line no rule describes: ${text}`);
      }
    }
    return target;
  }

  #line() {
    const start = this.#at;
    const end = this.#text.indexOf('\n', start);
    this.#at = end + 1;
    return this.#text.slice(start, end);
  }

  /**
   * @param {any} target
   * @param {boolean} isText
   * @param {boolean} ofRequest
   */
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

/** @type {Record<string, number>} */
const LETTER = Object.fromEntries(
  Object.entries({
    log: 'l',
    uri: 'u',
    querystring: 'q',
    remove: '-',
    set: '=',
    append: '+',
    status: 's',
    origin: 'o',
    withoutCustomHeader: 'x',
    text: 't',
    bytes: 'b',
  }).map(([name, letter]) => [name, letter.charCodeAt(0)]),
);

/**
 * Text before and after the first space.
 * @param {string} text
 */
function cut(text) {
  const space = text.indexOf(' ');
  return [text.slice(0, space), text.slice(space + 1)];
}

/**
 * Time limits and the like stay those of the distribution's own custom origin; an S3 origin has
 * none that fit, so CloudFront's defaults are put in their place (rules E6, E7).
 * @param {any} request
 * @param {string} text
 */
function switchOrigin(request, text) {
  const [protocol, port, domainName, path] = text.split(' ');
  const custom = request.origin?.custom ?? {
    customHeaders: {},
    keepaliveTimeout: 5,
    readTimeout: 30,
    sslProtocols: ['TLSv1.2'],
  };
  request.origin = { custom: { ...custom, protocol, port: +port, domainName, path } };
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

/** Why a fetch brought nothing: the numbers of `FetchFault` in worker/src/outcome.rs. */
const FAULT = { status: 1, tooLarge: 2, unreachable: 3 };

/** A fetch that brought nothing. */
export class FetchFault extends Error {
  /** @param {keyof typeof FAULT} reason */
  constructor(reason) {
    super(reason);
    this.fault = FAULT[reason];
  }
}

/**
 * Gets a resource: 200 only, no redirects, within the time and size given.
 * @param {Get} get
 * @returns {Promise<Uint8Array>}
 */
export async function fetchBytes({ url, timeoutMs, maxBytes }) {
  const response = await fetch(url, {
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
    headers: { accept: 'application/json' },
  });
  if (response.status !== 200 || !response.body) {
    await response.body?.cancel();
    throw new FetchFault('status');
  }
  const chunks = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.length;
    if (size > maxBytes) throw new FetchFault('tooLarge');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * A CloudFront event as the text that crosses into WebAssembly (worker/src/wire.rs).
 */

/** The body of an event that has none, and other bytes that are not there. @type {Buffer} */
export const NOTHING = Buffer.alloc(0);

/** An event as the text that crosses into WebAssembly. */
export class Head {
  text = '';
  values = 0;
  /** The request's body, decoded. */
  body = NOTHING;

  /**
   * @param {any} event  as CloudFront gave it, whatever that is
   * @throws {MalformedEvent}
   */
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

/** The event is not of the shape rules E1–E9 describe. */
export class MalformedEvent extends Error {}

/** @type {(name: string, key: string) => MalformedEvent} */
function malformedField(name, key) {
  return new MalformedEvent(`${name}[${JSON.stringify(key)}] is not an array of { value: string }`);
}

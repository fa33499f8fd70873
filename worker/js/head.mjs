/**
 * A CloudFront event as the text that crosses into WebAssembly (worker/src/wire.rs).
 */

/** The body of an event that has none, and other bytes that are not there. @type {Buffer} */
export const NOTHING = Buffer.alloc(0);

/** An event as the text that crosses into WebAssembly. */
export class Head {
  /** The values, one after the other. */
  text;
  /**
   * The values. They are joined at once: text put together piece by piece is a tree to V8, and costs
   * twice as much to read as to join.
   *
   * @type {string[]}
   */
  parts;
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
    this.parts = [
      text(config.eventType, 'config.eventType'),
      text(config.requestId ?? '', 'config.requestId'),
      text(config.distributionDomainName ?? '', 'config.distributionDomainName'),
      text(config.distributionId ?? '', 'config.distributionId'),
      text(request.method, 'request.method'),
      text(request.clientIp, 'request.clientIp'),
      text(request.uri, 'request.uri'),
      text(request.querystring, 'request.querystring'),
    ];
    this.#headers(request.headers, 'request.headers');
    this.#requestBody(request.body ?? undefined);
    this.#origin(request.origin);
    this.#response(this.cf.response ?? undefined);
    this.text = this.parts.join('');
  }

  /** @param {Record<string, { value: string }[]>} headers @param {string} name */
  #headers(headers, name) {
    object(headers, name);
    const parts = this.parts;
    const count = parts.push('') - 1;
    for (const key in headers) {
      const fields = headers[key];
      if (!Array.isArray(fields)) throw malformedField(name, key);
      for (let i = 0; i < fields.length; i += 1) {
        const value = fields[i]?.value;
        if (typeof value !== 'string') throw malformedField(name, key);
        parts.push(key, value);
      }
    }
    parts[count] = String((parts.length - 1 - count) / 2);
  }

  /** @param {any} body */
  #requestBody(body) {
    if (body === undefined) {
      this.parts.push('');
      return;
    }
    const { inputTruncated, encoding, data } = object(body, 'request.body');
    if (typeof inputTruncated !== 'boolean') {
      throw new MalformedEvent('request.body.inputTruncated is not a boolean');
    }
    this.parts.push(inputTruncated ? 'truncated' : 'complete');
    this.body = decode(data, encoding);
  }

  /** @param {any} origin */
  #origin(origin) {
    const kind = origin?.custom ? 'custom' : origin?.s3 ? 's3' : '';
    this.parts.push(kind);
    if (kind === '') return;
    this.parts.push(
      text(origin[kind].domainName, 'request.origin.domainName'),
      text(origin[kind].path, 'request.origin.path'),
    );
    this.#headers(origin[kind].customHeaders ?? {}, 'request.origin.customHeaders');
  }

  /** @param {any} response */
  #response(response) {
    if (response === undefined) {
      this.parts.push('');
      return;
    }
    this.parts.push(text(response.status, 'response.status'));
    this.#headers(response.headers, 'response.headers');
  }
}

/** @type {(value: unknown, name: string) => string} */
function text(value, name) {
  if (typeof value !== 'string') throw new MalformedEvent(`${name} is not a string`);
  return value;
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

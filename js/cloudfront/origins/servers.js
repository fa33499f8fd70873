/**
 * What on this machine stands for which origin.
 */
import { Directory } from './directory.js';
import { Endpoint } from './endpoint.js';
import { OriginFailure } from './failure.js';

/**
 * @typedef {import('aws-lambda').CloudFrontOrigin} CloudFrontOrigin
 *
 * @typedef {object} DirectoryEntry
 * @property {string} directory
 * @property {boolean} [public] whether anybody may read, not only CloudFront
 *
 * @typedef {string | DirectoryEntry | import('./endpoint.js').EndpointEntry} ServerEntry the URL of
 *   a server for a custom origin; for an S3 one, a directory or a bucket at an S3-compatible server
 *
 * @typedef {{ custom: URL } | { s3: Directory | Endpoint }} Server
 */

/** Names that connections may lead to: this machine only. */
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

const ALLOWED =
  'http://127.0.0.1:<port>, http://localhost:<port>, http://[::1]:<port>, a directory, ' +
  'or { endpoint, bucket, region, accessKeyId, secretAccessKey }';

export class Servers {
  /** @type {Map<string, Server>} */
  #servers;

  /**
   * @param {Record<string, ServerEntry>} entries by an origin's id, its domain name with the port
   *   (`api.example.com:8443`), or its domain name
   * @throws {TypeError} for an entry that is none, or leads to another machine
   */
  constructor(entries) {
    this.#servers = new Map(
      Object.entries(entries).map(([name, entry]) => [name, serverOf(name, entry)]),
    );
  }

  /**
   * Looks an origin up: by id, unless a function switched to another name, then by name and port,
   * then by name.
   *
   * @param {CloudFrontOrigin} origin the event's
   * @param {{ id: string, domainName: string }} [configured]
   * @returns {Server}
   * @throws {OriginFailure} `resolve` (rule F2)
   */
  find({ custom, s3 }, configured) {
    const domainName = custom?.domainName ?? s3?.domainName ?? '';
    const names = [`${domainName}:${custom?.port ?? 443}`, domainName];
    if (configured?.domainName === domainName) names.unshift(configured.id);
    const name = names.find((candidate) => this.#servers.has(candidate));
    const server = name === undefined ? undefined : this.#servers.get(name);
    const kind = custom ? 'custom' : 's3';
    if (server && kind in server) return server;
    throw new OriginFailure('resolve', "The origin's domain name cannot be resolved.", {
      rule: 'F2',
      found: `${domainName}, ${KIND[kind]}`,
      allowed: this.#known(kind),
    });
  }

  /** @param {'custom'|'s3'} kind */
  #known(kind) {
    const known = [...this.#servers].filter(([, server]) => kind in server);
    const names = known.map(([name]) => name).join(', ');
    return names === '' ? `${KIND[kind]} needs an entry in servers; there is none` : names;
  }
}

const KIND = { custom: 'a custom origin', s3: 'an S3 origin' };

/**
 * @param {string} name
 * @param {ServerEntry} entry
 * @returns {Server}
 */
function serverOf(name, entry) {
  if (typeof entry === 'string') {
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(entry)) return { custom: localUrl(name, entry) };
    return { s3: directoryOf(name, entry) };
  }
  if ('directory' in entry) {
    return { s3: directoryOf(name, entry.directory, { isPublic: entry.public }) };
  }
  return { s3: new Endpoint(entry, localUrl(name, entry.endpoint)) };
}

/**
 * @param {string} name
 * @param {string} text
 * @returns {URL}
 */
function localUrl(name, text) {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // Nothing but protocol, host, port and path: the rest would be ignored.
  const plain = url && `${url.origin}${url.pathname}`.replace(/\/$/, '');
  const isPlain = url && url.href.replace(/\/$/, '') === plain;
  if (url?.protocol === 'http:' && LOOPBACK.includes(url.hostname) && isPlain) return url;
  throw refusedEntry(name, text);
}

/**
 * @param {string} name
 * @param {string} directory
 * @param {{ isPublic?: boolean }} [options]
 */
function directoryOf(name, directory, options) {
  try {
    return new Directory(directory, options);
  } catch (cause) {
    throw refusedEntry(name, directory, cause);
  }
}

/**
 * @param {string} name
 * @param {string} found
 * @param {unknown} [cause]
 */
function refusedEntry(name, found, cause) {
  const message = `the server for origin "${name}" is "${found}"; allowed: ${ALLOWED}`;
  return new TypeError(message, { cause });
}

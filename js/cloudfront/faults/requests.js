/**
 * What the control API takes and how it answers, whatever the path.
 */
import { STATUS_CODES } from 'node:http';
import { WrongInput } from './input.js';

/**
 * @typedef {import('node:http').IncomingMessage} IncomingMessage
 * @typedef {import('node:http').ServerResponse} ServerResponse
 */

const LARGEST_BODY = 64 * 1024;
const NAMES = ['127.0.0.1', 'localhost', '[::1]'];

/** On every answer: for this origin's own pages only, and never kept. */
export const COMMON_HEADERS = {
  'cache-control': 'no-store',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** A request that is not answered as asked, for another reason than wrong input. */
export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} message
   * @param {Record<string, string>} [headers]
   */
  constructor(status, message, headers = {}) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.headers = headers;
  }

  /** `not_found` for 404 */
  get code() {
    return (STATUS_CODES[this.status] ?? 'error').toLowerCase().replaceAll(' ', '_');
  }
}

/**
 * @param {IncomingMessage} request
 * @throws {Refusal} 403 for what another page, or another name that leads here, sent
 */
export function refuseStrangers({ headers, method, socket }) {
  const { host = '', origin } = headers;
  const hosts = NAMES.map((name) => `${name}:${socket.localPort}`);
  if (!hosts.includes(host)) {
    throw new Refusal(403, `This server is known by ${hosts.join(', ')} only.`);
  }
  // Browsers tell where a request comes from; a link that leads here is all another page may use.
  const isLink = method === 'GET' && headers['sec-fetch-mode'] === 'navigate';
  const site = headers['sec-fetch-site'] ?? 'none';
  const isOwn = ['none', 'same-origin'].includes(String(site)) || isLink;
  if (!isOwn || (origin !== undefined && origin !== `http://${host}`)) {
    throw new Refusal(403, 'Requests from pages of other origins are refused.');
  }
}

/**
 * @param {IncomingMessage} request
 * @returns {Promise<unknown>} undefined if there is no body
 * @throws {Refusal | WrongInput}
 */
export async function readJson(request) {
  /** @type {Buffer[]} */
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > LARGEST_BODY) {
      throw new Refusal(413, `The body is larger than ${LARGEST_BODY} bytes.`, {
        connection: 'close',
      });
    }
    chunks.push(chunk);
  }
  // Forms of other pages cannot send this type without asking first.
  const type = request.headers['content-type']?.split(';')[0].trim().toLowerCase();
  if (type !== 'application/json') {
    throw new Refusal(415, 'The body must be JSON: content-type application/json.');
  }
  if (size === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new WrongInput('body', 'something else', 'JSON');
  }
}

/**
 * @param {ServerResponse} response
 * @param {number} status
 * @param {unknown} value nothing is sent of undefined
 * @param {Record<string, string>} [headers]
 */
export function sendJson(response, status, value, headers = {}) {
  const type = value === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' };
  response.writeHead(status, { ...COMMON_HEADERS, ...type, ...headers });
  response.end(value === undefined ? undefined : `${JSON.stringify(value)}\n`);
}

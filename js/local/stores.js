/**
 * Where the application keeps its data when there is no AWS plane (`npm start -- --light`): one
 * process for all Regions, in memory, gone when it ends.
 *
 * A stand-in, and less than the real thing: what one Region writes the others see at once, where a
 * global table takes a moment; a signed URL is signed in a way of its own, not by SigV4.
 */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { answerObject, isSame } from './objects.js';

/**
 * @typedef {import('../../api/documents.mjs').Documents} Documents
 * @typedef {import('../../api/documents.mjs').Item} Item
 *
 * @typedef {object} Stores how a Region's process reaches them
 * @property {string} url
 * @property {string} key for those who may use them; also what URLs are signed with
 */

/** Bytes that a request to the stores may have. */
const LONGEST = 2 * 1024 * 1024;

/**
 * Starts the stores on a free port of 127.0.0.1.
 *
 * @param {{ clock?: () => number }} [options] milliseconds since 1970
 * @returns {Promise<Stores & { close: () => Promise<void> }>}
 */
export async function startStores({ clock = Date.now } = {}) {
  const key = randomBytes(32).toString('base64url');
  const documents = memoryDocuments();
  /** @type {Map<string, import('./objects.js').StoredObject>} by path */
  const objects = new Map();
  const server = createServer((request, response) => {
    answer(request).then(
      ({ status, headers = {}, body }) => response.writeHead(status, headers).end(body),
      () => response.destroy(),
    );
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(undefined));
  });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    key,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  /**
   * @param {import('node:http').IncomingMessage} request
   * @returns {Promise<import('./objects.js').Reply>}
   */
  async function answer(request) {
    const url = new URL(request.url ?? '/', 'http://stores');
    const body = await read(request);
    if (!body) return { status: 413 };
    const isOurs = isSame(String(request.headers.authorization), `Bearer ${key}`);
    if (url.pathname.startsWith('/objects/')) {
      return answerObject(request, url, body, isOurs, { key, objects, now: clock() });
    }
    const does = /** @type {keyof Documents} */ (url.pathname.slice('/documents/'.length));
    if (!isOurs) return { status: 403 };
    if (request.method !== 'POST' || !Object.hasOwn(documents, does)) return { status: 404 };
    /** @type {(...args: any[]) => Promise<unknown>} */
    const operation = documents[does];
    const result = await operation(...JSON.parse(body.toString()));
    return { status: 200, body: JSON.stringify({ result }) };
  }
}

/**
 * Records in memory.
 *
 * @returns {Documents}
 */
export function memoryDocuments() {
  /** @type {Map<string, Map<string, Item>>} partition key → sort key → record */
  const partitions = new Map();
  const partition = (/** @type {string} */ pk) => {
    const found = partitions.get(pk) ?? new Map();
    partitions.set(pk, found);
    return found;
  };
  const versionOf = (/** @type {{ pk: string, sk: string }} */ { pk, sk }) =>
    partition(pk).get(sk)?.version;
  const keep = (/** @type {Item} */ item) =>
    void partition(item.pk).set(item.sk, structuredClone(item));
  return {
    async get({ pk, sk }) {
      return structuredClone(partition(pk).get(sk));
    },
    async add(item) {
      if (versionOf(item) !== undefined) return false;
      keep(item);
      return true;
    },
    async replace(item, version) {
      if (versionOf(item) !== version) return false;
      keep(item);
      return true;
    },
    async remove({ pk, sk }, version) {
      return versionOf({ pk, sk }) === version && partition(pk).delete(sk);
    },
    async list({ pk, prefix, after, limit }) {
      const keys = [...partition(pk).keys()]
        .filter((sk) => sk.startsWith(prefix) && (after === undefined || sk < after))
        .sort()
        .reverse();
      const items = keys.slice(0, limit).map((sk) => structuredClone(partition(pk).get(sk)));
      return { items: /** @type {Item[]} */ (items), more: keys.length > limit };
    },
  };
}

/**
 * The records, from another process.
 *
 * @param {Stores} stores
 * @returns {Documents}
 */
export function documentsAt({ url, key }) {
  const ask = async (/** @type {string} */ does, /** @type {unknown[]} */ ...args) => {
    const response = await fetch(`${url}/documents/${does}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: JSON.stringify(args),
    });
    if (!response.ok) throw new Error(`the stores answered ${response.status} to ${does}`);
    const { result } = /** @type {{ result: any }} */ (await response.json());
    return result;
  };
  return {
    get: (at) => ask('get', at),
    add: (item) => ask('add', item),
    replace: (item, version) => ask('replace', item, version),
    remove: (at, version) => ask('remove', at, version),
    list: (query) => ask('list', query),
  };
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @returns {Promise<Buffer | undefined>} undefined where it is too long
 */
async function read(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length <= LONGEST) chunks.push(chunk);
  }
  return length <= LONGEST ? Buffer.concat(chunks) : undefined;
}

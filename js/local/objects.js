/**
 * Users' files without AWS: objects in memory behind URLs that are signed for one object, one
 * method and a few minutes, as S3's are.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * @typedef {import('../../api/objects.mjs').Objects} Objects
 * @typedef {import('../../api/objects.mjs').Place} Place
 * @typedef {import('./stores.js').Stores} Stores
 * @typedef {{ type: string, bytes: Buffer }} StoredObject
 * @typedef {{ status: number, headers?: Record<string, string | number>, body?: string | Buffer }}
 *   Reply
 */

/**
 * The objects, as a Region's process sees them.
 *
 * @param {Stores & { region: string, clock?: () => number }} options
 * @returns {Objects}
 */
export function objectsAt({ url, key, region: here, clock = Date.now }) {
  const pathOf = (/** @type {Place} */ { region, bucket, key: name }) =>
    `/objects/${[region, bucket, name].map(encodeURIComponent).join('/')}`;
  const signed = (/** @type {Place} */ place, /** @type {Record<string, string>} */ terms) => {
    const query = new URLSearchParams(terms);
    query.set('signature', sign(key, pathOf(place), query));
    return `${url}${pathOf(place)}?${query}`;
  };
  const until = (/** @type {number} */ seconds) => String(clock() + seconds * 1_000);
  const ask = (/** @type {string} */ method, /** @type {Place} */ place) =>
    fetch(url + pathOf(place), { method, headers: { authorization: `Bearer ${key}` } });
  return {
    here: (name) => ({ region: here, bucket: 'user-data', key: name }),
    async upload(place, { type, size, seconds }) {
      const terms = { method: 'PUT', type, size: String(size), until: until(seconds) };
      return { method: 'PUT', url: signed(place, terms), headers: { 'content-type': type } };
    },
    async download(place, seconds) {
      return signed(place, { method: 'GET', until: until(seconds) });
    },
    async head(place) {
      const { ok, headers } = await ask('HEAD', place);
      const size = Number(headers.get('content-length'));
      return ok ? { type: headers.get('content-type') ?? '', size } : undefined;
    },
    async remove(place) {
      await ask('DELETE', place);
    },
  };
}

/**
 * A page of any origin may use a signed URL, as the buckets' CORS rules let it.
 */
const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, PUT',
  'access-control-allow-headers': 'content-type',
};

/**
 * What the store answers to a request for an object.
 *
 * @param {import('node:http').IncomingMessage} request
 * @param {URL} url
 * @param {Buffer} body
 * @param {boolean} isOurs whether the request shows the key, and needs no signature
 * @param {{ key: string, objects: Map<string, StoredObject>, now: number }} stores `now` in
 *   milliseconds since 1970
 * @returns {Reply}
 */
export function answerObject({ method, headers }, url, body, isOurs, { key, objects, now }) {
  const { pathname, searchParams } = url;
  if (method === 'OPTIONS') return { status: 204, headers: CORS };
  const type = headers['content-type'] ?? '';
  if (!isOurs && !isSigned(searchParams, { key, pathname, method, type, body, now })) {
    return { status: 403, headers: CORS };
  }
  if (method === 'PUT') objects.set(pathname, { type, bytes: body });
  if (method === 'PUT') return { status: 200, headers: CORS };
  const found = objects.get(pathname);
  if (method === 'DELETE') objects.delete(pathname);
  if (method === 'DELETE') return { status: 204 };
  if (!found) return { status: 404, headers: CORS };
  const described = { 'content-type': found.type, 'content-length': found.bytes.length, ...CORS };
  return { status: 200, headers: described, body: method === 'HEAD' ? undefined : found.bytes };
}

/**
 * Whether a request is the one that was signed: method, path, time, and of an upload its type and
 * size.
 *
 * @param {URLSearchParams} terms
 * @param {{ key: string, pathname: string, method: string | undefined, type: string, body: Buffer,
 *   now: number }} request
 */
function isSigned(terms, { key, pathname, method, type, body, now }) {
  const signature = terms.get('signature') ?? '';
  const rest = new URLSearchParams([...terms].filter(([name]) => name !== 'signature'));
  if (!isSame(signature, sign(key, pathname, rest))) return false;
  if (terms.get('method') !== method || Number(terms.get('until')) < now) return false;
  if (method !== 'PUT') return true;
  return terms.get('type') === type && Number(terms.get('size')) === body.length;
}

/**
 * @param {string} key
 * @param {string} path
 * @param {URLSearchParams} terms
 */
function sign(key, path, terms) {
  return createHmac('sha256', key).update(`${path}?${terms}`).digest('base64url');
}

/**
 * Whether two texts are the same, in a time that does not tell how much of them is.
 *
 * @param {string} a
 * @param {string} b
 */
export function isSame(a, b) {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

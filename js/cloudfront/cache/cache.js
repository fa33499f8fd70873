/**
 * The answers that one CloudFront keeps. An edge Region's are its own if the caller puts the Region
 * in the key. Heads are in memory, bodies in files.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, pipeline } from 'node:stream';
import { updatedHeaders } from './conditional.js';
import { Entry } from './entry.js';
import { cacheControl } from './fields.js';
import { invalidation } from './invalidation.js';
import { Recording } from './recording.js';

export { Entry };

/**
 * @typedef {import('../headers.js').HeaderMap} HeaderMap
 * @typedef {import('./entry.js').CachedMethod} CachedMethod
 *
 * @typedef {object} StoredHead
 * @property {number | string} status text, as events have it (rule E9), or a number
 * @property {string} [statusDescription]
 * @property {HeaderMap} headers
 * @property {string} path and `?` with the query strings that the key has: what `purge` names
 * @property {CachedMethod} [method] of the request; GET unless given
 */

/**
 * Whether an answer may be stored, and for how long it is fresh, is `storable`'s and `lifetime`'s
 * to say. When there is no room, those go first that nobody asked for longest.
 */
export class Cache {
  #folder;
  #maxBytes;
  #now;
  #closed = false;
  #bytes = 0;
  /** @type {Map<string, Entry>} the least recently used first */
  #entries = new Map();
  /** @type {Map<Recording, string>} bodies on their way, with their paths */
  #recordings = new Map();

  /**
   * @param {object} options
   * @param {string} options.folder is created if it does not exist; in it, a folder of this cache's
   *   own, which `close` removes
   * @param {number} [options.maxBytes] of all entries; 1 GiB unless given. Bodies that are still on
   *   their way come on top
   * @param {() => number} [options.now] milliseconds since 1970
   */
  constructor({ folder, maxBytes = 2 ** 30, now = Date.now }) {
    mkdirSync(folder, { recursive: true });
    this.#folder = mkdtempSync(join(folder, 'cache-'));
    this.#maxBytes = maxBytes;
    this.#now = now;
  }

  /**
   * The answer stored under a key, fresh or not. An answer to GET answers HEAD too, not the other
   * way round; those to OPTIONS are apart.
   *
   * @param {string} key
   * @param {CachedMethod} [method]
   * @returns {Entry | undefined}
   */
  get(key, method = 'GET') {
    const slot = this.#slot(key, method);
    const entry = this.#entries.get(slot);
    if (!entry) return undefined;
    this.#entries.delete(slot);
    this.#entries.set(slot, entry);
    return entry;
  }

  /**
   * Stores an answer, in place of one that the key may have. A stream is stored once it has ended
   * well and the viewer has all of it; of two at once, the later to end stays.
   *
   * @param {string} key
   * @param {StoredHead} head
   * @param {Readable | Buffer | null} body
   * @param {number} ttlMs milliseconds that it is fresh; with 0 it is only good to ask the origin
   *   about, or when the origin fails
   * @returns {Readable | Buffer | null} what to send to the viewer; a stream is to be read to its
   *   end or destroyed, which destroys `body` too
   */
  store(key, head, body, ttlMs) {
    if (this.#closed) return body;
    const facts = {
      key,
      method: head.method ?? 'GET',
      path: head.path,
      status: Number(head.status),
      statusDescription: head.statusDescription ?? '',
      headers: withoutNamed(head.headers),
      storedAt: this.#now(),
      ttlMs,
    };
    if (body instanceof Readable) return this.#record(facts, body);
    this.#storeWhole(facts, body ?? Buffer.alloc(0));
    return body;
  }

  /**
   * After the origin said that an answer is unchanged (304): its headers are updated (RFC 9111
   * section 3.2) and it is as if it had just arrived.
   *
   * @param {string} key
   * @param {HeaderMap} headers of the 304
   * @param {number} ttlMs
   * @param {CachedMethod} [method]
   * @returns {Entry | undefined} undefined if it was purged or evicted meanwhile
   */
  refresh(key, headers, ttlMs, method = 'GET') {
    const entry = this.get(key, method);
    return this.#update(entry, {
      headers: withoutNamed(updatedHeaders(entry?.headers ?? {}, headers)),
      storedAt: this.#now(),
      ttlMs,
      extendedTo: undefined,
    });
  }

  /**
   * After the origin failed: an expired answer is used for some more time before the origin is
   * asked again, as CloudFront does for the error caching minimum TTL ("How CloudFront processes
   * HTTP 4xx and 5xx status codes from your origin"). Its age goes on.
   *
   * @param {string} key
   * @param {number} ms milliseconds from now
   * @param {CachedMethod} [method]
   * @returns {Entry | undefined} undefined if it was purged or evicted meanwhile
   */
  extend(key, ms, method = 'GET') {
    return this.#update(this.get(key, method), { extendedTo: this.#now() + ms });
  }

  /**
   * Removes what an invalidation covers. A body that is on its way is relayed and not stored.
   *
   * @param {string[]} patterns see `invalidation`
   * @returns {number} how many answers were removed
   * @throws {TypeError} for a path that CloudFront does not accept; nothing is removed then
   */
  purge(patterns) {
    const covers = invalidation(patterns);
    for (const [recording, path] of this.#recordings) {
      if (covers(path)) void recording.giveUp();
    }
    const purged = [...this.#entries].filter(([, entry]) => covers(entry.path));
    for (const [slot] of purged) this.#drop(slot);
    return purged.length;
  }

  /** Forgets everything and removes its files. Bodies on their way are relayed to their end. */
  async close() {
    this.#closed = true;
    this.#entries.clear();
    this.#bytes = 0;
    await Promise.all([...this.#recordings.keys()].map((recording) => recording.giveUp()));
    await rm(this.#folder, { recursive: true, force: true });
  }

  /**
   * @param {Omit<import('./entry.js').Facts, 'size' | 'file'>} facts
   * @param {Readable} body
   * @returns {Readable}
   */
  #record(facts, body) {
    const file = this.#newFile();
    const recording = new Recording(file, {
      limit: this.#maxBytes,
      expected: announcedLength(facts.headers),
      onKept: (size) => this.#put(new Entry({ ...facts, size, file }, this.#now)),
    });
    this.#recordings.set(recording, facts.path);
    recording.once('close', () => this.#recordings.delete(recording));
    // The recording carries what goes wrong with the body on to the viewer's stream.
    pipeline(body, recording, () => {});
    return recording;
  }

  /**
   * @param {Omit<import('./entry.js').Facts, 'size' | 'file'>} facts
   * @param {Buffer} body
   */
  #storeWhole(facts, body) {
    if (body.length > this.#maxBytes) return;
    const file = body.length > 0 ? this.#newFile() : undefined;
    try {
      if (file) writeFileSync(file, body, { flag: 'wx', mode: 0o600 });
    } catch {
      // A full disk keeps nothing from the viewer.
      return;
    }
    this.#put(new Entry({ ...facts, size: body.length, file }, this.#now));
  }

  /** @param {Entry} entry */
  #put(entry) {
    this.#drop(slotOf(entry.key, entry.method));
    if (entry.method === 'GET') this.#drop(slotOf(entry.key, 'HEAD'));
    this.#entries.set(slotOf(entry.key, entry.method), entry);
    this.#bytes += entry.bytes;
    for (const slot of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#drop(slot);
    }
  }

  /**
   * @param {Entry | undefined} entry
   * @param {Partial<import('./entry.js').Facts>} changes
   * @returns {Entry | undefined}
   */
  #update(entry, changes) {
    if (!entry) return undefined;
    const updated = entry.with(changes);
    this.#entries.set(slotOf(entry.key, entry.method), updated);
    this.#bytes += updated.bytes - entry.bytes;
    return updated;
  }

  /** @param {string} slot */
  #drop(slot) {
    const entry = this.#entries.get(slot);
    if (!entry) return;
    this.#entries.delete(slot);
    this.#bytes -= entry.bytes;
    if (entry.file) rmSync(entry.file, { force: true });
  }

  /**
   * @param {string} key
   * @param {CachedMethod} method
   */
  #slot(key, method) {
    const complete = slotOf(key, 'GET');
    return method === 'HEAD' && this.#entries.has(complete) ? complete : slotOf(key, method);
  }

  /** Names come from no request: a key cannot lead out of the folder. */
  #newFile() {
    return join(this.#folder, randomUUID());
  }
}

/**
 * @param {string} key
 * @param {CachedMethod} method
 */
function slotOf(key, method) {
  return `${method} ${key}`;
}

/**
 * The head without the fields that `no-cache="Set-Cookie"` names: they are for the first viewer
 * only ("Cache content based on cookies").
 *
 * @param {HeaderMap} headers
 * @returns {HeaderMap}
 */
function withoutNamed(headers) {
  const named = (cacheControl(headers).get('no-cache') ?? '').toLowerCase().split(/[\s,]+/);
  const kept = Object.entries(headers).filter(([name]) => !named.includes(name));
  return structuredClone(Object.fromEntries(kept));
}

/**
 * @param {HeaderMap} headers
 * @returns {number | undefined}
 */
function announcedLength(headers) {
  const value = headers['content-length']?.[0].value;
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
}

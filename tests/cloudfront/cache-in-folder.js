// A cache in a folder of its own, with a clock that the test sets.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cache } from '../../js/cloudfront/cache/cache.js';

/**
 * @typedef {import('../../js/cloudfront/cache/cache.js').StoredHead} StoredHead
 * @typedef {import('node:stream').Readable} Readable
 */

export const SECOND = 1_000;

export class CacheInFolder {
  folder = mkdtempSync(join(tmpdir(), 'nearhop-cache-test-'));
  now = Date.parse('2026-03-15T12:00:00Z');

  /** @param {number} [maxBytes] */
  constructor(maxBytes) {
    this.cache = new Cache({ folder: this.folder, maxBytes, now: () => this.now });
  }

  /** Removes the folder, and with it whatever the cache left there. */
  async close() {
    await this.cache.close();
    rmSync(this.folder, { recursive: true });
  }

  /**
   * @param {string} key
   * @param {'GET' | 'HEAD' | 'OPTIONS'} [method]
   */
  stored(key, method) {
    const entry = this.cache.get(key, method);
    assert(entry, `nothing is stored under ${key}`);
    return entry;
  }

  /**
   * @param {string} key
   * @param {StoredHead} answer
   * @param {Readable} body
   */
  relay(key, answer, body) {
    return /** @type {Readable} */ (this.cache.store(key, answer, body, SECOND));
  }

  files() {
    return readdirSync(this.folder).flatMap((name) => readdirSync(join(this.folder, name)));
  }

  /** A file that is given up is removed shortly after. */
  async noFiles() {
    for (let turn = 0; turn < 100 && this.files().length > 0; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.deepEqual(this.files(), []);
  }
}

/**
 * @param {Record<string, string>} [headers]
 * @param {Partial<StoredHead>} [more]
 * @returns {StoredHead}
 */
export function head(headers = {}, more = {}) {
  const entries = Object.entries(headers).map(([name, value]) => [name, [{ key: name, value }]]);
  return { status: 200, path: '/', headers: Object.fromEntries(entries), ...more };
}

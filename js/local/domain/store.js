/**
 * What oidc-provider remembers, in memory. Refresh tokens are forgotten as rule C7 says.
 */

/**
 * @typedef {import('oidc-provider').AdapterPayload} Payload
 * @typedef {{ payload: Payload, until: number }} Entry `until` in Unix milliseconds
 */

/** All of it, for all kinds of things. */
export class Store {
  /** @type {Map<string, Entry>} */
  #entries = new Map();
  #settings;

  /** @param {import('./domain.js').Settings} settings */
  constructor(settings) {
    this.#settings = settings;
  }

  /**
   * @param {string} model such as `RefreshToken`
   * @returns {import('oidc-provider').Adapter}
   */
  of(model) {
    const entries = this.#entries;
    const keyOf = (/** @type {string} */ id) => `${model}:${id}`;
    return {
      upsert: async (id, payload, seconds) => {
        const until = Date.now() + (seconds ?? Infinity) * 1_000;
        entries.set(keyOf(id), { payload, until });
      },
      find: async (id) => this.#found(entries.get(keyOf(id))),
      findByUid: async (uid) => this.#found(this.#search(model, 'uid', uid)),
      findByUserCode: async (code) => this.#found(this.#search(model, 'userCode', code)),
      consume: async (id) => {
        const entry = entries.get(keyOf(id));
        // The first use counts, so that the grace cannot be drawn out.
        if (entry) entry.payload.consumed ??= Date.now() / 1_000;
      },
      destroy: async (id) => void entries.delete(keyOf(id)),
      revokeByGrantId: async (grantId) => {
        for (const [key, { payload }] of entries) {
          if (key.startsWith(`${model}:`) && payload.grantId === grantId) entries.delete(key);
        }
      },
    };
  }

  /** @param {Entry} [entry] */
  #found(entry) {
    if (!entry || entry.until <= Date.now()) return undefined;
    const { payload } = entry;
    if (payload.kind !== 'RefreshToken' || !payload.consumed) return { ...payload };
    const { graceSeconds = 0, revokes = false } = this.#settings.rotation ?? {};
    const { consumed, ...rest } = payload;
    if (Date.now() / 1_000 < Number(consumed) + graceSeconds) return rest;
    return revokes ? { ...payload } : undefined;
  }

  /**
   * @param {string} model
   * @param {'uid'|'userCode'} member
   * @param {string} value
   */
  #search(model, member, value) {
    for (const [key, entry] of this.#entries) {
      if (key.startsWith(`${model}:`) && entry.payload[member] === value) return entry;
    }
    return undefined;
  }
}

/**
 * What the application keeps its records in: DynamoDB (`table.mjs`), or a stand-in.
 *
 * Conditions hold within one Region. In a global table two Regions that accept a write of the same
 * item at once do not see each other's; the later one stays. A caller's home Region (`api.sticky`
 * in nearhop.toml) keeps writes of one person in one place.
 *
 * @typedef {{ pk: string, sk: string }} Key partition and sort key
 * @typedef {Key & { version: number, [field: string]: any }} Item
 *
 * @typedef {object} Documents
 * @property {(key: Key) => Promise<Item | undefined>} get
 * @property {(item: Item) => Promise<boolean>} add false where there is one of that key
 * @property {(item: Item, version: number) => Promise<boolean>} replace false where there is none
 *   of that key and version
 * @property {(key: Key, version: number) => Promise<boolean>} remove false where there is none of
 *   that key and version
 * @property {(query: { pk: string, prefix: string, after?: string, limit: number }) =>
 *   Promise<{ items: Item[], more: boolean }>} list of a partition what begins with the prefix, by
 *   sort key, the highest first; `after` is the sort key to go on behind
 */

export {};

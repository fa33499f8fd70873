/**
 * What the application keeps users' files in: S3 (`buckets.mjs`), or a stand-in. Bytes never pass
 * through the function: it signs URLs that are good for one object and a few minutes.
 *
 * @typedef {object} Place
 * @property {string} region of the bucket
 * @property {string} bucket
 * @property {string} key
 *
 * @typedef {object} Upload
 * @property {'PUT'} method
 * @property {string} url
 * @property {Record<string, string>} headers to be sent as they are; they are signed
 *
 * @typedef {object} Objects
 * @property {(key: string) => Place} here where a new object goes: into this Region's bucket
 * @property {(place: Place, what: { type: string, size: number, seconds: number }) =>
 *   Promise<Upload>} upload a URL that takes exactly this content type and number of bytes
 * @property {(place: Place, seconds: number) => Promise<string>} download
 * @property {(place: Place) => Promise<{ type: string, size: number } | undefined>} head undefined
 *   where there is none
 * @property {(place: Place) => Promise<void>} remove also where there is none
 */

export {};

/**
 * How others read a path: origins that Nearhop stands before, what stands in them, and servers
 * whose habits have let attackers past access rules elsewhere. Each gives the path it would route by.
 *
 * @typedef {(path: string) => string} Reader
 */
import { posix } from 'node:path';

/** The one that stands before APIs only. */
export const OF_APIS = 'decoded by an HTTP API, then parsed as a URL';

/** @type {Record<string, Reader>} */
export const READERS = {
  'decoded once, as API Gateway’s routes and S3 do': decoded,
  'decoded twice': (path) => decoded(decoded(path)),
  'parsed as a URL (WHATWG)': (path) => decoded(new URL(path, 'https://origin.example').pathname),
  // An HTTP API decodes `rawPath`; an adapter that makes a URL of it then has a query or a fragment
  // where an encoded `?` or `#` was.
  [OF_APIS]: (path) =>
    decoded(new URL(decoded(path).replaceAll('%', '%25'), 'https://origin.example').pathname),
  'with empty and dot segments resolved': (path) => posix.normalize(decoded(path)),
  'with backslashes turned': (path) => posix.normalize(decoded(path).replaceAll('\\', '/')),
  'without path parameters': (path) => decoded(path).replace(/;[^/]*/g, ''),
  'up to a NUL': (path) => decoded(path).split('\0')[0],
};

/** What S3 does beside: in the path of a request, too, it takes a plus for a space. */
export const AS_S3_KEY = (/** @type {string} */ path) => decoded(path.replaceAll('+', ' '));

/**
 * Percent-decoded, once; as it is where that is not possible.
 *
 * @param {string} path
 */
export function decoded(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/**
 * What the API answers, by path and method. Paths are as they come from the edge: without `/api`.
 *
 * @typedef {(call: import('./handler.mjs').Call) => import('./answer.mjs').Answer |
 *   Promise<import('./answer.mjs').Answer>} Respond
 *
 * @typedef {object} Route
 * @property {string} pattern `{name}` stands for one segment
 * @property {Map<string, Respond>} methods GET answers HEAD as well
 * @property {boolean} [open] asks for neither the origin secret nor a caller
 */
import * as avatar from './avatar.mjs';
import { health, hello } from './hello.mjs';
import * as notes from './notes.mjs';

/** @type {Route[]} */
const ROUTES = [
  route('/hello', { GET: hello, POST: hello, PUT: hello, PATCH: hello, DELETE: hello }),
  route('/notes', { GET: notes.list, POST: notes.create }),
  route('/notes/{id}', { GET: notes.get, PUT: notes.replace, DELETE: notes.remove }),
  route('/avatar', {
    GET: avatar.get,
    POST: avatar.begin,
    PUT: avatar.finish,
    DELETE: avatar.remove,
  }),
  { ...route('/health', { GET: health }), open: true },
];

/**
 * @param {string} pattern
 * @param {Record<string, Respond>} methods
 * @returns {Route}
 */
function route(pattern, methods) {
  return { pattern, methods: new Map(Object.entries(methods)) };
}

/**
 * @param {string} path
 * @returns {Route & { params: Record<string, string> } | undefined}
 */
export function findRoute(path) {
  for (const candidate of ROUTES) {
    const params = match(candidate.pattern, path);
    if (params) return { ...candidate, params };
  }
  return undefined;
}

/**
 * @param {string} pattern
 * @param {string} path
 * @returns {Record<string, string> | undefined} the values of the pattern's names
 */
function match(pattern, path) {
  const [wanted, found] = [pattern.split('/'), path.split('/')];
  if (wanted.length !== found.length) return undefined;
  /** @type {Record<string, string>} */
  const params = {};
  for (const [index, segment] of wanted.entries()) {
    const name = /^\{(\w+)\}$/.exec(segment)?.[1];
    if (name) params[name] = found[index];
    else if (segment !== found[index]) return undefined;
  }
  return params;
}

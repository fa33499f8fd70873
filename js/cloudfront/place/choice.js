/**
 * Where a viewer says it is, for development only: taken off the request.
 */
import { CloudFrontError } from '../error.js';
import { EDGE_REGIONS } from './edges.js';
import { POPS } from './pops.js';

/** What the headers may say. */
const FIELDS = ['edge', 'pop', 'country', 'ip', 'proto'];

/** Name of the cookie: its value is a POP's code or an edge Region. */
export const PLACE_COOKIE = 'nearhop_dev_place';

/**
 * @typedef {import('./viewer.js').Place} Place
 *
 * @typedef {object} Choice
 * @property {Pick<Place, 'pop'|'edge'|'country'> | undefined} place none if nothing is said
 * @property {string | undefined} ip
 * @property {Place['proto']} proto not checked yet
 */

/**
 * @param {string[]} rawHeaders name, value, name, value …; changed: the headers and the cookie that
 *   say a place are gone afterwards
 * @returns {Choice} by headers; of a header sent twice, the first counts. The cookie counts where
 *   no header says a place.
 * @throws {CloudFrontError} 400 if the cookie says none there is
 */
export function takeChoice(rawHeaders) {
  const { ip, proto, ...said } = takeHeaders(rawHeaders);
  const cookie = takeCookie(rawHeaders);
  const isSaid = Object.keys(said).length > 0;
  const place = isSaid ? said : cookie === undefined ? undefined : placeNamed(cookie);
  return { place, ip, proto: /** @type {Place['proto']} */ (proto) };
}

/**
 * @param {string} field such as `edge`
 * @returns {string} name of the header that says it
 */
export function headerFor(field) {
  return `x-nearhop-dev-${field}`;
}

/**
 * @param {string[]} rawHeaders
 * @returns {Record<string, string>} by field
 */
function takeHeaders(rawHeaders) {
  /** @type {Record<string, string>} */
  const said = {};
  for (let index = rawHeaders.length - 2; index >= 0; index -= 2) {
    const name = rawHeaders[index].toLowerCase();
    const field = FIELDS.find((known) => name === headerFor(known));
    if (field) [, said[field]] = rawHeaders.splice(index, 2);
  }
  return said;
}

/**
 * @param {string[]} rawHeaders
 * @returns {string | undefined}
 */
function takeCookie(rawHeaders) {
  let value;
  for (let index = rawHeaders.length - 2; index >= 0; index -= 2) {
    if (rawHeaders[index].toLowerCase() !== 'cookie') continue;
    const cookies = rawHeaders[index + 1].split(';').map((cookie) => cookie.trim());
    const [own, others] = [cookies.filter(isPlace), cookies.filter((cookie) => !isPlace(cookie))];
    if (own.length === 0) continue;
    value = own[0].slice(PLACE_COOKIE.length + 1);
    if (others.length === 0) rawHeaders.splice(index, 2);
    else rawHeaders[index + 1] = others.join('; ');
  }
  return value;
}

/** @param {string} cookie */
function isPlace(cookie) {
  return cookie.startsWith(`${PLACE_COOKIE}=`);
}

/** @param {string} name */
function placeNamed(name) {
  if (EDGE_REGIONS.includes(name)) return { edge: name };
  if (POPS.has(name.toUpperCase())) return { pop: name };
  const shown = name.slice(0, 100);
  const message = `There is no POP or edge Region "${shown}". Delete the cookie or change it.`;
  throw new CloudFrontError(400, 'Error', message, {
    at: `the cookie ${PLACE_COOKIE}`,
    found: shown,
    allowed: [...EDGE_REGIONS, ...POPS.keys()].join(', '),
  });
}

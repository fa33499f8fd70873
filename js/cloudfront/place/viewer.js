/**
 * The viewer, as far as CloudFront knows it: where it is, how it comes, which POP and which edge
 * Region serve it.
 */
import { isIP } from 'node:net';
import { CloudFrontError } from '../error.js';
import { headerFor, takeChoice } from './choice.js';
import { EDGE_REGIONS } from './edges.js';
import { POPS, popOfCountry, popOfEdge } from './pops.js';

/**
 * @typedef {object} Place where a viewer is said to be, and how it comes. All of it may be left
 *   out: what is not said is the POP's, and without any place, the POP's at us-east-1
 * @property {string} [pop] code of a POP
 * @property {string} [edge] edge Region; in place of the POP's own
 * @property {string} [country] ISO 3166-1 alpha-2
 * @property {string} [region] code of the first-level subdivision, without the country (ISO 3166-2)
 * @property {string} [regionName]
 * @property {string} [city]
 * @property {string} [postalCode]
 * @property {string} [metroCode]
 * @property {number} [latitude] degrees
 * @property {number} [longitude] degrees
 * @property {string} [timeZone] IANA name
 * @property {number} [asn] number of the autonomous system
 * @property {string} [ip] in place of the connection's address
 * @property {'https'|'http'} [proto] how the viewer is taken to come; `https`, since TLS is not
 *   played
 *
 * @typedef {object} Connection what a request itself says of its viewer
 * @property {string} ip
 * @property {number} port
 * @property {string} httpVersion such as `1.1`
 * @property {string | undefined} userAgent
 * @property {string[]} headerNames in the order and case they were sent
 *
 * @typedef {object} Viewer
 * @property {string} pop code of the POP
 * @property {string} edge edge Region (rule R1)
 * @property {string} ip
 * @property {number} port
 * @property {string} country ISO 3166-1 alpha-2
 * @property {string} countryName in English
 * @property {string | undefined} region
 * @property {string | undefined} regionName
 * @property {string | undefined} city
 * @property {string | undefined} postalCode
 * @property {string | undefined} metroCode
 * @property {number | undefined} latitude degrees
 * @property {number | undefined} longitude degrees
 * @property {string | undefined} timeZone IANA name
 * @property {number | undefined} asn
 * @property {'https'|'http'} proto
 * @property {string} httpVersion
 * @property {string | undefined} userAgent
 * @property {string[]} headerNames
 */

/** @type {Connection} */
const LOCAL = Object.freeze({
  ip: '127.0.0.1',
  port: 0,
  httpVersion: '1.1',
  userAgent: undefined,
  headerNames: [],
});

const COUNTRY_NAMES = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });

/**
 * A viewer at a place. An edge Region alone stands for the POP nearest to it, a country alone for
 * its first POP. A viewer in a country where its POP is not has no coordinates, city or time zone
 * but those given. Choosing a place does not change the address, which is the connection's unless
 * `ip` is given.
 *
 * @param {Place} [place]
 * @param {Connection} [connection]
 * @returns {Viewer}
 * @throws {CloudFrontError} 400 for a POP, edge Region, country, address or protocol there is not
 */
export function viewerFrom(place = {}, connection = LOCAL) {
  check(place, (field) => field);
  const { ip = connection.ip, proto = 'https', asn, metroCode, postalCode } = place;
  const asked = place.country?.toUpperCase();
  const pop = popOf(place, asked);
  const country = asked ?? pop.country;
  const known = country === pop.country ? pop : undefined;
  return {
    ...connection,
    pop: pop.code,
    edge: place.edge ?? pop.edge,
    ip,
    country,
    countryName: /** @type {string} */ (COUNTRY_NAMES.of(country)),
    region: place.region,
    regionName: place.regionName,
    city: place.city ?? known?.city,
    postalCode,
    metroCode,
    latitude: place.latitude ?? known?.latitude,
    longitude: place.longitude ?? known?.longitude,
    timeZone: place.timeZone ?? known?.timeZone,
    asn,
    proto,
  };
}

/**
 * The viewer of a request. It may say of itself, by headers that begin with `x-nearhop-dev-`
 * (`edge`, `pop`, `country`, `ip`, `proto`) or by the cookie `nearhop_dev_place`, a POP's code or
 * an edge Region. Headers count more than the cookie, both more than the defaults; a place chosen by
 * either replaces the default one whole. These headers and this cookie are taken off the request's
 * `rawHeaders`: neither functions nor origins see them.
 *
 * @param {Pick<import('node:http').IncomingMessage, 'rawHeaders'|'httpVersion'> &
 *   { socket: { remoteAddress?: string, remotePort?: number } }} incoming
 * @param {Place} [defaults]
 * @returns {Viewer}
 * @throws {CloudFrontError} 400 with what is allowed
 */
export function chooseViewer(incoming, defaults = {}) {
  const { rawHeaders, httpVersion, socket } = incoming;
  const { place, ip, proto } = takeChoice(rawHeaders);
  check({ ...place, ip, proto }, headerFor);
  const names = rawHeaders.filter((_, index) => index % 2 === 0);
  const agent = names.findIndex((name) => name.toLowerCase() === 'user-agent');
  const connection = {
    ip: (socket.remoteAddress ?? LOCAL.ip).replace(/^::ffff:/, ''),
    port: socket.remotePort ?? LOCAL.port,
    httpVersion,
    userAgent: agent < 0 ? undefined : rawHeaders[agent * 2 + 1],
    headerNames: names,
  };
  const chosen = {
    ...(place ?? defaults),
    ip: ip ?? defaults.ip,
    proto: proto ?? defaults.proto,
  };
  return viewerFrom(chosen, connection);
}

/**
 * @param {Place} place
 * @param {string | undefined} country
 */
function popOf({ pop = '', edge }, country) {
  const named = POPS.get(pop.toUpperCase());
  if (named) return named;
  if (edge !== undefined) return popOfEdge(edge);
  return (country && popOfCountry(country)) || popOfEdge('us-east-1');
}

/**
 * @param {Place} place
 * @param {(field: string) => string} where what a field is called, for people
 */
function check({ pop, edge, country, ip, proto }, where) {
  if (pop !== undefined && !POPS.has(pop.toUpperCase())) {
    throw unknown(where('pop'), 'POP', pop, [...POPS.keys()].join(', '));
  }
  if (edge !== undefined && !EDGE_REGIONS.includes(edge)) {
    throw unknown(where('edge'), 'edge Region', edge, EDGE_REGIONS.join(', '));
  }
  if (country !== undefined && !isCountry(country)) {
    throw unknown(where('country'), 'country', country, 'two letters of ISO 3166-1, such as DE');
  }
  if (ip !== undefined && isIP(ip) === 0) {
    throw unknown(where('ip'), 'IP address', ip, 'an IPv4 or IPv6 address, such as 192.0.2.1');
  }
  if (proto !== undefined && proto !== 'https' && proto !== 'http') {
    throw unknown(where('proto'), 'protocol', proto, 'https, http');
  }
}

/** @param {string} code */
function isCountry(code) {
  return /^[a-z]{2}$/i.test(code) && COUNTRY_NAMES.of(code.toUpperCase()) !== undefined;
}

/**
 * @param {string} at
 * @param {string} kind
 * @param {string} found
 * @param {string} allowed
 */
function unknown(at, kind, found, allowed) {
  const shown = found.slice(0, 100);
  return new CloudFrontError(400, 'Error', `There is no ${kind} "${shown}".`, {
    at,
    found: shown,
    allowed,
  });
}

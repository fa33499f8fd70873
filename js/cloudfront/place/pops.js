/**
 * CloudFront's points of presence, and which of them stand for an edge Region or a country.
 */
import { geoDistance } from 'd3-geo';
import { readTable } from '../data/table.js';
import { EDGES } from './edges.js';

/**
 * @typedef {object} Pop
 * @property {string} code such as `FRA`
 * @property {string} city
 * @property {string} country ISO 3166-1 alpha-2
 * @property {number} latitude degrees
 * @property {number} longitude degrees
 * @property {string} timeZone IANA name
 * @property {string} edge the edge Region behind it: the nearest by distance, since AWS does not
 *   publish its mapping
 */

/**
 * POPs by code.
 *
 * @type {ReadonlyMap<string, Pop>}
 */
export const POPS = new Map(
  readTable(new URL('../data/cloudfront-pops.csv', import.meta.url)).map((row) => [
    row.code,
    Object.freeze({
      code: row.code,
      city: row.city,
      country: row.country_code,
      latitude: Number(row.lat),
      longitude: Number(row.lon),
      timeZone: row.time_zone,
      edge: row.nearest_rec_by_distance,
    }),
  ]),
);

/** Nearest POP of each edge Region, of those that it is behind. */
const OF_EDGE = new Map(
  [...EDGES.values()].map((edge) => {
    const [nearest] = [...POPS.values()]
      .filter((pop) => pop.edge === edge.region)
      .sort((a, b) => kilometres(a, edge) - kilometres(b, edge));
    return [edge.region, nearest];
  }),
);

/**
 * @param {string} edge an edge Region
 * @returns {Pop} the POP nearest to it
 */
export function popOfEdge(edge) {
  return /** @type {Pop} */ (OF_EDGE.get(edge));
}

/**
 * @param {string} country ISO 3166-1 alpha-2
 * @returns {Pop | undefined} the first POP by code in the country, if there is any
 */
export function popOfCountry(country) {
  return [...POPS.values()].find((pop) => pop.country === country);
}

/**
 * @typedef {{ latitude: number, longitude: number }} Point
 *
 * @param {Point} a
 * @param {Point} b
 * @returns {number} along the great circle of a sphere of the Earth's mean radius
 */
export function kilometres(a, b) {
  return geoDistance([a.longitude, a.latitude], [b.longitude, b.latitude]) * 6_371;
}

/**
 * The Regions that execute Lambda@Edge functions (rule R1): those with a regional edge cache.
 * Thirteen are known; all but us-west-1 are named in AWS's Origin Shield documentation.
 */
import { readTable } from '../data/table.js';

/**
 * @typedef {object} Edge
 * @property {string} region
 * @property {string} city
 * @property {number} latitude degrees
 * @property {number} longitude degrees
 */

/**
 * Edge Regions by name.
 *
 * @type {ReadonlyMap<string, Edge>}
 */
export const EDGES = new Map(
  readTable(new URL('../data/cloudfront-rec.csv', import.meta.url)).map(
    ({ region, city, lat, lon }) => [
      region,
      Object.freeze({ region, city, latitude: Number(lat), longitude: Number(lon) }),
    ],
  ),
);

/** Names of the edge Regions. */
export const EDGE_REGIONS = Object.freeze([...EDGES.keys()]);

/**
 * The way from an edge Region to the Region of an origin.
 */
import { readFileSync } from 'node:fs';
import { geoDistance } from 'd3-geo';

const DATA = new URL('../../../src/tools/data/', import.meta.url);
const EARTH_RADIUS_KM = 6_371;

/** Round trips between AWS Regions, and how long a fetch waits for one. */
export class Latency {
  #on;

  /** @param {{ on?: boolean }} [options] off unless said: then no fetch waits */
  constructor({ on = false } = {}) {
    this.#on = on;
  }

  /**
   * The round trip: the median that somebody measured, else the fit by distance (R² 0.70), as
   * `src/tools/data/README.md` describes both.
   *
   * @param {string} edge edge Region
   * @param {string} api Region of the origin
   * @returns {number | undefined} milliseconds; none if one of the two is no Region known
   */
  between(edge, api) {
    return matrix().get(`${edge} ${api}`) ?? fitted(edge, api);
  }

  /**
   * How long a fetch waits: one round trip, which is what a request over an open connection takes.
   * Connections are taken to be open already, as CloudFront keeps them to busy origins; a new one
   * would cost two round trips more for TCP and TLS 1.3.
   *
   * @param {string} edge
   * @param {string | undefined} api
   * @returns {number} milliseconds; 0 if off, or if one of the two is no Region known
   */
  wait(edge, api) {
    return (this.#on && api && this.between(edge, api)) || 0;
  }
}

/**
 * The Region in the domain name of an AWS endpoint, such as
 * `abc.execute-api.eu-west-1.amazonaws.com`, `bucket.s3.eu-west-1.amazonaws.com` or
 * `abc.lambda-url.eu-west-1.on.aws`, or of any other name with a Region among its labels.
 *
 * @param {string} domainName
 * @returns {string | undefined}
 */
export function regionOf(domainName) {
  // The older names of buckets: `bucket.s3-eu-west-1.amazonaws.com`, `bucket.s3.amazonaws.com`.
  const labels = domainName.toLowerCase().split('.');
  const names = labels.map((label) => label.replace(/^s3-/, ''));
  const found = names.find((name) => coordinates().has(name));
  return found ?? (domainName.endsWith('.s3.amazonaws.com') ? 'us-east-1' : undefined);
}

/**
 * @param {string} edge
 * @param {string} api
 */
function fitted(edge, api) {
  const from = coordinates().get(edge);
  const to = coordinates().get(api);
  if (!from || !to) return undefined;
  return 25 + (15.5 * geoDistance(from, to) * EARTH_RADIUS_KM) / 1_000;
}

/** Milliseconds by `from to`; a pair nobody measured is left out. */
const matrix = once(() => {
  const [[, ...columns], ...rows] = csv('aws-latency.csv');
  return new Map(
    rows.flatMap(([from, ...cells]) =>
      cells.flatMap((ms, index) =>
        ms === '' ? [] : [/** @type {const} */ ([`${from} ${columns[index]}`, Number(ms)])],
      ),
    ),
  );
});

/** Longitude and latitude by Region, in degrees. */
const coordinates = once(() => {
  const [columns, ...rows] = csv('aws-regions.csv');
  const [region, lat, lon] = ['region', 'lat', 'lon'].map((name) => columns.indexOf(name));
  return new Map(
    rows.map((row) => [row[region], /** @type {[number, number]} */ ([+row[lon], +row[lat]])]),
  );
});

/**
 * @param {string} file its fields hold neither quotes nor commas
 * @returns {string[][]}
 */
function csv(file) {
  const lines = readFileSync(new URL(file, DATA), 'utf8').trim().split('\n');
  return lines.map((line) => line.split(','));
}

/**
 * @template T
 * @param {() => T} make
 * @returns {() => T}
 */
function once(make) {
  /** @type {T | undefined} */
  let made;
  return () => (made ??= make());
}

/**
 * The request headers that CloudFront makes from the viewer (guide, "Add CloudFront request
 * headers"; rules W8, R2).
 */
import { deviceOf } from './device.js';

/**
 * @typedef {import('../place/viewer.js').Viewer} Viewer
 *
 * @typedef {object} CloudFrontHeader
 * @property {string} key its name as the guide writes it
 * @property {'protocol'|'device'|'location'|'structure'} about
 * @property {(viewer: Viewer) => string | number | boolean | undefined} of its value; none where
 *   the viewer has none
 */

/** Longest `CloudFront-Viewer-Header-Order`, in characters. */
const MAX_HEADER_ORDER = 7_680;

/**
 * Every header that CloudFront can make, but for two it needs a TLS handshake for, which there is
 * none of here: `CloudFront-Viewer-JA3-Fingerprint` and `CloudFront-Viewer-JA4-Fingerprint`.
 *
 * @type {CloudFrontHeader[]}
 */
const HEADERS = [
  { key: 'CloudFront-Forwarded-Proto', about: 'protocol', of: ({ proto }) => proto },
  { key: 'CloudFront-Viewer-Http-Version', about: 'protocol', of: (viewer) => viewer.httpVersion },
  { key: 'CloudFront-Viewer-TLS', about: 'protocol', of: tls },

  device('CloudFront-Is-Android-Viewer', 'android'),
  device('CloudFront-Is-Desktop-Viewer', 'desktop'),
  device('CloudFront-Is-IOS-Viewer', 'ios'),
  device('CloudFront-Is-Mobile-Viewer', 'mobile'),
  device('CloudFront-Is-SmartTV-Viewer', 'tv'),
  device('CloudFront-Is-Tablet-Viewer', 'tablet'),

  location('CloudFront-Viewer-Address', ({ ip, port }) => `${ip}:${port}`),
  location('CloudFront-Viewer-ASN', ({ asn }) => asn),
  location('CloudFront-Viewer-Country', ({ country }) => country),
  location('CloudFront-Viewer-Country-Name', ({ countryName }) => countryName),
  location('CloudFront-Viewer-Country-Region', ({ region }) => region),
  location('CloudFront-Viewer-Country-Region-Name', ({ regionName }) => regionName),
  location('CloudFront-Viewer-City', ({ city }) => city),
  location('CloudFront-Viewer-Postal-Code', ({ postalCode }) => postalCode),
  // Only of viewers in the United States.
  location('CloudFront-Viewer-Metro-Code', ({ country, metroCode }) =>
    country === 'US' ? metroCode : undefined,
  ),
  location('CloudFront-Viewer-Time-Zone', ({ timeZone }) => timeZone),
  location('CloudFront-Viewer-Latitude', ({ latitude }) => latitude?.toFixed(5)),
  location('CloudFront-Viewer-Longitude', ({ longitude }) => longitude?.toFixed(5)),

  {
    key: 'CloudFront-Viewer-Header-Order',
    about: 'structure',
    of: ({ headerNames }) => headerNames.join(':').slice(0, MAX_HEADER_ORDER),
  },
  {
    key: 'CloudFront-Viewer-Header-Count',
    about: 'structure',
    of: ({ headerNames }) => headerNames.length,
  },
];

const BY_NAME = new Map(HEADERS.map((header) => [header.key.toLowerCase(), header]));

/**
 * All headers that CloudFront can make of this viewer. Which of them it makes is for the policies
 * to say. What is not known of the viewer's place has no header.
 *
 * @param {Viewer} viewer
 * @returns {Record<string, string>} value by name in lower case; characters that are not ASCII are
 *   percent-encoded as UTF-8
 */
export function viewerHeaders(viewer) {
  /** @type {Record<string, string>} */
  const made = {};
  for (const [name, { of }] of BY_NAME) {
    const value = of(viewer);
    if (value !== undefined) made[name] = ascii(String(value));
  }
  return made;
}

/**
 * @param {string} name in lower case, of a header that `viewerHeaders` makes
 * @returns {{ key: string, about: CloudFrontHeader['about'] }} its name as the guide writes it, and
 *   the group it is in there
 */
export function aboutHeader(name) {
  const { key, about } = /** @type {CloudFrontHeader} */ (BY_NAME.get(name));
  return { key, about };
}

/**
 * Attackers send these too. From origin-request on, names that begin so are CloudFront's own
 * (rule W8): what a viewer sent under them is never forwarded. That CloudFront drops them without a
 * policy too is unverified.
 *
 * @param {string} name in lower case
 * @returns {boolean}
 */
export function isCloudFrontHeader(name) {
  return name.startsWith('cloudfront-');
}

/**
 * TLS is not played: this is a fresh connection of a current browser.
 *
 * @param {Viewer} viewer
 */
function tls({ proto }) {
  return proto === 'https' ? 'TLSv1.3:TLS_AES_128_GCM_SHA256:fullHandshake' : undefined;
}

/**
 * @param {string} key
 * @param {keyof import('./device.js').Device} kind
 * @returns {CloudFrontHeader}
 */
function device(key, kind) {
  return { key, about: 'device', of: ({ userAgent }) => deviceOf(userAgent)[kind] };
}

/**
 * @param {string} key
 * @param {CloudFrontHeader['of']} of
 * @returns {CloudFrontHeader}
 */
function location(key, of) {
  return { key, about: 'location', of };
}

/** @param {string} value */
function ascii(value) {
  return value.replace(/[^\x20-\x7e]/gu, (character) => encodeURIComponent(character));
}

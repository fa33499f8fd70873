/**
 * What `request.origin` may be when origin-request returns it (rules E5 to E8, W10).
 */
import { isIP } from 'node:net';
import { demand, describe, isObject } from './demand.js';
import { isDisallowed } from './headers.js';
import { validateHeader } from './validate-headers.js';

const SSL_PROTOCOLS = ['TLSv1.2', 'TLSv1.1', 'TLSv1', 'SSLv3'];

/**
 * @param {unknown} origin
 * @param {import('./headers.js').HeaderMap} requestHeaders
 * @throws {import('./error.js').CloudFrontError}
 */
export function validateOrigin(origin, requestHeaders) {
  const at = 'request.origin';
  demand(isObject(origin), 'E5', at, describe(origin), 'an object with custom or s3');
  const kinds = Object.keys(origin);
  const [kind] = kinds;
  demand(
    kinds.length === 1 && (kind === 'custom' || kind === 's3'),
    'E5',
    at,
    `the fields ${kinds.join(', ') || '(none)'}`,
    'exactly one of custom, s3',
  );
  const fields = origin[kind];
  demand(isObject(fields), 'E5', `${at}.${kind}`, describe(fields), 'an object');
  const rule = kind === 'custom' ? 'E6' : 'E7';
  validateDomain(rule, `${at}.${kind}.domainName`, fields.domainName);
  validatePath(rule, `${at}.${kind}.path`, fields.path);
  validateCustomHeaders(rule, `${at}.${kind}.customHeaders`, fields.customHeaders, requestHeaders);
  if (kind === 'custom') validateCustom(`${at}.custom`, fields);
  else validateS3(`${at}.s3`, fields);
}

/**
 * @param {string} at
 * @param {Record<string, unknown>} custom
 */
function validateCustom(at, { port, protocol, readTimeout, keepaliveTimeout, sslProtocols }) {
  demand(
    Number.isInteger(port) && allowedPort(/** @type {number} */ (port)),
    'E6',
    `${at}.port`,
    scalar(port),
    '80, 443 or 1024 to 65535',
  );
  demand(
    protocol === 'http' || protocol === 'https',
    'E6',
    `${at}.protocol`,
    scalar(protocol),
    '"http" or "https"',
  );
  for (const [name, seconds] of Object.entries({ readTimeout, keepaliveTimeout })) {
    demand(
      Number.isInteger(seconds) && inRange(/** @type {number} */ (seconds), 1, 120),
      'E6',
      `${at}.${name}`,
      scalar(seconds),
      '1 to 120 (seconds)',
    );
  }
  demand(
    Array.isArray(sslProtocols) &&
      sslProtocols.length > 0 &&
      sslProtocols.every((name) => SSL_PROTOCOLS.includes(name)),
    'E6',
    `${at}.sslProtocols`,
    describe(sslProtocols),
    `a list of ${SSL_PROTOCOLS.join(', ')}`,
  );
}

/**
 * @param {string} at
 * @param {Record<string, unknown>} s3
 */
function validateS3(at, { authMethod, region }) {
  demand(
    authMethod === 'none' || authMethod === 'origin-access-identity',
    'E7',
    `${at}.authMethod`,
    scalar(authMethod),
    '"none" or "origin-access-identity"',
  );
  demand(
    region === undefined || typeof region === 'string',
    'E7',
    `${at}.region`,
    describe(region),
    "a Region's name",
  );
}

/**
 * @param {string} rule
 * @param {string} at
 * @param {unknown} name
 */
function validateDomain(rule, at, name) {
  const label = '[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?';
  demand(
    typeof name === 'string' &&
      name.length <= 253 &&
      isIP(name) === 0 &&
      new RegExp(`^${label}(\\.${label})+$`).test(name),
    rule,
    at,
    scalar(name),
    'a DNS name of at most 253 characters, no port, no IP address',
  );
}

/**
 * @param {string} rule
 * @param {string} at
 * @param {unknown} path
 */
function validatePath(rule, at, path) {
  demand(
    typeof path === 'string' &&
      path.length <= 255 &&
      (path === '' || /^\/[^\s?#]*[^\s?#/]$/.test(path)),
    rule,
    at,
    scalar(path),
    '"", or at most 255 characters that begin with "/" and do not end with it',
  );
}

/**
 * @param {string} rule
 * @param {string} at
 * @param {unknown} headers
 * @param {import('./headers.js').HeaderMap} requestHeaders
 */
function validateCustomHeaders(rule, at, headers, requestHeaders) {
  demand(isObject(headers), rule, at, describe(headers), 'an object');
  let total = 0;
  for (const [name, entries] of Object.entries(headers)) {
    const here = `${at}.${name}`;
    validateHeader(here, name, entries);
    demand(
      !isDisallowed(name),
      'W7',
      here,
      'added',
      'not this header: functions never see or set it',
    );
    demand(
      !Object.hasOwn(requestHeaders, name),
      'E8',
      here,
      'also in request.headers',
      'a name in one of the two',
    );
    demand(name.length <= 256, 'W10', here, `a name of ${name.length} characters`, 'at most 256');
    for (const { value } of entries) {
      demand(
        value.length <= 1_783,
        'W10',
        here,
        `a value of ${value.length} characters`,
        'at most 1,783',
      );
      total += name.length + value.length;
    }
  }
  const count = Object.keys(headers).length;
  demand(count <= 30, 'W10', at, `${count} headers`, 'at most 30');
  demand(total <= 10_240, 'W10', at, `${total} characters in all`, 'at most 10,240');
}

/**
 * Fields that hold no secret: what was found can be shown.
 *
 * @param {unknown} value
 */
function scalar(value) {
  const isScalar = ['string', 'number', 'boolean'].includes(typeof value);
  return isScalar ? JSON.stringify(value).slice(0, 100) : describe(value);
}

/**
 * @param {number} port
 */
function allowedPort(port) {
  return port === 80 || port === 443 || inRange(port, 1_024, 65_535);
}

/**
 * @param {number} value
 * @param {number} least
 * @param {number} most
 */
function inRange(value, least, most) {
  return value >= least && value <= most;
}

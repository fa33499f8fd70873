/**
 * What `request.origin` may be when origin-request returns it (rules E5 to E8, W10).
 */
import { isIP } from 'node:net';
import { demand, describe, isObject, show } from './demand.js';
import { validateHeader, validateNotDisallowed } from './headers.js';

const SSL_PROTOCOLS = Object.freeze(['TLSv1.2', 'TLSv1.1', 'TLSv1', 'SSLv3']);

/** Rule W10, in headers and in characters. */
const MAX_HEADERS = 30;
const MAX_NAME = 256;
const MAX_VALUE = 1_783;
const MAX_TOTAL = 10_240;

/**
 * @param {unknown} origin
 * @param {import('../headers.js').HeaderMap} requestHeaders as returned with it
 * @param {import('aws-lambda').CloudFrontOrigin | undefined} sent the event's
 * @throws {import('./demand.js').Breach}
 */
export function validateOrigin(origin, requestHeaders, sent) {
  const [kind, fields] = kindOf(origin);
  const rule = kind === 'custom' ? 'E6' : 'E7';
  const at = `request.origin.${kind}`;
  validateDomain(rule, `${at}.domainName`, fields.domainName);
  validatePath(rule, `${at}.path`, fields.path);
  if (kind === 'custom') validateCustom(at, fields);
  else validateS3(at, fields, sent?.s3?.domainName);
  validateCustomHeaders(rule, `${at}.customHeaders`, fields.customHeaders, requestHeaders);
}

/**
 * Rule E5.
 *
 * @param {unknown} origin
 * @returns {['custom' | 's3', Record<string, unknown>]}
 */
function kindOf(origin) {
  const at = 'request.origin';
  const allowed = 'an object with exactly one of custom and s3';
  demand(isObject(origin), { rule: 'E5', at, found: describe(origin), allowed });
  const kinds = Object.keys(origin);
  const [kind] = kinds;
  const found = kinds.length === 0 ? 'no field' : `the fields ${show(kinds.join(', '))}`;
  demand(kinds.length === 1 && (kind === 'custom' || kind === 's3'), {
    rule: 'E5',
    at,
    found,
    allowed,
  });
  const fields = origin[kind];
  demand(isObject(fields), {
    rule: 'E5',
    at: `${at}.${kind}`,
    found: describe(fields),
    allowed: 'an object',
  });
  return [kind, fields];
}

/**
 * Rule E6.
 *
 * @param {string} at
 * @param {Record<string, unknown>} custom
 */
function validateCustom(at, { port, protocol, readTimeout, keepaliveTimeout, sslProtocols }) {
  demand(port === 80 || port === 443 || isWhole(port, 1_024, 65_535), {
    rule: 'E6',
    at: `${at}.port`,
    found: show(port),
    allowed: '80, 443 or 1024 to 65535',
  });
  demand(protocol === 'http' || protocol === 'https', {
    rule: 'E6',
    at: `${at}.protocol`,
    found: show(protocol),
    allowed: '"http" or "https"',
  });
  validateSeconds('E6', `${at}.readTimeout`, readTimeout);
  validateSeconds('E6', `${at}.keepaliveTimeout`, keepaliveTimeout);
  demand(isList(sslProtocols) && sslProtocols.every((name) => SSL_PROTOCOLS.includes(name)), {
    rule: 'E6',
    at: `${at}.sslProtocols`,
    found: show(isList(sslProtocols) ? sslProtocols.join(', ') : sslProtocols),
    allowed: `a list of ${SSL_PROTOCOLS.join(', ')}`,
  });
}

/**
 * Rule E7. The guide asks for the Region only with an origin access identity; a bucket that the
 * event held already is not asked for it here.
 *
 * @param {string} at
 * @param {Record<string, unknown>} s3
 * @param {string | undefined} sentDomain
 */
function validateS3(at, { authMethod, domainName, region, readTimeout }, sentDomain) {
  demand(authMethod === 'none' || authMethod === 'origin-access-identity', {
    rule: 'E7',
    at: `${at}.authMethod`,
    found: show(authMethod),
    allowed: '"none" or "origin-access-identity"',
  });
  const mayLack = authMethod === 'none' || domainName === sentDomain;
  demand(typeof region === 'string' ? region !== '' || mayLack : region === undefined && mayLack, {
    rule: 'E7',
    at: `${at}.region`,
    found: show(region),
    allowed: 'the name of the bucket\'s Region; it may be left out with authMethod "none"',
  });
  if (readTimeout !== undefined) validateSeconds('E7', `${at}.readTimeout`, readTimeout);
}

/**
 * @param {string} rule
 * @param {string} at
 * @param {unknown} name
 */
function validateDomain(rule, at, name) {
  const label = '[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?';
  const isName =
    typeof name === 'string' &&
    name.length <= 253 &&
    isIP(name) === 0 &&
    new RegExp(`^${label}(\\.${label})+$`).test(name);
  demand(isName, {
    rule,
    at,
    found: show(name),
    allowed: 'a DNS name of at most 253 characters, no port, no IP address',
  });
}

/**
 * @param {string} rule
 * @param {string} at
 * @param {unknown} path
 */
function validatePath(rule, at, path) {
  const isPath =
    typeof path === 'string' &&
    path.length <= 255 &&
    (path === '' || /^\/[^\s?#]*[^\s?#/]$/.test(path));
  demand(isPath, {
    rule,
    at,
    found: show(path),
    allowed: '"", or at most 255 characters that begin with "/" and do not end with it',
  });
}

/**
 * Rules E8 and W10. Total counts names and values.
 *
 * @param {string} rule
 * @param {string} at
 * @param {unknown} headers
 * @param {import('../headers.js').HeaderMap} requestHeaders
 */
function validateCustomHeaders(rule, at, headers, requestHeaders) {
  demand(isObject(headers), { rule, at, found: describe(headers), allowed: 'an object' });
  const count = Object.keys(headers).length;
  const few = `at most ${MAX_HEADERS}`;
  demand(count <= MAX_HEADERS, { rule: 'W10', at, found: `${count} headers`, allowed: few });
  let total = 0;
  for (const [name, entries] of Object.entries(headers)) {
    validateHeader(at, name, entries);
    validateNotDisallowed(at, name);
    demand(!Object.hasOwn(requestHeaders, name), {
      rule: 'E8',
      at: `${at}.${name}`,
      found: 'also in request.headers',
      allowed: 'a name in one of the two',
      did: `set ${name} in request.headers and in customHeaders`,
    });
    for (const { value } of entries) {
      validateLength(`${at}.${name}`, 'a name', name, MAX_NAME);
      validateLength(`${at}.${name}`, 'a value', value, MAX_VALUE);
      total += name.length + value.length;
    }
  }
  const found = `${total} characters in all`;
  demand(total <= MAX_TOTAL, { rule: 'W10', at, found, allowed: `at most ${MAX_TOTAL}` });
}

/**
 * @param {string} at
 * @param {string} what
 * @param {string} text
 * @param {number} most
 */
function validateLength(at, what, text, most) {
  demand(text.length <= most, {
    rule: 'W10',
    at: at.slice(0, 300),
    found: `${what} of ${text.length} characters`,
    allowed: `at most ${most}`,
  });
}

/**
 * @param {string} rule
 * @param {string} at
 * @param {unknown} seconds
 */
function validateSeconds(rule, at, seconds) {
  const found = show(seconds);
  demand(isWhole(seconds, 1, 120), { rule, at, found, allowed: '1 to 120 (whole seconds)' });
}

/**
 * @param {unknown} value
 * @param {number} least
 * @param {number} most
 */
function isWhole(value, least, most) {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

/**
 * @param {unknown} value
 * @returns {value is any[]}
 */
function isList(value) {
  return Array.isArray(value) && value.length > 0;
}

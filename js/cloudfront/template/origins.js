/**
 * `Origins` of a distribution (CloudFront Developer Guide, "Origin settings"; rules E5 to E7, F6,
 * L8, S1).
 */
import { isIP } from 'node:net';
import { customHeadersOf } from './custom-headers.js';
import { pathText, shown } from './error.js';
import { CUSTOM_ORIGIN, ORIGIN, S3_ORIGIN, checkKeys } from './keys.js';
import { referenceTo } from './names.js';
import { propertiesOf } from './property.js';

/** @typedef {import('./property.js').Property} Property */
/** @typedef {import('../distribution.js').Origin} Origin */

/**
 * @typedef {object} OriginRead
 * @property {Origin} origin
 * @property {string | undefined} excludes what of it origin triggers cannot be used with (rule L8)
 */

const SSL_PROTOCOLS = /** @type {const} */ (['TLSv1.2', 'TLSv1.1', 'TLSv1', 'SSLv3']);
const PROTOCOL_POLICIES = /** @type {const} */ (['http-only', 'https-only', 'match-viewer']);
const LABEL = '[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?';
const DOMAIN = new RegExp(`^(?=.{1,253}$)${LABEL}(\\.${LABEL})+$`);
const PATH = /^(?=.{0,255}$)(\/[^\s?#]*[^\s?#/])?$/;

/** A bucket's REST endpoint; website endpoints are custom origins. */
const REGION = '(?<region>[a-z]{2}(-[a-z]+)+-[0-9])';
const S3_DOMAIN = new RegExp(
  `^.+\\.s3(-accesspoint)?([.-](dualstack\\.)?${REGION})?\\.amazonaws\\.com(\\.cn)?$`,
);

/**
 * @param {Property} config `DistributionConfig`
 * @param {Set<string>} ignore
 * @returns {Map<string, OriginRead>} by id
 * @throws {import('./error.js').TemplateError}
 */
export function originsOf(config, ignore) {
  /** @type {Map<string, OriginRead>} */
  const origins = new Map();
  const list = config.get('Origins');
  for (const item of list.items()) {
    checkKeys(item, ORIGIN, ignore);
    const read = originOf(item, ignore);
    demandNewId(item, read.origin.id, origins.keys());
    origins.set(read.origin.id, read);
  }
  if (origins.size === 0) list.fail({ found: 'no origins', allowed: 'at least one' });
  return origins;
}

/**
 * @param {Property} item
 * @param {Set<string>} ignore
 * @returns {OriginRead}
 */
function originOf(item, ignore) {
  const kind = kindOf(item);
  const common = {
    id: item.get('Id').text(),
    kind: kind === 'S3OriginConfig' ? /** @type {const} */ ('s3') : /** @type {const} */ ('custom'),
    domainName: domainName(item.get('DomainName'), kind),
    path: item.get('OriginPath').text({
      otherwise: '',
      rule: kind === 'S3OriginConfig' ? 'E7' : 'E6',
      matches: PATH,
      allowed: 'at most 255 characters that begin with "/" and do not end with it',
    }),
    customHeaders: customHeadersOf(item.get('OriginCustomHeaders')),
    connectionAttempts: item
      .get('ConnectionAttempts')
      .integer({ least: 1, most: 3, otherwise: 3, rule: 'F6' }),
    connectionTimeout: seconds(item.get('ConnectionTimeout'), 10, 10),
  };
  const config = item.get(kind);
  const access = accessOf(item, config, kind);
  const rest =
    kind === 'S3OriginConfig' ? s3(config, common, ignore) : custom(config, kind, ignore);
  const completion = responseCompletion(item.get('ResponseCompletionTimeout'), rest.readTimeout);
  return {
    origin: { ...common, ...rest, access, responseCompletionTimeout: completion },
    excludes: excluded(config, kind),
  };
}

/**
 * @param {Property} item
 * @returns {'CustomOriginConfig'|'S3OriginConfig'|'VpcOriginConfig'}
 */
function kindOf(item) {
  const kinds = /** @type {const} */ (['CustomOriginConfig', 'S3OriginConfig', 'VpcOriginConfig']);
  const [kind, ...more] = kinds.filter((name) => item.get(name).isThere);
  if (kind && more.length === 0) return kind;
  return item.fail({
    found: kind ? [kind, ...more].join(' and ') : 'none of them',
    allowed: `exactly one of ${kinds.join(', ')}`,
    rule: 'E5',
  });
}

/**
 * @param {Property} property
 * @param {string} kind
 */
function domainName(property, kind) {
  const isS3 = kind === 'S3OriginConfig';
  const name = property.text({
    rule: isS3 ? 'E7' : 'E6',
    matches: DOMAIN,
    allowed: 'a DNS name of at most 253 characters, no scheme, no port, no path',
  });
  if (isIP(name) !== 0) property.fail({ allowed: 'a DNS name, no IP address', rule: 'E6' });
  if (!isS3 || S3_DOMAIN.test(name)) return name;
  return property.fail({
    allowed: 'the name of a bucket’s REST endpoint, such as site.s3.eu-west-1.amazonaws.com',
    rule: 'E7',
    advice: 'A website endpoint or any other server needs CustomOriginConfig.',
  });
}

/**
 * @param {Property} config `S3OriginConfig`
 * @param {{ domainName: string }} common
 * @param {Set<string>} ignore
 */
function s3(config, { domainName: name }, ignore) {
  checkKeys(config, S3_ORIGIN, ignore);
  return {
    readTimeout: seconds(config.get('OriginReadTimeout'), 120, 30),
    keepaliveTimeout: 5,
    protocolPolicy: /** @type {const} */ ('match-viewer'),
    httpPort: 80,
    httpsPort: 443,
    sslProtocols: [],
    region: S3_DOMAIN.exec(name)?.groups?.region ?? 'us-east-1',
  };
}

/**
 * @param {Property} config `CustomOriginConfig`, or `VpcOriginConfig`, which has the timeouts only
 * @param {string} kind
 * @param {Set<string>} ignore
 */
function custom(config, kind, ignore) {
  const isVpc = kind === 'VpcOriginConfig';
  if (!isVpc) checkKeys(config, CUSTOM_ORIGIN, ignore);
  const policy = config.get('OriginProtocolPolicy');
  return {
    readTimeout: seconds(config.get('OriginReadTimeout'), 120, 30),
    keepaliveTimeout: seconds(config.get('OriginKeepaliveTimeout'), 120, 5, 'E6'),
    protocolPolicy: policy.oneOf(PROTOCOL_POLICIES, isVpc ? { otherwise: 'match-viewer' } : {}),
    httpPort: port(config.get('HTTPPort'), 80),
    httpsPort: port(config.get('HTTPSPort'), 443),
    sslProtocols: sslProtocols(config.get('OriginSSLProtocols')),
    region: undefined,
  };
}

/**
 * What a template without `OriginSSLProtocols` gets is unverified; nothing here depends on it but
 * the event.
 *
 * @param {Property} property
 * @returns {string[]}
 */
function sslProtocols(property) {
  const items = property.items().map((item) => item.oneOf(SSL_PROTOCOLS, { rule: 'E6' }));
  return items.length > 0 ? items : ['TLSv1.2'];
}

/**
 * @param {Property} property
 * @param {number} otherwise
 */
function port(property, otherwise) {
  const number = property.integer({ otherwise, rule: 'E6' });
  if (number === 80 || number === 443 || (number >= 1_024 && number <= 65_535)) return number;
  return property.fail({ allowed: '80, 443 or 1024 to 65535', rule: 'E6' });
}

/**
 * @param {Property} property
 * @param {number} most
 * @param {number} otherwise
 * @param {string} [rule]
 */
function seconds(property, most, otherwise, rule = 'F6') {
  return property.integer({ least: 1, most, otherwise, rule, unit: 'seconds' });
}

/**
 * @param {Property} property
 * @param {number} readTimeout seconds; the whole answer cannot be given less time than a part
 * @returns {number | undefined} seconds; no limit if there is none
 */
function responseCompletion(property, readTimeout) {
  if (!property.isThere) return undefined;
  return property.integer({ least: readTimeout, unit: 'seconds (OriginReadTimeout)' });
}

/**
 * How CloudFront signs requests to a bucket: an origin access control, an older origin access
 * identity, or not at all.
 *
 * @param {Property} item
 * @param {Property} config
 * @param {string} kind
 * @returns {Origin['access']}
 */
function accessOf(item, config, kind) {
  const control = item.get('OriginAccessControlId');
  if (kind !== 'S3OriginConfig') {
    if (control.hasEffect) control.warn('only requests to buckets are signed here');
    return 'none';
  }
  const identity = config.get('OriginAccessIdentity');
  if (!control.hasEffect) return identity.hasEffect ? 'oai' : 'none';
  if (identity.hasEffect) {
    identity.fail({ allowed: '"" beside OriginAccessControlId', advice: 'Keep one of the two.' });
  }
  return controlSigns(control) ? 'oac' : 'none';
}

/**
 * @param {Property} property an id; one that is not in the template is believed to sign
 * @returns {boolean}
 */
function controlSigns(property) {
  const id = property.text();
  const control = property.stack.application
    .flatMap((stack) => stack.resources('AWS::CloudFront::OriginAccessControl'))
    .find((resource) => referenceTo(resource, property.path) === id);
  if (!control) return true;
  const config = propertiesOf(control).get('OriginAccessControlConfig');
  config.get('OriginAccessControlOriginType').oneOf(['s3'], { rule: 'S1' });
  const behavior = config.get('SigningBehavior').oneOf(['always', 'no-override', 'never']);
  return behavior !== 'never';
}

/**
 * @param {Property} config
 * @param {string} kind
 */
function excluded(config, kind) {
  if (kind === 'VpcOriginConfig') {
    config.warn('played as a custom origin; its protocol and ports are not read');
    return 'a VPC origin';
  }
  const certificate = kind === 'CustomOriginConfig' && config.get('OriginMtlsConfig');
  if (!certificate || !certificate.hasEffect) return undefined;
  certificate.warn('no client certificate is shown to the origin here');
  return 'an origin with mutual TLS';
}

/**
 * @param {Property} item an origin or a group
 * @param {string} id its
 * @param {Iterable<string>} taken
 * @throws {import('./error.js').TemplateError}
 */
export function demandNewId(item, id, taken) {
  if (![...taken].includes(id)) return;
  item.get('Id').fail({
    found: `${shown(id)} again`,
    allowed: 'an id of its own for each origin and group',
    advice: `Rename ${pathText(item.path)}.`,
  });
}

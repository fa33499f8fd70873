/**
 * Origins.
 */
import { asText, finding, listOf, resourcesOf } from './template.js';

/** Names that CloudFront adds to no request to an origin (developer guide, custom headers). */
const FORBIDDEN = [
  /^(cache-control|connection|content-length|cookie|host|max-forwards|origin|pragma|via)$/i,
  /^if-(match|modified-since|none-match|range|unmodified-since)$/i,
  /^((request-)?range|te|trailer|transfer-encoding|upgrade|x-real-ip)$/i,
  /^(proxy|x-amz|x-edge)-/i,
];

/** @type {import('./template.js').Check} */
export function checkOrigins(template) {
  return resourcesOf(template, 'AWS::CloudFront::Distribution').flatMap(
    ([logicalId, { DistributionConfig: config = {} }]) =>
      listOf(config.Origins).flatMap((origin, index) => {
        const path = `DistributionConfig.Origins[${index}]`;
        return [
          ...attempts(logicalId, path, origin),
          ...headers(logicalId, path, origin),
          ...(origin.CustomOriginConfig ? custom(logicalId, path, origin) : []),
          ...(origin.S3OriginConfig ? bucket(logicalId, path, origin) : []),
          ...(origin.VpcOriginConfig ? vpc(logicalId, path, config, origin) : []),
        ];
      }),
  );
}

/**
 * @param {string} logicalId
 * @param {string} path
 * @param {any} origin
 */
function attempts(logicalId, path, { ConnectionAttempts = 3, ConnectionTimeout = 10 }) {
  return [
    ...inRange('F6', logicalId, `${path}.ConnectionAttempts`, ConnectionAttempts, 1, 3),
    ...inRange('F6', logicalId, `${path}.ConnectionTimeout`, ConnectionTimeout, 1, 10),
  ];
}

/**
 * @param {string} logicalId
 * @param {string} path
 * @param {any} origin
 */
function custom(logicalId, path, { CustomOriginConfig: config, DomainName, OriginPath = '' }) {
  const at = `${path}.CustomOriginConfig`;
  const { OriginReadTimeout = 30, OriginKeepaliveTimeout = 5, HTTPSPort = 443 } = config;
  const domain = asText(DomainName);
  const isName = domain.length <= 253 && !/^[\d.]+$|:|\//.test(domain);
  const isPath = OriginPath === '' || /^\/.{0,253}[^/]$/.test(asText(OriginPath));
  const isPort = [80, 443].includes(HTTPSPort) || (HTTPSPort >= 1024 && HTTPSPort <= 65_535);
  return [
    ...(isName
      ? []
      : [finding('E6', logicalId, `${path}.DomainName`, domain, 'a DNS name without a port')]),
    ...(isPath
      ? []
      : [finding('E6', logicalId, `${path}.OriginPath`, OriginPath, '/…, without / at its end')]),
    ...(isPort
      ? []
      : [finding('E6', logicalId, `${at}.HTTPSPort`, HTTPSPort, '80, 443 or 1024 to 65535')]),
    ...inRange('F6', logicalId, `${at}.OriginReadTimeout`, OriginReadTimeout, 1, 120),
    ...inRange('E6', logicalId, `${at}.OriginKeepaliveTimeout`, OriginKeepaliveTimeout, 1, 120),
    ...(config.OriginProtocolPolicy === 'https-only'
      ? []
      : [
          finding(
            'https',
            logicalId,
            `${at}.OriginProtocolPolicy`,
            config.OriginProtocolPolicy,
            'https-only: tokens and the origin secret go there',
          ),
        ]),
  ];
}

/**
 * @param {string} logicalId
 * @param {string} path
 * @param {any} origin
 */
function bucket(logicalId, path, { S3OriginConfig, OriginAccessControlId }) {
  if (OriginAccessControlId || S3OriginConfig.OriginAccessIdentity) return [];
  const allowed = 'an origin access control: a bucket that answers without one is public';
  return [finding('S1', logicalId, `${path}.OriginAccessControlId`, undefined, allowed)];
}

/**
 * @param {string} logicalId
 * @param {string} path
 * @param {any} config
 * @param {any} origin
 */
function vpc(logicalId, path, config, { Id }) {
  const behaviors = [...listOf(config.CacheBehaviors), config.DefaultCacheBehavior ?? {}];
  const atOrigin = behaviors.some(
    ({ TargetOriginId, LambdaFunctionAssociations }) =>
      TargetOriginId === Id &&
      listOf(LambdaFunctionAssociations).some(({ EventType }) => /^origin-/.test(EventType)),
  );
  const allowed = 'no Lambda@Edge at origin events in front of it';
  return atOrigin
    ? [finding('L8', logicalId, `${path}.VpcOriginConfig`, 'a VPC origin', allowed)]
    : [];
}

/**
 * @param {string} logicalId
 * @param {string} path
 * @param {any} origin
 */
function headers(logicalId, path, { OriginCustomHeaders }) {
  const list = listOf(OriginCustomHeaders);
  const at = `${path}.OriginCustomHeaders`;
  const lengths = list.map(({ HeaderName, HeaderValue }) => [HeaderName, asText(HeaderValue)]);
  const total = lengths.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  return [
    ...(list.length > 30 ? [finding('W10', logicalId, at, list.length, 'at most 30')] : []),
    ...(total > 10_240
      ? [finding('W10', logicalId, at, `${total} characters`, 'at most 10240 in all')]
      : []),
    ...lengths.flatMap(([name, value], index) => [
      ...(name.length > 256 || value.length > 1_783
        ? [
            finding(
              'W10',
              logicalId,
              `${at}[${index}]`,
              name,
              'names ≤ 256, values ≤ 1783 characters',
            ),
          ]
        : []),
      ...(FORBIDDEN.some((pattern) => pattern.test(name))
        ? [finding('W7', logicalId, `${at}[${index}]`, name, "a name that is not CloudFront's own")]
        : []),
    ]),
  ];
}

/**
 * @param {string} rule
 * @param {string} logicalId
 * @param {string} path
 * @param {number} value
 * @param {number} least
 * @param {number} most
 */
function inRange(rule, logicalId, path, value, least, most) {
  const passes = Number.isInteger(value) && value >= least && value <= most;
  return passes ? [] : [finding(rule, logicalId, path, value, `${least} to ${most}`)];
}

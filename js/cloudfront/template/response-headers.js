/**
 * `AWS::CloudFront::ResponseHeadersPolicy` (CloudFront Developer Guide, "Understand response
 * headers policies"). That the headers it cannot add or remove are those of rule W7 is unverified.
 */
import { isDisallowed } from '../headers.js';

/** @typedef {import('./property.js').Property} Property */
/** @typedef {import('../distribution.js').ResponseHeadersPolicy} ResponseHeadersPolicy */

/**
 * @param {Property} properties
 * @returns {ResponseHeadersPolicy}
 * @throws {import('./error.js').TemplateError}
 */
export function responseHeadersPolicyOf(properties) {
  const config = properties.get('ResponseHeadersPolicyConfig');
  return {
    name: config.get('Name').text(),
    cors: corsOf(config.get('CorsConfig')),
    security: securityOf(config.get('SecurityHeadersConfig')),
    custom: config.get('CustomHeadersConfig').get('Items').items().map(customOf),
    remove: config.get('RemoveHeadersConfig').get('Items').items().map(removedOf),
    serverTiming: samplingRate(config.get('ServerTimingHeadersConfig')),
  };
}

/**
 * @param {Property} config
 * @returns {object | undefined}
 */
function corsOf(config) {
  if (!config.isThere) return undefined;
  for (const key of ['Origins', 'Methods', 'Headers']) {
    const list = config.get(`AccessControlAllow${key}`).get('Items');
    if (list.texts().length === 0) list.fail({ allowed: 'a list of at least one' });
  }
  config.get('AccessControlAllowCredentials').boolean();
  config.get('OriginOverride').boolean();
  return /** @type {object} */ (withTruth(config.plain()));
}

/**
 * @param {Property} config
 * @returns {object | undefined}
 */
function securityOf(config) {
  if (!config.isThere) return undefined;
  for (const header of config.keys().map((key) => config.get(key))) {
    if (header.isThere) header.get('Override').boolean();
  }
  return /** @type {object} */ (withTruth(config.plain()));
}

/**
 * @param {unknown} value
 * @returns {unknown} with `"true"`, which CloudFormation takes, as true
 */
function withTruth(value) {
  if (value === 'true' || value === 'false') return value === 'true';
  if (Array.isArray(value)) return value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withTruth(part)]));
}

/** @param {Property} item */
function customOf(item) {
  return {
    header: nameOf(item.get('Header')),
    value: item.get('Value').text(),
    override: item.get('Override').boolean(),
  };
}

/** @param {Property} item */
function removedOf(item) {
  return nameOf(item.get('Header')).toLowerCase();
}

/** @param {Property} property */
function nameOf(property) {
  const name = property.text();
  if (!isDisallowed(name.toLowerCase())) return name;
  return property.fail({ allowed: "none of CloudFront's own headers, which nobody changes" });
}

/**
 * @param {Property} config
 * @returns {number | undefined} percent
 */
function samplingRate(config) {
  if (!config.get('Enabled').boolean({ otherwise: false })) return undefined;
  const { value } = config.get('SamplingRate');
  const rate = value === undefined ? 0 : Number(value);
  if (rate >= 0 && rate <= 100) return rate;
  return config.get('SamplingRate').fail({ allowed: '0 to 100 (percent)' });
}

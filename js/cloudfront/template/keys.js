/**
 * Which keys of a distribution this server plays, and what becomes of the others: a warning, or an
 * error where going on would show something that CloudFront would not do.
 */

/** @typedef {import('./property.js').Property} Property */

/**
 * @typedef {'played'|'harmless'|{ warning: string }|{ refusal: string }} Treatment what is
 *   `harmless` changes nothing that can be seen here; a warning or a refusal counts only where the
 *   value has an effect
 * @typedef {Record<string, Treatment>} Keys
 */

/** @type {Keys} `DistributionConfig` */
export const DISTRIBUTION = {
  ...all('played', 'Aliases CNAMEs CacheBehaviors CustomErrorResponses DefaultCacheBehavior'),
  ...all('played', 'DefaultRootObject Enabled OriginGroups Origins Restrictions'),
  ...all('harmless', 'AnycastIpListId CacheTagConfig Comment ContinuousDeploymentPolicyId'),
  ...all('harmless', 'HttpVersion IPV6Enabled Logging PriceClass Staging ViewerCertificate'),
  ConnectionFunctionAssociation: { warning: 'the connection function does not run here' },
  ConnectionMode: 'played',
  CustomOrigin: { refusal: 'the old form of Origins' },
  S3Origin: { refusal: 'the old form of Origins' },
  TenantConfig: { refusal: 'a distribution for tenants is a template of other distributions' },
  ViewerMtlsConfig: { refusal: 'certificates of viewers are not asked for here' },
  WebACLId: { warning: 'the web ACL does not filter requests here' },
};

/** @type {Keys} `DefaultCacheBehavior`, and `CacheBehaviors` with a `PathPattern` */
export const BEHAVIOR = {
  ...all('played', 'AllowedMethods CachePolicyId CachedMethods Compress DefaultTTL'),
  ...all('played', 'ForwardedValues FunctionAssociations GrpcConfig LambdaFunctionAssociations'),
  ...all('played', 'MaxTTL MinTTL OriginRequestPolicyId PathPattern ResponseHeadersPolicyId'),
  ...all('played', 'TargetOriginId ViewerProtocolPolicy'),
  FieldLevelEncryptionId: { refusal: 'fields are not encrypted here' },
  RealtimeLogConfigArn: 'harmless',
  SmoothStreaming: { warning: 'Smooth Streaming is not played here' },
  TrustedKeyGroups: { refusal: 'signed URLs and cookies are not checked here' },
  TrustedSigners: { refusal: 'signed URLs and cookies are not checked here' },
};

/** @type {Keys} a member of `Origins` */
export const ORIGIN = {
  ...all('played', 'ConnectionAttempts ConnectionTimeout CustomOriginConfig DomainName Id'),
  ...all('played', 'OriginAccessControlId OriginCustomHeaders OriginPath'),
  ...all('played', 'ResponseCompletionTimeout S3OriginConfig VpcOriginConfig'),
  OriginShield: { warning: 'Origin Shield, a further cache, is not played here' },
};

/** @type {Keys} */
export const CUSTOM_ORIGIN = {
  ...all('played', 'HTTPPort HTTPSPort OriginKeepaliveTimeout OriginMtlsConfig'),
  ...all('played', 'OriginProtocolPolicy OriginReadTimeout OriginSSLProtocols'),
  IpAddressType: 'harmless',
};

/** @type {Keys} */
export const S3_ORIGIN = all('played', 'OriginAccessIdentity OriginReadTimeout');

/** @type {Keys} a member of `OriginGroups` */
export const ORIGIN_GROUP = all('played', 'FailoverCriteria Id Members SelectionCriteria');

/** @type {Keys} a member of `CustomErrorResponses` */
export const ERROR_PAGE = all(
  'played',
  'ErrorCachingMinTTL ErrorCode ResponseCode ResponsePagePath',
);

/** @type {Keys} a member of `LambdaFunctionAssociations` */
export const ASSOCIATION = all('played', 'EventType IncludeBody LambdaFunctionARN');

/**
 * Warns of keys that are not played and of keys that CloudFormation does not know.
 *
 * @param {Property} property an object
 * @param {Keys} keys
 * @param {Set<string>} ignore keys whose refusal becomes a warning, because the caller says so
 * @throws {import('./error.js').TemplateError} of a refused key
 */
export function checkKeys(property, keys, ignore) {
  for (const key of property.keys()) {
    const treatment = Object.hasOwn(keys, key) ? keys[key] : undefined;
    if (treatment === 'played' || treatment === 'harmless') continue;
    const part = property.get(key);
    if (!part.hasEffect) continue;
    if (treatment === undefined) {
      part.warn(`unknown here and left out; known: ${Object.keys(keys).join(', ')}`);
    } else if ('warning' in treatment) part.warn(treatment.warning);
    else refuse(part, key, treatment.refusal, ignore);
  }
}

/**
 * @param {Property} part
 * @param {string} key its name, which `ignore` may hold
 * @param {string} reason why it cannot be played
 * @param {Set<string>} ignore
 * @throws {import('./error.js').TemplateError} unless the key is to be ignored
 */
export function refuse(part, key, reason, ignore) {
  if (ignore.has(key)) return part.warn(`left out, as asked: ${reason}`);
  part.fail({
    found: `${key}, which is not played here: ${reason}`,
    allowed: `a distribution without ${key}`,
    advice: `To run without it, ignore the key "${key}".`,
  });
}

/**
 * @param {'played'|'harmless'} treatment
 * @param {string} names with spaces between
 * @returns {Keys}
 */
function all(treatment, names) {
  return Object.fromEntries(names.split(' ').map((name) => [name, treatment]));
}

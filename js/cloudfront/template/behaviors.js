/**
 * `CacheBehaviors` and `DefaultCacheBehavior` (CloudFront Developer Guide, "Cache behavior
 * settings").
 */
import { shown } from './error.js';
import { functionsOf } from './associations.js';
import { BEHAVIOR, checkKeys } from './keys.js';
import { policiesOf } from './policies.js';

/** @typedef {import('./property.js').Property} Property */
/** @typedef {import('../distribution.js').Behavior} Behavior */

/**
 * @typedef {object} Surroundings what a behavior may refer to
 * @property {Map<string, import('./origins.js').OriginRead>} origins
 * @property {Map<string, import('../distribution.js').OriginGroup>} groups
 * @property {import('./functions.js').FunctionTable} functions
 * @property {Set<string>} ignore keys to run without
 */

const VIEWER_PROTOCOLS = /** @type {const} */ (['allow-all', 'redirect-to-https', 'https-only']);

/** The guide's characters, and the wildcard `?`. */
const PATTERN = /^(?=.{1,255}$)[A-Za-z0-9_\-.*?$/~"'@:+&]+$/;

const READS = ['GET', 'HEAD'];
const READS_AND_OPTIONS = [...READS, 'OPTIONS'];
const ALL_METHODS = [...READS_AND_OPTIONS, 'PUT', 'PATCH', 'POST', 'DELETE'];

/**
 * @param {Property} config `DistributionConfig`
 * @param {Surroundings} surroundings
 * @returns {Behavior[]} in order of precedence; the last one is the default one, `*`
 * @throws {import('./error.js').TemplateError}
 */
export function behaviorsOf(config, surroundings) {
  const patterns = new Set();
  const listed = config
    .get('CacheBehaviors')
    .items()
    .map((item) => {
      const property = item.get('PathPattern');
      const pattern = patternOf(property);
      const same = pattern.replace(/^\//, '');
      if (patterns.has(same)) {
        property.fail({ found: `${shown(pattern)} again`, allowed: 'each pattern once' });
      }
      patterns.add(same);
      return behaviorOf(item, pattern, surroundings);
    });
  const standard = config.get('DefaultCacheBehavior');
  if (!standard.isThere) standard.fail({ allowed: 'a DefaultCacheBehavior' });
  return [...listed, behaviorOf(standard, '*', surroundings)];
}

/**
 * @param {Property} item
 * @param {string} pattern
 * @param {Surroundings} surroundings
 * @returns {Behavior}
 */
function behaviorOf(item, pattern, surroundings) {
  const { origins, groups, ignore } = surroundings;
  checkKeys(item, BEHAVIOR, ignore);
  const targets = [...origins.keys(), ...groups.keys()];
  const target = item.get('TargetOriginId').oneOf(targets, {
    advice: 'Name an origin or an origin group of this distribution.',
  });
  const behavior = {
    pattern,
    target,
    viewerProtocolPolicy: item.get('ViewerProtocolPolicy').oneOf(VIEWER_PROTOCOLS),
    ...methodsOf(item, groups.has(target)),
    compress: item.get('Compress').boolean({ otherwise: false }),
    ...policiesOf(item, origins.get(target)?.origin),
    functions: functionsOf(item, surroundings),
  };
  demandFitting(item, behavior, surroundings);
  return behavior;
}

/** @param {Property} property */
function patternOf(property) {
  return property.text({
    matches: PATTERN,
    allowed: `1 to 255 of A-Z a-z 0-9 _ - . * ? $ / ~ " ' @ : + &`,
  });
}

/**
 * @param {Property} item
 * @param {boolean} isGroup whether it fails over
 */
function methodsOf(item, isGroup) {
  const allowed = item.get('AllowedMethods');
  const methods = methodSet(allowed, [READS, READS_AND_OPTIONS, ALL_METHODS]);
  // Not in the guide, but what CloudFront answers (jetbridge/cdk-nextjs issue 129).
  if (isGroup && methods.includes('POST')) {
    allowed.fail({
      found: 'methods that write, to an origin group',
      allowed: 'GET, HEAD or GET, HEAD, OPTIONS',
      rule: 'F3',
      advice: 'CloudFront refuses such a distribution: give writes a behavior with one origin.',
    });
  }
  const cached = item.get('CachedMethods');
  const cachedMethods = methodSet(cached, [READS, READS_AND_OPTIONS]);
  if (!cachedMethods.every((method) => methods.includes(method))) {
    cached.fail({ allowed: 'methods that AllowedMethods has' });
  }
  return { methods, cachedMethods };
}

/**
 * @param {Property} property
 * @param {string[][]} sets those that CloudFront knows; the first is the default
 * @returns {string[]}
 */
function methodSet(property, sets) {
  const names = property.texts();
  if (names.length === 0) return sets[0] ?? [];
  const key = [...names].sort().join();
  const found = sets.find((set) => [...set].sort().join() === key);
  if (found) return found;
  return property.fail({
    found: names.join(', '),
    allowed: sets.map((set) => set.join(', ')).join(' or '),
  });
}

/**
 * What Lambda@Edge cannot be used with (rule L8).
 *
 * @param {Property} item
 * @param {Behavior} behavior
 * @param {Surroundings} surroundings
 */
function demandFitting(item, { target, functions }, { origins, groups }) {
  const grpc = item.get('GrpcConfig').get('Enabled');
  if (grpc.boolean({ otherwise: false })) {
    if (Object.keys(functions).length > 0) {
      grpc.fail({ found: 'gRPC beside Lambda@Edge', allowed: 'one of the two', rule: 'L8' });
    }
    grpc.warn('gRPC is not played here');
  }
  if (!functions['origin-request'] && !functions['origin-response']) return;
  for (const id of groups.get(target)?.members ?? [target]) {
    const excludes = origins.get(id)?.excludes;
    if (!excludes) continue;
    item.get('LambdaFunctionAssociations').fail({
      found: `an origin trigger for ${shown(id)}, ${excludes}`,
      allowed: 'viewer triggers, or another origin',
      rule: 'L8',
    });
  }
}

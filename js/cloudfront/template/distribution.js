/**
 * `AWS::CloudFront::Distribution` to the model.
 */
import { behaviorsOf } from './behaviors.js';
import { groupsOf } from './groups.js';
import { DISTRIBUTION, ERROR_PAGE, checkKeys } from './keys.js';
import { attributeOf, referenceTo } from './names.js';
import { originsOf } from './origins.js';
import { propertiesOf } from './property.js';

/** @typedef {import('./property.js').Property} Property */
/** @typedef {import('../distribution.js').Distribution} Distribution */
/** @typedef {import('../distribution.js').ErrorPage} ErrorPage */

/** Statuses that may have a page (CloudFront Developer Guide, "How CloudFront caches errors"). */
const ERROR_STATUSES = [400, 403, 404, 405, 412, 414, 415, 416, 500, 501, 502, 503, 504];

/**
 * @param {import('./stack.js').Resource} resource
 * @param {{ functions: import('./functions.js').FunctionTable, ignore: Set<string> }} surroundings
 * @returns {Distribution}
 * @throws {import('./error.js').TemplateError}
 */
export function distributionOf(resource, { functions, ignore }) {
  const path = ['Resources', resource.id];
  const config = propertiesOf(resource).get('DistributionConfig');
  checkKeys(config, DISTRIBUTION, ignore);
  checkSwitches(config);
  const origins = originsOf(config, ignore);
  const groups = groupsOf(config, origins, ignore);
  return {
    id: referenceTo(resource, path),
    domainName: attributeOf(resource, 'DomainName', path),
    aliases: ['Aliases', 'CNAMEs'].flatMap((key) => config.get(key).texts()),
    defaultRootObject: defaultRootObject(config.get('DefaultRootObject')),
    origins: new Map([...origins].map(([id, { origin }]) => [id, origin])),
    groups,
    behaviors: behaviorsOf(config, { origins, groups, functions, ignore }),
    errorPages: errorPagesOf(config.get('CustomErrorResponses'), ignore),
  };
}

/** @param {Property} config */
function checkSwitches(config) {
  const enabled = config.get('Enabled');
  if (!enabled.boolean({ otherwise: true })) {
    enabled.fail({ allowed: 'true', advice: 'A disabled distribution answers nothing.' });
  }
  config.get('ConnectionMode').oneOf(['direct'], { otherwise: 'direct' });
  const restriction = config.get('Restrictions').get('GeoRestriction').get('RestrictionType');
  if (restriction.text({ otherwise: 'none' }) !== 'none') {
    restriction.warn('countries are not restricted here');
  }
}

/** @param {Property} property */
function defaultRootObject(property) {
  return property.text({
    otherwise: '',
    matches: /^(?!\/)[^\s?#]{0,255}$/,
    allowed: 'a file name of at most 255 characters without a leading "/"',
  });
}

/**
 * @param {Property} list
 * @param {Set<string>} ignore
 * @returns {ErrorPage[]}
 */
function errorPagesOf(list, ignore) {
  const taken = new Set();
  return list.items().map((item) => {
    checkKeys(item, ERROR_PAGE, ignore);
    const page = errorPageOf(item);
    if (taken.has(page.status)) {
      item.get('ErrorCode').fail({ found: `${page.status} again`, allowed: 'each status once' });
    }
    taken.add(page.status);
    return page;
  });
}

/**
 * @param {Property} item
 * @returns {ErrorPage}
 */
function errorPageOf(item) {
  const [path, response] = [item.get('ResponsePagePath'), item.get('ResponseCode')];
  if (path.hasEffect !== response.hasEffect) {
    item.fail({
      found: `${path.hasEffect ? 'ResponsePagePath' : 'ResponseCode'} alone`,
      allowed: 'ResponsePagePath and ResponseCode, or neither',
    });
  }
  const allowed = 'a path that begins with "/"';
  return {
    status: statusOf(item.get('ErrorCode'), ERROR_STATUSES),
    path: path.hasEffect ? path.text({ matches: /^\/[^\s#]*$/, allowed }) : undefined,
    responseStatus: path.hasEffect ? statusOf(response, [200, ...ERROR_STATUSES]) : undefined,
    // CloudFormation's default; an error that is not listed is cached for 10 seconds.
    minTtl: item.get('ErrorCachingMinTTL').integer({ otherwise: 300, unit: 'seconds' }),
  };
}

/**
 * @param {Property} property
 * @param {number[]} allowed
 */
function statusOf(property, allowed) {
  const status = property.integer();
  return allowed.includes(status) ? status : property.fail({ allowed: allowed.join(', ') });
}

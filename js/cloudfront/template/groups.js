/**
 * `OriginGroups` of a distribution (CloudFront Developer Guide, "Optimize high availability with
 * CloudFront origin failover"; rule F3).
 */
import { ORIGIN_GROUP, checkKeys } from './keys.js';
import { demandNewId } from './origins.js';

/** @typedef {import('./property.js').Property} Property */
/** @typedef {import('./origins.js').OriginRead} OriginRead */
/** @typedef {import('../distribution.js').OriginGroup} OriginGroup */

/** Statuses that may fail over. */
const FAILOVER_STATUSES = [400, 403, 404, 416, 429, 500, 502, 503, 504];

/**
 * @param {Property} config `DistributionConfig`
 * @param {Map<string, OriginRead>} origins
 * @param {Set<string>} ignore
 * @returns {Map<string, OriginGroup>} by id
 * @throws {import('./error.js').TemplateError} rule F3
 */
export function groupsOf(config, origins, ignore) {
  /** @type {Map<string, OriginGroup>} */
  const groups = new Map();
  for (const item of config.get('OriginGroups').get('Items').items()) {
    checkKeys(item, ORIGIN_GROUP, ignore);
    checkSelection(item.get('SelectionCriteria'));
    const id = item.get('Id').text();
    demandNewId(item, id, [...origins.keys(), ...groups.keys()]);
    const statuses = item.get('FailoverCriteria').get('StatusCodes').get('Items');
    groups.set(id, { id, members: membersOf(item, origins), statuses: failoverStatuses(statuses) });
  }
  return groups;
}

/** @param {Property} property `SelectionCriteria` */
function checkSelection(property) {
  if (property.text({ otherwise: 'default' }) !== 'default') {
    property.warn('members are tried in their order here');
  }
}

/**
 * @param {Property} group
 * @param {Map<string, OriginRead>} origins
 * @returns {[string, string]}
 */
function membersOf(group, origins) {
  const list = group.get('Members').get('Items');
  const members = list.items().map((item) => {
    const member = item.get('OriginId');
    return member.oneOf([...origins.keys()], { rule: 'F3', advice: 'Name one of the Origins.' });
  });
  const [primary, secondary] = members;
  if (members.length === 2 && primary !== secondary) {
    return /** @type {[string, string]} */ (members);
  }
  return list.fail({ found: members.join(', ') || 'none', allowed: 'two origins', rule: 'F3' });
}

/** @param {Property} list */
function failoverStatuses(list) {
  const statuses = list.items().map((item) => {
    const status = item.integer({ rule: 'F3' });
    if (FAILOVER_STATUSES.includes(status)) return status;
    return item.fail({ allowed: FAILOVER_STATUSES.join(', '), rule: 'F3' });
  });
  if (statuses.length > 0) return statuses;
  const allowed = `some of ${FAILOVER_STATUSES.join(', ')}`;
  return list.fail({ found: 'none', allowed, rule: 'F3' });
}

/**
 * Functions of a behavior: `LambdaFunctionAssociations`, and what of `FunctionAssociations` (those
 * of CloudFront Functions) goes with them (rules E4, L3, L7).
 */
import { ASSOCIATION, checkKeys, refuse } from './keys.js';

/** @typedef {import('./property.js').Property} Property */
/** @typedef {import('../distribution.js').EventType} EventType */
/** @typedef {import('../distribution.js').Behavior['functions']} Functions */

const EVENT_TYPES = /** @type {const} */ ([
  'viewer-request',
  'origin-request',
  'origin-response',
  'viewer-response',
]);

/**
 * @param {Property} item a behavior
 * @param {Pick<import('./behaviors.js').Surroundings, 'functions'|'ignore'>} surroundings
 * @returns {Functions}
 * @throws {import('./error.js').TemplateError}
 */
export function functionsOf(item, { functions: table, ignore }) {
  /** @type {Functions} */
  const functions = {};
  for (const association of item.get('LambdaFunctionAssociations').items()) {
    checkKeys(association, ASSOCIATION, ignore);
    const eventType = eventTypeOf(association, Object.keys(functions));
    const key = table.keyOf(association.get('LambdaFunctionARN'), eventType);
    functions[eventType] = { function: key, includeBody: includesBody(association, eventType) };
  }
  checkCloudFrontFunctions(item.get('FunctionAssociations'), functions, ignore);
  return functions;
}

/**
 * @param {Property} association
 * @param {string[]} taken
 * @returns {EventType}
 */
function eventTypeOf(association, taken) {
  const property = association.get('EventType');
  const eventType = property.oneOf(EVENT_TYPES);
  if (!taken.includes(eventType)) return eventType;
  return property.fail({
    found: `a second function at ${eventType}`,
    allowed: 'one function per event',
    rule: 'L7',
    advice: 'Join them in one function, or use another event.',
  });
}

/**
 * @param {Property} association
 * @param {EventType} eventType
 */
function includesBody(association, eventType) {
  const property = association.get('IncludeBody');
  const includes = property.boolean({ otherwise: false });
  if (includes && eventType.endsWith('response')) {
    property.fail({ allowed: `false at ${eventType}, which has no request body`, rule: 'E4' });
  }
  return includes;
}

/**
 * @param {Property} list
 * @param {Functions} functions
 * @param {Set<string>} ignore
 */
function checkCloudFrontFunctions(list, functions, ignore) {
  if (list.items().length === 0) return;
  if (functions['viewer-request'] || functions['viewer-response']) {
    list.fail({
      found: 'CloudFront Functions beside a Lambda@Edge function at a viewer event',
      allowed: 'one of the two at the viewer events of a behavior',
      rule: 'L7',
    });
  }
  refuse(list, 'FunctionAssociations', 'CloudFront Functions do not run here', ignore);
}

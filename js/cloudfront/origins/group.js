/**
 * When an origin group turns to its second origin (rule F3).
 */

/** The methods that ever do; the guide adds that OPTIONS must be a cached method as well. */
const METHODS = ['GET', 'HEAD', 'OPTIONS'];

/**
 * The status that stands for each failure in the group's criteria: the guide's "CloudFront fails to
 * connect to the primary origin (when 503 is set as a failover code)" and "takes too long (when 504
 * is set)" ("Optimize high availability with CloudFront origin failover"). The other kinds are not
 * among the conditions it lists, so they do not fail over here: unverified.
 *
 * @type {Partial<Record<import('./failure.js').FailureKind, number>>}
 */
const CRITERION = { connect: 503, timeout: 504 };

/**
 * Whether the second origin is asked after the first one's result.
 *
 * @param {Pick<import('../distribution.js').OriginGroup, 'statuses'>} group
 * @param {string} method of the viewer's request
 * @param {{ status: number } | { failure: import('./failure.js').OriginFailure }} result
 * @param {string[]} [cachedMethods] of the behavior; without them, OPTIONS does not fail over
 * @returns {boolean}
 */
export function failsOver({ statuses }, method, result, cachedMethods = ['GET', 'HEAD']) {
  if (!METHODS.includes(method)) return false;
  if (method === 'OPTIONS' && !cachedMethods.includes('OPTIONS')) return false;
  const status = 'status' in result ? result.status : CRITERION[result.failure.kind];
  return status !== undefined && statuses.includes(status);
}

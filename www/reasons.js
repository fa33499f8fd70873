/**
 * What the words of x-nearhop-reason mean, up to their colon. docs/regions.md lists them all.
 *
 * @type {Record<string, string>}
 */
export const REASONS = {
  rtt: 'the shortest measured round trip',
  distance: 'the nearest by distance',
  default: 'the first one: nothing is known of the edge',
  route: 'one of the route’s own',
  residency: 'where your data may be',
  drained: 'instead of the drained',
  ejected: 'instead of the failing',
  weight: 'your share of the nearest went here',
  rule: 'a rule for where you are:',
  sticky: 'your home Region',
  probe: 'tried again after failing',
  failover: 'second try of the same call',
  override: 'asked for by name',
};

/** @param {string} [reason] such as `rtt` or `drained:eu-west-1` */
export function meaning(reason = '') {
  const [word, of] = parts(reason);
  const text = REASONS[word] ?? reason;
  return of && word !== 'failover' ? `${text} ${of}` : text;
}

/** The Region that a reason says is avoided, if it says one. @param {string} [reason] */
export function avoided(reason = '') {
  const [word, of] = parts(reason);
  return word === 'ejected' || word === 'drained' ? of : undefined;
}

/** Whether a call went elsewhere because a Region failed. @param {string} [reason] */
export function isFailover(reason = '') {
  return ['failover', 'ejected'].includes(parts(reason)[0]);
}

/** @param {string} reason */
function parts(reason) {
  return reason.split(/:(.*)/);
}

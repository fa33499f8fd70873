/**
 * What goes wrong. Each begins by doing harm to the running system, and returns what undoes it.
 */
import { callsByNextKey, sabotageBy } from './kinds.js';

/**
 * @typedef {import('./world.js').World} World
 * @typedef {import('./people.js').People} People
 *
 * @typedef {object} Scenario
 * @property {string} name for `--only`
 * @property {string} what happens, in words
 * @property {number} seconds that it lasts
 * @property {(world: World) => Promise<() => unknown>} begin
 * @property {boolean} [away] whether traffic leaves eu-west-1 and is to come back
 * @property {(people: People) => import('./kinds.js').Kind} [more] requests that come only
 *   meanwhile
 * @property {string[]} [drained] Regions that the control document has drained when it begins, and
 *   that must serve nobody while it lasts
 */

/** The Region that fails: it is the nearest of a third of the viewers. */
export const FAILING = 'eu-west-1';

const HOUR_MS = 3_600_000;
/** Four times a second, in milliseconds. */
const OFTEN = 250;

/** @type {Scenario[]} */
export const SCENARIOS = [
  issuer('down', 'keys: connections refused; tokens: cut'),
  issuer('slow', 'never answers'),
  {
    ...issuer('rotating', 'a new key beside the old ones, and tokens by it'),
    more: ({ next }) => callsByNextKey(next),
  },
  issuer('wrong_keys', 'lies: other keys under the known names'),
  issuer('not_json', 'lies: a web page in place of keys and tokens'),
  issuer('huge', 'lies: 5 MB of keys, 1 MB of tokens'),
  issuer('redirect', 'lies: a redirect to the keys of somebody else'),
  issuer('empty', 'lies: a set without keys; tokens: 500'),
  region('killed', 'process killed, connections refused'),
  region('unavailable', 'answers 503'),
  region('failing', 'answers 500, 502, 503 and 504 in turn'),
  region('hang', 'takes connections and says nothing (CloudFront waits 2 s)'),
  region('reset', 'resets connections'),
  region('cut', 'breaks off in the middle of each answer'),
  region('garbage', 'eight kinds of what is no HTTP'),
  control('gone', 'connections refused'),
  control('hang', 'never answers'),
  control('not_json', 'a web page'),
  control('huge', 'a document of 1 MB'),
  {
    ...{ name: 'trap', what: 'a call into WebAssembly traps, four times a second', seconds: 6 },
    begin: async ({ cloudFront: { faults } }) => often(() => once(faults, 'trap')),
  },
  {
    ...{ name: 'memory', what: "WebAssembly's memory is overwritten, now and then", seconds: 6 },
    more: ({ users }) => sabotageBy(users),
    begin: async () => () => {},
  },
  clock('clock-forwards', "the functions' clock jumps an hour ahead, and back", HOUR_MS),
  clock('clock-backwards', "the functions' clock jumps an hour back, and ahead", -HOUR_MS),
  {
    ...{ name: 'recycled', what: 'all instances replaced, four times a second', seconds: 6 },
    begin: async ({ cloudFront }) => often(() => void cloudFront.recycle()),
  },
  {
    ...{ name: 'crashed', what: 'a process ends while it serves, four times a second', seconds: 6 },
    begin: async ({ cloudFront: { faults } }) => often(() => once(faults, 'crash')),
  },
];

/**
 * @param {import('./issuer.js').IssuerFault} fault
 * @param {string} what
 * @returns {Scenario}
 */
function issuer(fault, what) {
  return {
    ...{ name: `issuer-${fault.replace('_', '-')}`, what: `the issuer: ${what}`, seconds: 6 },
    async begin(world) {
      await world.issuer.disturb(fault);
      return () => world.issuer.disturb(null);
    },
  };
}

/**
 * @param {import('./region.js').RegionFault | 'killed'} fault
 * @param {string} what
 * @returns {Scenario}
 */
function region(fault, what) {
  return {
    ...{ name: `region-${fault}`, what: `${FAILING}: ${what}`, seconds: 15, away: true },
    async begin({ regions }) {
      const failing = of(regions);
      await (fault === 'killed' ? failing.kill() : failing.disturb(fault));
      return () => (fault === 'killed' ? failing.start() : failing.disturb(null));
    },
  };
}

/**
 * @param {import('./control.js').ControlFault} fault
 * @param {string} what
 * @returns {Scenario}
 */
function control(fault, what) {
  return {
    name: `control-${fault.replace('_', '-')}`,
    what: `the control URL: ${what}`,
    ...{ seconds: 12, away: true, drained: [FAILING] },
    async begin(world) {
      await world.control.disturb(fault);
      return async () => {
        world.control.drain([]);
        await world.control.disturb(null);
      };
    },
  };
}

/**
 * @param {string} name
 * @param {string} what
 * @param {number} skewMs
 * @returns {Scenario}
 */
function clock(name, what, skewMs) {
  return {
    ...{ name, what, seconds: 6 },
    async begin({ cloudFront: { faults } }) {
      faults.clockSkewMs = skewMs;
      return () => void (faults.clockSkewMs = 0);
    },
  };
}

/** @param {World['regions']} regions */
function of(regions) {
  const found = regions.get(FAILING);
  if (!found) throw new Error(`there is no ${FAILING}`);
  return found;
}

/**
 * One invocation is met by it, whichever comes next. Where none comes it ends soon.
 *
 * @param {import('../../js/cloudfront/faults/faults.js').Faults} faults
 * @param {'trap'|'crash'} fault
 */
function once(faults, fault) {
  faults.set('function', '*', { fault, times: 1, for_ms: OFTEN });
}

/**
 * @param {() => void} act
 * @returns {() => void} ends it
 */
function often(act) {
  const timer = setInterval(act, OFTEN);
  return () => clearInterval(timer);
}

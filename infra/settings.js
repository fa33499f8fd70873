/**
 * nearhop.deploy.toml: what a deployment needs to know beside nearhop.toml. docs/deploying.md
 * describes every key; without the file, all of them have their defaults.
 */
import { TomlError, parse } from 'smol-toml';
import { readText } from '../js/cli/configuration.js';
import { CommandFault } from '../js/cli/fault.js';
import { EDGE_REGIONS } from '../js/cloudfront/place/edges.js';

/**
 * @typedef {object} Settings
 * @property {string} app the prefix of every name in the account
 * @property {string | undefined} account twelve digits; the credentials' own, if left out
 * @property {'edge'|'dns'} routing who chooses the Region: Nearhop, or Route 53
 * @property {'viewer-request'|'origin-request'} layout where tokens for the API are looked at first
 * @property {boolean} protect whether data outlives its stack
 * @property {string} site the folder with the frontend's files
 * @property {string} priceClass
 * @property {{ name: string, hostedZoneId: string, hostedZoneName: string,
 *   certificateArn: string | undefined } | undefined} domain
 * @property {string | undefined} webAclArn
 * @property {string | undefined} alarmEmail
 * @property {{ days: number, edgeRegions: string[] }} logs
 * @property {{ rate: number, burst: number, memory: number }} api requests per second, MB
 * @property {{ domainPrefix: string | undefined, callbackUrls: string[] }} signIn
 */

/** What CloudWatch Logs keeps logs for (PutRetentionPolicy), up to two years. */
const RETENTION_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731];

/**
 * One key: its default, and what passes. A key whose default is undefined may be left out.
 *
 * @typedef {{ otherwise: unknown, allowed: string, passes: (value: any) => boolean }} Key
 */

/** @type {Record<string, Key>} */
const KEYS = {
  app: text('nearhop', /^[a-z][a-z0-9-]{1,24}[a-z0-9]$/, '3 to 26 of a–z, 0–9 and -'),
  account: text(undefined, /^\d{12}$/, 'twelve digits, as text'),
  routing: oneOf('edge', ['edge', 'dns']),
  layout: oneOf('viewer-request', ['viewer-request', 'origin-request']),
  protect: flag(true),
  site: text('www', /./, 'a folder, relative to this file'),
  price_class: oneOf('PriceClass_All', ['PriceClass_100', 'PriceClass_200', 'PriceClass_All']),
  'domain.name': text(undefined, /^([a-z0-9-]+\.)+[a-z]{2,}$/, 'a domain name'),
  'domain.hosted_zone_id': text(undefined, /^Z[A-Z0-9]+$/, 'the id of a Route 53 hosted zone'),
  'domain.hosted_zone_name': text(undefined, /^([a-z0-9-]+\.)+[a-z]{2,}$/, "the zone's name"),
  'domain.certificate_arn': text(
    undefined,
    /^arn:aws:acm:us-east-1:\d{12}:certificate\/[a-f0-9-]+$/,
    'the ARN of an ACM certificate in us-east-1, where CloudFront takes them from',
  ),
  'waf.web_acl_arn': text(
    undefined,
    /^arn:aws:wafv2:us-east-1:\d{12}:global\/webacl\//,
    'the ARN of a global web ACL in us-east-1',
  ),
  'alarms.email': text(undefined, /^[^\s@]+@[^\s@]+\.[^\s@]+$/, 'an e-mail address'),
  'logs.days': {
    otherwise: 30,
    allowed: `a number of days: ${RETENTION_DAYS.join(', ')}`,
    passes: (value) => RETENTION_DAYS.includes(value),
  },
  'logs.edge_regions': {
    otherwise: [...EDGE_REGIONS],
    allowed: `a list of Regions that execute Lambda@Edge: ${EDGE_REGIONS.join(', ')}`,
    passes: (value) => isListOf(value, (each) => EDGE_REGIONS.includes(each)),
  },
  'api.rate': whole(500, 1, 10_000),
  'api.burst': whole(1_000, 1, 5_000),
  'api.memory': whole(256, 128, 10_240),
  'sign_in.domain_prefix': text(
    undefined,
    /^(?!.*(aws|amazon|cognito))[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    'a prefix of a–z, 0–9 and -, without "aws", "amazon" or "cognito"',
  ),
  'sign_in.callback_urls': {
    otherwise: [],
    allowed: 'a list of https URLs, or http://localhost…',
    passes: (value) =>
      isListOf(value, (each) => /^(https:\/\/|http:\/\/localhost(:\d+)?\/)/.test(each)),
  },
};

/**
 * @param {string} file the path of nearhop.deploy.toml
 * @param {{ optional?: boolean }} [options] `optional`: no such file is as good as an empty one
 * @returns {Promise<Settings>}
 * @throws {CommandFault} `configuration` with every mistake at once, `usage` without the file
 */
export async function readSettings(file, { optional = false } = {}) {
  try {
    return settingsFrom(file, await readText(file, 'usage', 'allowed: nearhop.deploy.toml'));
  } catch (error) {
    const missing = error instanceof CommandFault && error.kind === 'usage';
    if (missing && optional) return settingsFrom(file, '');
    throw error;
  }
}

/**
 * @param {string} file for messages
 * @param {string} text
 * @returns {Settings}
 * @throws {CommandFault}
 */
export function settingsFrom(file, text) {
  const found = flatten(parsed(file, text));
  const problems = [...found]
    .filter(([key, value]) => !KEYS[key]?.passes(value))
    .map(([key, value]) => diagnostic(text, key, JSON.stringify(value), allowedFor(key)));
  if (problems.length === 0) problems.push(...disagreements(text, found));
  if (problems.length > 0) throw CommandFault.ofConfiguration({ file, text }, problems);

  const get = (/** @type {string} */ key) => found.get(key) ?? KEYS[key].otherwise;
  return {
    app: get('app'),
    account: get('account'),
    routing: get('routing'),
    layout: get('layout'),
    protect: get('protect'),
    site: get('site'),
    priceClass: get('price_class'),
    domain: found.has('domain.name')
      ? {
          name: get('domain.name'),
          hostedZoneId: get('domain.hosted_zone_id'),
          hostedZoneName: get('domain.hosted_zone_name'),
          certificateArn: get('domain.certificate_arn'),
        }
      : undefined,
    webAclArn: get('waf.web_acl_arn'),
    alarmEmail: get('alarms.email'),
    logs: { days: get('logs.days'), edgeRegions: get('logs.edge_regions') },
    api: { rate: get('api.rate'), burst: get('api.burst'), memory: get('api.memory') },
    signIn: {
      domainPrefix: get('sign_in.domain_prefix'),
      callbackUrls: get('sign_in.callback_urls'),
    },
  };
}

/**
 * Keys that need one another.
 *
 * @param {string} text
 * @param {Map<string, any>} found
 */
function disagreements(text, found) {
  const problems = [];
  const domain = [...found.keys()].filter((key) => key.startsWith('domain.'));
  for (const key of ['domain.name', 'domain.hosted_zone_id', 'domain.hosted_zone_name']) {
    if (domain.length > 0 && !found.has(key)) {
      problems.push(diagnostic(text, key, 'nothing', `${KEYS[key].allowed}, as [domain] is there`));
    }
  }
  const [name, zone] = [found.get('domain.name'), found.get('domain.hosted_zone_name')];
  if (name && zone && name !== zone && !name.endsWith(`.${zone}`)) {
    problems.push(diagnostic(text, 'domain.name', `"${name}"`, `${zone}, or a name below it`));
  }
  if (found.get('routing') === 'dns' && domain.length === 0) {
    const allowed = '"edge", or [domain] beside it: Route 53 answers for a domain of yours';
    problems.push(diagnostic(text, 'routing', '"dns" without [domain]', allowed));
  }
  return problems;
}

/**
 * @param {string} file
 * @param {string} text
 */
function parsed(file, text) {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const { line, column, message } = error;
    const [summary] = message.replace(/^Invalid TOML document: /, '').split('\n');
    const problem = { ...diagnostic(text, '', summary, 'TOML (https://toml.io)'), line, column };
    throw CommandFault.ofConfiguration({ file, text }, [problem]);
  }
}

/**
 * Dotted keys with their values. A table of a name that is no section's stays whole, and is found
 * to be unknown.
 *
 * @param {Record<string, any>} table
 * @returns {Map<string, any>}
 */
function flatten(table) {
  const sections = new Set(Object.keys(KEYS).map((key) => key.split('.')[0]));
  const entries = Object.entries(table).flatMap(([name, value]) =>
    sections.has(name) && !Object.hasOwn(KEYS, name) && isTable(value)
      ? Object.entries(value).map(([key, inner]) => [`${name}.${key}`, inner])
      : [[name, value]],
  );
  return new Map(/** @type {[string, any][]} */ (entries));
}

/** @param {string} key */
function allowedFor(key) {
  return KEYS[key]?.allowed ?? `one of the keys ${Object.keys(KEYS).join(', ')}`;
}

/**
 * @param {string} text
 * @param {string} key
 * @param {string} found
 * @param {string} allowed
 * @returns {import('../js/cli/tools.js').Diagnostic}
 */
function diagnostic(text, key, found, allowed) {
  const line = lineOf(text, key);
  const message = `found ${found}, allowed: ${allowed}`;
  return {
    line,
    column: line === null ? null : 1,
    length: 1,
    key,
    found,
    allowed,
    suggestion: null,
    message,
  };
}

/**
 * The line a key stands in: the parser does not say. Null where it is not written as a line of its
 * own below its table's header.
 *
 * @param {string} text
 * @param {string} key
 */
function lineOf(text, key) {
  const at = key.lastIndexOf('.');
  const [section, name] = at < 0 ? ['', key] : [key.slice(0, at), key.slice(at + 1)];
  let current = '';
  for (const [index, line] of text.split('\n').entries()) {
    current = /^\s*\[([^[\]]+)\]/.exec(line)?.[1].trim() ?? current;
    const written = /^\s*([\w.-]+)\s*=/.exec(line)?.[1];
    if (written && (current === section ? written === name : !current && written === key)) {
      return index + 1;
    }
  }
  return null;
}

/**
 * @param {string | undefined} otherwise
 * @param {RegExp} pattern
 * @param {string} allowed
 * @returns {Key}
 */
function text(otherwise, pattern, allowed) {
  const passes = (/** @type {unknown} */ value) => typeof value === 'string' && pattern.test(value);
  return { otherwise, allowed, passes };
}

/**
 * @param {string} otherwise
 * @param {string[]} values
 * @returns {Key}
 */
function oneOf(otherwise, values) {
  const allowed = values.map((value) => JSON.stringify(value)).join(', ');
  return { otherwise, allowed, passes: (value) => values.includes(value) };
}

/**
 * @param {number} otherwise
 * @param {number} least
 * @param {number} most
 * @returns {Key}
 */
function whole(otherwise, least, most) {
  return {
    otherwise,
    allowed: `a whole number, ${least} to ${most}`,
    passes: (value) => Number.isInteger(value) && value >= least && value <= most,
  };
}

/**
 * @param {boolean} otherwise
 * @returns {Key}
 */
function flag(otherwise) {
  return { otherwise, allowed: 'true, false', passes: (value) => typeof value === 'boolean' };
}

/**
 * @param {unknown} value
 * @param {(each: string) => boolean} passes
 */
function isListOf(value, passes) {
  return Array.isArray(value) && value.every((each) => typeof each === 'string' && passes(each));
}

/** @param {unknown} value */
function isTable(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Where one request would go, and why.
 */
import { isIP } from 'node:net';
import { readClaims, signClaims } from './claims.js';
import { readConfiguration, readText } from './configuration.js';
import { CommandFault } from './fault.js';
import { gatherPlaces } from './places.js';
import { gatherPublished } from './published.js';
import { explain as explainByCore } from './tools.js';

/** An address that is nobody's (RFC 5737), where none is given. */
const NOBODY = '192.0.2.1';

/**
 * @typedef {object} ExplainOptions
 * @property {string} config the path of nearhop.toml
 * @property {string} [edge] the Region that executes the function, or `unknown`
 * @property {string} [url] a URL, or a path with its query
 * @property {string} [method]
 * @property {string} [trigger] `origin-request` if left out
 * @property {string} [ip] the viewer's address
 * @property {string} [country] the viewer's, as CloudFront would say it
 * @property {string[]} [headers] `name: value`
 * @property {string} [token] a JWT
 * @property {string} [claims] a file with claims that are taken as verified
 * @property {string[]} [down] API Regions that this instance has ejected
 * @property {string} [control] a file with the control document this instance holds
 * @property {boolean} [secondLeg]
 * @property {import('./published.js').PublishedOptions} published
 * @property {Record<string, string | undefined>} [env] holds the pin key; process.env if left out
 * @property {number} [now] milliseconds since 1970
 *
 * @typedef {import('./tools.js').Explanation & { method: string, url: string }} Explained
 */

/**
 * @param {ExplainOptions} options
 * @returns {Promise<Explained>}
 * @throws {CommandFault}
 */
export async function explain(options) {
  const { method = 'GET', trigger = 'origin-request', now = Date.now() } = options;
  const { env = process.env } = options;
  const url = demand('--url', options.url, 'a URL or a path, such as /api/hello');
  const edge = demand('--edge', options.edge, 'the Region executing the function, or "unknown"');
  const target = split(url);
  const given = headerFields(options.headers ?? []);
  const headers = [...given, ...hostField(url, given), ...viewerFields(options.country)];
  const ip = options.ip ?? NOBODY;
  if (!isIP(ip)) throw new CommandFault('usage', `--ip: found "${ip}", allowed: an IP address`);

  const { file, text, report } = await readConfiguration(options.config);
  const { token, notes, ...inputs } = await credentials(options, { file, text, report }, now);
  if (token !== null) headers.push(['authorization', `Bearer ${token}`]);
  const ask = {
    ...target,
    edge,
    trigger,
    method,
    client_ip: ip,
    headers,
    down: options.down ?? [],
    control: options.control === undefined ? null : await readControl(options.control),
    second_leg: options.secondLeg ?? false,
    now,
  };
  const places = await gatherPlaces({ file, text, report }, options.published.onProgress);
  const pinKey = env[report.api?.pin?.env ?? ''] ?? null;
  const answer = await explainByCore(text, { ...inputs, pin_key: pinKey }, ask, places.file);
  if (!answer.ok) throw CommandFault.ofConfiguration({ file, text }, answer.diagnostics);
  const { explanation } = answer;
  return { method, url, ...explanation, notes: [...notes, ...explanation.notes] };
}

/**
 * The token, and the key sets to verify it with. Without a token nothing is fetched.
 *
 * @param {ExplainOptions} options
 * @param {import('./configuration.js').Configuration} configuration
 * @param {number} now
 */
async function credentials({ token, claims, published }, configuration, now) {
  if (token !== undefined && claims !== undefined) {
    throw new CommandFault('usage', 'found --token and --claims; allowed: one of them');
  }
  const gathered = await gatherPublished(configuration, {
    ...published,
    fetchKeys: published.fetchKeys && token !== undefined,
  });
  if (claims === undefined) return { token: token ?? null, ...gathered, notes: [] };
  const signed = signClaims(await readClaims(claims), configuration.report.issuers, now);
  const given = signed.filledIn.join(', ');
  const notes = given === '' ? [] : [`--claims is taken as a verified token's, with ${given}`];
  return { token: signed.token, ...gathered, key_sets: signed.keySets, notes };
}

/** @param {string} file */
function readControl(file) {
  return readText(file, 'usage', 'allowed: a file with a control document, --control FILE');
}

/**
 * @param {string} option
 * @param {string | undefined} value
 * @param {string} allowed
 */
function demand(option, value, allowed) {
  if (value) return value;
  throw new CommandFault('usage', `found no ${option}; allowed: ${option} with ${allowed}`);
}

/**
 * Path and query as a browser sends them. Nothing is repaired: what a path becomes is for the core
 * to say.
 *
 * @param {string} url
 */
function split(url) {
  const path = url.replace(/^https?:\/\/[^/?#]*/i, '').replace(/#.*$/s, '');
  const [, uri, querystring] = /** @type {RegExpExecArray} */ (/^([^?]*)\??(.*)$/s.exec(path));
  if (uri === '' && path !== url) return { uri: '/', querystring };
  if (uri.startsWith('/')) return { uri, querystring };
  throw new CommandFault(
    'usage',
    `--url: found "${url}", allowed: https://…, or a path that begins with /`,
  );
}

/**
 * The host that a whole URL names, unless a header does.
 *
 * @param {string} url
 * @param {[string, string][]} headers
 * @returns {[string, string][]}
 */
function hostField(url, headers) {
  const [, host] = /^https?:\/\/([^/?#]+)/i.exec(url) ?? [];
  return host && !headers.some(([name]) => name === 'host') ? [['host', host]] : [];
}

/**
 * @param {string[]} given
 * @returns {[string, string][]}
 */
function headerFields(given) {
  return given.map((field) => {
    const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*)$/.exec(field) ?? [];
    if (name !== undefined) return [name.toLowerCase(), value];
    throw new CommandFault(
      'usage',
      `--header: found "${field}", allowed: a field such as "cookie: a=b"`,
    );
  });
}

/**
 * What CloudFront says of a viewer.
 *
 * @param {string} [country]
 * @returns {[string, string][]}
 */
function viewerFields(country) {
  if (country === undefined) return [];
  const code = country.toUpperCase();
  if (!/^[A-Z]{2}$/.test(code)) {
    const allowed = "a country's ISO 3166-1 code, such as BR";
    throw new CommandFault('usage', `--country: found "${country}", allowed: ${allowed}`);
  }
  return [['cloudfront-viewer-country', code]];
}

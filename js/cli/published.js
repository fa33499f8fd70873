/**
 * What the issuers publish, as a bundle starts with it: discovery documents and key sets.
 */
import { readText } from './configuration.js';
import { CommandFault } from './fault.js';
import { demandFetchable, fetchText } from './fetch-text.js';
import { keySetUrls } from './tools.js';

/** Largest discovery document accepted, in bytes. */
const DISCOVERY_BYTES = 65_536;

/**
 * Files and URLs are by an issuer's URL or pool id, or under '' for the only issuer.
 *
 * @typedef {object} PublishedOptions
 * @property {Record<string, string>} jwks files with key sets
 * @property {Record<string, string>} jwksUrls where key sets are, now and at the edge
 * @property {Record<string, string>} discovery files with discovery documents
 * @property {Record<string, string>} discoveryUrls where discovery documents are, now only
 * @property {boolean} fetchKeys false: nothing is fetched, discovery documents neither
 * @property {number} timeoutMs for each of them
 * @property {(line: string) => void} onProgress
 *
 * @typedef {Pick<import('./tools.js').Inputs, 'discovery'|'key_sets'|'jwks_urls'>} Published
 */

/**
 * @param {import('./configuration.js').Configuration} configuration
 * @param {PublishedOptions} options
 * @param {Partial<import('./tools.js').Inputs>} [instead] of what the configuration says
 * @returns {Promise<Published>} in the order of the issuers; null for what is left to the edge, or
 *   not needed, and for a URL as configured
 * @throws {CommandFault} `usage` for an issuer there is none of, `outside` for what cannot be had,
 *   `configuration` for a discovery document that is not the issuer's, or not sound
 */
export async function gatherPublished(configuration, options, instead = {}) {
  const { report } = configuration;
  const files = inOrder('jwks', report.issuers, options.jwks);
  const jwks_urls = urlsInOrder('jwks-url', report.issuers, options.jwksUrls);
  const discovery = await gatherDiscovery(report, { ...instead, jwks_urls }, options);
  const urls = await urlsOfKeySets(configuration, { ...instead, jwks_urls, discovery });
  return { discovery, jwks_urls, key_sets: await gatherKeySets(report, files, urls, options) };
}

/**
 * The documents of the issuers of which something is not said elsewhere, and those given by file.
 *
 * @param {import('./tools.js').Report} report
 * @param {Pick<import('./tools.js').Inputs, 'jwks_urls'> & { sign_in_domain?: string | null }} known
 * @param {PublishedOptions} options
 */
async function gatherDiscovery({ issuers, sign_in: signIn }, known, options) {
  const files = inOrder('discovery', issuers, options.discovery);
  const urls = urlsInOrder('discovery-url', issuers, options.discoveryUrls);
  const endpointsOf = !known.sign_in_domain && signIn?.endpoints === null ? signIn.issuer : null;
  const documents = issuers.map(({ issuer, jwks_url, discovery_url }, index) => {
    const file = files[index];
    const allowed = 'allowed: a file with a discovery document (OpenID Connect Discovery 1.0)';
    if (file !== null) return readText(file, 'usage', allowed);
    const needsKeys = jwks_url === null && known.jwks_urls[index] === null;
    if (!options.fetchKeys || !(needsKeys || issuer === endpointsOf)) return null;
    const url = urls[index] ?? discovery_url;
    options.onProgress(`fetching the discovery document of ${issuer} from ${url}`);
    const get = { url, timeoutMs: options.timeoutMs, maxBytes: DISCOVERY_BYTES };
    return fetchText(`the discovery document of ${issuer}`, get, {
      bound: 'which no such document needs',
      instead: '--discovery FILE with the document.',
    });
  });
  return Promise.all(documents);
}

/**
 * Where each key set is, now that the documents are there: also checks them.
 *
 * @param {import('./configuration.js').Configuration} configuration
 * @param {Partial<import('./tools.js').Inputs>} known
 */
async function urlsOfKeySets({ file, text }, known) {
  const answer = await keySetUrls(text, known);
  if (!answer.ok) throw CommandFault.ofConfiguration({ file, text }, answer.diagnostics);
  return answer.urls;
}

/**
 * @param {import('./tools.js').Report} report
 * @param {(string | null)[]} files
 * @param {string[]} urls
 * @param {PublishedOptions} options
 */
async function gatherKeySets({ issuers, keys }, files, urls, options) {
  const sets = issuers.map(({ issuer }, index) => {
    const file = files[index];
    if (file !== null) return readText(file, 'usage', 'allowed: a file with a JWK set (RFC 7517)');
    if (!options.fetchKeys) return null;
    const url = urls[index];
    options.onProgress(`fetching the keys of ${issuer} from ${url}`);
    const get = { url, timeoutMs: options.timeoutMs, maxBytes: keys.max_bytes };
    return fetchText(`the keys of ${issuer}`, get, {
      bound: 'keys.max_bytes',
      instead: '--jwks FILE with its key set, or --no-fetch to leave it to the edge.',
    });
  });
  return Promise.all(sets);
}

/**
 * @param {string} option
 * @param {import('./tools.js').Issuer[]} issuers
 * @param {Record<string, string>} values
 */
function urlsInOrder(option, issuers, values) {
  const urls = inOrder(option, issuers, values);
  for (const url of urls) if (url !== null) demandFetchable(option, url);
  return urls;
}

/**
 * @param {string} option
 * @param {import('./tools.js').Issuer[]} issuers
 * @param {Record<string, string>} values
 * @returns {(string | null)[]}
 */
function inOrder(option, issuers, values) {
  /** @type {(string | null)[]} */
  const ordered = issuers.map(() => null);
  for (const [name, value] of Object.entries(values)) {
    const matches = issuers.flatMap(({ issuer }, index) =>
      name === '' || name === issuer || issuer.endsWith(`/${name}`) ? [index] : [],
    );
    if (matches.length !== 1) {
      const known = issuers.map(({ issuer }) => issuer).join(', ') || 'none, there are no issuers';
      const found = name === '' ? 'no issuer named' : `the issuer "${name}"`;
      throw new CommandFault('usage', `--${option}: found ${found}; allowed: ISSUER=… of ${known}`);
    }
    ordered[matches[0]] = value;
  }
  return ordered;
}

/**
 * The issuers' key sets that a bundle starts with.
 */
import { fetchBytes, FetchFault } from '../../worker/js/worker.mjs';
import { readText } from './configuration.js';
import { CommandFault } from './fault.js';

/**
 * @typedef {object} KeySetOptions
 * @property {Record<string, string>} jwks files by issuer
 * @property {Record<string, string>} jwksUrls URLs by issuer
 * @property {boolean} fetchKeys
 * @property {number} timeoutMs for one key set
 * @property {(line: string) => void} onProgress
 */

/**
 * @param {import('./tools.js').Report} report
 * @param {KeySetOptions} options
 * @returns {Promise<{ key_sets: (string | null)[], jwks_urls: (string | null)[] }>} in the order of
 *   the issuers; null for a key set that is left to the edge, and for a URL as configured
 * @throws {CommandFault} `usage` for an issuer there is none of, `outside` for a key set that
 *   cannot be had
 */
export async function gatherKeySets({ issuers, keys }, options) {
  const files = inOrder('jwks', issuers, options.jwks);
  const urls = inOrder('jwks-url', issuers, options.jwksUrls);
  urls.forEach((url) => url === null || demandFetchable(url));
  const sets = issuers.map(({ issuer, jwks_url }, index) => {
    const file = files[index];
    if (file !== null) return readText(file, 'usage', 'allowed: a file with a JWK set (RFC 7517)');
    if (!options.fetchKeys) return null;
    const url = urls[index] ?? jwks_url;
    options.onProgress(`fetching the keys of ${issuer} from ${url}`);
    return fetchKeySet(issuer, { url, timeoutMs: options.timeoutMs, maxBytes: keys.max_bytes });
  });
  return { key_sets: await Promise.all(sets), jwks_urls: urls };
}

/**
 * @param {string} option
 * @param {import('./tools.js').Issuer[]} issuers
 * @param {Record<string, string>} values by an issuer's URL or pool id, or '' for the only issuer
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

/**
 * What a token is verified with must not be exchanged on the way.
 *
 * @param {string} url
 */
function demandFetchable(url) {
  const { protocol, hostname } = URL.canParse(url) ? new URL(url) : { protocol: '', hostname: '' };
  const local = hostname === '127.0.0.1' || hostname === 'localhost';
  if (protocol === 'https:' || (protocol === 'http:' && local)) return;
  throw new CommandFault(
    'usage',
    `--jwks-url: found ${url}; allowed: https://…, or http://127.0.0.1… on this machine`,
  );
}

/** @typedef {import('../../worker/js/worker.mjs').Get} Get */

/**
 * @param {string} issuer
 * @param {Get} get
 */
async function fetchKeySet(issuer, get) {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await fetchBytes(get));
  } catch (error) {
    throw new CommandFault(
      'outside',
      `the keys of ${issuer} cannot be had: ${get.url} ${whatHappened(error, get)}.\n` +
        'Instead: --jwks FILE with its key set, or --no-fetch to leave it to the edge.',
      { cause: error },
    );
  }
}

/**
 * @param {unknown} error
 * @param {Get} get
 */
function whatHappened(error, { timeoutMs, maxBytes }) {
  const { name, message, cause } = /** @type {Error} */ (error);
  if (error instanceof FetchFault) {
    if (error.fault >= 100) return 'did not answer 200 (redirects are not followed)';
    if (message === 'tooLarge') return `answered more than ${maxBytes} bytes (keys.max_bytes)`;
  }
  if (name === 'TimeoutError') return `did not answer within ${timeoutMs / 1000} s`;
  if (error instanceof TypeError && cause instanceof Error) {
    return `could not be reached (${cause.message})`;
  }
  return `failed (${message})`;
}

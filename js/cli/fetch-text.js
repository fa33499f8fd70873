/**
 * Fetches what issuers publish, when a bundle is built.
 */
import { fetchBytes, FetchFault } from '../../worker/js/worker.mjs';
import { CommandFault } from './fault.js';

/** @typedef {import('../../worker/js/worker.mjs').Get} Get */

/**
 * @param {string} what people know it by, such as `the keys of https://id.example.com`
 * @param {Get} get
 * @param {{ bound: string, instead: string }} advice what sets `maxBytes`; what to do without it
 * @returns {Promise<string>}
 * @throws {CommandFault} `outside` where it cannot be had
 */
export async function fetchText(what, get, { bound, instead }) {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await fetchBytes(get));
  } catch (error) {
    throw new CommandFault(
      'outside',
      `${what} cannot be had: ${get.url} ${whatHappened(error, get, bound)}.\nInstead: ${instead}`,
      { cause: error },
    );
  }
}

/**
 * What others rely on must not be exchanged on the way.
 *
 * @param {string} option
 * @param {string} url
 * @throws {CommandFault} `usage`
 */
export function demandFetchable(option, url) {
  const { protocol, hostname } = URL.canParse(url) ? new URL(url) : { protocol: '', hostname: '' };
  const local = hostname === '127.0.0.1' || hostname === 'localhost';
  if (protocol === 'https:' || (protocol === 'http:' && local)) return;
  throw new CommandFault(
    'usage',
    `--${option}: found ${url}; allowed: https://…, or http://127.0.0.1… on this machine`,
  );
}

/**
 * @param {unknown} error
 * @param {Get} get
 * @param {string} bound
 */
function whatHappened(error, { timeoutMs, maxBytes }, bound) {
  const { name, message, cause } = /** @type {Error} */ (error);
  if (error instanceof FetchFault) {
    if (error.fault >= 100) return 'did not answer 200 (redirects are not followed)';
    if (message === 'tooLarge') return `answered more than ${maxBytes} bytes (${bound})`;
  }
  if (name === 'TimeoutError') return `did not answer within ${timeoutMs / 1000} s`;
  if (error instanceof TypeError && cause instanceof Error) {
    return `could not be reached (${cause.message})`;
  }
  return `failed (${message})`;
}

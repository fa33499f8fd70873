/**
 * The tools of the Rust core, which the CLI and the edge share, as functions.
 */
import { CommandFault } from './fault.js';

/**
 * One thing that is wrong with a configuration. Lines and columns count from 1, columns and lengths
 * in characters; `line` and `column` are null where something is nowhere in the file.
 *
 * @typedef {object} Diagnostic
 * @property {number | null} line
 * @property {number | null} column
 * @property {number} length
 * @property {string} key the dotted key path, `routes[1].target`; empty where none is known
 * @property {string} found
 * @property {string} allowed
 * @property {string | null} suggestion the known name nearest to a misspelt one
 * @property {string} message all of that as one sentence
 *
 * @typedef {object} Report what a sound configuration means, every default filled in
 * @property {{ mode: string, index: string, not_found: 'status'|'pass',
 *   not_found_page: string | null, viewer_request_attached: boolean,
 *   headers: { name: string, value: string }[] }} site
 * @property {Route[]} routes
 * @property {Issuer[]} issuers
 * @property {{ strip_prefix: string | null, origin_secret: { header: string, env: string } | null,
 *   regions: { name: string, title: string, domain_name: string, path: string }[] } | null} api
 * @property {{ cooldown_seconds: number, max_age_seconds: number, timeout_ms: number,
 *   max_bytes: number }} keys
 * @property {{ token_bytes: number, cookies_tried: number, verdicts: number }} limits
 * @property {Warning[]} warnings
 *
 * @typedef {object} Route
 * @property {string} pattern
 * @property {'site'|'api'} target
 * @property {'public'|'authenticated'} access
 * @property {string[]} clients
 * @property {string[]} groups
 * @property {string[]} scopes
 * @property {string[]} methods
 * @property {'strip'|'forward'} cookies
 * @property {{ preflight: 'answer'|'forward', origins: string[], headers: string[],
 *   credentials: boolean, max_age_seconds: number } | null} cors
 *
 * @typedef {object} Issuer
 * @property {string} issuer the `iss` claim
 * @property {string} jwks_url
 * @property {string[]} clients
 * @property {('access'|'id')[]} token_use
 * @property {string[]} cookies
 * @property {number} leeway_seconds
 *
 * @typedef {{ key: string, line: number | null, column: number | null, message: string }} Warning
 *
 * @typedef {object} Inputs what a configuration refers to and does not hold itself
 * @property {string | null} origin_secret
 * @property {string | null} not_found_page the file's text
 * @property {(string | null)[]} key_sets JWKS texts, in the order of the issuers
 * @property {(string | null)[]} jwks_urls in place of the configuration's, in the same order
 *
 * @typedef {{ ok: false, diagnostics: Diagnostic[] }} Bad
 */

/**
 * @param {string} toml
 * @returns {Promise<{ ok: true, report: Report } | Bad>}
 */
export async function check(toml) {
  return JSON.parse((await load()).check(toml));
}

/**
 * @param {string} toml
 * @param {Inputs} inputs
 * @returns {Promise<{ ok: true, bundle: string } | Bad>} `bundle`: the text of nearhop.json
 */
export async function resolve(toml, inputs) {
  return JSON.parse((await load()).bundle(toml, JSON.stringify(inputs)));
}

/** @returns {Promise<string>} the text of nearhop.schema.json */
export async function schema() {
  return (await load()).schema();
}

async function load() {
  try {
    return await import('../../pkg/tools/nearhop.js');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new CommandFault('outside', 'pkg/tools is not built; build it with: npm run build');
  }
}

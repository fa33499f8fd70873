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
 *   security_headers: 'standard'|'none',
 *   headers: { name: string, value: string }[] }} site
 * @property {Route[]} routes
 * @property {Issuer[]} issuers
 * @property {SignIn | null} sign_in
 * @property {Api | null} api
 * @property {string | null} country_database
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
 * @property {string[]} regions
 *
 * @typedef {object} Issuer
 * @property {string} issuer the `iss` claim
 * @property {'cognito'|'oidc'} kind
 * @property {string | null} jwks_url null where only the discovery document says
 * @property {string} discovery_url
 * @property {string[]} clients
 * @property {string[]} audiences
 * @property {('access'|'id')[]} token_use
 * @property {string[]} cookies
 * @property {number} leeway_seconds
 *
 * @typedef {object} SignIn how visitors are signed in
 * @property {string} issuer the `iss` claim
 * @property {Endpoints | null} endpoints null where only the discovery document says
 * @property {SignInClient[]} clients the common one, then the hosts'
 * @property {{ env: string }} key
 * @property {string[]} origins empty for the distribution's own domain name alone
 * @property {string[]} scopes
 * @property {string[]} claims
 * @property {'host-only'|'amplify'} cookies
 * @property {number} session_seconds
 * @property {number} refresh_before_seconds
 * @property {string | null} after_sign_out
 * @property {number} timeout_ms
 *
 * @typedef {object} Endpoints an issuer's, absolute URLs
 * @property {string} authorization
 * @property {string} token
 * @property {string | null} revocation
 * @property {{ cognito: string } | { oidc: string } | null} end_session
 *
 * @typedef {object} SignInClient an app client, with the URLs it must allow; in those,
 *   DISTRIBUTION_DOMAIN_NAME stands for that name where there are no origins
 * @property {string} client
 * @property {{ env: string } | null} client_secret
 * @property {string | null} identity_provider
 * @property {string[]} callback_urls
 * @property {string[]} sign_out_urls
 *
 * @typedef {object} Api
 * @property {string | null} strip_prefix
 * @property {{ header: string, env: string } | null} origin_secret
 * @property {{ name: string, title: string, domain_name: string, path: string, bias_ms: number,
 *   weight: number }[]} regions
 * @property {{ networks: string[], countries: string[], continents: string[],
 *   regions: string[] }[]} rules
 * @property {{ claim: string | null, otherwise: 'any'|'none',
 *   sets: { name: string, countries: string[], regions: string[] }[] } | null} residency
 * @property {{ by: 'subject'|'claim'|'cookie', claim: string | null,
 *   seconds: number } | null} sticky
 * @property {boolean} passive_health
 * @property {string | null} second_leg_domain
 * @property {{ urls: string[], interval_seconds: number, timeout_ms: number,
 *   max_bytes: number } | null} control
 * @property {{ env: string } | null} pin
 * @property {boolean} log_decisions
 *
 * @typedef {{ key: string, line: number | null, column: number | null, message: string }} Warning
 *
 * @typedef {object} Inputs what a configuration refers to and does not hold itself
 * @property {string | null} origin_secret
 * @property {string | null} not_found_page the file's text
 * @property {string | null} pin_key
 * @property {string | null} places the digest of places.mmdb, null where there is none
 * @property {(string | null)[]} key_sets JWKS texts, in the order of the issuers
 * @property {(string | null)[]} jwks_urls in place of the configuration's, in the same order
 * @property {string[] | null} control_urls in place of the configuration's
 * @property {string | null} sign_in_key
 * @property {(string | null)[]} client_secrets in the order of the report's `sign_in.clients`
 * @property {(string | null)[]} discovery discovery documents, in the order of the issuers
 * @property {string[] | null} sign_in_origins in place of the configuration's
 * @property {string | null} sign_in_domain likewise
 *
 * @typedef {{ ok: false, diagnostics: Diagnostic[] }} Bad
 */

/**
 * What a control document says; pairs are of a Region and a number.
 *
 * @typedef {object} ControlReport
 * @property {number} version
 * @property {string | null} valid_until
 * @property {string | null} note
 * @property {string[]} drain
 * @property {string[]} disable
 * @property {[string, number][]} weights
 * @property {[string, number][]} bias_ms
 * @property {string | null} pin
 */

/**
 * A request to be explained.
 *
 * @typedef {object} Ask
 * @property {string} edge
 * @property {string} trigger
 * @property {string} method
 * @property {string} uri
 * @property {string} querystring
 * @property {string} client_ip
 * @property {[string, string][]} headers names in lower case
 * @property {string[]} down
 * @property {string | null} control the control document's text
 * @property {boolean} second_leg
 * @property {number} now milliseconds since 1970
 *
 * @typedef {object} Explanation what becomes of it
 * @property {string} edge
 * @property {string} trigger
 * @property {string | null} path in its one spelling; null where it is refused
 * @property {{ pattern: string, target: 'api'|'site', why: string,
 *   access: 'public'|'authenticated', clients: string[], groups: string[],
 *   scopes: string[] } | null} route
 * @property {{ subject: string, client: string, groups: string[], residency: string | null,
 *   home: string | null } | null} caller
 * @property {{ status: number, code: string, message: string, detail: string } | null} refusal
 * @property {{ step: 'redirect'|'refresh'|'answer'|'reserved', location: string | null,
 *   says: string } | null} sign_in
 * @property {{ ip: string, country: string | null, continent: string | null,
 *   network_rule: number | null } | null} place
 * @property {'api'|'site'|'preflight'|'sign-in'|'refused'} outcome
 * @property {string | null} region of a request that wants a token, where it would go
 * @property {string | null} reason
 * @property {string[]} order
 * @property {{ region: string, ms: number | null, measured: boolean, bias_ms: number,
 *   score: number, weight: number, removed_by: string | null,
 *   moved_back_by: string[] }[]} candidates nearest first
 * @property {{ stage: string, effect: 'removed'|'moved back', regions: string[],
 *   first: string | null, changed_first: boolean }[]} stages
 * @property {string | null} destination
 * @property {string[]} notes
 */

/**
 * Milliseconds are round trips from an edge's Region to an API's; means are over the edges by their
 * weights.
 *
 * @typedef {object} Wanted what to plan for
 * @property {string[]} regions in place of the configuration's; empty for those
 * @property {boolean} all every Region as an edge
 * @property {Record<string, number> | null} weights by edge
 *
 * @typedef {object} Plan how a set of Regions serves the world
 * @property {{ region: string, title: string, latitude: number, longitude: number,
 *   bias_ms: number, stands_by: boolean }[]} regions
 * @property {EdgePlan[]} edges
 * @property {{ continent: string, edges: number, regions: string[], mean_ms: number,
 *   worst_ms: number, worst_edge: string, single_gain_ms: number,
 *   distance_gain_ms: number }[]} continents
 * @property {number} mean_ms
 * @property {number} distance_mean_ms
 * @property {{ region: string, mean_ms: number, worst_ms: number, worst_edge: string,
 *   gain_ms: number }[]} singles the best first
 * @property {{ region: string, edges: number, next: Record<string, number>,
 *   mean_added_ms: number | null,
 *   worst: { edge: string, added_ms: number, ms: number, next: string } | null }[]} failures
 * @property {{ region: string, title: string, mean_ms: number, gain_ms: number, edges: string[],
 *   measured: boolean }[]} additions the best first
 * @property {{ issuer: string, region: string, mean_ms: number, worst_ms: number,
 *   worst_edge: string } | null} sign_in the way to the user pool of sign-in
 *
 * @typedef {object} EdgePlan
 * @property {string} edge
 * @property {string} title
 * @property {number} latitude
 * @property {number} longitude
 * @property {string} continent
 * @property {number} weight
 * @property {string} region
 * @property {number} ms
 * @property {boolean} measured
 * @property {number} single_gain_ms
 * @property {string} distance_region
 * @property {number} distance_ms
 * @property {number} distance_gain_ms
 * @property {{ region: string, ms: number, added_ms: number } | null} next
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

/**
 * @param {string} toml
 * @param {Partial<Inputs>} inputs no secret is needed
 * @returns {Promise<{ ok: true, urls: string[] } | Bad>} where the issuers' key sets are, in their
 *   order
 */
export async function keySetUrls(toml, inputs) {
  return JSON.parse((await load()).key_set_urls(toml, JSON.stringify(inputs)));
}

/**
 * @param {string} toml
 * @param {Uint8Array} countryDatabase empty where the configuration names none
 * @returns {Promise<{ ok: true, digest: string | null, file: Uint8Array } | Bad>} the bundle's
 *   places.mmdb; where nothing is asked of addresses, no digest and an empty file
 */
export async function places(toml, countryDatabase) {
  const made = (await load()).places(toml, countryDatabase);
  const end = made.indexOf(0);
  const answer = new TextDecoder().decode(end < 0 ? made : made.subarray(0, end));
  return { ...JSON.parse(answer), file: end < 0 ? new Uint8Array() : made.subarray(end + 1) };
}

/**
 * @param {Uint8Array} bytes
 * @returns {Promise<Uint8Array>} the same, compressed (RFC 1952) as far as that goes
 */
export async function gzip(bytes) {
  return (await load()).gzip(bytes);
}

/**
 * @param {string} toml
 * @param {Partial<Inputs>} inputs
 * @param {Ask} ask
 * @param {Uint8Array} placesFile the bundle's places.mmdb, empty where it has none
 * @returns {Promise<{ ok: true, explanation: Explanation } | Bad>}
 * @throws {CommandFault} `usage` for what is wrong with `ask`
 */
export async function explain(toml, inputs, ask, placesFile) {
  const tools = await load();
  const [of, by] = [JSON.stringify(inputs), JSON.stringify(ask)];
  return asked(() => tools.explain(toml, of, by, placesFile));
}

/**
 * @param {string} toml
 * @param {Wanted} wanted
 * @returns {Promise<{ ok: true, plan: Plan } | Bad>}
 * @throws {CommandFault} `usage` for what is wrong with `wanted`
 */
export async function plan(toml, wanted) {
  const tools = await load();
  return asked(() => tools.plan(toml, JSON.stringify(wanted)));
}

/**
 * @param {string} toml
 * @param {string} document the text of a control document
 * @param {number} now milliseconds since 1970
 * @returns {Promise<{ ok: true, control: ControlReport } |
 *   Bad & { of: 'configuration'|'document' }>}
 */
export async function control(toml, document, now) {
  return JSON.parse((await load()).control(toml, document, now));
}

/** @returns {Promise<string>} the text of nearhop.schema.json */
export async function schema() {
  return (await load()).schema();
}

/** What the core says is wrong comes as a string. @param {() => string} call */
function asked(call) {
  try {
    return JSON.parse(call());
  } catch (error) {
    if (typeof error === 'string') throw new CommandFault('usage', error);
    throw error;
  }
}

async function load() {
  try {
    return await import('../../pkg/tools/nearhop.js');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new CommandFault('outside', 'pkg/tools is not built; build it with: npm run build');
  }
}

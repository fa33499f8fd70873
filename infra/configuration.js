/**
 * nearhop.toml as it is deployed: with the pool and the APIs that CloudFormation made, in place of
 * those that the file names, and with leave for the page to reach them and users' files.
 */
import { dirname, resolve } from 'node:path';
import { parse, stringify } from 'smol-toml';
import { CommandFault } from '../js/cli/fault.js';
import { namesFor } from './names.js';
import { demandSignIn } from './sign-in.js';

/**
 * @param {{ file: string, text: string }} source nearhop.toml, checked
 * @param {import('./settings.js').Settings} settings
 * @param {import('./known.js').Known} known
 * @returns {string} TOML; paths in it are absolute, so that it may be written anywhere
 * @throws {CommandFault} `configuration` where the file asks for what such a deployment cannot do
 */
export function deployedConfiguration({ file, text }, settings, known) {
  const document = /** @type {Record<string, any>} */ (parse(text));
  demandDeployable(file, document, settings);
  if (known.userPool) replaceIssuer(document.issuers[0], known.userPool);
  if (document.sign_in && known.userPool) {
    replaceSignIn(document.sign_in, known.userPool, known);
    admit(document.site?.headers ?? [], 'form-action', [known.userPool.domain]);
  }
  if (settings.routing === 'dns') routeByDns(file, document, settings);
  else replaceEndpoints(document.api.regions, known.endpoints);
  admit(document.site?.headers ?? [], 'connect-src', known.files);
  makeAbsolute(document, file);
  return stringify(document);
}

/**
 * Refuses what these stacks do not make, before any of them is deployed.
 *
 * @param {string} file
 * @param {Record<string, any>} document
 * @param {import('./settings.js').Settings} settings
 * @throws {CommandFault} `configuration`
 */
export function demandDeployable(file, document, settings) {
  demandOneIssuer(file, document);
  demandSignIn(file, document, settings);
}

/**
 * An authorizer of API Gateway knows one issuer, and the stacks make one pool.
 *
 * @param {string} file
 * @param {Record<string, any>} document
 * @throws {CommandFault} `configuration`
 */
export function demandOneIssuer(file, document) {
  const found = document.issuers?.length ?? 0;
  const [{ kind = 'cognito' } = {}] = document.issuers ?? [];
  if (!document.api || found !== 1 || kind !== 'cognito') {
    const issuer = found === 1 ? `an issuer of kind = "${kind}"` : `${found} [[issuers]]`;
    const what = document.api ? issuer : 'no [api]';
    const allowed = '[api] and one of [[issuers]], whose place the deployed user pool takes';
    throw new CommandFault('configuration', `${file}: found ${what}, allowed: ${allowed}`);
  }
}

/**
 * @param {Record<string, any>} issuer
 * @param {{ id: string, client: string }} userPool
 */
function replaceIssuer(issuer, { id, client }) {
  delete issuer.issuer;
  delete issuer.region;
  delete issuer.jwks_url;
  Object.assign(issuer, { user_pool: id, clients: [client] });
}

/**
 * Visitors are signed in where they find the site: at its own address, and where the file says.
 * Left empty, that is the distribution's own name.
 *
 * @param {Record<string, any>} signIn
 * @param {import('./known.js').UserPool} userPool
 * @param {import('./known.js').Known} known
 */
function replaceSignIn(signIn, { client, domain }, { chosenUrl, siteUrl }) {
  const others = signIn.origins ?? [];
  const own = chosenUrl ?? (others.length > 0 ? siteUrl : undefined);
  delete signIn.issuer;
  delete signIn.domain;
  Object.assign(signIn, {
    client,
    ...(domain && { domain }),
    origins: [...new Set([...(own ? [own] : []), ...others])],
  });
}

/**
 * @param {Record<string, any>[]} regions
 * @param {Record<string, string>} [endpoints]
 */
function replaceEndpoints(regions, endpoints = {}) {
  for (const region of regions) region.endpoint = endpoints[region.name] ?? region.endpoint;
}

/**
 * Route 53 chooses behind one name, so to Nearhop there is one Region. What chooses among several
 * would be dropped without a word: it is refused, residency above all.
 *
 * @param {string} file
 * @param {Record<string, any>} document
 * @param {import('./settings.js').Settings} settings
 */
function routeByDns(file, document, settings) {
  const choosing = [
    ...['rules', 'residency', 'sticky']
      .filter((key) => document.api[key])
      .map((key) => `api.${key}`),
    ...(document.routes ?? []).flatMap((/** @type {any} */ { regions }, /** @type {number} */ i) =>
      regions?.length > 0 ? [`routes[${i}].regions`] : [],
    ),
  ];
  if (choosing.length > 0) {
    const allowed = 'routing = "edge", or nothing that chooses among Regions';
    const found = `${choosing.join(', ')} with routing = "dns"`;
    throw new CommandFault('configuration', `${file}: found ${found}, allowed: ${allowed}`);
  }
  const [{ name }] = document.api.regions;
  document.api.regions = [{ name, endpoint: `https://${namesFor(settings).sharedApiDomain}` }];
}

/**
 * A page may connect to where its content security policy says: to the buckets too, which take
 * files from browsers by URLs that the API signs. Its forms may lead to the pool's pages too:
 * Chromium holds form-action against the redirect by which a sign-out goes on.
 *
 * @param {{ name: string, value: string }[]} headers
 * @param {string} directive that is not added where the policy has none
 * @param {(string | undefined)[]} origins
 */
function admit(headers, directive, origins) {
  const more = origins.filter(Boolean).join(' ');
  if (!more) return;
  const named = new RegExp(`(^|;)(\\s*${directive})\\b`);
  for (const header of headers) {
    if (header.name.toLowerCase() !== 'content-security-policy') continue;
    header.value = header.value.replace(named, `$1$2 ${more}`);
  }
}

/**
 * @param {Record<string, any>} document
 * @param {string} file
 */
function makeAbsolute(document, file) {
  const absolute = (/** @type {string} */ path) => resolve(dirname(file), path);
  if (document.country_database) document.country_database = absolute(document.country_database);
  if (document.site?.not_found_page) {
    document.site.not_found_page = absolute(document.site.not_found_page);
  }
}

/**
 * nearhop.toml as it is deployed: with the pool and the APIs that CloudFormation made, in place of
 * those that the file names, and with leave for the page to reach users' files.
 */
import { dirname, resolve } from 'node:path';
import { parse, stringify } from 'smol-toml';
import { CommandFault } from '../js/cli/fault.js';
import { namesFor } from './names.js';

/**
 * @param {{ file: string, text: string }} source nearhop.toml, checked
 * @param {import('./settings.js').Settings} settings
 * @param {import('./known.js').Known} known
 * @returns {string} TOML; paths in it are absolute, so that it may be written anywhere
 * @throws {CommandFault} `configuration` where the file asks for what such a deployment cannot do
 */
export function deployedConfiguration({ file, text }, settings, known) {
  const document = /** @type {Record<string, any>} */ (parse(text));
  demandOneIssuer(file, document);
  if (known.userPool) replaceIssuer(document.issuers[0], known.userPool);
  if (settings.routing === 'dns') routeByDns(file, document, settings);
  else replaceEndpoints(document.api.regions, known.endpoints);
  admitFiles(document.site?.headers ?? [], known.files);
  makeAbsolute(document, file);
  return stringify(document);
}

/**
 * An authorizer of API Gateway knows one issuer, and the stacks make one pool.
 *
 * @param {string} file
 * @param {Record<string, any>} document
 */
export function demandOneIssuer(file, document) {
  const found = document.issuers?.length ?? 0;
  if (document.api && found === 1) return;
  const what = document.api ? `${found} [[issuers]]` : 'no [api]';
  const allowed = '[api] and one of [[issuers]], whose place the deployed user pool takes';
  throw new CommandFault('configuration', `${file}: found ${what}, allowed: ${allowed}`);
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
 * A page may connect to where its content security policy says: to the buckets too, which take files
 * from browsers by URLs that the API signs.
 *
 * @param {{ name: string, value: string }[]} headers
 * @param {string[]} files
 */
function admitFiles(headers, files) {
  if (files.length === 0) return;
  for (const header of headers) {
    if (header.name.toLowerCase() !== 'content-security-policy') continue;
    header.value = header.value.replace(/(^|;)(\s*connect-src)\b/, `$1$2 ${files.join(' ')}`);
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

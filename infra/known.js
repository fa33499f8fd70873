/**
 * What is known of a deployment before CloudFormation runs: ids that AWS gave to what earlier
 * phases deployed, read from the outputs file of the CDK's CLI.
 */
import { readFile } from 'node:fs/promises';
import { CommandFault } from '../js/cli/fault.js';
import { namesFor } from './names.js';

/**
 * By stack, then by output.
 *
 * @typedef {Record<string, Record<string, string>>} Outputs
 *
 * @typedef {object} UserPool
 * @property {string} id
 * @property {string} client
 * @property {string} [domain] of its sign-in pages: a URL
 *
 * @typedef {object} Known
 * @property {UserPool | undefined} userPool
 * @property {Record<string, string> | undefined} endpoints of the APIs by Region: https URLs
 * @property {string[]} files origins of the URLs that users' files are sent to and read from
 * @property {string | undefined} siteUrl without a / at its end
 * @property {string | undefined} chosenUrl the same where it is known before the edge is deployed:
 *   its host is one that somebody chose
 * @property {boolean} placeholders whether some of it is only what nearhop.toml says
 */

/**
 * @param {string} file as `cdk deploy --outputs-file` writes it; no such file is an empty one
 * @returns {Promise<Outputs>}
 * @throws {CommandFault} where there is something else in it
 */
export async function readOutputs(file) {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code === 'ENOENT') return {};
    const what = 'is no outputs file of the CDK';
    throw new CommandFault('outside', `${file} ${what} (${message}); delete it, then deploy again`);
  }
}

/**
 * @param {import('./settings.js').Settings} settings
 * @param {import('../js/cli/tools.js').Report} report of nearhop.toml
 * @param {Outputs} outputs
 * @param {{ placeholders?: boolean, siteUrl?: string }} [options] `placeholders`: what is not known
 *   yet is taken from nearhop.toml, for templates that are only looked at. `siteUrl`: where the
 *   site is, for a CloudFront that is not AWS's
 * @returns {Known}
 */
export function knownFrom(settings, report, outputs, { placeholders = false, siteUrl } = {}) {
  const { stacks, apiDomain } = namesFor(settings);
  const { UserPoolId: id, UserPoolClientId: client, SignInUrl } = outputs[stacks.data] ?? {};
  const regions = report.api?.regions ?? [];
  const endpointOf = (/** @type {string} */ region) =>
    settings.domain ? `https://${apiDomain(region)}` : outputs[stacks.api(region)]?.Endpoint;
  const endpoints = regions.map(({ name }) => [name, endpointOf(name)]);
  const userPool = id && client ? { id, client, domain: SignInUrl } : undefined;
  const deployed = endpoints.every(([, url]) => url);
  const chosenUrl = siteUrl ?? (settings.domain && `https://${settings.domain.name}`);
  return {
    userPool: userPool ?? (placeholders ? placeholderPool(report) : undefined),
    endpoints:
      deployed || placeholders
        ? Object.fromEntries([
            ...regions.map(({ name, domain_name, path }) => [
              name,
              `https://${domain_name}${path}`,
            ]),
            ...endpoints.filter(([, url]) => url),
          ])
        : undefined,
    files: regions.map(({ name }) => outputs[stacks.api(name)]?.Files).filter(Boolean),
    siteUrl: chosenUrl ?? outputs[stacks.edge]?.SiteUrl,
    chosenUrl,
    placeholders: placeholders && !(userPool && deployed),
  };
}

/**
 * @param {import('../js/cli/tools.js').Report} report
 * @returns {UserPool}
 */
function placeholderPool({ issuers: [issuer] }) {
  const id = issuer?.issuer.slice(issuer.issuer.lastIndexOf('/') + 1) ?? 'us-east-1_Placeholder';
  const [region] = id.split('_');
  const domain = `https://placeholder.auth.${region}.amazoncognito.com`;
  return { id, client: issuer?.clients[0] ?? 'placeholder', domain };
}

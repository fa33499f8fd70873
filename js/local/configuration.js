/**
 * nearhop.toml as the edge of the local world has it.
 */
import { parse, stringify } from 'smol-toml';
import { deployedConfiguration } from '../../infra/configuration.js';

/**
 * With the names of what was deployed, and with leave for the page to send and read users' files
 * where they are kept here.
 *
 * @param {import('../cli/configuration.js').Configuration} source
 * @param {import('../../infra/settings.js').Settings} settings
 * @param {Pick<import('./backend.js').Backend, 'known'|'files'>} backend
 * @returns {string} TOML, to be written anywhere
 */
export function localConfiguration(source, settings, { known, files }) {
  const document = /** @type {any} */ (parse(deployedConfiguration(source, settings, known)));
  for (const header of document.site?.headers ?? []) {
    if (header.name.toLowerCase() !== 'content-security-policy') continue;
    header.value = header.value.replace(/(^|;)(\s*connect-src)\b/, `$1$2 ${files}`);
  }
  return stringify(document);
}

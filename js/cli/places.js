/**
 * What a bundle knows of addresses.
 */
import { readFile } from 'node:fs/promises';
import { dirname, resolve as absolute } from 'node:path';
import { CommandFault } from './fault.js';
import { places } from './tools.js';

/**
 * The bundle's places.mmdb: the rules' networks, and what they and residency ask of the country
 * database.
 *
 * @param {import('./configuration.js').Configuration} configuration
 * @param {(line: string) => void} onProgress
 * @returns {Promise<{ digest: string | null, file: Uint8Array }>} no digest and an empty file where
 *   nothing is asked
 * @throws {CommandFault} `configuration` where the country database is not there, or is none
 */
export async function gatherPlaces({ file, text, report }, onProgress) {
  const database = report.country_database;
  const bytes = database === null ? new Uint8Array() : await readDatabase(file, database);
  if (database !== null) onProgress(`reading countries from ${database}`);
  const made = await places(text, bytes);
  if (!made.ok) throw CommandFault.ofConfiguration({ file, text }, made.diagnostics);
  return made;
}

/**
 * @param {string} config
 * @param {string} database relative to it
 */
async function readDatabase(config, database) {
  try {
    return await readFile(absolute(dirname(config), database));
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    const isMissing = code === 'ENOENT';
    const found = isMissing ? 'there is no such file' : message;
    throw new CommandFault(
      isMissing ? 'configuration' : 'outside',
      `country_database in ${config}: ${database}: ${found}; docs/places.md says where to get one`,
      { cause: error },
    );
  }
}

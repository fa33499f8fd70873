/**
 * Makes what Lambda@Edge loads out of a configuration.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, resolve as absolute } from 'node:path';
import { Zip } from 'fflate';
import { snapshot } from '../../worker/js/snapshot.mjs';
import { readConfiguration, readText } from './configuration.js';
import { CommandFault } from './fault.js';
import { replaceBundle } from './folder.js';
import { join } from './join.js';
import { gatherPlaces } from './places.js';
import { gatherPublished } from './published.js';
import { gzip, resolve } from './tools.js';

/** The module that index.mjs is made of, with those it imports. */
const HANDLER = 'js/handler/handler.mjs';

/**
 * The edge function, whole; the part that every instance enters, without what is not needed once it is
 * configured; and the rest.
 */
const MODULES = ['bg', 'first', 'rest'].map((part) => `pkg/edge/nearhop_${part}.wasm`);

/** The database that answers what the rules ask of an address, where they ask anything. */
const PLACES = 'places.mmdb';

/** What Lambda's handler setting `index.handler` names; createNearhop is for tests. */
const EXPORTS = `
export { createNearhop };
export const handler = createNearhop(new URL('.', import.meta.url));
`;

/** How what issuers publish is had, if not told otherwise. A build has more time than a request. */
const PUBLISHED = {
  jwks: {},
  jwksUrls: {},
  discovery: {},
  discoveryUrls: {},
  fetchKeys: true,
  timeoutMs: 10_000,
  onProgress: () => {},
};

/**
 * @typedef {object} BundleOptions
 * @property {string} config the path of nearhop.toml
 * @property {string} out the folder to write; replaced when it is a bundle
 * @property {Record<string, string>} [jwks] files with key sets, by an issuer's URL or pool id, or
 *   '' for the only issuer
 * @property {Record<string, string>} [jwksUrls] where key sets are, now and at the edge, likewise
 * @property {string[]} [controlUrls] where the control document is, in place of `api.control.urls`
 * @property {Record<string, string>} [discovery] files with discovery documents, likewise
 * @property {Record<string, string>} [discoveryUrls] where discovery documents are, likewise
 * @property {string[]} [signInOrigins] where the site is, in place of `sign_in.origins`
 * @property {string} [signInDomain] the user pool's domain, in place of `sign_in.domain`: https, or
 *   http on this machine
 * @property {boolean} [fetchKeys] false: nothing is fetched; key sets not given by file are left to
 *   the edge
 * @property {number} [timeoutMs] for fetching one of them; 10,000 if left out
 * @property {Record<string, string | undefined>} [env] holds the secrets the configuration names;
 *   process.env if left out
 * @property {(line: string) => void} [onProgress]
 *
 * @typedef {object} Built
 * @property {string} config as given
 * @property {string} dir the folder's absolute path
 * @property {string} zip the archive's
 * @property {{ name: string, bytes: number }[]} files in the folder
 * @property {{ folder: number, zip: number }} bytes
 * @property {string} sha256 of the archive in base64: what Lambda shows as CodeSha256
 * @property {import('./tools.js').Report} report
 */

/**
 * Writes the folder `out` and `out`.zip. The zip holds what Lambda loads; the folder, beside that,
 * what nearhop.wasm was made of: nearhop.json and, where there is one, places.mmdb. The same
 * configuration, documents of issuers and secrets give the same bytes; a failure leaves an earlier bundle as it
 * was.
 *
 * @param {BundleOptions} options
 * @returns {Promise<Built>}
 * @throws {CommandFault} with `diagnostics` where the configuration is at fault
 */
export async function bundle(options) {
  const { config, out, env = process.env, controlUrls = null, ...rest } = options;
  const { signInOrigins = null, signInDomain = null, ...published } = rest;
  const { file, text, report } = await readConfiguration(config);
  const [module, lean, others] = await Promise.all(MODULES.map(readCode));
  const handler = await join(HANDLER, readCode);
  const onProgress = options.onProgress ?? PUBLISHED.onProgress;
  const places = await gatherPlaces({ file, text, report }, onProgress);
  const signIn = { sign_in_origins: signInOrigins, sign_in_domain: signInDomain };
  const resolved = await resolve(text, {
    ...secretsOf(report, env),
    ...signIn,
    control_urls: controlUrls,
    places: places.digest,
    not_found_page: await readPage(file, report.site.not_found_page),
    ...(await gatherPublished({ file, text, report }, { ...PUBLISHED, ...published }, signIn)),
  });
  if (!resolved.ok) throw CommandFault.ofConfiguration({ file, text }, resolved.diagnostics);

  const json = Buffer.from(resolved.bundle);
  const hasPlaces = places.digest !== null;
  // JSON never holds a NUL.
  const content = hasPlaces ? Buffer.concat([json, Buffer.of(0), places.file]) : json;
  const loaded = {
    'index.mjs': Buffer.from(handler + EXPORTS),
    'nearhop.wasm': snapshot({ module, lean, config: content }),
    'rest.wasm': others,
  };
  const files = { ...loaded, 'nearhop.json': json, ...(hasPlaces && { [PLACES]: places.file }) };
  const archive = await zip(loaded);
  const dir = absolute(out);
  await replaceBundle(dir, files, archive, [PLACES]);
  const sizes = Object.entries(files).map(([name, bytes]) => ({ name, bytes: bytes.length }));
  return {
    config,
    dir,
    zip: `${dir}.zip`,
    files: sizes,
    bytes: { folder: sizes.reduce((sum, { bytes }) => sum + bytes, 0), zip: archive.length },
    sha256: createHash('sha256').update(archive).digest('base64'),
    report,
  };
}

/**
 * The environment variables whose values a bundle carries, each once.
 *
 * @param {import('./tools.js').Report} report
 * @returns {string[]}
 */
export function secretNames({ api, sign_in: signIn }) {
  const clients = signIn?.clients.map(({ client_secret: secret }) => secret?.env) ?? [];
  const names = [api?.origin_secret?.env, api?.pin?.env, signIn?.key.env, ...clients];
  return [...new Set(names.filter((name) => name !== undefined))];
}

/**
 * @param {import('./tools.js').Report} report
 * @param {Record<string, string | undefined>} env
 */
function secretsOf({ api, sign_in: signIn }, env) {
  const value = (/** @type {{ env: string } | null | undefined} */ secret) =>
    (secret && env[secret.env]) ?? null;
  return {
    origin_secret: value(api?.origin_secret),
    pin_key: value(api?.pin),
    sign_in_key: value(signIn?.key),
    client_secrets: signIn?.clients.map(({ client_secret: secret }) => value(secret)) ?? [],
  };
}

/** @param {string} path in the package */
async function readCode(path) {
  try {
    return await readFile(new URL(`../../${path}`, import.meta.url));
  } catch (error) {
    throw new CommandFault('outside', `${path} is missing; build it with: npm run build`, {
      cause: error,
    });
  }
}

/**
 * @param {string} config
 * @param {string | null} page relative to the configuration
 */
async function readPage(config, page) {
  if (page === null) return null;
  const advice = `site.not_found_page in ${config} names it`;
  return readText(absolute(dirname(config), page), 'configuration', advice);
}

/** Of a gzip file (RFC 1952, section 2.3) without a name: before and after what is compressed. */
const GZIP = { header: 10, trailer: 8 };

/** @param {Record<string, Uint8Array>} files */
async function zip(files) {
  /** @type {Uint8Array[]} */
  const chunks = [];
  const archive = new Zip((error, chunk) => {
    if (error) throw error;
    chunks.push(chunk);
  });
  for (const [filename, bytes] of Object.entries(files)) {
    const gzipped = Buffer.from(await gzip(bytes));
    const end = gzipped.length - GZIP.trailer;
    /** @type {import('fflate').ZipInputFile} */
    const file = {
      filename,
      size: bytes.length,
      crc: gzipped.readUInt32LE(end),
      compression: 8,
      // The earliest day a zip can say; fflate writes local time, and local noon is never skipped.
      mtime: new Date(1980, 0, 1, 12),
      // Unix, a regular file that everyone may read: Lambda does not run as the file's owner.
      os: 3,
      attrs: (0o100644 << 16) >>> 0,
    };
    archive.add(file);
    file.ondata?.(null, gzipped.subarray(GZIP.header, end), true);
  }
  archive.end();
  return Buffer.concat(chunks);
}

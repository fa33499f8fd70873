/**
 * `nearhop dev`: a distribution, served on this machine.
 */
import { appendFile, writeFile } from 'node:fs/promises';
import { startCloudFront } from '../cloudfront/server.js';
import { TemplateError } from '../cloudfront/template/error.js';
import { toHar } from '../cloudfront/trace/har.js';
import { toJson } from '../cloudfront/trace/json.js';
import { toText, toWay } from '../cloudfront/trace/text.js';
import { serverOptions } from './dev-options.js';
import { CommandFault } from './fault.js';
import { paintFor } from './paint.js';

/**
 * @typedef {import('./dev-options.js').DevOptions} DevOptions
 * @typedef {import('../cloudfront/server.js').LocalCloudFront} LocalCloudFront
 * @typedef {import('../cloudfront/trace/record.js').TraceRecord} TraceRecord
 */

/**
 * Serves until the process is asked to end. Requests are told on stdout; with `json`, everything
 * else goes to stderr.
 *
 * @param {DevOptions} options
 * @returns {Promise<void>} when everything is closed
 * @throws {CommandFault}
 */
export async function dev(options) {
  const { json = false, har } = options;
  const say = (/** @type {string} */ line) =>
    void (json ? process.stderr : process.stdout).write(`${line}\n`);
  const print = printerFor(options);
  const wanted = serverOptions(options);
  // Found out now, not at the end, when there is something to lose.
  if (har) await toFile(har, () => appendFile(har, ''));
  const cloudFront = await start({
    ...wanted,
    onTrace: (record) => void process.stdout.write(`${print(record)}\n`),
    onWarning: (text) => say(`warning    ${text}`),
  });
  const ended = interrupted();
  describe(cloudFront, wanted.origins ?? {}, say);
  await ended;
  await cloudFront.close();
  if (har) {
    const text = JSON.stringify(toHar(cloudFront.traces.list()), null, 2);
    await toFile(har, () => writeFile(har, `${text}\n`));
    say(`har        ${har}`);
  }
}

/**
 * What is served, a line for each part.
 *
 * @param {LocalCloudFront} cloudFront
 * @param {Record<string, import('../cloudfront/origins/origins.js').Server>} servers
 * @param {(line: string) => void} say
 */
function describe({ url, controlUrl, distribution, functions, warnings }, servers, say) {
  for (const warning of warnings) say(`warning    ${warning}`);
  for (const { name, code, handler, runtime } of functions.values()) {
    say(`function   ${name}: ${code}, ${handler}, ${runtime}`);
  }
  for (const origin of distribution.origins.values()) {
    const server = serverFor(origin, servers);
    say(`origin     ${origin.id}: ${origin.domainName}${server ? ` → ${shown(server)}` : ''}`);
    if (!server) say(`warning    ${standsForNothing(origin)}`);
  }
  for (const { pattern, target, functions: at } of distribution.behaviors) {
    const triggers = Object.keys(at).join(', ');
    say(`behavior   ${pattern.padEnd(16)} → ${target}${triggers ? ` (${triggers})` : ''}`);
  }
  say(`control    ${controlUrl} (traces, faults)`);
  say(`ready ${url}`);
}

/**
 * @param {import('../cloudfront/distribution.js').Origin} origin
 * @param {Record<string, import('../cloudfront/origins/origins.js').Server>} servers
 * @returns {import('../cloudfront/origins/origins.js').Server | undefined} one of its kind only
 */
function serverFor({ id, kind, domainName, httpPort, httpsPort }, servers) {
  const names = [id, `${domainName}:${httpsPort}`, `${domainName}:${httpPort}`, domainName];
  const name = names.find((each) => Object.hasOwn(servers, each));
  if (name === undefined) return undefined;
  const server = servers[name];
  const isCustom = typeof server === 'string' && server.includes('://');
  return isCustom === (kind === 'custom') ? server : undefined;
}

/** @param {import('../cloudfront/origins/origins.js').Server} server */
function shown(server) {
  if (typeof server === 'string') return server;
  return 'directory' in server ? server.directory : `${server.endpoint}/${server.bucket}`;
}

/** @param {import('../cloudfront/distribution.js').Origin} origin */
function standsForNothing({ id, kind }) {
  const target = kind === 's3' ? 'FOLDER' : 'http://127.0.0.1:PORT';
  const found = `nothing stands for the ${kind} origin ${id}, so what needs it is a 502 (F2)`;
  return `${found}: --origin ${id}=${target}`;
}

/**
 * @param {string} file
 * @param {() => Promise<void>} write
 * @throws {CommandFault}
 */
async function toFile(file, write) {
  try {
    await write();
  } catch (cause) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (cause);
    const message = `--har ${file}: found ${code}; allowed: a file that can be written`;
    throw new CommandFault('outside', message, { cause });
  }
}

/**
 * @param {Pick<DevOptions, 'json'|'trace'>} options
 * @returns {(record: TraceRecord) => string}
 */
function printerFor({ json = false, trace = false }) {
  if (json && trace) {
    throw new CommandFault('usage', 'found --json and --trace; allowed: one of them');
  }
  if (json) return toJson;
  const paint = paintFor(process.stdout);
  const print = trace ? toWay : toText;
  return (record) => print(record, paint);
}

/**
 * @param {import('../cloudfront/server.js').Options} options
 * @returns {Promise<LocalCloudFront>}
 * @throws {CommandFault}
 */
async function start(options) {
  try {
    const cloudFront = await startCloudFront(options);
    try {
      checkOrigins(options.origins ?? {}, cloudFront);
    } catch (error) {
      await cloudFront.close();
      throw error;
    }
    return cloudFront;
  } catch (error) {
    throw faultOf(error);
  }
}

/**
 * A name with a dot in it may be one that a function switches to.
 *
 * @param {Record<string, unknown>} servers
 * @param {LocalCloudFront} cloudFront
 */
function checkOrigins(servers, { distribution: { origins } }) {
  const strange = Object.keys(servers).find((name) => !name.includes('.') && !origins.has(name));
  if (strange === undefined) return;
  const known = [...origins.values()].map(({ id, domainName }) => `${id} (${domainName})`);
  const allowed = `${known.join(', ')}, or a domain name that a function switches to`;
  throw new CommandFault('usage', `--origin is for "${strange}"; allowed: ${allowed}`);
}

/** @param {unknown} error */
function faultOf(error) {
  if (error instanceof TemplateError) return faultOfTemplate(error);
  const { code, port } = /** @type {NodeJS.ErrnoException & { port?: number }} */ (error);
  const another = 'another one: --port N or --control-port N; 0 is any that is free';
  if (code === 'EADDRINUSE') {
    return new CommandFault('outside', `port ${port} is in use; ${another}`);
  }
  if (code === 'EACCES') {
    return new CommandFault('outside', `port ${port} needs privileges; ${another}`);
  }
  return error instanceof TypeError ? new CommandFault('usage', error.message) : error;
}

/** @param {TemplateError} error */
function faultOfTemplate({ file, message }) {
  // As `file`, this is what the command line says of functions.
  if (file !== 'functions') return new CommandFault('configuration', message);
  return new CommandFault('usage', message.replace(/^functions: /, '--function '));
}

/**
 * @returns {Promise<void>} once Ctrl-C or SIGTERM came, or nobody reads what is printed; a second
 *   signal ends the process at once
 */
function interrupted() {
  return new Promise((resolve) => {
    for (const [signal, code] of /** @type {const} */ ([
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ])) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(code));
        resolve();
      });
    }
    // Whoever read along has gone: `nearhop dev | head`.
    process.stdout.on('error', () => resolve());
  });
}

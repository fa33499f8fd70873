/**
 * What the command line of `nearhop dev` asks for, checked before anything is started.
 */
import { accessSync, constants, statSync } from 'node:fs';
import { CloudFrontError } from '../cloudfront/error.js';
import { viewerFrom } from '../cloudfront/place/viewer.js';
import { isAssembly } from '../cloudfront/template/assembly.js';
import { CommandFault } from './fault.js';

/**
 * @typedef {import('../cloudfront/server.js').Options} ServerOptions
 * @typedef {import('../cloudfront/origins/origins.js').Server} Server
 *
 * @typedef {object} DevOptions what the command line said
 * @property {string} [template]
 * @property {string[]} [function] `NAME=PATH`
 * @property {string[]} [origin] `NAME=URL`, `NAME=DIR`
 * @property {string[]} [parameter] `NAME=VALUE`
 * @property {string[]} [node] `RUNTIME=PATH`
 * @property {string} [stack]
 * @property {string} [distribution]
 * @property {string} [port]
 * @property {string} [control-port]
 * @property {string} [instances]
 * @property {string} [edge]
 * @property {string} [pop]
 * @property {string} [country]
 * @property {string} [ip]
 * @property {string} [ric]
 * @property {boolean} [latency]
 * @property {boolean} [trace]
 * @property {boolean} [secrets]
 * @property {string} [har]
 * @property {boolean} [json]
 */

/**
 * @param {DevOptions} options
 * @returns {ServerOptions & { port: number, controlPort: number }}
 * @throws {CommandFault} `usage` with the option, what it says and what it may say
 */
export function serverOptions(options) {
  const { template, stack, distribution, ric, latency, secrets } = options;
  return {
    template: templateAt(template, stack),
    functions: pairs('--function', 'NAME=PATH', options.function),
    origins: mapped(pairs('--origin', 'NAME=TARGET', options.origin), serverAt),
    parameters: pairs('--parameter', 'NAME=VALUE', options.parameter),
    nodes: mapped(pairs('--node', 'RUNTIME=PATH', options.node), nodeAt),
    stack,
    distribution,
    ric: ric && fileAt('--ric', ric, 'index.mjs of aws-lambda-ric'),
    port: integer('--port', options.port ?? '8080', 0, 65_535),
    controlPort: integer('--control-port', options['control-port'] ?? '0', 0, 65_535),
    instances: integer('--instances', options.instances ?? '1', 1, 100),
    viewer: placeOf(options),
    latency,
    secrets,
  };
}

const TEMPLATES = 'a CloudFormation template (JSON or YAML), or the folder "cdk synth" writes';

/**
 * @param {string | undefined} given
 * @param {string | undefined} stack
 */
function templateAt(given, stack) {
  const path = given ?? 'cdk.out';
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found && given === undefined) {
    const advice = 'Run "cdk synth" first, or name another: nearhop dev TEMPLATE';
    throw new CommandFault('usage', `found no template and no folder cdk.out here. ${advice}`);
  }
  if (!found) throw new CommandFault('usage', `there is no ${path}; allowed: ${TEMPLATES}`);
  if (stack !== undefined && !isAssembly(path)) {
    const found = `--stack is "${stack}", and ${path} is a template, not a CDK app`;
    throw new CommandFault('usage', `${found}; allowed: only with the folder "cdk synth" writes`);
  }
  return path;
}

/** What may stand for an origin. */
const TARGETS =
  'for a custom origin http://127.0.0.1:PORT; for a bucket a folder, ' +
  'or s3+http://KEY:SECRET@127.0.0.1:PORT/BUCKET?region=REGION';

/**
 * @param {string} to
 * @param {string} name of the origin
 * @returns {Server}
 */
function serverAt(to, name) {
  // A secret may be in it: no message shows what follows s3+http.
  if (to.startsWith('s3+http:')) return bucketAt(to.slice('s3+'.length), name);
  const isUrl = /^[a-z][a-z0-9+.-]*:\/\//i.test(to);
  const isThere = isUrl ? isLocal(to) : statSync(to, { throwIfNoEntry: false })?.isDirectory();
  if (isThere) return to;
  const what = isUrl ? 'which is not on this machine' : 'and there is no such folder';
  throw new CommandFault('usage', `--origin ${name} is "${to}", ${what}; allowed: ${TARGETS}`);
}

/**
 * @param {string} text `http://KEY:SECRET@127.0.0.1:4566/BUCKET?region=REGION`
 * @param {string} name of the origin
 * @returns {Server}
 */
function bucketAt(text, name) {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const bucket = url?.pathname.slice(1);
  if (!url || !bucket || bucket.includes('/') || !url.username || !url.password) {
    const found = 's3+http without key, secret or bucket';
    throw new CommandFault('usage', `--origin ${name} is ${found}; allowed: ${TARGETS}`);
  }
  return {
    endpoint: url.origin,
    bucket,
    region: url.searchParams.get('region') ?? 'us-east-1',
    accessKeyId: decodeURIComponent(url.username),
    secretAccessKey: decodeURIComponent(url.password),
  };
}

/** @param {string} text */
function isLocal(text) {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
}

/**
 * @param {string} path
 * @param {string} runtime
 */
function nodeAt(path, runtime) {
  if (!/^nodejs\d+\.x$/.test(runtime)) {
    const allowed = 'nodejs22.x=PATH, nodejs24.x=PATH';
    throw new CommandFault('usage', `--node is "${runtime}=${path}"; allowed: ${allowed}`);
  }
  return fileAt(`--node ${runtime}`, path, 'the path of a node program', constants.X_OK);
}

/**
 * @param {string} option
 * @param {string} path
 * @param {string} allowed
 * @param {number} [mode]
 */
function fileAt(option, path, allowed, mode = constants.R_OK) {
  try {
    accessSync(path, mode);
    if (statSync(path).isFile()) return path;
  } catch {
    // Said below.
  }
  const found = `is "${path}", which is no ${mode === constants.X_OK ? 'program' : 'file'}`;
  throw new CommandFault('usage', `${option} ${found}; allowed: ${allowed}`);
}

/**
 * @param {DevOptions} options
 */
function placeOf({ edge, pop, country, ip }) {
  const place = { edge, pop, country, ip };
  try {
    viewerFrom(place);
  } catch (error) {
    if (!(error instanceof CloudFrontError)) throw error;
    const { at, found, allowed } = error;
    throw new CommandFault('usage', `--${at} is "${found}"; allowed: ${allowed}`);
  }
  return place;
}

/**
 * @param {string} option
 * @param {string} form
 * @param {string[]} [given]
 * @returns {Record<string, string>}
 */
function pairs(option, form, given = []) {
  /** @type {Record<string, string>} */
  const values = {};
  for (const each of given) {
    const mark = each.indexOf('=');
    if (mark <= 0 || mark === each.length - 1) {
      throw new CommandFault('usage', `${option} is "${each}"; allowed: ${form}`);
    }
    const name = each.slice(0, mark);
    if (Object.hasOwn(values, name)) {
      throw new CommandFault('usage', `${option} is given twice for ${name}; allowed: once`);
    }
    values[name] = each.slice(mark + 1);
  }
  return values;
}

/**
 * @template T
 * @param {Record<string, string>} values
 * @param {(value: string, name: string) => T} change
 * @returns {Record<string, T>}
 */
function mapped(values, change) {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, change(value, name)]),
  );
}

/**
 * @param {string} option
 * @param {string} text
 * @param {number} least
 * @param {number} most
 */
function integer(option, text, least, most) {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new CommandFault('usage', `${option} is "${text}"; allowed: ${least} to ${most}`);
}

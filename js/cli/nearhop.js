#!/usr/bin/env node
/**
 * The command `nearhop`: what people run before anything runs at the edge.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { bundle } from './bundle.js';
import { readConfiguration } from './configuration.js';
import { CommandFault, EXIT, ofError } from './fault.js';
import { paintFor } from './paint.js';
import { builtAsText, diagnosticsAsText, reportAsText } from './report.js';
import { schema } from './tools.js';

const HELP = `Nearhop: one global address in front of a serverless application in several AWS Regions.

  nearhop check   [--config FILE] [--json]
      Says what a configuration means, with warnings, or everything that is wrong with it.

  nearhop bundle  --out DIR [--config FILE] [--json]
                  [--jwks [ISSUER=]FILE]… [--jwks-url [ISSUER=]URL]… [--no-fetch]
      Writes what Lambda@Edge loads: the folder DIR, and DIR.zip with the same files in it.

  nearhop schema
      Prints the JSON Schema of nearhop.toml, for editors.

  --config FILE           the configuration; nearhop.toml if left out
  --out DIR               the folder; it is replaced when it is a bundle, and must else be empty
  --jwks [ISSUER=]FILE    a file with an issuer's key set (RFC 7517), taken instead of fetching it
  --jwks-url [ISSUER=]URL where an issuer's key set is, now and at the edge: https, or http on
                          this machine. ISSUER is its URL or its pool id; it may be left out where
                          there is only one.
  --no-fetch              fetch nothing: key sets not given by file are fetched at the edge
  --json                  one JSON document on stdout
  --help, --version

Exit status: 0 fine · 1 the configuration is bad · 2 the command line is · 3 something outside
failed, such as an issuer that cannot be reached
`;

const text = /** @type {const} */ ({ type: 'string' });
const flag = /** @type {const} */ ({ type: 'boolean' });
const texts = /** @type {const} */ ({ type: 'string', multiple: true });

/** Each command's options and what it does. */
const COMMANDS = {
  check: { options: { config: text, json: flag }, run: runCheck },
  bundle: {
    options: {
      config: text,
      json: flag,
      out: text,
      jwks: texts,
      'jwks-url': texts,
      'no-fetch': flag,
    },
    run: runBundle,
  },
  schema: { options: {}, run: runSchema },
};

/**
 * @typedef {object} Values
 * @property {string} [config]
 * @property {boolean} [json]
 * @property {string} [out]
 * @property {string[]} [jwks]
 * @property {string[]} [jwks-url]
 * @property {boolean} [no-fetch]
 */

const argv = process.argv.slice(2);
try {
  await main(argv);
} catch (error) {
  explain(ofError(error));
}

/** @param {string[]} argv */
async function main([name, ...rest]) {
  if (name === '--version') {
    const file = new URL('../../package.json', import.meta.url);
    process.stdout.write(`${JSON.parse(await readFile(file, 'utf8')).version}\n`);
    return;
  }
  if (name === '--help' || name === 'help' || rest.includes('--help')) {
    process.stdout.write(HELP);
    return;
  }
  if (!Object.hasOwn(COMMANDS, name ?? '')) {
    const found = name === undefined ? 'no command' : `the command "${name}"`;
    throw new CommandFault('usage', `found ${found}; allowed: ${Object.keys(COMMANDS).join(', ')}`);
  }
  const { options, run } = COMMANDS[/** @type {keyof typeof COMMANDS} */ (name)];
  await run(parse(rest, options));
}

/**
 * @param {string[]} args
 * @param {import('node:util').ParseArgsConfig['options']} options
 * @returns {Values}
 */
function parse(args, options) {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new CommandFault('usage', /** @type {Error} */ (error).message);
  }
}

/** @param {Values} values */
async function runCheck({ config = 'nearhop.toml', json = false }) {
  const { file, report } = await readConfiguration(config);
  if (json) printJson({ ok: true, file, report });
  else process.stdout.write(reportAsText(file, report, paintFor(process.stdout)));
}

/** @param {Values} values */
async function runBundle({ config = 'nearhop.toml', json = false, out, ...rest }) {
  if (!out) throw new CommandFault('usage', 'found no --out; allowed: --out DIR');
  const built = await bundle({
    config,
    out,
    jwks: byIssuer('--jwks', rest.jwks),
    jwksUrls: byIssuer('--jwks-url', rest['jwks-url']),
    fetchKeys: !rest['no-fetch'],
    onProgress: (line) => void (json || process.stderr.write(`${line}\n`)),
  });
  const { report, ...facts } = built;
  if (json) printJson({ ok: true, ...facts, warnings: report.warnings });
  else process.stdout.write(builtAsText(built, paintFor(process.stdout)));
}

async function runSchema() {
  process.stdout.write(await schema());
}

/**
 * `ISSUER=VALUE` or `VALUE`, as often as it was given.
 *
 * @param {string} option
 * @param {string[]} [given]
 * @returns {Record<string, string>} by issuer; under '' for the only one there is
 */
function byIssuer(option, given = []) {
  /** @type {Record<string, string>} */
  const values = {};
  for (const each of given) {
    // An issuer's URL or a pool id. What has another form is a file or a URL with = in it.
    const named = /^(https:\/\/[^=?#]+|[a-z0-9-]+_[A-Za-z0-9]+)=(.+)$/.exec(each);
    const [issuer, value] = named ? [named[1], named[2]] : ['', each];
    if (Object.hasOwn(values, issuer)) {
      throw new CommandFault('usage', `${option} is given twice for ${issuer || 'one issuer'}`);
    }
    values[issuer] = value;
  }
  return values;
}

/** @param {CommandFault} fault */
function explain(fault) {
  process.exitCode = EXIT[fault.kind];
  if (argv.includes('--json')) {
    const { kind, message, diagnostics } = fault;
    printJson({ ok: false, kind, message, diagnostics });
    return;
  }
  const paint = paintFor(process.stderr);
  if (fault.source) {
    process.stderr.write(diagnosticsAsText(fault.source, fault.diagnostics, paint));
    return;
  }
  process.stderr.write(`${paint.red('nearhop:')} ${fault.message}\n`);
  if (fault.kind === 'usage') process.stderr.write('All commands and options: nearhop --help\n');
}

/** @param {unknown} value */
function printJson(value) {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

#!/usr/bin/env node
/**
 * The command `nearhop`: what people run before anything runs at the edge.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { bundle } from './bundle.js';
import { readConfiguration } from './configuration.js';
import { controlAsText, exampleControl, validateControl } from './control.js';
import { explanationAsText } from './explain-text.js';
import { explain } from './explain.js';
import { CommandFault, EXIT, ofError } from './fault.js';
import { HELP } from './help.js';
import { paintFor } from './paint.js';
import { signPin } from './pin.js';
import { planAsText } from './plan-text.js';
import { plan } from './plan.js';
import { builtAsText, diagnosticsAsText, reportAsText } from './report.js';
import { schema } from './tools.js';

const text = /** @type {const} */ ({ type: 'string' });
const flag = /** @type {const} */ ({ type: 'boolean' });
const texts = /** @type {const} */ ({ type: 'string', multiple: true });

/** Of commands that start from what issuers publish. */
const PUBLISHED = {
  jwks: texts,
  'jwks-url': texts,
  discovery: texts,
  'discovery-url': texts,
  'no-fetch': flag,
};

/**
 * Each command's options, whether it takes operands besides, and what it does.
 *
 * @type {Record<string, { options: NonNullable<import('node:util').ParseArgsConfig['options']>,
 *   operands?: boolean, run: (values: Values, operands: string[]) => Promise<void> }>}
 */
const COMMANDS = {
  check: { options: { config: text, json: flag }, run: runCheck },
  bundle: {
    options: {
      config: text,
      json: flag,
      out: text,
      ...PUBLISHED,
    },
    run: runBundle,
  },
  explain: {
    options: {
      config: text,
      json: flag,
      edge: text,
      url: text,
      method: text,
      trigger: text,
      ip: text,
      country: text,
      header: texts,
      token: text,
      claims: text,
      down: texts,
      control: text,
      'second-leg': flag,
      ...PUBLISHED,
    },
    run: runExplain,
  },
  plan: {
    options: { config: text, json: flag, regions: text, all: flag, weights: text, svg: text },
    run: runPlan,
  },
  control: { options: { config: text, json: flag }, operands: true, run: runControl },
  pin: { options: { config: text, region: text, ttl: text }, run: runPin },
  dev: {
    options: {
      function: texts,
      origin: texts,
      parameter: texts,
      node: texts,
      stack: text,
      distribution: text,
      port: text,
      'control-port': text,
      instances: text,
      edge: text,
      pop: text,
      country: text,
      ip: text,
      ric: text,
      latency: flag,
      trace: flag,
      secrets: flag,
      har: text,
      json: flag,
    },
    operands: true,
    run: runDev,
  },
  schema: { options: {}, run: runSchema },
};

/**
 * @typedef {object} OwnValues
 * @property {string} [config]
 * @property {boolean} [json]
 * @property {string} [out]
 * @property {string[]} [jwks]
 * @property {string[]} [jwks-url]
 * @property {string[]} [discovery]
 * @property {string[]} [discovery-url]
 * @property {boolean} [no-fetch]
 * @property {string} [edge]
 * @property {string} [url]
 * @property {string} [method]
 * @property {string} [trigger]
 * @property {string} [ip]
 * @property {string} [country]
 * @property {string[]} [header]
 * @property {string} [token]
 * @property {string} [claims]
 * @property {string[]} [down]
 * @property {string} [control]
 * @property {boolean} [second-leg]
 * @property {string} [regions]
 * @property {boolean} [all]
 * @property {string} [weights]
 * @property {string} [svg]
 * @property {string} [region]
 * @property {string} [ttl]
 *
 * @typedef {OwnValues & import('./dev.js').DevOptions} Values
 */

const argv = process.argv.slice(2);
try {
  await main(argv);
} catch (error) {
  report(ofError(error));
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
  const { options, operands = false, run } = COMMANDS[name];
  const { values, positionals } = parse(rest, options, operands);
  await run(values, positionals);
}

/**
 * @param {string[]} args
 * @param {import('node:util').ParseArgsConfig['options']} options
 * @param {boolean} allowPositionals
 * @returns {{ values: Values, positionals: string[] }}
 */
function parse(args, options, allowPositionals) {
  try {
    return parseArgs({ args, options, allowPositionals });
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
  const built = await bundle({ config, out, ...publishedOptions(rest, json) });
  const { report, ...facts } = built;
  if (json) printJson({ ok: true, ...facts, warnings: report.warnings });
  else process.stdout.write(builtAsText(built, paintFor(process.stdout)));
}

/** @param {Values} values */
async function runExplain({ config = 'nearhop.toml', json = false, ...rest }) {
  const { header, 'second-leg': secondLeg } = rest;
  const told = await explain({
    ...rest,
    config,
    headers: header,
    secondLeg,
    published: { ...publishedOptions(rest, json), timeoutMs: 10_000 },
  });
  if (json) printJson({ ok: true, ...told });
  else process.stdout.write(explanationAsText(told, paintFor(process.stdout)));
}

/** @param {Values} values */
async function runPlan({ config = 'nearhop.toml', json = false, ...rest }) {
  const planned = await plan({ config, ...rest });
  if (json) printJson({ ok: true, ...planned });
  else process.stdout.write(planAsText(planned, paintFor(process.stdout)));
}

/**
 * @param {Values} values
 * @param {string[]} operands
 */
async function runControl({ config = 'nearhop.toml', json = false }, [name, ...files]) {
  if (name === 'example' && files.length === 0) {
    process.stdout.write(await exampleControl(config));
    return;
  }
  if (name !== 'validate' || files.length !== 1) {
    const found = [name, ...files].join(' ') || 'nothing';
    throw new CommandFault('usage', `control: found ${found}; allowed: validate FILE, example`);
  }
  const [file] = files;
  const control = await validateControl(config, file);
  if (json) printJson({ ok: true, file, control });
  else process.stdout.write(controlAsText(file, control, paintFor(process.stdout)));
}

/** @param {Values} values */
async function runPin({ config = 'nearhop.toml', region, ttl }) {
  if (!region) throw new CommandFault('usage', 'found no --region; allowed: --region REGION');
  process.stdout.write(`${await signPin({ config, region, ttl })}\n`);
}

/**
 * @param {Values} values
 * @param {string[]} operands
 */
async function runDev(values, [template, ...more]) {
  if (more.length > 0) {
    throw new CommandFault('usage', `dev: found ${more.length + 1} templates; allowed: one`);
  }
  // Its packages are not needed by the other commands, which start sooner without.
  const { dev } = await import('./dev.js');
  await dev({ ...values, template });
}

async function runSchema() {
  process.stdout.write(await schema());
}

/**
 * @param {Values} values
 * @param {boolean} json progress is for people
 */
function publishedOptions(values, json) {
  return {
    jwks: byIssuer('--jwks', values.jwks),
    jwksUrls: byIssuer('--jwks-url', values['jwks-url']),
    discovery: byIssuer('--discovery', values.discovery),
    discoveryUrls: byIssuer('--discovery-url', values['discovery-url']),
    fetchKeys: !values['no-fetch'],
    onProgress: (/** @type {string} */ line) => void (json || process.stderr.write(`${line}\n`)),
  };
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
function report(fault) {
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

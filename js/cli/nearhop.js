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
import { paintFor } from './paint.js';
import { signPin } from './pin.js';
import { planAsText } from './plan-text.js';
import { plan } from './plan.js';
import { builtAsText, diagnosticsAsText, reportAsText } from './report.js';
import { schema } from './tools.js';

const HELP = `Nearhop: one global address in front of a serverless application in several AWS Regions.

  nearhop check   [--config FILE] [--json]
      Says what a configuration means, with warnings, or everything that is wrong with it.

  nearhop bundle  --out DIR [--config FILE] [--json]
                  [--jwks [ISSUER=]FILE]… [--jwks-url [ISSUER=]URL]… [--no-fetch]
      Writes what Lambda@Edge loads: the folder DIR, and DIR.zip with the same files in it.

  nearhop explain --edge REGION --url URL [--method METHOD] [--ip ADDRESS] [--country CODE]
                  [--header 'NAME: VALUE']… [--token JWT | --claims FILE] [--down REGION]…
                  [--control FILE] [--second-leg] [--trigger TRIGGER] [--config FILE] [--json]
      Says where one request would go, through which stages, and why.

  nearhop plan    [--regions A,B,C] [--all] [--weights FILE] [--svg FILE] [--config FILE] [--json]
      Says how the Regions serve every edge, what happens when one fails, which one more would help.

  nearhop control validate FILE [--config FILE] [--json]
      Says what a control document says, or everything that is wrong with it.

  nearhop control example [--config FILE]
      Prints a control document to begin with.

  nearhop pin     --region REGION [--ttl TIME] [--config FILE]
      Prints what, sent as the header x-nearhop-pin, chooses a request's Region. The key is read
      from the environment variable api.pin.env names.

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

  --edge REGION           the Region that executes the function, or "unknown"
  --url URL               a URL, or a path with its query
  --trigger TRIGGER       origin-request if left out; or viewer-request
  --country CODE          the viewer's, as CloudFront says it at origin-request
  --token JWT             verified by the issuer's key set: --jwks, --jwks-url, --no-fetch as above
  --claims FILE           JSON claims, taken as a verified token's
  --down REGION           an API Region that has been failing; may be repeated
  --control FILE          the control document in force
  --second-leg            the request comes with an origin group's second origin
  --regions A,B,C         Regions to plan with, in place of the configuration's
  --all                   every AWS Region as an edge, not only those that execute Lambda@Edge
  --weights FILE          a JSON object: how much each edge Region counts
  --svg FILE              write the plan as a world map

  --region REGION         the API Region that is asked for
  --ttl TIME              how long a pin is good for: 1s to 24h; 10m if left out

  --help, --version

Exit status: 0 fine · 1 the configuration is bad · 2 the command line is · 3 something outside
failed, such as an issuer that cannot be reached
`;

const text = /** @type {const} */ ({ type: 'string' });
const flag = /** @type {const} */ ({ type: 'boolean' });
const texts = /** @type {const} */ ({ type: 'string', multiple: true });

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
      jwks: texts,
      'jwks-url': texts,
      'no-fetch': flag,
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
      jwks: texts,
      'jwks-url': texts,
      'no-fetch': flag,
    },
    run: runExplain,
  },
  plan: {
    options: { config: text, json: flag, regions: text, all: flag, weights: text, svg: text },
    run: runPlan,
  },
  control: { options: { config: text, json: flag }, operands: true, run: runControl },
  pin: { options: { config: text, region: text, ttl: text }, run: runPin },
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

/** @param {Values} values */
async function runExplain({ config = 'nearhop.toml', json = false, ...rest }) {
  const { header, jwks, 'jwks-url': urls, 'no-fetch': noFetch, 'second-leg': secondLeg } = rest;
  const told = await explain({
    ...rest,
    config,
    headers: header,
    secondLeg,
    keySets: {
      jwks: byIssuer('--jwks', jwks),
      jwksUrls: byIssuer('--jwks-url', urls),
      fetchKeys: !noFetch,
      timeoutMs: 10_000,
      onProgress: (line) => void (json || process.stderr.write(`${line}\n`)),
    },
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

#!/usr/bin/env node
/**
 * Writes the templates of the whole deployment, offline, and checks them. What only a deployment
 * would know is taken from nearhop.toml, and the output says so.
 *
 *   node infra/synth.js [--config FILE] [--settings FILE] [--outputs FILE] [--out DIR] [--json]
 *
 *   --out DIR  where they go; cdk.out if left out
 *   --json     one JSON document on stdout
 *
 * Exit status: 0 fine · 1 the configuration is bad, or a check found something · 2 the command
 * line is · 3 something outside failed
 */
import { readFile, stat } from 'node:fs/promises';
import { relative } from 'node:path';
import { readConfiguration } from '../js/cli/configuration.js';
import { CommandFault, EXIT } from '../js/cli/fault.js';
import { paintFor } from '../js/cli/paint.js';
import { apiRoutes } from './api-routes.js';
import { checkTemplate } from './checks/index.js';
import { parse, runAsProgram } from './command.js';
import { makeApp } from './stacks.js';

/**
 * @typedef {object} Synthesized
 * @property {string} outdir
 * @property {boolean} placeholders whether some names are only what nearhop.toml says
 * @property {{ stack: string, region: string, file: string, bytes: number, resources: number,
 *   findings: import('./checks/template.js').Finding[] }[]} templates
 */

/**
 * Runs cdk-nag's rules and our own over what it writes.
 *
 * @param {import('./stacks.js').AppOptions} [options]
 * @returns {Promise<Synthesized>}
 * @throws {CommandFault} `configuration` where cdk-nag finds something, which it has printed
 */
export async function synth(options = {}) {
  const outdir = options.outdir ?? 'cdk.out';
  const { app, known } = await makeApp({ ...options, outdir, placeholders: true });
  const { report } = await readConfiguration(options.config ?? 'nearhop.toml');
  const openRoutes = apiRoutes(report)
    .filter(({ authorized }) => !authorized)
    .flatMap(({ methods, path }) => methods.map((method) => `${method} ${path}`));
  const assembly = assemble(app);
  const templates = await Promise.all(
    assembly.stacks.map(async ({ stackName: stack, environment, templateFullPath: file }) => {
      const template = JSON.parse(await readFile(file, 'utf8'));
      return {
        stack,
        region: environment.region,
        file: relative('.', file),
        bytes: (await stat(file)).size,
        resources: Object.keys(template.Resources ?? {}).length,
        findings: checkTemplate(template, { openRoutes }),
      };
    }),
  );
  return { outdir, placeholders: known.placeholders, templates };
}

/** @param {import('aws-cdk-lib').App} app */
function assemble(app) {
  try {
    return app.synth();
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    throw new CommandFault('configuration', message, { cause: error });
  }
}

/**
 * @param {Synthesized} synthesized
 * @param {import('../js/cli/paint.js').Paint} paint
 */
function asText({ outdir, placeholders, templates }, paint) {
  const widest = Math.max(...templates.map(({ stack }) => stack.length));
  const lines = templates.map(({ stack, region, bytes, resources }) => {
    const size = `${(bytes / 1000).toFixed(1)} kB`.padStart(9);
    const count = `${resources} resource${resources === 1 ? '' : 's'}`;
    return `  ${stack.padEnd(widest)}  ${region.padEnd(14)} ${size}  ${count}`;
  });
  const findings = templates.flatMap(({ file, findings: found }) =>
    found.map(({ message }) => `${paint.red('✗')} ${file}: ${message}`),
  );
  const verdict =
    findings.length > 0 ? `${findings.length} findings` : paint.green('nothing found');
  const note = placeholders
    ? [
        '',
        'The user pool, its client and the APIs have the names of nearhop.toml: AWS gives the real',
        'ones when they are deployed (docs/deploying.md). These templates are for looking at.',
      ]
    : [];
  return [
    `${paint.bold(String(templates.length))} templates in ${outdir}/`,
    ...lines,
    ...note,
    '',
    ...findings,
    `checks (cdk-nag's AwsSolutions, and our own): ${verdict}`,
    '',
  ].join('\n');
}

async function main() {
  const text = /** @type {const} */ ({ type: 'string' });
  const options = { config: text, settings: text, outputs: text, out: text };
  const { values } = parse({ ...options, json: { type: 'boolean' } });
  const { out, json, ...rest } = values;
  const synthesized = await synth({ ...rest, outdir: out });
  const found = synthesized.templates.some(({ findings }) => findings.length > 0);
  process.exitCode = found ? EXIT.configuration : 0;
  const said = json
    ? `${JSON.stringify({ ok: !found, ...synthesized }, null, 2)}\n`
    : asText(synthesized, paintFor(process.stdout));
  process.stdout.write(said);
}

await runAsProgram(import.meta.url, 'synth', main);

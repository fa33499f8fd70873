/**
 * The app the CDK's CLI runs (cdk.json). Everything can be said by context, `-c NAME=VALUE`:
 * `config`, `settings`, `outputs`, `phase`, `plane`, `bundle`, `site_url`, `jwks_url` and
 * `placeholders=true` (infra/stacks.js says what they mean).
 */
import { ofError } from '../js/cli/fault.js';
import { makeApp } from './stacks.js';

try {
  const context = JSON.parse(process.env.CDK_CONTEXT_JSON ?? '{}');
  const { site_url: siteUrl, jwks_url: jwksUrl, placeholders, ...rest } = context;
  const { config, settings, outputs, phase, plane, bundle } = rest;
  const { app } = await makeApp({
    ...{ config, settings, outputs, phase, plane, bundle, siteUrl, jwksUrl },
    placeholders: String(placeholders) === 'true',
  });
  app.synth();
} catch (error) {
  process.stderr.write(`${ofError(error).message}\n`);
  process.exitCode = 1;
}

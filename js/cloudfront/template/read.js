/**
 * Reads a distribution from a CloudFormation template, as CloudFront would take it.
 */
import { statSync } from 'node:fs';
import { isAssembly, readAssembly } from './assembly.js';
import { distributionOf } from './distribution.js';
import { documentOf, readDocument } from './document.js';
import { TemplateError, shown } from './error.js';
import { FunctionTable } from './functions.js';
import { Stack, demandKnownParameters } from './stack.js';

export { TemplateError } from './error.js';

/** @typedef {import('../distribution.js').Distribution} Distribution */
/** @typedef {import('../distribution.js').FunctionSource} FunctionSource */

/**
 * @typedef {object} ReadOptions
 * @property {Record<string, Partial<FunctionSource>>} [functions] settings that replace a
 *   function's own, by its logical id, its name or its ARN; a path in `code` starts from the
 *   working directory
 * @property {Record<string, unknown>} [parameters] values of the template's parameters; pseudo
 *   parameters such as `AWS::Region` too
 * @property {string} [stack] which stack of a cdk.out folder; needed where several of them have a
 *   distribution
 * @property {string} [distribution] logical id; needed where a template has several
 * @property {string[]} [ignore] keys to run without that are otherwise an error, because going on
 *   without them shows something that CloudFront would not do, such as `FunctionAssociations` or
 *   `TrustedKeyGroups`
 */

/**
 * @param {string | object} source path of a JSON or YAML template or of a cdk.out folder, or a
 *   template as an object
 * @param {ReadOptions} [options]
 * @returns {Promise<{
 *   distribution: Distribution,
 *   functions: Map<string, FunctionSource>,
 *   warnings: string[],
 * }>} functions by the key that behaviors have for them, which is their name; warnings are lines
 *   with file, line and key, of what is not played here
 * @throws {TemplateError} where CloudFront or CloudFormation would refuse the template, where it
 *   has what cannot be played here, or where it cannot be read
 */
export async function readTemplate(source, options = {}) {
  const { functions: settings = {}, parameters = {}, ignore = [] } = options;
  const { stack, assets } = await readStack(source, options);
  demandKnownParameters(stack, parameters);
  const functions = new FunctionTable(stack, settings, assets);
  const resource = chosen(stack, options.distribution);
  const distribution = distributionOf(resource, { functions, ignore: new Set(ignore) });
  functions.demandAllUsed();
  return { distribution, functions: functions.functions, warnings: stack.warnings };
}

/**
 * @param {string | object} source
 * @param {ReadOptions} options
 * @returns {Promise<{ stack: Stack, assets: import('./assembly.js').Assets }>}
 */
async function readStack(source, options) {
  const { parameters } = options;
  const isFolder =
    typeof source === 'string' && statSync(source, { throwIfNoEntry: false })?.isDirectory();
  if (!isFolder) {
    const document = typeof source === 'string' ? await readDocument(source) : documentOf(source);
    return { stack: new Stack({ document, parameters }), assets: new Map() };
  }
  if (isAssembly(source)) return readAssembly(source, options);
  throw new TemplateError(
    { file: source, path: [] },
    {
      found: 'a folder without manifest.json',
      allowed: 'a template, or the cdk.out folder that "cdk synth" writes',
    },
  );
}

/**
 * @param {Stack} stack
 * @param {string | undefined} wanted
 */
function chosen(stack, wanted) {
  const all = stack.resources('AWS::CloudFront::Distribution');
  const fitting = wanted === undefined ? all : all.filter(({ id }) => id === wanted);
  const [distribution, another] = fitting;
  if (distribution && !another) return distribution;
  const ids = all.map(({ id }) => id).join(', ');
  const name = wanted === undefined ? '' : ` ${shown(wanted)}`;
  throw stack.fault(['Resources'], {
    found: another ? 'several distributions' : `no distribution${name}`,
    allowed: ids ? `one of ${ids}` : 'an AWS::CloudFront::Distribution',
    advice: another ? 'Name it with the option "distribution".' : undefined,
  });
}

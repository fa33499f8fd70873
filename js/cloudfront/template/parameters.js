/**
 * What `Ref` gives of a template's parameters and of CloudFormation's pseudo parameters.
 */
import { isRecord } from './document.js';
import { shown } from './error.js';

/** @typedef {import('./error.js').Path} Path */
/** @typedef {import('./stack.js').Stack} Stack */

/**
 * @param {Stack} stack
 * @param {string} name
 * @param {Path} path where it is asked for
 * @returns {unknown} the given value or the default; of a list's type, a list
 * @throws {import('./error.js').TemplateError}
 */
export function parameterValue(stack, name, path) {
  const declared = stack.section('Parameters')[name];
  const parameter = /** @type {Record<string, unknown>} */ (isRecord(declared) ? declared : {});
  const type = String(parameter.Type ?? 'String');
  const isGiven = Object.hasOwn(stack.given, name);
  const value = isGiven ? stack.given[name] : parameter.Default;
  // The default of such a parameter is a name in Parameter Store, not the value.
  const isUnknown = !isGiven && type.startsWith('AWS::SSM::Parameter::Value');
  if (value === undefined || isUnknown) {
    throw stack.fault(path, {
      found: `the parameter ${name}, which has no value here`,
      allowed: 'a parameter with a default or a given value',
      advice: `Give parameters: { ${name}: … }.`,
    });
  }
  demandAllowed(stack, name, value, parameter);
  const isList = type === 'CommaDelimitedList' || type.includes('List<');
  if (!isList || Array.isArray(value)) return value;
  return String(value)
    .split(',')
    .map((item) => item.trim());
}

/**
 * @param {Stack} stack
 * @param {string} name
 * @param {Path} path where it is asked for
 * @returns {unknown} nothing for `AWS::NoValue`
 * @throws {import('./error.js').TemplateError}
 */
export function pseudoParameter(stack, name, path) {
  const { region, account, given } = stack;
  const partition = region.startsWith('cn-') ? 'aws-cn' : 'aws';
  const stackName = stack.name ?? 'local';
  /** @type {Record<string, unknown>} */
  const values = {
    'AWS::AccountId': account,
    'AWS::NoValue': undefined,
    'AWS::NotificationARNs': [],
    'AWS::Partition': partition,
    'AWS::Region': region,
    'AWS::StackId': `arn:${partition}:cloudformation:${region}:${account}:stack/${stackName}/local`,
    'AWS::StackName': stackName,
    'AWS::URLSuffix': partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com',
    ...Object.fromEntries(Object.entries(given).filter(([key]) => key.startsWith('AWS::'))),
  };
  if (Object.hasOwn(values, name)) return values[name];
  throw stack.fault(path, { found: shown(name), allowed: Object.keys(values).join(', ') });
}

/**
 * @param {Stack} stack
 * @param {string} name
 * @param {unknown} value
 * @param {Record<string, unknown>} parameter
 */
function demandAllowed(stack, name, value, { AllowedValues: allowed, NoEcho: isSecret }) {
  if (!Array.isArray(allowed) || allowed.some((item) => String(item) === String(value))) return;
  const found = isSecret ? 'another value' : shown(value);
  throw stack.fault(['Parameters', name], { found, allowed: allowed.join(', ') });
}

/**
 * CloudFormation's intrinsic functions (CloudFormation User Guide, "Intrinsic function reference"),
 * worked out one level at a time, so that what is not needed is never asked for.
 */
import { isRecord, splitAtDot } from './document.js';
import { shown } from './error.js';
import { attributeOf, referenceTo } from './names.js';
import { parameterValue, pseudoParameter } from './parameters.js';

/** @typedef {import('./error.js').Path} Path */
/** @typedef {import('./stack.js').Stack} Stack */
/** @typedef {{ value: unknown, path: Path }} Resolved a value, and where it was written */
/** @typedef {(stack: Stack, argument: unknown, path: Path) => unknown} Intrinsic */

/** @type {Record<string, Intrinsic>} */
const INTRINSICS = {
  Ref: (stack, name, path) => reference(stack, String(name), path),
  'Fn::GetAtt': getAttribute,
  'Fn::Sub': substitute,
  'Fn::Join': (stack, argument, path) => {
    const [delimiter, parts] = list(stack, argument, path, 2);
    return list(stack, parts, [...path, 1])
      .map((part, index) => text(stack, part, [...path, 1, index]))
      .join(text(stack, delimiter, [...path, 0]));
  },
  'Fn::Select': (stack, argument, path) => {
    const [index, from] = list(stack, argument, path, 2);
    const choices = list(stack, from, [...path, 1]);
    const chosen = Number(text(stack, index, [...path, 0]));
    if (chosen in choices) return choices[chosen];
    throw stack.fault(path, {
      found: `index ${chosen}`,
      allowed: `0 to ${choices.length - 1}`,
    });
  },
  'Fn::Split': (stack, argument, path) => {
    const [delimiter, whole] = list(stack, argument, path, 2);
    return text(stack, whole, [...path, 1]).split(text(stack, delimiter, [...path, 0]));
  },
  'Fn::FindInMap': findInMap,
  'Fn::Base64': (stack, argument, path) =>
    Buffer.from(text(stack, argument, path)).toString('base64'),
  'Fn::GetAZs': (stack, argument, path) => {
    const region = text(stack, argument, path) || stack.region;
    return ['a', 'b', 'c'].map((zone) => `${region}${zone}`);
  },
  'Fn::ImportValue': (stack, argument, path) =>
    exportedValue(stack, text(stack, argument, path), path),
  'Fn::Length': (stack, argument, path) => list(stack, argument, path).length,
  'Fn::ToJsonString': (stack, argument, path) => JSON.stringify(plain(stack, argument, path)),
  Condition: (stack, name, path) => conditionHolds(stack, String(name), path),
  'Fn::Equals': (stack, argument, path) => {
    const [one, other] = list(stack, argument, path, 2);
    const comparable = (/** @type {unknown} */ value, /** @type {number} */ index) =>
      JSON.stringify(asText(plain(stack, value, [...path, index])));
    return comparable(one, 0) === comparable(other, 1);
  },
  'Fn::Not': (stack, argument, path) =>
    !truth(stack, list(stack, argument, path, 1)[0], [...path, 0]),
  'Fn::And': (stack, argument, path) =>
    list(stack, argument, path).every((part, index) => truth(stack, part, [...path, index])),
  'Fn::Or': (stack, argument, path) =>
    list(stack, argument, path).some((part, index) => truth(stack, part, [...path, index])),
};

/**
 * @param {Stack} stack
 * @param {unknown} raw as written
 * @param {Path} path where
 * @returns {Resolved} a value whose top is no intrinsic function; `AWS::NoValue` is nothing
 * @throws {import('./error.js').TemplateError}
 */
export function resolve(stack, raw, path) {
  const name = intrinsicOf(raw);
  if (name === undefined) return { value: raw, path };
  const argument = /** @type {Record<string, unknown>} */ (raw)[name];
  const here = [...path, name];
  // The one function that chooses among values as written: lines stay those of the choice.
  if (name === 'Fn::If') return choice(stack, argument, here);
  const intrinsic = INTRINSICS[name];
  if (intrinsic) return resolve(stack, intrinsic(stack, argument, here), here);
  throw stack.fault(here, {
    found: name,
    allowed: ['Fn::If', ...Object.keys(INTRINSICS)].join(', '),
    advice: 'Expand it first, for example with "aws cloudformation package" or "cdk synth".',
  });
}

/**
 * @param {Stack} stack
 * @param {unknown} raw
 * @param {Path} path
 * @returns {unknown} the whole value without intrinsic functions
 */
export function plain(stack, raw, path) {
  const { value, path: at } = resolve(stack, raw, path);
  if (!isRecord(value)) return value;
  if (Array.isArray(value)) {
    return value
      .map((item, index) => plain(stack, item, [...at, index]))
      .filter((item) => item !== undefined);
  }
  const entries = Object.entries(value).map(([key, item]) => [
    key,
    plain(stack, item, [...at, key]),
  ]);
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
}

/**
 * @param {Stack} stack
 * @param {string} name of one of the template's conditions
 * @param {Path} path where it is asked for
 * @returns {boolean}
 */
export function conditionHolds(stack, name, path) {
  const conditions = stack.section('Conditions');
  if (!Object.hasOwn(conditions, name)) {
    throw stack.fault(path, {
      found: `the condition ${shown(name)}`,
      allowed: Object.keys(conditions).join(', ') || 'none, the template has no Conditions',
    });
  }
  return stack.once(`the condition ${name}`, path, () =>
    truth(stack, conditions[name], ['Conditions', name]),
  );
}

/** @param {unknown} raw */
function intrinsicOf(raw) {
  if (!isRecord(raw) || Array.isArray(raw)) return undefined;
  const [name, ...more] = Object.keys(raw);
  if (name === undefined || more.length > 0) return undefined;
  // `Condition` is also a key of policy documents, where it holds an object.
  if (name === 'Condition') return typeof raw[name] === 'string' ? name : undefined;
  return name === 'Ref' || name.startsWith('Fn::') ? name : undefined;
}

/**
 * @param {Stack} stack
 * @param {string} name
 * @param {Path} path
 */
function reference(stack, name, path) {
  if (name.startsWith('AWS::')) return pseudoParameter(stack, name, path);
  if (Object.hasOwn(stack.section('Parameters'), name)) return parameterValue(stack, name, path);
  return referenceTo(existing(stack, name, path), path);
}

/** @type {Intrinsic} */
function getAttribute(stack, argument, path) {
  const [id, attribute] =
    typeof argument === 'string' ? splitAtDot(argument) : list(stack, argument, path, 2);
  const name = text(stack, attribute, [...path, 1]);
  return attributeOf(existing(stack, text(stack, id, [...path, 0]), path), name, path);
}

/**
 * @param {Stack} stack
 * @param {string} id
 * @param {Path} path
 */
function existing(stack, id, path) {
  const resource = stack.resource(id);
  if (resource) return resource;
  const isLeftOut = Object.hasOwn(stack.section('Resources'), id);
  throw stack.fault(path, {
    found: isLeftOut ? `${shown(id)}, whose condition does not hold` : shown(id),
    allowed: 'the name of a parameter or of a resource that is there',
  });
}

/** @type {Intrinsic} */
function substitute(stack, argument, path) {
  const [template, values] = Array.isArray(argument) ? argument : [argument, {}];
  const given = /** @type {Record<string, unknown>} */ (isRecord(values) ? values : {});
  return text(stack, template, path).replace(/\$\{(!?)([^}]*)\}/g, (_, literal, inside) => {
    const name = inside.trim();
    if (literal) return `\${${inside}}`;
    if (Object.hasOwn(given, name)) return text(stack, given[name], [...path, 1, name]);
    const isReference = !name.includes('.');
    return text(stack, isReference ? { Ref: name } : { 'Fn::GetAtt': splitAtDot(name) }, path);
  });
}

/** @type {Intrinsic} */
function findInMap(stack, argument, path) {
  const [name, first, second, fallback] = list(stack, argument, path);
  const steps = [name, first, second].map((step, index) => text(stack, step, [...path, index]));
  const found = stack.read(['Mappings', ...steps]);
  if (found !== undefined) return found;
  if (isRecord(fallback) && 'DefaultValue' in fallback) return fallback.DefaultValue;
  throw stack.fault(path, { found: steps.join('.'), allowed: 'a key in Mappings' });
}

/**
 * @param {Stack} stack
 * @param {unknown} argument
 * @param {Path} path
 */
function choice(stack, argument, path) {
  const [condition, ...branches] = list(stack, argument, path, 3);
  const taken = conditionHolds(stack, String(condition), path) ? 0 : 1;
  return resolve(stack, branches[taken], [...path, taken + 1]);
}

/**
 * @param {Stack} stack
 * @param {string} name of an export
 * @param {Path} path
 */
function exportedValue(stack, name, path) {
  const names = [];
  const { account, region, application } = stack;
  // Exports are those of one account and one Region.
  const near = application.filter((each) => each.account === account && each.region === region);
  for (const other of near) {
    for (const output of Object.keys(other.section('Outputs'))) {
      const exported = other.read(['Outputs', output, 'Export', 'Name']);
      if (exported === name) {
        const value = () => other.read(['Outputs', output, 'Value']);
        return other.once(`the export ${name}`, path, value);
      }
      if (exported !== undefined) names.push(exported);
    }
  }
  throw stack.fault(path, {
    found: `the export ${shown(name)}`,
    allowed: names.join(', ') || `none, no template that was read exports in ${region}`,
    advice: 'Read the whole cdk.out folder, which has the other stack too.',
  });
}

/**
 * @param {Stack} stack
 * @param {unknown} raw
 * @param {Path} path
 * @param {number} [length] how many there must be
 * @returns {unknown[]}
 */
function list(stack, raw, path, length) {
  const { value } = resolve(stack, raw, path);
  if (Array.isArray(value) && (length === undefined || value.length === length)) return value;
  throw stack.fault(path, {
    found: shown(value),
    allowed: length === undefined ? 'a list' : `a list of ${length}`,
  });
}

/**
 * @param {Stack} stack
 * @param {unknown} raw
 * @param {Path} path
 * @returns {string}
 */
function text(stack, raw, path) {
  const { value, path: at } = resolve(stack, raw, path);
  const found = asText(value);
  if (typeof found === 'string') return found;
  throw stack.fault(at, { found: shown(value), allowed: 'text' });
}

/** @param {unknown} value numbers and booleans are text to CloudFormation */
function asText(value) {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
}

/**
 * @param {Stack} stack
 * @param {unknown} raw
 * @param {Path} path
 * @returns {boolean}
 */
function truth(stack, raw, path) {
  const { value, path: at } = resolve(stack, raw, path);
  if (typeof value === 'boolean') return value;
  throw stack.fault(at, { found: shown(value), allowed: 'a condition' });
}

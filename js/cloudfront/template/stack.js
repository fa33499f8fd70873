/**
 * Templates as CloudFormation would deploy them: each with its Region, account and parameters, and
 * all those of one application together, because they refer to each other.
 */
import { isRecord } from './document.js';
import { TemplateError, placeText, pathText, shown } from './error.js';
import { conditionHolds, plain, resolve } from './intrinsics.js';

/** @typedef {import('./error.js').Path} Path */

/**
 * @typedef {object} Resource
 * @property {Stack} stack
 * @property {string} id logical id
 * @property {string} type such as `AWS::S3::Bucket`
 */

/** The account of a template whose account is not known. */
const ACCOUNT = '000000000000';

export class Stack {
  /** Names whose values are being worked out, to notice the ones that need themselves. */
  #entered = new Set();

  /**
   * @param {object} its
   * @param {import('./document.js').TemplateDocument} its.document
   * @param {string} [its.name] none of a template that stands alone
   * @param {string} [its.region] us-east-1 if not known
   * @param {string} [its.account] twelve digits; zeros if not known
   * @param {Record<string, unknown>} [its.parameters] values for its parameters; pseudo parameters
   *   such as `AWS::Region` too
   */
  constructor({ document, name, region, account, parameters = {} }) {
    this.document = document;
    this.name = name;
    this.given = parameters;
    /** Region of its resources. */
    this.region = String(parameters['AWS::Region'] ?? region ?? 'us-east-1');
    /** Twelve digits. */
    this.account = String(parameters['AWS::AccountId'] ?? account ?? ACCOUNT);
    /** All stacks of the application, this one among them. @type {Stack[]} */
    this.application = [this];
    /** What its author should know, a line each. @type {string[]} */
    this.warnings = [];
  }

  /**
   * @param {string} name `Parameters`, `Mappings`, `Conditions`, `Resources` or `Outputs`
   * @returns {Record<string, unknown>}
   */
  section(name) {
    const section = this.document.value[name];
    return /** @type {Record<string, unknown>} */ (isRecord(section) ? section : {});
  }

  /**
   * @param {string} [type] only those of this type
   * @returns {Resource[]} those whose condition holds
   */
  resources(type) {
    return Object.keys(this.section('Resources')).flatMap((id) => {
      const resource = this.resource(id);
      return resource && (!type || resource.type === type) ? [resource] : [];
    });
  }

  /**
   * @param {string} id logical id
   * @returns {Resource | undefined} nothing where there is none or its condition does not hold
   */
  resource(id) {
    const resources = this.section('Resources');
    const written = Object.hasOwn(resources, id) ? resources[id] : undefined;
    if (!isRecord(written) || typeof written.Type !== 'string') return undefined;
    const { Condition: condition, Type: type } = written;
    const path = ['Resources', id, 'Condition'];
    if (typeof condition === 'string' && !conditionHolds(this, condition, path)) return undefined;
    return { stack: this, id, type };
  }

  /**
   * @param {Path} path of a value in this template
   * @returns {unknown} the whole value without intrinsic functions; nothing where there is none
   */
  read(path) {
    /** @type {import('./intrinsics.js').Resolved} */
    let at = { value: this.document.value, path: [] };
    for (const step of path) {
      if (!isRecord(at.value) || !Object.hasOwn(at.value, step)) return undefined;
      at = resolve(this, at.value[step], [...at.path, step]);
    }
    return plain(this, at.value, at.path);
  }

  /**
   * @template T
   * @param {string} name of what is worked out
   * @param {Path} path where it is asked for
   * @param {() => T} work
   * @returns {T}
   * @throws {TemplateError} where the work needs its own result
   */
  once(name, path, work) {
    if (this.#entered.has(name)) {
      throw this.fault(path, { found: `${name}, which refers to itself`, allowed: 'no circle' });
    }
    this.#entered.add(name);
    try {
      return work();
    } finally {
      this.#entered.delete(name);
    }
  }

  /**
   * @param {Path} path
   * @param {import('./error.js').Fault} fault
   */
  fault(path, fault) {
    const { file, line } = this.document;
    return new TemplateError({ file, line: line(path), path }, fault);
  }

  /**
   * @param {Path} path
   * @param {string} text
   */
  warn(path, text) {
    const place = placeText(this.document.file, this.document.line(path));
    const warning = `${place}: ${pathText(path)}: ${text}`;
    if (!this.warnings.includes(warning)) this.warnings.push(warning);
  }
}

/**
 * Makes one application of several templates: exports are found, and warnings are one list.
 *
 * @param {Stack[]} stacks
 */
export function joinStacks(stacks) {
  const [first] = stacks;
  for (const stack of stacks) {
    stack.application = stacks;
    stack.warnings = first?.warnings ?? [];
  }
}

/**
 * @param {Stack} stack
 * @param {Record<string, unknown>} given values by parameter name
 * @throws {TemplateError} where a name is no parameter of any of the application's templates
 */
export function demandKnownParameters(stack, given) {
  const known = stack.application.flatMap((each) => Object.keys(each.section('Parameters')));
  const unknown = Object.keys(given).find(
    (name) => !known.includes(name) && !name.startsWith('AWS::'),
  );
  if (unknown === undefined) return;
  throw stack.fault(['Parameters'], {
    found: `a value for ${shown(unknown)}`,
    allowed: known.length > 0 ? known.join(', ') : 'none, the template has no parameters',
    advice: 'Correct the name of the parameter that is given.',
  });
}

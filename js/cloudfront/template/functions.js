/**
 * Functions of the template as Lambda@Edge would run them: found by the ARN of a version, held
 * against what Lambda@Edge allows (rules L1 to L4), with the caller's settings over the template's.
 */
import { codeOf } from './code.js';
import { shown } from './error.js';
import { attributeOf } from './names.js';
import { Property, propertiesOf } from './property.js';
import { demandPlainFunction, demandTrustingRole } from './restrictions.js';
import { Stack } from './stack.js';

/** @typedef {import('./stack.js').Resource} Resource */
/** @typedef {import('../distribution.js').EventType} EventType */
/** @typedef {import('../distribution.js').FunctionSource} FunctionSource */

/** Runtimes that run here (rule L4). */
const RUNTIMES = /** @type {const} */ (['nodejs22.x', 'nodejs24.x']);

/** MB at viewer triggers by one of the sources (rule L1). */
const VIEWER_MEMORY = 128;

/** Of a function that the template only names; Lambda itself has no defaults for these. */
const STANDARD = { handler: 'index.handler', runtime: /** @type {const} */ ('nodejs24.x') };

const LAMBDA = 'arn:aws[a-z-]*:lambda:(?<region>[a-z0-9-]+):[0-9]{12}';
const VERSION_ARN = new RegExp(`^(?<arn>${LAMBDA}:function:(?<name>[\\w-]+)):[0-9]+$`);

export class FunctionTable {
  /** What was read. @type {Map<string, FunctionSource>} by name */
  functions = new Map();

  /** @type {Map<string, string>} ARNs by name, to notice two functions of one name */
  #arns = new Map();

  /** @type {Set<string>} keys of the caller's settings that a function had */
  #used = new Set();

  /**
   * @param {Stack} stack that of the distribution
   * @param {Record<string, Partial<FunctionSource>>} settings the caller's, by logical id, name or
   *   ARN of a function
   * @param {import('./assembly.js').Assets} assets
   */
  constructor(stack, settings, assets) {
    this.stack = stack;
    this.assets = assets;
    const document = {
      file: 'functions',
      folder: process.cwd(),
      value: settings,
      line: () => undefined,
    };
    this.settings = new Property(new Stack({ document }), settings, []);
  }

  /**
   * @param {Property} property `LambdaFunctionARN`
   * @param {EventType} eventType
   * @returns {string} key of the function in `functions`
   * @throws {import('./error.js').TemplateError}
   */
  keyOf(property, eventType) {
    const { arn, name } = versionOf(property);
    const resource = this.#resource(arn, property);
    const given = this.#given([resource?.id, name, arn, property.text()]);
    if (!this.functions.has(name)) {
      const read = resource ? this.#read(resource, name, given) : outside(property, name, given);
      this.functions.set(name, read);
      this.#arns.set(name, arn);
    } else if (this.#arns.get(name) !== arn) {
      property.fail({ found: `another function named ${name}`, allowed: 'names of their own' });
    }
    this.#warnOfMemory(property, name, eventType);
    return name;
  }

  /** @throws {import('./error.js').TemplateError} of a setting that no function has used */
  demandAllUsed() {
    const unused = this.settings.keys().find((key) => !this.#used.has(key));
    if (unused === undefined) return;
    this.settings.get(unused).fail({
      found: `settings for ${shown(unused)}, which no behavior has`,
      allowed: [...this.functions.keys()].join(', ') || 'none, no behavior has a function',
    });
  }

  /**
   * @param {string} arn
   * @param {Property} property
   */
  #resource(arn, property) {
    return this.stack.application
      .flatMap((stack) => stack.resources('AWS::Lambda::Function'))
      .find((resource) => attributeOf(resource, 'Arn', property.path) === arn);
  }

  /**
   * @param {(string | undefined)[]} names
   * @returns {Property} the caller's settings for a function
   */
  #given(names) {
    const keys = names.filter((name) => name !== undefined && this.settings.get(name).isThere);
    const [key = ''] = /** @type {string[]} */ (keys);
    this.#used.add(key);
    return this.settings.get(key);
  }

  /**
   * @param {Resource} resource
   * @param {string} name
   * @param {Property} given
   * @returns {FunctionSource}
   */
  #read(resource, name, given) {
    const properties = propertiesOf(resource);
    demandPlainFunction(resource, properties);
    demandTrustingRole(properties.get('Role'));
    const settings = settingsOf(given, (key) => properties.get(key));
    return { name, ...settings, code: codeOf(properties, given, settings.handler, this.assets) };
  }

  /**
   * @param {Property} property
   * @param {string} name
   * @param {EventType} eventType
   */
  #warnOfMemory(property, name, eventType) {
    const { memory } = /** @type {FunctionSource} */ (this.functions.get(name));
    if (!eventType.startsWith('viewer-') || memory <= VIEWER_MEMORY) return;
    property.warn(
      `${name} has ${memory} MB at ${eventType}; sources disagree on whether CloudFront allows ` +
        `more than ${VIEWER_MEMORY} MB there (rule L1)`,
    );
  }
}

/**
 * @param {Property} property
 * @returns {{ arn: string, name: string }} of the function, without the version
 */
function versionOf(property) {
  const text = property.text({ rule: 'L3', allowed: 'the ARN of a numbered version' });
  const { arn = '', name = '', region } = VERSION_ARN.exec(text)?.groups ?? {};
  if (region === 'us-east-1') return { arn, name };
  return property.fail({
    allowed: 'arn:aws:lambda:us-east-1:<account>:function:<name>:<number>',
    rule: 'L3',
    advice: region
      ? 'Deploy the function in us-east-1.'
      : 'Refer to an AWS::Lambda::Version, not to the function, $LATEST or an alias.',
  });
}

/**
 * A function that the template only names.
 *
 * @param {Property} property
 * @param {string} name
 * @param {Property} given
 * @returns {FunctionSource}
 */
function outside(property, name, given) {
  if (!given.get('code').isThere) {
    property.fail({
      allowed: 'a function of the template, or one whose code is given',
      advice: `Give functions: { ${shown(name)}: { code: <folder or zip file> } }.`,
    });
  }
  const absent = new Property(property.stack, undefined, property.path);
  const settings = settingsOf(given, (key) => absent.get(key), STANDARD);
  return { name, ...settings, code: codeOf(absent, given, settings.handler, new Map()) };
}

/**
 * @param {Property} given
 * @param {(key: string) => Property} written
 * @param {Partial<typeof STANDARD>} [standard]
 * @returns {Omit<FunctionSource, 'name'|'code'>} Lambda's defaults where nobody says
 */
function settingsOf(given, written, standard = {}) {
  const setting = (/** @type {string} */ ours, /** @type {string} */ theirs) =>
    given.get(ours).isThere ? given.get(ours) : written(theirs);
  const runtime = setting('runtime', 'Runtime');
  const isPython = String(runtime.value).startsWith('python');
  return {
    handler: setting('handler', 'Handler').text({
      otherwise: standard.handler,
      matches: /^[^\s]+\.[^\s.]+$/,
      allowed: 'a file and its export, such as index.handler',
    }),
    runtime: runtime.oneOf(RUNTIMES, {
      otherwise: standard.runtime,
      rule: 'L4',
      advice: isPython ? 'Python runs at Lambda@Edge, but not here.' : undefined,
    }),
    timeout: setting('timeout', 'Timeout').integer({
      least: 1,
      most: 30,
      otherwise: 3,
      rule: 'L1',
      unit: 'seconds',
    }),
    memory: setting('memory', 'MemorySize').integer({
      least: 128,
      most: 10_240,
      otherwise: 128,
      rule: 'L1',
      unit: 'MB',
    }),
  };
}


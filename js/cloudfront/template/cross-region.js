/**
 * How CDK carries values from a stack in one Region to a stack in another: custom resources that
 * write and read Parameter Store. Their values are found in the other stack's template.
 */

/** @typedef {import('./error.js').Path} Path */
/** @typedef {import('./stack.js').Resource} Resource */

/**
 * `crossRegionReferences: true`: the attribute is the parameter's name, the value is among the
 * `exports` of a writer in another stack.
 *
 * @param {Resource} reader a `Custom::CrossRegionExportReader`
 * @param {string} attribute
 * @param {Path} path where it is asked for
 * @returns {string}
 */
export function exportReader({ stack }, attribute, path) {
  const exports = ['Properties', 'WriterProps', 'exports', attribute];
  return firstText(stack, 'Custom::CrossRegionExportWriter', ({ stack: other, id }) =>
    other.read(['Resources', id, ...exports]),
  ) ?? unknown(stack, attribute, path);
}

/**
 * `experimental.EdgeFunction` outside us-east-1: the ARN is the value of a parameter in its support
 * stack, and the reader knows that parameter's name.
 *
 * @param {Resource} reader a `Custom::CrossRegionStringParameterReader`
 * @param {string} _attribute
 * @param {Path} path where it is asked for
 * @returns {string}
 */
export function parameterReader({ stack, id }, _attribute, path) {
  const name = stack.read(['Resources', id, 'Properties', 'ParameterName']);
  return firstText(stack, 'AWS::SSM::Parameter', ({ stack: other, id: parameter }) => {
    const properties = ['Resources', parameter, 'Properties'];
    const isWanted = other.read([...properties, 'Name']) === name;
    return isWanted ? other.read([...properties, 'Value']) : undefined;
  }) ?? unknown(stack, String(name), path);
}

/**
 * @param {import('./stack.js').Stack} stack
 * @param {string} type
 * @param {(resource: Resource) => unknown} value
 * @returns {string | undefined}
 */
function firstText(stack, type, value) {
  for (const other of stack.application) {
    for (const resource of other.resources(type)) {
      const found = value(resource);
      if (typeof found === 'string') return found;
    }
  }
  return undefined;
}

/**
 * @param {import('./stack.js').Stack} stack
 * @param {string} name
 * @param {Path} path
 * @returns {never}
 */
function unknown(stack, name, path) {
  throw stack.fault(path, {
    found: `${name}, a value of a stack in another Region`,
    allowed: 'a value that is in one of the templates',
    advice: 'Read the whole cdk.out folder, which has the other stack too.',
  });
}

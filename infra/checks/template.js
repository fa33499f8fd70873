/**
 * A synthesized template, and what is found wrong with it.
 */

/**
 * @typedef {{ Type: string, Properties?: any, DependsOn?: string | string[] }} Resource
 * @typedef {{ Resources?: Record<string, Resource> }} Template CloudFormation's, as JSON
 *
 * @typedef {object} Finding
 * @property {string} rule the id of a rule of docs/rules.md, or a word where none of those says it
 * @property {string} logicalId of the resource
 * @property {string} path of the property below `Properties`
 * @property {string} found
 * @property {string} allowed
 * @property {string} message all of that as one line
 *
 * @typedef {object} CheckOptions
 * @property {string[]} [openRoutes] route keys of HTTP APIs that may be called without a token;
 *   `GET /health` and `HEAD /health` if left out
 *
 * @typedef {(template: Template, options: CheckOptions) => Finding[]} Check
 */

/**
 * @param {string} rule
 * @param {string} logicalId
 * @param {string} path
 * @param {unknown} found
 * @param {string} allowed
 * @returns {Finding}
 */
export function finding(rule, logicalId, path, found, allowed) {
  const said = typeof found === 'string' ? found : found === undefined ? 'nothing' : asText(found);
  const message = `${logicalId}.${path}: found ${said}, allowed: ${allowed} (${rule})`;
  return { rule, logicalId, path, found: said, allowed, message };
}

/**
 * @param {Template} template
 * @param {string[]} types
 * @returns {[logicalId: string, properties: any][]}
 */
export function resourcesOf({ Resources = {} }, ...types) {
  return Object.entries(Resources)
    .filter(([, { Type }]) => types.includes(Type))
    .map(([logicalId, { Properties = {} }]) => [logicalId, Properties]);
}

/**
 * The resource that a value names, by `Ref` or by `Fn::GetAtt`.
 *
 * @param {any} value
 * @returns {string | undefined} its logical id
 */
export function referredTo(value) {
  const attribute = value?.['Fn::GetAtt'];
  return value?.Ref ?? (typeof attribute === 'string' ? attribute.split('.')[0] : attribute?.[0]);
}

/**
 * A value as text: `<Name>` stands for what only CloudFormation knows.
 *
 * @param {any} value
 * @returns {string}
 */
export function asText(value) {
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return value.map(asText).join(', ');
  if (value['Fn::Join']) {
    const [separator, parts] = value['Fn::Join'];
    return parts.map(asText).join(separator);
  }
  if (value['Fn::Sub'])
    return String([value['Fn::Sub']].flat()[0]).replace(/\$\{([^}]*)\}/g, '<$1>');
  const name = referredTo(value);
  return name ? `<${name}>` : JSON.stringify(value);
}

/**
 * @param {unknown} value
 * @returns {any[]}
 */
export function listOf(value) {
  return value === undefined ? [] : [value].flat();
}

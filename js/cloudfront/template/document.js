/**
 * A template's file: JSON, or YAML with CloudFormation's short tags (`!Ref`, `!GetAtt` and so on),
 * as one value in which every intrinsic function has its long form, and the lines of its keys.
 */
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LineCounter, isAlias, isMap, isSeq, parseDocument } from 'yaml';
import { TemplateError, shown } from './error.js';

/** @typedef {import('./error.js').Path} Path */

/**
 * @typedef {object} TemplateDocument
 * @property {string} file as messages name it
 * @property {string} folder that relative paths in the template start from
 * @property {Record<string, unknown>} value
 * @property {(path: Path) => number | undefined} line of the deepest part of a path that is there
 */

/**
 * @param {string} file path
 * @returns {Promise<TemplateDocument>}
 * @throws {TemplateError} where the file cannot be read or is no template
 */
export async function readDocument(file) {
  const bytes = await readFile(file).catch((error) => {
    throw new TemplateError(
      { file, path: [] },
      { found: error.code, allowed: 'a file that can be read', cause: error },
    );
  });
  const text = new TextDecoder().decode(bytes); // without a byte order mark
  const { value, line } = /^\s*\{/.test(text) ? parseJson(file, text) : parseYaml(file, text);
  return templateOf(value, { file, folder: dirname(file), line });
}

/**
 * @param {unknown} value a template that the caller made
 * @returns {TemplateDocument} without lines; relative paths start from the working directory
 * @throws {TemplateError}
 */
export function documentOf(value) {
  return templateOf(value, { file: 'template', folder: process.cwd(), line: () => undefined });
}

/**
 * @param {unknown} value
 * @param {Omit<TemplateDocument, 'value'>} rest
 * @returns {TemplateDocument}
 */
function templateOf(value, rest) {
  const sections = /** @type {Record<string, unknown>} */ (value);
  // CDK writes stacks with nothing but outputs too.
  const isTemplate = ['Resources', 'Outputs'].some((name) => isRecord(sections?.[name]));
  if (isTemplate) return { ...rest, value: sections };
  const inside = isRecord(value) ? Object.keys(value) : [];
  throw new TemplateError(
    { file: rest.file, path: [] },
    {
      found: inside.length > 0 ? `the keys ${inside.slice(0, 5).join(', ')}` : shown(value),
      allowed: 'a CloudFormation template, which has Resources',
    },
  );
}

/**
 * @param {string} file
 * @param {string} text
 */
function parseJson(file, text) {
  /** @type {ReturnType<typeof locator> | undefined} */
  let find;
  // Lines are wanted only when something is wrong, and templates can be large.
  const line = (/** @type {Path} */ path) => (find ??= locator(text))(path);
  try {
    return { value: JSON.parse(text), line };
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    const position = /position (\d+)/.exec(message)?.[1];
    const before = position && text.slice(0, Number(position));
    throw new TemplateError(
      { file, line: before ? before.split('\n').length : undefined, path: [] },
      { found: `broken JSON (${message})`, allowed: 'JSON or YAML', cause: error },
    );
  }
}

/**
 * @param {string} file
 * @param {string} text
 */
function parseYaml(file, text) {
  const lines = new LineCounter();
  // Its warnings are about CloudFormation's tags.
  const document = parseDocument(text, { lineCounter: lines, logLevel: 'error' });
  const [broken] = document.errors;
  if (broken) {
    throw new TemplateError(
      { file, line: lines.linePos(broken.pos[0]).line, path: [] },
      { found: broken.message.split('\n')[0] ?? '', allowed: 'JSON or YAML', cause: broken },
    );
  }
  const refuse = (/** @type {import('yaml').Node} */ node) => {
    throw new TemplateError(
      { file, line: lines.linePos(node.range?.[0] ?? 0).line, path: [] },
      { found: 'a YAML alias', allowed: "a template without aliases, as CloudFormation's are" },
    );
  };
  return { value: longForm(document.contents, refuse), line: locator(text) };
}

/**
 * @param {unknown} node
 * @param {(node: import('yaml').Node) => never} refuse
 * @returns {unknown}
 */
function longForm(node, refuse) {
  if (isAlias(node)) return refuse(node);
  const value = withoutTag(node, refuse);
  const name = intrinsicOfTag(node);
  if (!name) return value;
  const isDotted = name === 'Fn::GetAtt' && typeof value === 'string';
  return { [name]: isDotted ? splitAtDot(value) : value };
}

/**
 * @param {unknown} node
 * @param {(node: import('yaml').Node) => never} refuse
 */
function withoutTag(node, refuse) {
  if (isSeq(node)) return node.items.map((item) => longForm(item, refuse));
  if (!isMap(node)) return /** @type {{ value: unknown } | null} */ (node)?.value ?? null;
  return Object.fromEntries(
    node.items.map(({ key, value }) => [keyText(key), longForm(value, refuse)]),
  );
}

/**
 * @param {unknown} node
 * @returns {string | undefined} `Ref` of `!Ref`, `Fn::Sub` of `!Sub`
 */
function intrinsicOfTag(node) {
  const tag = /** @type {{ tag?: string } | null} */ (node)?.tag;
  if (!tag || !/^![A-Za-z]/.test(tag)) return undefined;
  const name = tag.slice(1);
  return name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`;
}

/**
 * @param {string} text `Bucket.Arn`; a nested stack's attribute has a dot of its own
 * @returns {[string, string]}
 */
export function splitAtDot(text) {
  const dot = text.indexOf('.');
  return dot < 0 ? [text, ''] : [text.slice(0, dot), text.slice(dot + 1)];
}

/**
 * @param {unknown} value
 * @returns {value is Record<string | number, unknown>} of lists too
 */
export function isRecord(value) {
  return typeof value === 'object' && value !== null;
}

/**
 * @param {string} text JSON or YAML
 * @returns {(path: Path) => number | undefined}
 */
function locator(text) {
  const lines = new LineCounter();
  const options = { lineCounter: lines, logLevel: /** @type {const} */ ('silent') };
  const { contents } = parseDocument(text, { ...options, uniqueKeys: false });
  return (path) => {
    /** @type {unknown} */
    let node = contents;
    let offset = 0;
    for (const step of path) {
      if (intrinsicOfTag(node) === step) continue;
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => keyText(key) === step);
        if (!pair) break;
        offset = /** @type {import('yaml').Node} */ (pair.key).range?.[0] ?? offset;
        node = pair.value;
      } else if (isSeq(node) && typeof step === 'number' && step in node.items) {
        node = node.items[step];
        offset = /** @type {import('yaml').Node | null} */ (node)?.range?.[0] ?? offset;
      } else {
        break;
      }
    }
    return lines.linePos(offset).line;
  };
}

/** @param {unknown} key */
function keyText(key) {
  return String(/** @type {{ value?: unknown } | null} */ (key)?.value ?? '');
}

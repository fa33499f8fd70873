/**
 * Where a function's code lies on this machine: a folder or a zip file.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { shown } from './error.js';

/** @typedef {import('./property.js').Property} Property */

/**
 * Folders with inline code, until this process exits; a signal that nobody handles leaves them.
 *
 * @type {string[]}
 */
const folders = [];

/**
 * @param {Property} properties of the function; `Code` is a path (as for `aws cloudformation
 *   package`), inline source, or a CDK asset
 * @param {Property} given the caller's settings
 * @param {string} handler
 * @param {import('./assembly.js').Assets} assets
 * @returns {string} an absolute path
 * @throws {import('./error.js').TemplateError}
 */
export function codeOf(properties, given, handler, assets) {
  const replaced = given.get('code');
  if (replaced.isThere) return existing(replaced, replaced.text());
  const code = properties.get('Code');
  if (typeof code.value === 'string') return existing(code, code.value);
  if (code.get('ZipFile').isThere) return inlineCode(code.get('ZipFile'), handler);
  const key = code.get('S3Key');
  const asset = key.isThere ? assets.get(key.text()) : undefined;
  if (asset) return existing(key, asset);
  const id = properties.path[1] ?? 'function';
  return code.fail({
    found: key.isThere ? `${shown(key.value)} in S3` : shown(code.value),
    allowed: 'a path, ZipFile, or an asset of a cdk.out folder',
    advice: `Give functions: { ${shown(id)}: { code: <folder or zip file> } }.`,
  });
}

/**
 * @param {Property} property
 * @param {string} path from the template's folder
 */
function existing(property, path) {
  const absolute = resolve(property.stack.document.folder, path);
  if (existsSync(absolute)) return absolute;
  return property.fail({
    found: `${shown(path)}, which is not there`,
    allowed: 'a folder or a zip file',
    advice: `Build it, or correct the path, which is ${absolute} from here.`,
  });
}

/**
 * CloudFormation puts inline source of a Node.js function in `index.js`, so the handler is
 * `index.<export>`.
 *
 * @param {Property} property `ZipFile`
 * @param {string} handler
 */
function inlineCode(property, handler) {
  const source = property.text();
  if (!handler.startsWith('index.')) {
    property.fail({
      found: `inline code with the handler ${shown(handler)}`,
      allowed: 'a handler that begins with "index."',
    });
  }
  const folder = mkdtempSync(join(tmpdir(), 'cloudfront-inline-'));
  writeFileSync(join(folder, 'index.js'), source);
  if (folders.push(folder) === 1) process.once('exit', removeFolders);
  return folder;
}

function removeFolders() {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

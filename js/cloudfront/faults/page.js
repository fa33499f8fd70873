/**
 * The trace page's files, sent as they lie in `trace/page/`.
 */
import { readFile } from 'node:fs/promises';
import { lookup } from 'mrmime';
import { COMMON_HEADERS, Refusal } from './requests.js';

const FILES = [
  'index.html',
  'page.css',
  'list.css',
  'controls.css',
  'way.css',
  'stages.css',
  'page.js',
  'controls.js',
  'way.js',
  'times.js',
  'stages.js',
  'elements.js',
  'icon.svg',
];

/** What comes from requests is shown by this page: no script but its own files runs in it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

/**
 * @param {string} name
 * @param {import('node:http').ServerResponse} response
 * @throws {Refusal} 404
 */
export async function sendPage(name, response) {
  if (!FILES.includes(name)) throw new Refusal(404, `No such file. There are: ${FILES.join(' ')}`);
  const bytes = await readFile(new URL(`../trace/page/${name}`, import.meta.url));
  response.writeHead(200, {
    ...COMMON_HEADERS,
    'content-type': lookup(name) ?? 'application/octet-stream',
    'content-length': bytes.length,
    'content-security-policy': POLICY,
    'cross-origin-opener-policy': 'same-origin',
  });
  response.end(bytes);
}

/**
 * Reports and diagnostics as text for people.
 */
import { relative } from 'node:path';
import { apiRows, choiceRows } from './api-report.js';
import { inOneLine } from './fault.js';
import { tame } from './paint.js';
import { signInRows } from './sign-in-report.js';

/**
 * @typedef {import('./paint.js').Paint} Paint
 * @typedef {import('./tools.js').Report} Report
 * @typedef {import('./tools.js').Diagnostic} Diagnostic
 */

/**
 * Each diagnostic with its line and a caret beneath, as compilers do.
 *
 * @param {{ file: string, text: string }} source
 * @param {Diagnostic[]} diagnostics
 * @param {Paint} paint
 * @returns {string}
 */
export function diagnosticsAsText({ file, text }, diagnostics, paint) {
  const lines = text.split('\n');
  const parts = diagnostics.map((diagnostic) => {
    const head = tame(inOneLine(file, diagnostic));
    const { line, column, length } = diagnostic;
    if (line === null || column === null) return `${paint.bold(head)}\n`;
    const gutter = ' '.repeat(String(line).length);
    // A tab would move the caret: each is shown as one space.
    const shown = tame((lines[line - 1] ?? '').replace(/\r$/, '').replaceAll('\t', ' '));
    const caret = ' '.repeat(column - 1) + paint.red('^'.repeat(length));
    return [
      paint.bold(head),
      paint.faint(`${gutter} |`),
      `${paint.faint(`${line} |`)} ${shown}`,
      `${paint.faint(`${gutter} |`)} ${caret}`,
      '',
    ].join('\n');
  });
  return `${parts.join('\n')}\n${paint.red(`${file}: ${count(diagnostics.length, 'problem')}`)}\n`;
}

/**
 * What a configuration means.
 *
 * @param {string} file
 * @param {Report} report
 * @param {Paint} paint
 * @returns {string}
 */
export function reportAsText(file, report, paint) {
  const { routes, issuers, sign_in: signIn, api, warnings } = report;
  const facts = [
    count(routes.length, 'route'),
    count(issuers.length, 'issuer'),
    count(api?.regions.length ?? 0, 'API Region'),
    count(warnings.length, 'warning'),
  ];
  const sections = [
    section('Routes', table(routeRows(routes)), paint),
    section('Site', table(siteRows(report)), paint),
    ...issuers.map((issuer) => issuerSection(issuer, signIn, paint)),
    signIn ? section('Sign-in', table(signInRows(report, signIn)), paint) : '',
    api ? section('API', table(apiRows(api)), paint) : '',
    api ? section('Choice of the Region', table(choiceRows(report, api)), paint) : '',
    warningsAsText(file, warnings, paint),
  ];
  const head = `${paint.green(`${file} is fine`)}: ${facts.join(', ')}\n`;
  return [head, ...sections.filter((text) => text !== '')].join('\n');
}

/**
 * What was written.
 *
 * @param {import('./bundle.js').Built} built
 * @param {Paint} paint
 * @returns {string}
 */
export function builtAsText(built, paint) {
  const rows = built.files.map(({ name, bytes }) => [name, `${kilobytes(bytes)} kB`]);
  const { config, dir, zip, report, bytes, sha256 } = built;
  return [
    warningsAsText(config, report.warnings, paint),
    section(nearby(dir), table(rows, [1]), paint),
    `${paint.bold(nearby(zip))}  ${kilobytes(bytes.zip)} kB, CodeSha256 ${sha256}\n`,
  ]
    .filter((text) => text !== '')
    .join('\n');
}

/**
 * @param {string} file
 * @param {Report['warnings']} warnings
 * @param {Paint} paint
 */
function warningsAsText(file, warnings, paint) {
  const lines = warnings.map(
    (warning) => `${paint.yellow('warning:')} ${tame(inOneLine(file, warning))}\n`,
  );
  return lines.join('');
}

/** @param {Report['routes']} routes */
function routeRows(routes) {
  const rows = routes.map((route) => [
    route.pattern,
    route.target,
    route.access,
    route.methods.join(' ') || 'all methods',
    demands(route),
  ]);
  return [...rows, ['anything else', 'site', 'public', 'all methods', '']];
}

/** @param {Report['routes'][number]} route */
function demands({ clients, groups, scopes, cookies, cors, regions }) {
  const crossOrigin =
    cors && (cors.preflight === 'answer' ? cors.origins.join(' ') : 'preflights forwarded');
  return [
    clients.length > 0 && `clients: ${clients.join(' or ')}`,
    groups.length > 0 && `groups: ${groups.join(' or ')}`,
    scopes.length > 0 && `scopes: ${scopes.join(' and ')}`,
    cookies === 'forward' && 'cookies forwarded',
    crossOrigin && `cors: ${crossOrigin}`,
    regions.length > 0 && `only in ${regions.join(' or ')}`,
  ]
    .filter(Boolean)
    .join(', ');
}

/** @param {Report} report */
function siteRows({ site }) {
  const missing = site.not_found_page ? `404 with ${site.not_found_page}` : '404';
  const standard = site.security_headers === 'standard' ? ['the standard security headers'] : [];
  const headers = [...standard, ...site.headers.map(({ name }) => name)];
  return [
    ['mode', `${site.mode}, index ${site.index}`],
    ['missing files', site.not_found === 'pass' ? "S3's own answer" : missing],
    ['headers', headers.join(', ') || 'none'],
    ['viewer-request', site.viewer_request_attached ? 'attached' : 'not relied on'],
  ];
}

/**
 * @param {Report['issuers'][number]} issuer
 * @param {Report['sign_in']} signIn
 * @param {Paint} paint
 */
function issuerSection(issuer, signIn, paint) {
  const isSignIns = signIn?.issuer === issuer.issuer;
  const cookies = issuer.cookies.map((name) => `the cookie ${name}`);
  const carriers = [
    'the Authorization header',
    ...cookies,
    ...(isSignIns ? ["sign-in's cookies"] : []),
  ];
  return section(`Issuer ${issuer.issuer}`, table(issuerRows(issuer, carriers)), paint);
}

/**
 * @param {Report['issuers'][number]} issuer
 * @param {string[]} carriers
 */
function issuerRows(issuer, carriers) {
  const { kind, clients, audiences, token_use: uses, leeway_seconds: leeway, ...urls } = issuer;
  const discovered = `by discovery, when the bundle is built: ${urls.discovery_url}`;
  return [
    ['kind', kind === 'oidc' ? 'OpenID Connect' : 'Cognito'],
    ['clients', clients.join(', ')],
    ...(audiences.length > 0 ? [['for', audiences.join(', ')]] : []),
    ['tokens', `${uses.join(', ')}, in ${carriers.join(' or ')}`],
    ['leeway', `${leeway} s`],
    ['key set', urls.jwks_url ?? discovered],
  ];
}

/**
 * @param {string} title
 * @param {string} body
 * @param {Paint} paint
 */
export function section(title, body, paint) {
  return `${paint.bold(tame(title))}\n${body}`;
}

/**
 * Rows with their columns aligned. A row's last cell is as wide as it is and widens no column.
 *
 * @param {string[][]} rows
 * @param {number[]} [right] columns of figures
 * @returns {string}
 */
export function table(rows, right = []) {
  /** @type {number[]} */
  const widths = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      if (column < row.length - 1 || right.includes(column)) {
        widths[column] = Math.max(widths[column] ?? 0, cell.length);
      }
    });
  }
  const aligned = (/** @type {string} */ cell, /** @type {number} */ column) =>
    right.includes(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column] ?? 0);
  return rows
    .map((row) => `  ${row.map((cell, at) => aligned(tame(cell), at)).join('  ').trimEnd()}\n`)
    .join('');
}

/** A path as people would type it from here. @param {string} path */
function nearby(path) {
  const short = relative('', path);
  return short.startsWith('..') ? path : short;
}

/**
 * @param {number} number
 * @param {string} thing
 */
export function count(number, thing) {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}

/** @param {number} bytes */
function kilobytes(bytes) {
  return (bytes / 1000).toFixed(1);
}

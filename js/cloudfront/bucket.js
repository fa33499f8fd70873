/**
 * A directory as a private S3 bucket, read through origin access control.
 */
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { lookup } from 'mrmime';
import { byteLength } from './headers.js';

/** S3 refuses larger request headers (rule S2). */
const MAX_REQUEST_HEADERS = 8_192;

/**
 * @typedef {import('./origins.js').OriginResponse} OriginResponse
 */

export class Bucket {
  #root;

  /** @param {string} directory the objects, their paths as keys */
  constructor(directory) {
    this.#root = realpathSync(directory);
  }

  /**
   * Answers as the bucket policy of origin access control makes S3 answer: objects can be read, the
   * bucket cannot be listed, so that a missing key is 403 and not 404 (rule S2).
   *
   * @param {string} path origin path and uri, percent-encoded
   * @param {import('aws-lambda').CloudFrontRequest} request
   * @returns {Promise<OriginResponse>}
   */
  async fetch(path, request) {
    if (byteLength(request.headers) > MAX_REQUEST_HEADERS) {
      return refusal(400, 'Bad Request', 'RequestHeaderSectionTooLarge');
    }
    const file = ['GET', 'HEAD'].includes(request.method) ? await this.#find(path) : undefined;
    if (!file) return refusal(403, 'Forbidden', 'AccessDenied');

    const content = await readFile(file.path);
    const etag = `"${createHash('md5').update(content).digest('hex')}"`;
    const headers = [
      ['Content-Type', lookup(file.path) ?? 'binary/octet-stream'],
      ['ETag', etag],
      ['Last-Modified', file.modified.toUTCString()],
      ['Accept-Ranges', 'bytes'],
      ['Server', 'AmazonS3'],
    ];
    if (isUnchanged(request.headers, etag, file.modified)) {
      return {
        status: 304,
        statusDescription: 'Not Modified',
        rawHeaders: headers.flat(),
        body: null,
      };
    }
    const range = rangeOf(request.headers.range?.[0].value, content.length);
    if (range === 'unsatisfiable') return refusal(416, 'Range Not Satisfiable', 'InvalidRange');
    const [start, end] = range ?? [0, content.length];
    headers.push(['Content-Length', String(end - start)]);
    if (range) headers.push(['Content-Range', `bytes ${start}-${end - 1}/${content.length}`]);
    return {
      status: range ? 206 : 200,
      statusDescription: range ? 'Partial Content' : 'OK',
      rawHeaders: headers.flat(),
      body: request.method === 'HEAD' ? null : content.subarray(start, end),
    };
  }

  /**
   * @param {string} path
   * @returns {Promise<{ path: string, modified: Date } | undefined>}
   */
  async #find(path) {
    try {
      const key = decodeURIComponent(path).slice(1);
      // A key is text, not a path: S3 resolves neither empty nor dot segments.
      if (key.includes('\0') || key.split('/').some((part) => ['', '.', '..'].includes(part)))
        return;
      const found = await realpath(join(this.#root, key));
      if (!found.startsWith(this.#root + sep)) return;
      const stats = await stat(found);
      return stats.isFile() ? { path: found, modified: stats.mtime } : undefined;
    } catch {
      return undefined;
    }
  }
}

/**
 * @param {number} status
 * @param {string} statusDescription
 * @param {string} code
 * @returns {OriginResponse}
 */
function refusal(status, statusDescription, code) {
  const body = Buffer.from(
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
      `<Error><Code>${code}</Code><Message>${statusDescription}</Message></Error>`,
  );
  const headers = [
    'Content-Type',
    'application/xml',
    'Content-Length',
    String(body.length),
    'Server',
    'AmazonS3',
  ];
  return { status, statusDescription, rawHeaders: headers, body };
}

/**
 * RFC 9110 section 13.2.2: `If-None-Match` counts before `If-Modified-Since`.
 *
 * @param {import('./headers.js').HeaderMap} headers
 * @param {string} etag
 * @param {Date} modified
 */
function isUnchanged(headers, etag, modified) {
  const tags = headers['if-none-match']?.map(({ value }) => value).join(',');
  if (tags !== undefined) {
    return tags
      .split(',')
      .some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
  }
  const since = Date.parse(headers['if-modified-since']?.[0].value ?? '');
  return Math.floor(modified.getTime() / 1_000) * 1_000 <= since;
}

/**
 * One byte range; several, or anything else, means the whole object (RFC 9110 section 14.2).
 *
 * @param {string | undefined} value
 * @param {number} size
 * @returns {[number, number] | 'unsatisfiable' | undefined} start and end, the end not included
 */
function rangeOf(value, size) {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(value ?? '') ?? [];
  if (!first && !last) return undefined;
  if (!first)
    return last === '0' || size === 0 ? 'unsatisfiable' : [Math.max(0, size - Number(last)), size];
  const start = Number(first);
  if (start >= size) return 'unsatisfiable';
  if (last && Number(last) < start) return undefined;
  return [start, last ? Math.min(size, Number(last) + 1) : size];
}

/**
 * A directory as an S3 bucket whose policy lets CloudFront read its objects and nothing else.
 */
import { createHash } from 'node:crypto';
import { realpathSync, statSync } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { lookup } from 'mrmime';
import { answerFrom } from '../cache/conditional.js';
import { lines } from '../headers.js';
import { denied, refusal, refused } from './s3.js';

/**
 * @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest
 * @typedef {import('./reply.js').Reply} Reply
 * @typedef {import('node:fs/promises').FileHandle} FileHandle
 */

export class Directory {
  #root;
  #isPublic;
  /** Of each file, as of when it last changed. @type {Map<string, { of: string, etag: string }>} */
  #etags = new Map();

  /**
   * @param {string} directory the objects, their paths as keys
   * @param {{ isPublic?: boolean }} [options] whether anybody may read, not only CloudFront
   * @throws {TypeError} when there is no such directory
   */
  constructor(directory, { isPublic = false } = {}) {
    if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
      throw new TypeError(`"${directory}" is not a directory`);
    }
    this.#root = realpathSync(directory);
    this.#isPublic = isPublic;
  }

  /**
   * Answers as S3 does. Objects can be read, the bucket cannot be listed, so that a missing key is
   * 403 and not 404 (rule S2); nothing can be written, and there is no CORS configuration. The
   * query, which names versions and the like at S3, is ignored.
   *
   * @param {string} path origin path and uri, percent-encoded
   * @param {CloudFrontRequest} request
   * @param {{ signed: boolean }} access whether CloudFront signed it
   * @returns {Promise<Reply>}
   */
  async fetch(path, request, { signed }) {
    const { method } = request;
    const refusedAtOnce = refused(request, { signed, isPublic: this.#isPublic });
    if (refusedAtOnce) return refusedAtOnce;
    const file = method === 'GET' || method === 'HEAD' ? await this.#find(path) : undefined;
    if (!file) return denied(method);

    const handle = await open(file, 'r');
    try {
      return await this.#answer(file, handle, request);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /**
   * @param {string} file
   * @param {FileHandle} handle is closed, or will be by the body
   * @param {CloudFrontRequest} request
   * @returns {Promise<Reply>}
   */
  async #answer(file, handle, request) {
    const { size, mtime } = await handle.stat();
    const whole = headers({
      'Content-Type': lookup(file) ?? 'binary/octet-stream',
      'Content-Length': String(size),
      ETag: await this.#etag(file, handle, `${size} ${mtime.getTime()}`),
      'Last-Modified': mtime.toUTCString(),
      'Accept-Ranges': 'bytes',
      Date: new Date().toUTCString(),
      Server: 'AmazonS3',
    });
    const head = { status: 200, headers: whole, size };
    const { status, headers: given, range } = answerFrom(head, request.headers, request.method);
    const [start, end] = range ?? [0, size];
    const hasBody = request.method !== 'HEAD' && (status === 200 || status === 206) && end > start;
    if (!hasBody) await handle.close();
    if (status === 412) return refusal(request.method, 412, DESCRIPTION[412], 'PreconditionFailed');
    if (status === 416) {
      const unsatisfied = ['Content-Range', `bytes */${size}`];
      return refusal(request.method, 416, DESCRIPTION[416], 'InvalidRange', unsatisfied);
    }
    return {
      status,
      statusDescription: DESCRIPTION[status],
      rawHeaders: lines(given).flat(),
      body: hasBody ? handle.createReadStream({ start, end: end - 1 }) : null,
    };
  }

  /**
   * The MD5 of the content, as S3 has it for objects stored in one part.
   *
   * @param {string} file
   * @param {FileHandle} handle
   * @param {string} of what changes when the content does
   * @returns {Promise<string>}
   */
  async #etag(file, handle, of) {
    const known = this.#etags.get(file);
    if (known?.of === of) return known.etag;
    const md5 = createHash('md5');
    const content = handle.createReadStream({ start: 0, autoClose: false });
    for await (const chunk of content) md5.update(chunk);
    const etag = `"${md5.digest('hex')}"`;
    this.#etags.set(file, { of, etag });
    return etag;
  }

  /**
   * @param {string} path
   * @returns {Promise<string | undefined>} the file that has the path as its key
   */
  async #find(path) {
    try {
      const key = decodeURIComponent(path).slice(1);
      // A key is text, not a path: S3 resolves neither empty nor dot segments.
      const odd = (/** @type {string} */ part) => ['', '.', '..'].includes(part);
      if (key.includes('\0') || key.split('/').some(odd)) return undefined;
      const found = await realpath(join(this.#root, key));
      // A link must not lead out of the directory.
      if (!found.startsWith(this.#root + sep)) return undefined;
      return (await stat(found)).isFile() ? found : undefined;
    } catch {
      return undefined;
    }
  }
}

/** @type {Record<number, string>} */
const DESCRIPTION = {
  200: 'OK',
  206: 'Partial Content',
  304: 'Not Modified',
  412: 'Precondition Failed',
  416: 'Range Not Satisfiable',
};

/**
 * @param {Record<string, string>} values
 * @returns {import('../headers.js').HeaderMap}
 */
function headers(values) {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key.toLowerCase(), [{ key, value }]]),
  );
}

/**
 * Compression by CloudFront: "Serve compressed files" of the CloudFront Developer Guide.
 */
import { Readable, pipeline } from 'node:stream';
import { constants, createBrotliCompress, createGzip } from 'node:zlib';
import { fieldValue } from './fields.js';

/**
 * @typedef {import('../distribution.js').Behavior} Behavior
 * @typedef {import('../headers.js').HeaderMap} HeaderMap
 */

/** Values of `Content-Type`, as the guide lists them. */
const COMPRESSIBLE_TYPES = new Set([
  'application/dash+xml',
  'application/eot',
  'application/font',
  'application/font-sfnt',
  'application/javascript',
  'application/json',
  'application/opentype',
  'application/otf',
  'application/pdf',
  'application/pkcs7-mime',
  'application/protobuf',
  'application/rss+xml',
  'application/truetype',
  'application/ttf',
  'application/vnd.apple.mpegurl',
  'application/vnd.mapbox-vector-tile',
  'application/vnd.ms-fontobject',
  'application/wasm',
  'application/xhtml+xml',
  'application/xml',
  'application/x-font-opentype',
  'application/x-font-truetype',
  'application/x-font-ttf',
  'application/x-httpd-cgi',
  'application/x-javascript',
  'application/x-mpegurl',
  'application/x-opentype',
  'application/x-otf',
  'application/x-perl',
  'application/x-ttf',
  'font/eot',
  'font/opentype',
  'font/otf',
  'font/ttf',
  'image/svg+xml',
  'text/css',
  'text/csv',
  'text/html',
  'text/javascript',
  'text/js',
  'text/plain',
  'text/richtext',
  'text/tab-separated-values',
  'text/xml',
  'text/x-component',
  'text/x-java-source',
  'text/x-script',
  'vnd.apple.mpegurl',
]);

const COMPRESSIBLE_STATUSES = new Set([200, 403, 404]);

/** Bytes, both included. */
const SMALLEST = 1_000;
const LARGEST = 10_000_000;

/** Fast; CloudFront's own quality is not documented. */
const BROTLI_QUALITY = 4;

/**
 * An answer of the origin as CloudFront sends and stores it: compressed if the viewer, the behavior
 * and the answer allow it, else as it is. To be called before the answer is stored, as CloudFront
 * does; the cache key holds the encodings that the viewer accepts.
 *
 * @param {HeaderMap} request headers of the viewer's request; without `Accept-Encoding` if it came
 *   by HTTP/1.0
 * @param {Pick<Behavior, 'compress' | 'cachePolicy'>} behavior
 * @param {{ status: number | string, headers: HeaderMap }} head status as text, as events have it
 *   (rule E9), or as a number
 * @param {Readable | Buffer | null} body
 * @returns {{ headers: HeaderMap, body: Readable | Buffer | null }} a compressed body is a stream,
 *   to be read to its end or destroyed, which destroys `body` too
 */
export function compressed(request, behavior, head, body) {
  const encoding = encodingFor(request, behavior);
  if (!encoding || body === null || !isCompressible(head)) return { headers: head.headers, body };
  const encoder = encoding === 'br' ? createBrotli() : createGzip();
  // The encoder carries what goes wrong with the body on to its reader.
  pipeline(body instanceof Readable ? body : Readable.from(body), encoder, () => {});
  return { headers: compressedHeaders(head.headers, encoding), body: encoder };
}

/**
 * Brotli counts before gzip. What the viewer rejects with `q=0` is not used; `*` names neither.
 *
 * @param {HeaderMap} request
 * @param {Pick<Behavior, 'compress' | 'cachePolicy'>} behavior
 * @returns {'br' | 'gzip' | undefined}
 */
function encodingFor(request, { compress, cachePolicy }) {
  if (!compress) return undefined;
  const accepted = (fieldValue(request, 'accept-encoding') ?? '')
    .toLowerCase()
    .split(',')
    .filter((coding) => !/;\s*q=0(\.0*)?\s*$/.test(coding))
    .map((coding) => coding.split(';')[0].trim());
  if (cachePolicy.brotli && accepted.includes('br')) return 'br';
  return cachePolicy.gzip && accepted.includes('gzip') ? 'gzip' : undefined;
}

/** @param {{ status: number | string, headers: HeaderMap }} head */
function isCompressible({ status, headers }) {
  const type = headers['content-type']?.[0].value.split(';')[0].trim().toLowerCase() ?? '';
  const length = fieldValue(headers, 'content-length') ?? '';
  return (
    COMPRESSIBLE_STATUSES.has(Number(status)) &&
    COMPRESSIBLE_TYPES.has(type) &&
    !headers['content-encoding'] &&
    /^\d+$/.test(length) &&
    Number(length) >= SMALLEST &&
    Number(length) <= LARGEST
  );
}

/**
 * `Vary: Accept-Encoding` is what RFC 9110 section 12.5.5 asks for; the guide does not say that
 * CloudFront adds it (unverified).
 *
 * @param {HeaderMap} headers
 * @param {'br' | 'gzip'} encoding
 * @returns {HeaderMap}
 */
function compressedHeaders(headers, encoding) {
  const { 'content-length': _length, etag, ...rest } = headers;
  const vary = fieldValue(headers, 'vary') ?? '';
  const names = vary.toLowerCase().split(/[\s,]+/);
  const isVaried = names.includes('accept-encoding') || names.includes('*');
  return {
    ...rest,
    ...weakEtag(etag?.[0].value),
    ...(!isVaried && {
      vary: [{ key: 'Vary', value: vary ? `${vary}, Accept-Encoding` : 'Accept-Encoding' }],
    }),
    'content-encoding': [{ key: 'Content-Encoding', value: encoding }],
  };
}

/**
 * "ETag header conversion": a strong one becomes weak, what is none is removed.
 *
 * @param {string | undefined} etag
 * @returns {HeaderMap}
 */
function weakEtag(etag) {
  if (etag?.startsWith('W/')) return { etag: [{ key: 'ETag', value: etag }] };
  return etag && /^".*"$/.test(etag) ? { etag: [{ key: 'ETag', value: `W/${etag}` }] } : {};
}

function createBrotli() {
  return createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } });
}

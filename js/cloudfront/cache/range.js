/**
 * The `Range` request header (RFC 9110 section 14.2).
 */

/**
 * One range of bytes. Several ranges mean the whole object, as RFC 9110 lets a server choose;
 * CloudFront would answer ascending, separate ones as `multipart/byteranges`, which is not played
 * here. What is not valid means the whole object too ("How CloudFront processes partial requests
 * for an object").
 *
 * @param {string | undefined} value
 * @param {number} size of the object, in bytes
 * @returns {[number, number] | 'unsatisfiable' | undefined} start and end, the end not included;
 *   undefined for the whole object
 */
export function byteRange(value, size) {
  const [, first, last] = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(value ?? '') ?? [];
  if (!first && !last) return undefined;
  if (!first) return suffix(Number(last), size);
  const start = Number(first);
  if (last && Number(last) < start) return undefined;
  if (start >= size) return 'unsatisfiable';
  return [start, last ? Math.min(size, Number(last) + 1) : size];
}

/**
 * @param {number} length
 * @param {number} size
 * @returns {[number, number] | 'unsatisfiable'}
 */
function suffix(length, size) {
  return length === 0 || size === 0 ? 'unsatisfiable' : [Math.max(0, size - length), size];
}

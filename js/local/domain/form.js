/**
 * Forms as browsers and OAuth clients send them: `application/x-www-form-urlencoded`.
 */

/** @typedef {import('node:http').IncomingMessage} IncomingMessage */

/** More than any form here has, in bytes. */
const LIMIT = 65_536;

/**
 * Reads a form.
 *
 * @param {IncomingMessage} request
 * @returns {Promise<URLSearchParams>}
 * @throws {Error} where it is too large, or has no `content-length`
 */
export async function readForm(request) {
  return new URLSearchParams((await bodyOf(request)).toString());
}

/**
 * Reads a form and leaves it for whoever reads it next.
 *
 * @param {IncomingMessage} request
 * @returns {Promise<URLSearchParams>}
 * @throws {Error} as `readForm`
 */
export async function peekForm(request) {
  const body = await bodyOf(request);
  // All of it has been read, its end has not: what is put back now is read again.
  if (body.length > 0) request.unshift(body);
  return new URLSearchParams(body.toString());
}

/** @param {IncomingMessage} request */
async function bodyOf(request) {
  const length = Number(request.headers['content-length'] ?? 0);
  if (length > LIMIT) throw new Error(`a form of ${length} bytes; at most ${LIMIT} are read`);
  /** @type {Buffer[]} */
  const chunks = [];
  let read = 0;
  if (length === 0) return Buffer.alloc(0);
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk);
    read += chunk.length;
    if (read >= length) break;
  }
  return Buffer.concat(chunks);
}

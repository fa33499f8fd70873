/**
 * Calls to this page's own domain, by plain fetch. Where they go, and in whose name, is for the edge
 * to say.
 */

/** Who is told of each answer. @type {Set<(answer: Answer) => void>} */
const listeners = new Set();

/** @param {(answer: Answer) => void} listener */
export function onAnswer(listener) {
  listeners.add(listener);
}

/**
 * @typedef {object} Answer
 * @property {string} method
 * @property {string} path
 * @property {Date} time when it was asked
 * @property {number} ms until the answer was read
 * @property {boolean} ok
 * @property {number} [status] none where no answer came
 * @property {string} [failure] why none came
 * @property {string} [edge] edge Region
 * @property {string} [pop] code of the point of presence
 * @property {string} [region] API Region; none where the edge or the site answered
 * @property {string} [reason] x-nearhop-reason
 * @property {string} [etag]
 * @property {string} [code] of an error
 * @property {string} [message] of an error
 * @property {any} [json] body, where it is JSON
 * @property {string} [text] body
 *
 * @param {string} path
 * @param {{ method?: string, json?: object, headers?: Record<string, string> }} [options]
 * @returns {Promise<Answer>} also where no answer comes
 */
export async function call(path, options = {}) {
  const { method = 'GET' } = options;
  const time = new Date();
  const start = performance.now();
  const lost = (/** @type {Error} */ { message }) => ({ ok: false, failure: message });
  const outcome = await send(path, options).catch(lost);
  const answer = { method, path, time, ms: performance.now() - start, ...outcome };
  for (const listener of listeners) listener(answer);
  return answer;
}

async function send(path, { method = 'GET', json, headers = {} }) {
  const url = new URL(path, location.origin);
  // "//name/" and "/\\name/" are other hosts.
  if (url.origin !== location.origin) throw new Error('the path leads to another host');
  const response = await fetch(url, {
    method,
    cache: 'no-store',
    headers: { ...(json ? { 'content-type': 'application/json' } : {}), ...headers },
    body: json && JSON.stringify(json),
  });
  return read(response, await response.text());
}

function read({ ok, status, headers }, text) {
  const header = (name) => headers.get(name) ?? undefined;
  const json = parse(text);
  return {
    ok,
    status,
    edge: header('x-nearhop-edge') ?? json?.routing?.edge,
    pop: header('x-amz-cf-pop')?.slice(0, 3),
    region: header('x-nearhop-region'),
    reason: header('x-nearhop-reason'),
    etag: header('etag'),
    code: ok ? undefined : json?.error,
    message: ok ? undefined : (json?.message ?? text.split('\n')[0]),
    json,
    text: json === undefined ? text : JSON.stringify(json, undefined, 2),
  };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What to say of an answer that is not as wished. @param {Answer} answer */
export function problemOf({ failure, status, code, message }) {
  if (failure) return `No answer: ${failure}`;
  return [message || `The answer was ${status}`, code && `(${code})`].filter(Boolean).join(' ');
}

/**
 * From an event of API Gateway to an answer, and one line in the log.
 *
 * @typedef {object} Parts what the handler works with
 * @property {string} region where it runs
 * @property {string[]} regions where the application runs
 * @property {import('./documents.mjs').Documents} documents
 * @property {import('./objects.mjs').Objects} objects
 * @property {import('./secret.mjs').Secret} [secret] without one, whoever knows the URL may call
 * @property {() => number} [clock] milliseconds since 1970
 * @property {(line: object) => void} [log]
 *
 * @typedef {Required<Omit<Parts, 'secret'|'log'>> & { request: import('./request.mjs').Request,
 *   params: Record<string, string> }} Call what a route's function is given
 */
import { Refusal, refusalOf, toResult } from './answer.mjs';
import { readRequest } from './request.mjs';
import { findRoute } from './route.mjs';
import { isKnown } from './secret.mjs';

/**
 * @param {Parts} parts
 * @returns {(event: import('aws-lambda').APIGatewayProxyEventV2) =>
 *   Promise<import('aws-lambda').APIGatewayProxyStructuredResultV2>} never rejects
 */
export function makeHandler({ secret, clock = Date.now, log = toStdout, ...parts }) {
  return async function handler(event) {
    const started = clock();
    const request = readRequest(event);
    /** @type {Record<string, unknown>} */
    const line = { level: 'info', region: parts.region, method: request.method };
    const answer = await answerTo(request, line).catch((error) => {
      const refusal = refusalOf(error);
      Object.assign(line, { error: refusal.code });
      if (refusal.status >= 500) Object.assign(line, { level: 'error', cause: said(error) });
      return refusal.toAnswer(request.id);
    });
    log({ ...line, status: answer.status, ms: clock() - started, request_id: request.id });
    return toResult(answer, request.method);
  };

  /**
   * @param {import('./request.mjs').Request} request
   * @param {Record<string, unknown>} line learns the route
   */
  async function answerTo(request, line) {
    const route = findRoute(request.path);
    line.route = route?.pattern ?? null;
    // Before anything is said of routes and methods. Health checks of Route 53 cannot send headers.
    if (secret && !route?.open && !(await isKnown(secret, request.headers))) {
      throw new Refusal(403, 'forbidden', 'This API is reached through its edge only.');
    }
    if (!route) throw new Refusal(404, 'not_found', 'There is nothing at this path.');
    const respond = route.methods.get(request.method === 'HEAD' ? 'GET' : request.method);
    if (!respond) throw wrongMethod(request.method, [...route.methods.keys()]);
    return respond({ ...parts, clock, request, params: route.params });
  }
}

/**
 * @param {string} method
 * @param {string[]} methods that the route has
 */
function wrongMethod(method, methods) {
  const allowed = methods.flatMap((name) => (name === 'GET' ? ['GET', 'HEAD'] : [name])).join(', ');
  const message = `${method} is not answered here. Allowed: ${allowed}.`;
  return new Refusal(405, 'method_not_allowed', message, { headers: { allow: allowed } });
}

/** What a log may say of an error: never what the caller sent. @param {unknown} error */
function said(error) {
  return error instanceof Error ? { name: error.name, stack: error.stack } : String(error);
}

/** @param {object} line */
function toStdout(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

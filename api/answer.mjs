/**
 * Answers, and the refusals that programs can tell apart.
 *
 * @typedef {object} Answer
 * @property {number} status
 * @property {Record<string, string>} [headers] names in lower case
 * @property {object} [body] sent as JSON
 *
 * @typedef {{ field: string, message: string }} Problem of a field of the request
 */

/**
 * An answer that ends the call early. Its message is for the caller.
 */
export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} code what programs tell it by
   * @param {string} message
   * @param {{ headers?: Record<string, string>, problems?: Problem[], cause?: unknown }} [more]
   */
  constructor(status, code, message, { headers = {}, problems, cause } = {}) {
    super(message, { cause });
    this.status = status;
    this.code = code;
    this.headers = headers;
    this.problems = problems;
  }

  /**
   * @param {string} id of the request, for whoever asks us about it
   * @returns {Answer}
   */
  toAnswer(id) {
    const { code, message, problems } = this;
    return {
      status: this.status,
      headers: this.headers,
      body: { error: code, message, ...(problems ? { problems } : {}), request_id: id },
    };
  }
}

/**
 * @param {Problem[]} problems at least one
 * @returns {Refusal} 400 `invalid`
 */
export function invalid(problems) {
  const message = problems.map(({ field, message: said }) => `${field} ${said}`).join('; ');
  return new Refusal(400, 'invalid', message, { problems });
}

/**
 * Which refusal an error is to the caller. A throttled one is 429 and not 503: the edge takes 503
 * for a failing Region, which nobody should be able to cause by calling often.
 *
 * @param {any} error
 * @returns {Refusal}
 */
export function refusalOf(error) {
  if (error instanceof Refusal) return error;
  if (THROTTLED.has(error?.name) || error?.$metadata?.httpStatusCode === 429) {
    const headers = { 'retry-after': '1' };
    return new Refusal(429, 'too_many_requests', 'Too many calls at once.', { headers });
  }
  if (UNREACHABLE.has(error?.name) || UNREACHABLE.has(error?.code) || error?.$fault === 'server') {
    const message = 'A service this API needs does not answer.';
    return new Refusal(503, 'unavailable', message, { headers: { 'retry-after': '1' } });
  }
  return new Refusal(500, 'internal', 'Something went wrong here. Quote the request_id.');
}

const THROTTLED = new Set([
  'ThrottlingException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'SlowDown',
]);

const UNREACHABLE = new Set([
  'TimeoutError',
  'AbortError',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/**
 * @param {Answer} answer
 * @param {string} method a HEAD is answered without a body
 * @returns {import('aws-lambda').APIGatewayProxyStructuredResultV2}
 */
export function toResult({ status, headers = {}, body }, method) {
  return {
    statusCode: status,
    headers: {
      'cache-control': 'no-store',
      ...(body ? { 'content-type': 'application/json' } : {}),
      ...headers,
    },
    ...(body && method !== 'HEAD' ? { body: JSON.stringify(body) } : {}),
  };
}

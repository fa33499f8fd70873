/**
 * What the tests of the validator share: the four events, and tables of what a function makes of
 * them.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { validate } from '../../js/cloudfront/validate/index.js';
import { customOrigin } from '../events/origins.js';

/**
 * @typedef {import('../../js/cloudfront/distribution.js').EventType} EventType
 * @typedef {(returned: any) => any} Change changes the request or response that the event held, or
 *   gives another value in its place
 * @typedef {[rule: string, eventType: EventType, what: string, change: Change,
 *   message?: string]} Case
 */

/** What no message may show. */
const SECRET = 'SECRET-TOKEN';

const REQUEST = {
  clientIp: '192.0.2.1',
  headers: {
    host: [{ key: 'Host', value: 'app.example.test' }],
    accept: [{ key: 'Accept', value: '*/*' }],
    authorization: [{ key: 'Authorization', value: `Bearer ${SECRET}` }],
    'content-length': [{ key: 'Content-Length', value: '3' }],
    'if-none-match': [{ key: 'If-None-Match', value: '"1"' }],
    via: [{ key: 'Via', value: '1.1 x' }],
  },
  method: 'POST',
  querystring: 'x=1',
  uri: '/api/hello',
};
const AT_ORIGIN = { ...REQUEST, origin: customOrigin('a.example.test', '/prod') };
const RESPONSE = {
  status: '200',
  statusDescription: 'OK',
  headers: {
    'content-type': [{ key: 'Content-Type', value: 'text/html' }],
    'content-length': [{ key: 'Content-Length', value: '3' }],
    'set-cookie': [{ key: 'Set-Cookie', value: `session=${SECRET}` }],
    via: [{ key: 'Via', value: '1.1 origin' }],
  },
};
const BODY = { inputTruncated: false, action: 'read-only', encoding: 'base64', data: 'YWJj' };

/** @type {Record<EventType, any>} what each event holds */
const SENT = {
  'viewer-request': { request: REQUEST },
  'origin-request': { request: AT_ORIGIN },
  'origin-response': { request: AT_ORIGIN, response: RESPONSE },
  'viewer-response': { request: REQUEST, response: RESPONSE },
};

/**
 * What an event of this type holds in `Records[0].cf`, but for `config`.
 *
 * @param {EventType} eventType
 * @param {{ includeBody?: boolean, truncated?: boolean }} [options] a body of three bytes, or the
 *   beginning of a longer one
 * @returns {any} a copy
 */
export function sent(eventType, { includeBody = false, truncated = false } = {}) {
  const parts = structuredClone(SENT[eventType]);
  if (includeBody) parts.request.body = { ...BODY, inputTruncated: truncated };
  return parts;
}

/** A generated response in the place of what the event held. */
export const made = (/** @type {object} */ fields) => () => ({ status: '200', ...fields });

/** Sets fields. */
export const set = (/** @type {object} */ fields) => (/** @type {any} */ returned) => {
  Object.assign(returned, fields);
};

/** Sets a header. */
export const header =
  (/** @type {string} */ name, /** @type {unknown} */ value = SECRET) =>
  (/** @type {any} */ returned) => {
    returned.headers[name] = [{ value }];
  };

/** Deletes a header. */
export const without = (/** @type {string} */ name) => (/** @type {any} */ returned) => {
  delete returned.headers[name];
};

/**
 * A test for each case: validation fails by that rule, with status 502, the message if one is
 * given, and no secret.
 *
 * @param {Case[]} cases
 * @param {{ includeBody?: boolean, truncated?: boolean }} [options]
 */
export function forbidden(cases, options) {
  describe('forbidden', () => {
    for (const [rule, eventType, what, change, message] of cases) {
      it(`${rule}: ${eventType} may not return ${what}`, () => {
        const parts = sent(eventType, options);
        assert.throws(
          () => validate(eventType, parts, returnedBy(eventType, change, options)),
          (/** @type {any} */ error) => {
            const page = error.page?.() ?? error.stack;
            assert.equal(error.rule, rule, page);
            assert.equal(error.status, 502);
            assert.equal(error.reason, 'LambdaValidationError');
            assert.ok(error.message.startsWith(`${rule}: ${eventType} `), page);
            if (message) assert.equal(error.message, message);
            for (const fact of [error.at, error.found, error.allowed]) assert.ok(fact, page);
            assert.doesNotMatch(page, new RegExp(SECRET));
            assert.doesNotMatch(error.message, /[\r\n]/);
            return true;
          },
        );
      });
    }
  });
}

/**
 * A test for each case: validation gives what was returned, as it is.
 *
 * @param {Case[]} cases
 * @param {{ includeBody?: boolean, truncated?: boolean }} [options]
 */
export function allowed(cases, options) {
  describe('allowed', () => {
    for (const [rule, eventType, what, change] of cases) {
      it(`${rule}: ${eventType} may return ${what}`, () => {
        const returned = returnedBy(eventType, change, options);
        const before = structuredClone(returned);
        const kind = 'status' in returned ? 'response' : 'request';
        const left = validate(eventType, sent(eventType, options), returned);
        assert.deepEqual(left, { [kind]: before });
      });
    }
  });
}

/**
 * @param {EventType} eventType
 * @param {Change} change
 * @param {{ includeBody?: boolean }} [options]
 */
function returnedBy(eventType, change, options) {
  const { request, response = request } = sent(eventType, options);
  const other = change(response);
  return other === undefined ? response : other;
}

/**
 * What came of a request, in a word.
 */

/**
 * @typedef {object} Outcome
 * @property {'site'|'api'|'origin'|'cache'|'refused'|'answered'|'failed'} outcome who answered:
 *   `api`: an API, whose Region is known; `site`: an S3 origin; `origin`: another origin; `cache`:
 *   the cache, and nothing tells for whom; `refused`: a function, with an error; `answered`: a
 *   function, otherwise; `failed`: CloudFront, in place of a function or an origin
 * @property {string | null} region the API Region, from the answer's `x-nearhop-region`
 * @property {string | null} reason why that Region, from `x-nearhop-reason`
 * @property {string | null} code of a refusal: `error` of its JSON body; of a failure: the error's
 *   name and the rule
 */

/** What may be shown of a body's `error`: a word, not text. */
const CODE = /^[\w.-]{1,64}$/;

/**
 * @param {object} answer
 * @param {string} answer.answeredBy
 * @param {number} answer.status
 * @param {import('../headers.js').HeaderMap} answer.headers
 * @param {string} [answer.body] of an answer that a function made: its text
 * @param {'custom'|'s3'} [answer.originKind] of the origin that answered
 * @param {{ reason: string, rule?: string | null }} [answer.error]
 * @returns {Outcome}
 */
export function outcomeOf({ answeredBy, status, headers, body, originKind, error }) {
  const none = { region: null, reason: null, code: null };
  if (error) {
    return {
      ...none,
      outcome: 'failed',
      code: [error.reason, error.rule].filter(Boolean).join(' '),
    };
  }
  if (answeredBy === 'viewer-request' || answeredBy === 'origin-request') {
    return status >= 400
      ? { ...none, outcome: 'refused', code: errorCode(body) }
      : { ...none, outcome: 'answered' };
  }
  const [region = null, reason = null] = ['x-nearhop-region', 'x-nearhop-reason'].map(
    (name) => headers[name]?.[0]?.value,
  );
  if (region) return { outcome: 'api', region, reason, code: null };
  if (!originKind && answeredBy === 'cache') return { ...none, outcome: 'cache' };
  return { ...none, outcome: originKind === 's3' ? 'site' : 'origin' };
}

/** @param {string | undefined} body */
function errorCode(body) {
  try {
    const code = String(JSON.parse(body ?? '').error);
    return CODE.test(code) ? code : null;
  } catch {
    return null;
  }
}

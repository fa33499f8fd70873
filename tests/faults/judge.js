/**
 * What an answer is to be, and what is to be said of the one that came.
 *
 * Two things are told apart. A request that has a right and is not served is *lost*: that is what a
 * fault may cost. What no fault may ever cause is *broken*: somebody is served without a right, or
 * by a Region that may not have their data; an answer is not the one to this request; what comes is
 * no HTTP.
 */
import { createHash } from 'node:crypto';
import { PAGE } from './world.js';

/**
 * @typedef {import('./send.js').Answer} Answer
 * @typedef {import('./send.js').Outcome} Outcome
 *
 * @typedef {object} Expected
 * @property {number} status
 * @property {(answer: Answer) => string | undefined} wrong what is wrong with an answer of that
 *   status, if anything
 * @property {number[]} [instead] statuses below 400 by which nobody is served either
 *
 * @typedef {object} Judged
 * @property {number | 'cut' | 'silence' | 'invalid'} status
 * @property {'well'|'lost'|'refused'|'broken'} verdict `refused`: who has no right got nothing, but
 *   not by the usual refusal
 * @property {string} [why]
 */

/**
 * @param {{ hasRight: boolean, expected: Expected }} request
 * @param {Outcome} outcome
 * @returns {Judged}
 */
export function judge({ hasRight, expected }, outcome) {
  if ('none' in outcome) {
    const verdict = outcome.none === 'invalid' ? 'broken' : 'lost';
    return { status: outcome.none, verdict, why: outcome.why };
  }
  const { answer } = outcome;
  const { status } = answer;
  if (status === expected.status) {
    const why = expected.wrong(answer);
    if (why === undefined) return { status, verdict: 'well' };
    return { status, verdict: hasRight ? 'broken' : 'refused', why };
  }
  const why = `${status} in place of ${expected.status}: ${brief(answer.text)}`;
  const servesNobody = status >= 400 || expected.instead?.includes(status);
  if (!servesNobody) return { status, verdict: 'broken', why };
  return { status, verdict: hasRight ? 'lost' : 'refused', why };
}

/**
 * The API's own answer to this very request.
 *
 * @param {{ method: string, path: string, sub: string | null, body?: string, regions?: string[] }}
 *   asked `sub`: whose token it is; `regions`: who may serve it, all of them if left out
 * @returns {Expected}
 */
export function served({ method, path, sub, body = '', regions }) {
  const wanted = { method, path, sub, user: sub, body: digestOf(body), bytes: body.length };
  return {
    status: 200,
    wrong({ headers, text }) {
      const got = parsed(text);
      if (!got) return `not the API's answer: ${brief(text)}`;
      for (const [key, value] of Object.entries(wanted)) {
        if (got[key] !== value) return `${key} is ${got[key]}, not ${value}`;
      }
      if (got.region !== headers['x-nearhop-region']) {
        return `from ${got.region}, and it says ${headers['x-nearhop-region']}`;
      }
      if (regions && !regions.includes(got.region)) return `served by ${got.region}`;
      return undefined;
    },
  };
}

/** The site's page. @type {Expected} */
export const PAGE_SHOWN = {
  status: 200,
  wrong: ({ text }) => (text === PAGE ? undefined : `another page: ${brief(text)}`),
};

/** The same request again, with fresh tokens; or to sign in anew. @type {Expected} */
export const REFRESHED = {
  status: 307,
  instead: [302],
  wrong({ headers }) {
    const cookies = headers['set-cookie'] ?? [];
    if (!`${headers.location}`.endsWith('/app/')) return `leads to ${headers.location}`;
    const isFresh = cookies.some((cookie) => /^__Host-nearhop-access=\w/.test(cookie));
    return isFresh ? undefined : 'without fresh tokens';
  },
};

/** To the issuer's pages. @type {Expected} */
export const SENT_TO_SIGN_IN = {
  status: 302,
  wrong({ headers: { location = '' } }) {
    const isRight = /^http:\/\/127\.0\.0\.1:\d+\/oauth2\/authorize\?/.test(location);
    return isRight ? undefined : `leads to ${location.split('?')[0]}`;
  },
};

/**
 * @param {401 | 403} status
 * @param {string} code
 * @returns {Expected}
 */
export function refusedWith(status, code) {
  return {
    status,
    wrong: ({ text }) => (parsed(text)?.error === code ? undefined : `not ${code}: ${brief(text)}`),
  };
}

/** @param {string} text @returns {Record<string, any> | undefined} */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @param {string} text */
function digestOf(text) {
  return createHash('sha256').update(text).digest('base64url');
}

/** @param {string} text */
function brief(text) {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text);
}

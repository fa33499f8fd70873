/**
 * The routes that show who answers: `/hello` and `/health`.
 */
import { callerOf } from './caller.mjs';

/**
 * Which Region answers whom, and what the edge says of its choice.
 *
 * @type {import('./route.mjs').Respond}
 */
export function hello({ region, clock, request }) {
  const { user, username, groups, scopes, client } = callerOf(request);
  const named = (/** @type {string} */ name) => request.headers[`x-nearhop-${name}`] ?? null;
  return {
    status: 200,
    body: {
      region,
      message: `Hello${username ? `, ${username}` : ''}, from ${region}`,
      caller: { user, username, groups: joined(groups), scopes: joined(scopes), client },
      routing: { edge: named('edge'), region: named('region'), reason: named('reason') },
      request: { method: request.method, received: request.body.length },
      time: new Date(clock()).toISOString(),
    },
  };
}

/**
 * For monitors and for Route 53: that this Region answers. Also where else the application runs,
 * which the page draws.
 *
 * @type {import('./route.mjs').Respond}
 */
export function health({ region, regions }) {
  return { status: 200, body: { region, status: 'ok', regions } };
}

/** @param {string[]} words */
function joined(words) {
  return words.length > 0 ? words.join(',') : null;
}

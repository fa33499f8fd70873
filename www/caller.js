/**
 * Who the API says is calling: the edge has told it, this page has not.
 */
import { call } from '/call.js';
import { element } from '/element.js';
import { explain } from '/sign-in.js';

/** @param {Element} place a list of terms */
export async function showCaller(place) {
  const answer = await call('/api/hello');
  const { caller } = answer.json ?? {};
  if (!answer.ok || !caller) return place.replaceChildren(...row('Nothing', explain(answer)));
  const { user, username, groups, scopes } = caller;
  const known = { User: user, Name: username, Groups: groups, Scopes: scopes };
  const rows = Object.entries({ ...known, Region: answer.region }).filter(([, value]) => value);
  place.replaceChildren(...rows.flatMap(([term, value]) => row(term, value)));
}

/** @param {string} term @param {Node | string} value */
function row(term, value) {
  return [element('dt', {}, term), element('dd', {}, value)];
}

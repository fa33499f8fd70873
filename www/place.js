/**
 * Where this visitor pretends to be. Only the local world heeds it: a cookie that the local
 * CloudFront reads and takes off.
 */
import { EDGES } from '/edges.js';
import { element } from '/element.js';

const COOKIE = 'nearhop_dev_place';

/** Names that only ever mean this machine (RFC 6761). */
export const IS_LOCAL = /^(localhost|127\.0\.0\.1|\[::1\]|.*\.(localhost|test))$/.test(
  location.hostname,
);

/** @returns {string} a POP's code or an edge Region; empty where none is chosen */
export function chosenPlace() {
  const found = document.cookie.split('; ').find((cookie) => cookie.startsWith(`${COOKIE}=`));
  return found?.slice(COOKIE.length + 1) ?? '';
}

/** @param {string} place as above */
export function choosePlace(place) {
  const age = place ? 86_400 : 0;
  document.cookie = `${COOKIE}=${place}; Path=/; SameSite=Strict; Max-Age=${age}`;
}

/**
 * Fills the list of places.
 *
 * @param {HTMLSelectElement} select
 * @param {import('./map.js').World} world
 */
export function fillPlaces(select, { regions, pops }) {
  const option = (value, text) => element('option', { value }, text);
  const cities = [...pops].sort(([, a], [, b]) => a.localeCompare(b));
  select.append(
    element(
      'optgroup',
      { label: 'Regions of the edge' },
      ...EDGES.map((edge) => option(edge, `${nameOf(regions, edge)} · ${edge}`)),
    ),
    element(
      'optgroup',
      { label: 'Points of presence' },
      ...cities.map(([code, city]) => option(code, `${city} · ${code}`)),
    ),
  );
  select.value = chosenPlace();
}

/**
 * @param {[string, string, ...unknown[]][]} rows of world.json
 * @param {string} id
 */
export function nameOf(rows, id) {
  return rows.find(([known]) => known === id)?.[1] ?? id;
}

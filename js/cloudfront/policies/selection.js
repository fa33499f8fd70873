/**
 * Which headers, cookies and query strings a policy selects.
 *
 * @typedef {import('../distribution.js').Selection} Selection
 * @typedef {import('../distribution.js').HeaderSelection} HeaderSelection
 */

/**
 * @param {Selection | HeaderSelection} selection
 * @param {string} name a header's in lower case; a cookie's or query string's as it was sent, since
 *   their case counts
 * @returns {boolean}
 */
export function selects({ behavior, names }, name) {
  switch (behavior) {
    case 'none':
      return false;
    case 'whitelist':
      return names.includes(name);
    case 'allExcept':
      return !names.includes(name);
    default:
      // `all`, `allViewer`, `allViewerAndWhitelistCloudFront`
      return true;
  }
}

/**
 * The part of a query string that any of the policies selects, in the order and spelling it was
 * sent. Parameters end at `&` alone (guide, "Cache content based on query string parameters").
 *
 * @param {string} querystring without `?`
 * @param {Selection[]} selections
 * @returns {string}
 */
export function queryOf(querystring, selections) {
  if (selections.some(({ behavior }) => behavior === 'all')) return querystring;
  return querystring
    .split('&')
    .filter((parameter) => {
      const [name] = parameter.split('=', 1);
      return selections.some((selection) => selects(selection, name));
    })
    .join('&');
}

/**
 * The cookies that any of the policies selects, sorted by name (guide, "Cache content based on
 * cookies": CloudFront sorts cookies before it forwards them). Names may be given with `*` and `?`
 * as wildcards, as the guide says of legacy cache settings; that policies take them too is
 * unverified.
 *
 * @param {string | undefined} cookie value of the `Cookie` header (rule E3: there is one at most)
 * @param {Selection[]} selections
 * @returns {string[]} `name=value` each
 */
export function cookiesOf(cookie, selections) {
  return (cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '')
    .map((pair) => ({ pair, name: pair.split('=', 1)[0] }))
    .filter(({ name }) => selections.some((selection) => selectsCookie(selection, name)))
    .sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)))
    .map(({ pair }) => pair);
}

/**
 * @param {Selection} selection
 * @param {string} name
 */
function selectsCookie({ behavior, names }, name) {
  const isNamed = names.some((pattern) => wildcard(pattern).test(name));
  return selects({ behavior, names: isNamed ? [name] : [] }, name);
}

/** @param {string} pattern */
function wildcard(pattern) {
  const source = pattern
    .replace(/[\\^$.+()[\]{}|]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`);
}

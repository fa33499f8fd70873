/**
 * The `Server-Timing` header of response headers policies (guide, "Server-Timing header").
 */

/**
 * @typedef {import('../headers.js').HeaderMap} HeaderMap
 *
 * @typedef {object} Timing what is known of the request by now; times are milliseconds
 * @property {'hit'|'refresh'|'miss'} cache
 * @property {string} requestId
 * @property {string} [pop] code of the POP
 * @property {number} [upstreamMs] from the request to the origin to the first byte of its answer
 * @property {number} ms from the viewer's request to the first byte of the answer
 */

/**
 * @param {{ headers: HeaderMap }} request the viewer's
 * @param {number} rate percent of the answers that have the header
 * @param {() => number} [random] from 0 up to 1
 * @returns {boolean} whether this one has it: by chance, or since the viewer asks with
 *   `Pragma: server-timing`
 */
export function isTimed({ headers }, rate, random = Math.random) {
  const asks = headers.pragma?.some(({ value }) => /^server-timing$/i.test(value.trim())) ?? false;
  return asks || random() * 100 < rate;
}

/**
 * CloudFront's metrics, before them the origin's own unless the cache answered. The cache here
 * belongs to an edge Region, which is what the guide calls `REC`. Time for DNS and connecting is
 * not measured and left out.
 *
 * @param {HeaderMap} answered the answer's headers
 * @param {Timing} timing
 * @returns {string} the header's value
 */
export function serverTiming(answered, { cache, requestId, pop, upstreamMs, ms }) {
  const origins = cache === 'miss' ? (answered['server-timing'] ?? []) : [];
  return [
    ...origins.map(({ value }) => value),
    ...(cache === 'miss' ? ['cdn-upstream-layer;desc="REC"'] : []),
    ...(upstreamMs === undefined ? [] : [`cdn-upstream-fbl;dur=${Math.round(upstreamMs)}`]),
    `cdn-cache-${cache}`,
    ...(pop ? [`cdn-pop;desc="${pop}"`] : []),
    `cdn-rid;desc="${requestId}"`,
    ...(cache === 'hit' ? ['cdn-hit-layer;desc="REC"'] : []),
    `cdn-downstream-fbl;dur=${Math.round(ms)}`,
  ].join(',');
}

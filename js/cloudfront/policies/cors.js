/**
 * The CORS part of response headers policies (guide, "Understand response headers policies").
 *
 * CloudFront answers no preflight request by itself: the request goes on to the origin, and the
 * policy's headers are added to whatever comes back.
 */

/**
 * @typedef {import('../headers.js').HeaderMap} HeaderMap
 *
 * @typedef {object} CorsConfig CloudFormation's `CorsConfig`
 * @property {boolean} AccessControlAllowCredentials
 * @property {{ Items: string[] }} AccessControlAllowHeaders
 * @property {{ Items: string[] }} AccessControlAllowMethods `ALL` for all
 * @property {{ Items: string[] }} AccessControlAllowOrigins
 * @property {{ Items: string[] }} [AccessControlExposeHeaders]
 * @property {number} [AccessControlMaxAgeSec] seconds
 * @property {boolean} OriginOverride
 */

const ORIGIN_PATTERN = /^(?:([a-z]+):\/\/)?((?:\*\.)?[a-z0-9.-]+)(?::([\d*]+))?$/i;
const ALL_METHODS = ['GET', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];

/**
 * What the policy adds to the answer of a request. Only requests with an `Origin` are CORS
 * requests; those of the method OPTIONS count as preflights.
 *
 * Without `OriginOverride`, an origin that sends any CORS header keeps all of them, and the policy
 * adds none. Older copies of the guide say so of each header by itself: unverified. So are that an
 * origin the policy does not allow gets none of the headers, and `Vary` where the answer depends on
 * the origin.
 *
 * @param {CorsConfig} config
 * @param {{ method: string, headers: HeaderMap }} request the viewer's
 * @param {HeaderMap} answered the answer's headers so far
 * @returns {[key: string, value: string][]} headers to set
 */
export function corsHeaders(config, { method, headers }, answered) {
  const origin = headers.origin?.[0]?.value;
  if (origin === undefined) return [];
  if (!config.OriginOverride && Object.keys(answered).some(isCors)) return [];
  const { AccessControlAllowCredentials: allowsCredentials } = config;
  const { Items: allowed } = config.AccessControlAllowOrigins;
  const isAnyone = allowed.includes('*');
  if (!isAnyone && !allowed.some((pattern) => originPattern(pattern).test(origin))) return [];
  return [
    pair('Access-Control-Allow-Origin', isAnyone ? '*' : origin),
    ...(allowsCredentials ? [pair('Access-Control-Allow-Credentials', 'true')] : []),
    ...list('Access-Control-Expose-Headers', config.AccessControlExposeHeaders?.Items),
    ...(method === 'OPTIONS' ? preflight(config) : []),
    ...(isAnyone ? [] : [pair('Vary', varying(answered))]),
  ];
}

/**
 * @param {CorsConfig} config
 * @returns {[string, string][]}
 */
function preflight(config) {
  const { Items: methods } = config.AccessControlAllowMethods;
  const age = config.AccessControlMaxAgeSec;
  return [
    ...list('Access-Control-Allow-Methods', methods.includes('ALL') ? ALL_METHODS : methods),
    ...list('Access-Control-Allow-Headers', config.AccessControlAllowHeaders.Items),
    ...(age === undefined ? [] : [pair('Access-Control-Max-Age', String(age))]),
  ];
}

/**
 * `[scheme://]host[:port]`, with `*` for the leftmost part of the host or within the port. What the
 * pattern leaves open, any scheme or port, is any.
 *
 * @param {string} pattern
 */
function originPattern(pattern) {
  const [, scheme, host, port] = ORIGIN_PATTERN.exec(pattern) ?? [];
  if (host === undefined) return /^(?!)/;
  const name = host.replaceAll('.', '\\.').replace(/^\*/, '[^/:]+');
  const number = port === undefined ? '(:\\d+)?' : `:${port.replaceAll('*', '\\d*')}`;
  return new RegExp(`^${scheme ?? 'https?'}://${name}${number}$`, 'i');
}

/** @param {HeaderMap} answered */
function varying(answered) {
  const names = (answered.vary ?? []).flatMap(({ value }) => value.split(','));
  const trimmed = names.map((name) => name.trim()).filter((name) => name !== '');
  const has = trimmed.some((name) => name === '*' || name.toLowerCase() === 'origin');
  return (has ? trimmed : [...trimmed, 'Origin']).join(', ');
}

/** @param {string} name in lower case */
function isCors(name) {
  return name.startsWith('access-control-');
}

/**
 * @param {string} key
 * @param {string[] | undefined} values
 * @returns {[string, string][]}
 */
function list(key, values = []) {
  return values.length === 0 ? [] : [[key, values.join(', ')]];
}

/**
 * @param {string} key
 * @param {string} value
 * @returns {[string, string]}
 */
function pair(key, value) {
  return [key, value];
}

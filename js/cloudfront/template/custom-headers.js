/**
 * `OriginCustomHeaders` (CloudFront Developer Guide, "Add custom headers to origin requests"; rule
 * W10). Their values are secrets more often than not, so no message holds one.
 */

/** @typedef {import('./property.js').Property} Property */

const NEVER = new Set(
  (
    'cache-control connection content-length cookie host if-match if-modified-since ' +
    'if-none-match if-range if-unmodified-since max-forwards pragma proxy-authorization ' +
    'proxy-connection range request-range te trailer transfer-encoding upgrade via x-real-ip'
  ).split(' '),
);

/** RFC 9110 section 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * @param {Property} list
 * @returns {Record<string, string>} in the case they are written
 * @throws {import('./error.js').TemplateError}
 */
export function customHeadersOf(list) {
  /** @type {Map<string, string>} */
  const headers = new Map();
  const taken = new Set();
  for (const item of list.items()) {
    const [name, value] = [nameOf(item.get('HeaderName')), valueOf(item.get('HeaderValue'))];
    if (taken.has(name.toLowerCase())) {
      item.get('HeaderName').fail({ found: `"${name}" again`, allowed: 'each header once' });
    }
    taken.add(name.toLowerCase());
    headers.set(name, value);
  }
  const total = [...headers].flat().join('').length;
  if (headers.size > 30) {
    list.fail({ found: `${headers.size} headers`, allowed: 'at most 30', rule: 'W10' });
  }
  if (total > 10_240) {
    list.fail({ found: `${total} characters in all`, allowed: 'at most 10,240', rule: 'W10' });
  }
  return Object.fromEntries(headers);
}

/** @param {Property} property */
function nameOf(property) {
  const name = property.text({ matches: TOKEN, allowed: 'the name of a header' });
  if (name.length > 256) {
    property.fail({ found: `${name.length} characters`, allowed: 'at most 256', rule: 'W10' });
  }
  if (NEVER.has(name.toLowerCase()) || /^x-(amz|edge)-/i.test(name)) {
    property.fail({
      allowed: `not X-Amz-*, X-Edge-*, ${[...NEVER].join(', ')}`,
      advice: 'CloudFront sets it, removes it or lets the viewer set it.',
    });
  }
  return name;
}

/** @param {Property} property */
function valueOf(property) {
  const { value } = property;
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  if (typeof text !== 'string') {
    return property.fail({ found: `a ${typeof value}`, allowed: 'text' });
  }
  if (text.length > 1_783) {
    property.fail({ found: `${text.length} characters`, allowed: 'at most 1,783', rule: 'W10' });
  }
  if (/[\r\n\0]/.test(text)) {
    property.fail({ found: 'a line break', allowed: 'text of one line' });
  }
  if (text.includes('{{resolve:')) {
    property.warn('a dynamic reference; the origin gets it as it is written here');
  }
  return text;
}

// @ts-nocheck: a browser's file, in a project whose types are Node's.

/**
 * Makes an element. Text becomes text, never markup: it comes from requests.
 *
 * @param {string} name tag name, with classes behind dots: `span.status.good`
 * @param {object} properties of the element; `data-…`, `aria-…` and `role` as attributes
 * @param {...(Node | string | number | false | null | undefined)} children
 */
export function element(name, properties = {}, ...children) {
  const [tag, ...classes] = name.split('.');
  const made = document.createElement(tag);
  if (classes.length > 0) made.className = classes.join(' ');
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (/^(aria-|data-|role$|for$|list$|style$)/.test(key)) made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(
    ...children.flat().filter((child) => child !== null && child !== undefined && child !== false),
  );
  return made;
}

/** @param {number} value milliseconds */
export function inMs(value) {
  if (value < 10) return value.toFixed(1);
  return Math.round(value).toLocaleString('en');
}

/** @param {number} status */
export function tone(status) {
  if (status >= 500 || status === 0) return 'bad';
  return status >= 400 ? 'warn' : 'good';
}

/** A rule of Lambda@Edge by its id. */
export function rulePill(rule) {
  return rule
    ? element('span.rule', { title: `Rule ${rule} of CloudFront and Lambda@Edge` }, rule)
    : null;
}

/**
 * @param {number} count
 * @param {string} one
 */
export function counted(count, one) {
  return `${count.toLocaleString('en')} ${one}${count === 1 ? '' : 's'}`;
}

/**
 * Asks the control API.
 *
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @throws {Error} in the API's words
 */
export async function ask(method, path, body) {
  const json =
    body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(path, { method, ...json });
  const answer = response.status === 204 ? undefined : await response.json();
  if (!response.ok) throw new Error(answer.message);
  return answer;
}

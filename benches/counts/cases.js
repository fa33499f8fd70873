/**
 * What is counted: requests of each kind, in small and in large configurations.
 */
import { readFile } from 'node:fs/promises';

import { baseEvent, NOW as SECONDS, token } from '../../tests/edge.js';
import { BROWSER, NAVIGATION } from '../../tests/events/browser.js';

/** Unix milliseconds: the tokens of tests/vectors are valid then. */
export const NOW = SECONDS * 1_000;

/** Where the function runs: one of the two Regions that every setting has. */
export const EDGE = 'eu-central-1';

/** The key set of the issuer of {@link configuration}. */
export const KEY_SET = new URL('../../tests/vectors/jwks-1.json', import.meta.url);

/** @typedef {{ regions: number, routes: number }} Setting */

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {Setting} setting
 * @property {any[]} before  events that the same instance has handled
 * @property {any} event  the one that is counted
 * @property {(result: any) => boolean} expected  whether it was answered as meant
 */

const SMALL = { regions: 2, routes: 10 };
const COOKIE = 'session';
const PATH = '/api/service-5/items/17';

/** @returns {Case[]} */
export function cases() {
  const known = token('access');
  const bearing = (/** @type {string} */ text) => ({ authorization: `Bearer ${text}` });
  const page = eventOf('viewer-request', '/orders/17', NAVIGATION);
  const call = (/** @type {Record<string, string>} */ headers) =>
    eventOf('viewer-request', PATH, { ...BROWSER, ...headers });
  const remembered = call(bearing(known));
  const atOrigin = eventOf('origin-request', PATH, bearing(known));
  const again = (/** @type {string} */ name, /** @type {any} */ event, setting = SMALL) => ({
    name,
    setting,
    before: [event, event],
    event,
  });
  return [
    { ...again('page of the site', page), expected: ({ uri }) => uri === '/index.html' },
    { ...again('refused, no token', call({})), expected: isRefusal },
    {
      ...again('refused, no token but other text', call(bearing('x'.repeat(known.length)))),
      expected: isRefusal,
    },
    {
      name: 'token not seen before',
      setting: SMALL,
      before: [remembered, remembered],
      event: call(bearing(token('access-second-user'))),
      expected: isForwarded,
    },
    { ...again('remembered', remembered), expected: isForwarded },
    {
      ...again(
        'remembered, in a cookie of 5 kB',
        call({ cookie: `a=${'x'.repeat(5_000)}; ${COOKIE}=${known}` }),
      ),
      expected: isForwarded,
    },
    ...[SMALL, { ...SMALL, regions: 39 }, { ...SMALL, routes: 1_000 }].map((setting) => {
      const { regions, routes } = setting;
      const name = `origin-request, ${regions} Regions, ${routes.toLocaleString('en')} routes`;
      return { ...again(name, atOrigin, setting), expected: isSentOn };
    }),
  ];
}

/** @param {any} result */
const isRefusal = ({ status }) => status === '401';

/** @param {any} result */
const isForwarded = ({ uri, status }) => uri === PATH && status === undefined;

/** @param {any} result */
const isSentOn = ({ origin }) => origin?.custom.domainName === `${EDGE}.example.com`;

/**
 * nearhop.toml for a setting.
 *
 * @param {Setting} setting
 */
export async function configuration({ regions, routes }) {
  const endpoint = (/** @type {string} */ name) =>
    `  { name = "${name}", endpoint = "https://${name}.example.com" },`;
  const pattern = (/** @type {string} */ text) =>
    `  { pattern = "${text}", target = "api", access = "authenticated" },`;
  const services = Array.from({ length: routes - 1 }, (_, n) => `/api/service-${n + 1}/items/{id}`);
  return `routes = [
${['/api/*', ...services].map(pattern).join('\n')}
]
issuers = [{ user_pool = "us-east-1_Vectors01", clients = ["web0client"], cookies = ["${COOKIE}"] }]
[api]
regions = [
${(await regionNames()).slice(0, regions).map(endpoint).join('\n')}
]
`;
}

/** Every Region's name, the one that will serve among the first two. */
async function regionNames() {
  const file = new URL('../../src/tools/data/aws-regions.csv', import.meta.url);
  const rows = (await readFile(file, 'utf8')).trim().split('\n').slice(1);
  const first = ['us-east-1', EDGE];
  const others = rows.map((row) => row.split(',')[0]).filter((name) => !first.includes(name));
  return [...first, ...others];
}

/**
 * @param {string} trigger
 * @param {string} uri
 * @param {Record<string, string>} headers  beside the documented event's, or in their place
 */
function eventOf(trigger, uri, headers) {
  const event = baseEvent(trigger);
  const { request } = event.Records[0].cf;
  request.uri = uri;
  for (const [key, value] of Object.entries(headers)) request.headers[key] = [{ key, value }];
  return event;
}

/**
 * Pins: headers that choose the Region of the requests they are sent with, for tests.
 */
import { createHmac } from 'node:crypto';
import { readConfiguration } from './configuration.js';
import { CommandFault } from './fault.js';

/** The header a pin is sent in. */
export const PIN_HEADER = 'x-nearhop-pin';

/** As the edge has it: no pin lives longer, no key is shorter. */
const LONGEST_SECONDS = 86_400;
const SHORTEST_KEY = 32;

/** What units mean in seconds. @type {Record<string, number>} */
const SECONDS = { s: 1, m: 60, h: 3_600 };

/**
 * Signs a pin: a compact JWS (RFC 7515) with HMAC SHA-256, over the Region and the time from which
 * on it is void.
 *
 * @param {object} options
 * @param {string} options.config the path of nearhop.toml
 * @param {string} options.region
 * @param {string} [options.ttl] such as `90s`, `10m`, `2h`; ten minutes if left out
 * @param {Record<string, string | undefined>} [options.env] holds the key
 * @returns {Promise<string>}
 * @throws {CommandFault} `usage` for a Region or a time that cannot be, `configuration` without a
 *   key
 */
export async function signPin({ config, region, ttl = '10m', env = process.env }) {
  const { file, report } = await readConfiguration(config);
  const { regions = [], pin = null } = report.api ?? {};
  if (!pin) {
    const allowed = 'an [api.pin] section: env = "<the variable that holds the key>"';
    throw new CommandFault('configuration', `${file}: found no api.pin; allowed: ${allowed}`);
  }
  const names = regions.map(({ name }) => name);
  if (!names.includes(region)) {
    throw new CommandFault('usage', `--region: found "${region}"; allowed: ${names.join(', ')}`);
  }
  const key = env[pin.env] ?? '';
  if (key.length < SHORTEST_KEY) {
    const found = key === '' ? 'nothing' : 'a value that is too short';
    throw new CommandFault(
      'configuration',
      `${file}: api.pin.env: found ${found} in the environment variable ${pin.env}; ` +
        `allowed: the key the bundle was built with, ${SHORTEST_KEY} characters or more`,
    );
  }
  const exp = Math.floor(Date.now() / 1_000) + secondsOf(ttl);
  const segments = [{ alg: 'HS256', typ: 'JWT' }, { region, exp }].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const signed = segments.join('.');
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}

/** @param {string} ttl */
function secondsOf(ttl) {
  const [, number = '', unit = 's'] = /^(\d{1,6})([smh])?$/.exec(ttl) ?? [];
  const seconds = Number(number) * SECONDS[unit];
  if (seconds >= 1 && seconds <= LONGEST_SECONDS) return seconds;
  const allowed = '1s to 24h, such as 90s, 10m, 2h';
  throw new CommandFault('usage', `--ttl: found "${ttl}"; allowed: ${allowed}`);
}

/**
 * The origin secret: how the edge proves itself to the API (rule A4).
 *
 * @typedef {object} Secret
 * @property {string} header where it stands, in lower case
 * @property {() => Promise<string>} value
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { Refusal } from './answer.mjs';

/** Nearhop's default: `api.origin_secret.header`. */
const HEADER = 'x-nearhop-origin-secret';

/** Milliseconds until a secret is read again, so that a rotated one takes effect. */
const FRESH = 300_000;

/**
 * @param {Record<string, string | undefined>} env
 * @returns {Secret | undefined} undefined where none is asked for
 */
export function secretFrom({ ORIGIN_SECRET, ORIGIN_SECRET_ARN, ORIGIN_SECRET_HEADER }) {
  const header = (ORIGIN_SECRET_HEADER || HEADER).toLowerCase();
  if (ORIGIN_SECRET) return { header, value: async () => ORIGIN_SECRET };
  if (ORIGIN_SECRET_ARN) {
    return { header, value: remembered(() => readSecret(ORIGIN_SECRET_ARN), FRESH) };
  }
  return undefined;
}

/**
 * Whether a request came through the edge. Takes the same time for any wrong value.
 *
 * @param {Secret} secret
 * @param {Record<string, string | undefined>} headers
 * @returns {Promise<boolean>}
 * @throws {Refusal} 503 where the secret cannot be read
 */
export async function isKnown({ header, value }, headers) {
  const expected = await value().catch((cause) => {
    throw new Refusal(503, 'unavailable', 'The API cannot check who calls.', { cause });
  });
  const digest = (/** @type {string} */ text) => createHash('sha256').update(text).digest();
  return expected !== '' && timingSafeEqual(digest(headers[header] ?? ''), digest(expected));
}

/**
 * A value that is read again when it is old; while that fails, the old one counts.
 *
 * @template T
 * @param {() => Promise<T>} read
 * @param {number} fresh milliseconds
 * @param {() => number} [clock] milliseconds
 * @returns {() => Promise<T>}
 */
export function remembered(read, fresh, clock = Date.now) {
  /** @type {{ value: T, at: number } | undefined} */
  let known;
  return async () => {
    if (known && clock() - known.at < fresh) return known.value;
    try {
      known = { value: await read(), at: clock() };
    } catch (error) {
      if (!known) throw error;
      known.at = clock();
    }
    return known.value;
  };
}

/** @param {string} arn */
async function readSecret(arn) {
  const { GetSecretValueCommand, SecretsManagerClient } = await import(SECRETS_MANAGER);
  const client = new SecretsManagerClient({ maxAttempts: 2 });
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: arn }));
  if (!SecretString) throw new Error('the origin secret is not a string');
  return SecretString;
}

/** Loaded only where it is needed: it costs every cold start otherwise. */
const SECRETS_MANAGER = '@aws-sdk/client-secrets-manager';

#!/usr/bin/env node
/**
 * One Region's API without AWS: a Regional API Gateway (HTTP API with a JWT authorizer) in front of
 * the function in api/. Started as a process of its own, it reads who it is from the environment:
 *
 *   AWS_REGION                 API_REGIONS      all Regions, separated by commas
 *   API_HOST    its name       API_STAGE        `/prod`, or empty for `$default`
 *   SECRET      of the edge    SECRET_HEADER    where it stands; without, none is asked for
 *   JWT_ISSUER  JWT_AUDIENCE   JWKS_URL         whose tokens count; JWT_AUDIENCE by commas
 *   STORES_URL  STORES_KEY                      the stores (`stores.js`)
 *   API_LOG                    `1`: the function's log lines on stdout
 *
 * and tells its parent the port by a message `{ port }`.
 */
import { realpathSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { makeHandler } from '../../api/handler.mjs';
import { claimsForEvent, send, toEvent } from './http-api.js';
import { objectsAt } from './objects.js';
import { documentsAt } from './stores.js';

/**
 * @typedef {object} Authorizer a JWT authorizer's configuration
 * @property {string} issuer
 * @property {string[]} audience client ids; a token's `aud`, else its `client_id`, is one of them
 * @property {string} jwksUrl where the issuer's keys are
 *
 * @typedef {object} RegionalApi
 * @property {string} host the one Host it answers to (rule A1)
 * @property {string} stage `/prod`, or empty for `$default`
 * @property {Authorizer} authorizer
 * @property {(event: import('./http-api.js').Event) => Promise<import('./http-api.js').Result>}
 *   handler
 * @property {number} [port] any free one if left out
 */

/** The one path that needs no token. */
const PUBLIC = '/health';

/** A2: REST APIs take 10,240 bytes of headers, and 10 MB of payload. Node answers 431 beyond. */
const LIMITS = { headers: 10_240, payload: 10 * 1024 * 1024 };

/**
 * Starts the API on 127.0.0.1.
 *
 * @param {RegionalApi} api
 * @returns {Promise<{ url: string, port: number, close: () => Promise<void> }>}
 */
export async function startRegionalApi({ host, stage, authorizer, handler, port = 0 }) {
  const keys = createRemoteJWKSet(new URL(authorizer.jwksUrl));
  const server = createServer({ maxHeaderSize: LIMITS.headers }, (request, response) => {
    answer(request).then(
      (result) => send(result, response),
      // The body broke off.
      () => response.destroy(),
    );
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(undefined));
  });
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  /**
   * @param {import('node:http').IncomingMessage} request
   * @returns {Promise<import('./http-api.js').Result>}
   */
  async function answer(request) {
    const body = await read(request);
    const { pathname } = new URL(request.url ?? '/', 'http://api');
    if (request.headers.host !== host || !isWithin(pathname, stage)) return says(403, 'Forbidden');
    if (!body) return says(413, 'Request Entity Too Large');
    const isPublic = pathname === stage + PUBLIC;
    const claims = isPublic ? undefined : await verified(request, authorizer, keys);
    if (!isPublic && !claims) return says(401, 'Unauthorized', { 'www-authenticate': 'Bearer' });
    const event = toEvent({ request, body, claims, stage: stage.slice(1) || '$default' });
    // As API Gateway, when the function fails.
    return handler(event).catch(() => says(500, 'Internal Server Error'));
  }
}

/**
 * The claims of a token that a JWT authorizer would let through. Like API Gateway's it does not ask
 * which kind of token it is.
 *
 * @param {import('node:http').IncomingMessage} request
 * @param {Authorizer} authorizer
 * @param {import('jose').JWTVerifyGetKey} keys
 */
async function verified({ headers }, { issuer, audience }, keys) {
  const token = (headers.authorization ?? '').replace(/^Bearer /i, '');
  try {
    const { payload } = await jwtVerify(token, keys, { issuer, algorithms: ['RS256'] });
    const issuedTo = [payload.aud ?? payload.client_id].flat();
    const isForUs = issuedTo.some((client) => audience.includes(String(client)));
    return isForUs ? claimsForEvent(payload) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {number} statusCode
 * @param {string} message
 * @param {Record<string, string>} [headers]
 * @returns {import('./http-api.js').Result}
 */
function says(statusCode, message, headers = {}) {
  const body = JSON.stringify({ message });
  return { statusCode, headers: { 'content-type': 'application/json', ...headers }, body };
}

/**
 * @param {string} path
 * @param {string} stage `/prod`, or empty
 */
function isWithin(path, stage) {
  return path === stage || path.startsWith(`${stage}/`);
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @returns {Promise<Buffer | undefined>} undefined where it is too long
 */
async function read(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length <= LIMITS.payload) chunks.push(chunk);
  }
  return length <= LIMITS.payload ? Buffer.concat(chunks) : undefined;
}

/** @param {Record<string, string | undefined>} env */
async function runFrom(env) {
  const { AWS_REGION: region = '', STORES_URL = '', STORES_KEY = '', SECRET_HEADER = '' } = env;
  const stores = { url: STORES_URL, key: STORES_KEY };
  const { SECRET = '' } = env;
  const { port } = await startRegionalApi({
    host: env.API_HOST ?? '',
    stage: env.API_STAGE ?? '',
    authorizer: {
      issuer: env.JWT_ISSUER ?? '',
      audience: (env.JWT_AUDIENCE ?? '').split(','),
      jwksUrl: env.JWKS_URL ?? '',
    },
    handler: makeHandler({
      region,
      regions: env.API_REGIONS?.split(',') ?? [region],
      documents: documentsAt(stores),
      objects: objectsAt({ ...stores, region }),
      secret:
        SECRET_HEADER === ''
          ? undefined
          : { header: SECRET_HEADER.toLowerCase(), value: async () => SECRET },
      log: env.API_LOG === '1' ? undefined : () => {},
    }),
  });
  process.send?.({ port });
  // Ctrl-C reaches the whole process group: the parent decides when this one ends.
  process.on('SIGINT', () => {});
  process.on('disconnect', () => process.exit(0));
}

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) await runFrom(process.env);

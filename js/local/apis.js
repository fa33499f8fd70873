/**
 * The Regional APIs without AWS, each a process of its own (`regional-api.js`).
 */
import { fork } from 'node:child_process';
import { answerFor } from './gone.js';

/**
 * @typedef {Pick<NonNullable<import('../cli/tools.js').Report['api']>['regions'][number],
 *   'name'|'domain_name'|'path'>} ApiRegion
 * @typedef {import('./backend.js').Api} Api
 *
 * @typedef {object} ApiOptions what all of them have in common
 * @property {{ header: string, value: string }} [secret] what the APIs ask for (rule A4)
 * @property {import('./regional-api.js').Authorizer} authorizer
 * @property {import('./stores.js').Stores} stores
 * @property {(region: string, how: string) => void} [onExit] is called when one ends unasked
 */

/**
 * Starts one API for each Region.
 *
 * @param {ApiRegion[]} regions
 * @param {ApiOptions} options
 * @returns {Promise<{ apis: Api[], close: () => Promise<void> }>}
 */
export async function startApis(regions, options) {
  const shared = environmentOf(regions, options);
  const started = await Promise.all(
    regions.map((region) => startApi(region, shared, options.onExit ?? (() => {}))),
  );
  return {
    apis: started.map(({ api }) => api),
    async close() {
      await Promise.all(started.map(({ close }) => close()));
    },
  };
}

/**
 * @param {ApiRegion[]} regions
 * @param {ApiOptions} options
 * @returns {Record<string, string>}
 */
function environmentOf(regions, { secret, authorizer, stores }) {
  return {
    API_REGIONS: regions.map(({ name }) => name).join(','),
    JWT_ISSUER: authorizer.issuer,
    JWT_AUDIENCE: authorizer.audience.join(','),
    JWKS_URL: authorizer.jwksUrl,
    STORES_URL: stores.url,
    STORES_KEY: stores.key,
    ...(secret && { SECRET_HEADER: secret.header, SECRET: secret.value }),
  };
}

/**
 * @param {ApiRegion} region
 * @param {Record<string, string>} shared
 * @param {(region: string, how: string) => void} onExit
 */
async function startApi({ name, domain_name: authority, path }, shared, onExit) {
  const host = authority.replace(/:\d+$/, '');
  const child = fork(new URL('regional-api.js', import.meta.url), {
    env: { ...shared, AWS_REGION: name, API_HOST: host, API_STAGE: path },
    execArgv: [],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  /** @type {{ port: number }} */
  const { port } = await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the API of ${name} ended with code ${code}`)));
  });
  let closing = false;
  /** @type {{ close: () => void } | undefined} */
  let gone;
  child.once('exit', (code, signal) => {
    if (closing) return;
    gone = answerFor(port);
    onExit(name, signal ?? `code ${code}`);
  });
  return {
    api: { region: name, host, url: `http://127.0.0.1:${port}`, pid: child.pid },
    async close() {
      closing = true;
      gone?.close();
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await ended;
    },
  };
}

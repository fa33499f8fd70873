/**
 * What the tests of the local world share: bundles made by hand, and HTTP as it goes over the wire.
 */
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startCloudFront } from '../../js/cloudfront/serve.js';

/**
 * A folder that is gone when the test is over.
 *
 * @param {{ after: (end: () => void | Promise<void>) => void }} test
 * @param {Record<string, string | Buffer>} files path → content
 * @returns {string}
 */
export function folder(test, files) {
  const root = mkdtempSync(join(tmpdir(), 'nearhop-test-'));
  test.after(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

/** Answers at the trigger that the path begins with, with the event as the body. */
export const ECHO = `
  export async function handler(event) {
    const { config, request, response } = event.Records[0].cf;
    const here = request.uri.startsWith('/' + config.eventType);
    if (here) return { status: '200', body: JSON.stringify(event) };
    return response ?? request;
  }`;

/** Changes nothing. */
export const PASS = `
  export async function handler(event) {
    const { request, response } = event.Records[0].cf;
    return response ?? request;
  }`;

/**
 * A distribution that is closed when the test is over.
 *
 * @param {{ after: (end: () => void | Promise<void>) => void }} test
 * @param {string} source of the bundle's index.mjs
 * @param {Partial<import('../../js/cloudfront/serve.js').Distribution>} [options]
 */
export async function distribution(test, source, options = {}) {
  /** @type {((decision: import('../../js/cloudfront/exchange.js').Decision) => void)[]} */
  const waiting = [];
  const cloudFront = await startCloudFront({
    bundle: folder(test, { 'index.mjs': source }),
    site: folder(test, { 'index.html': '<h1>site</h1>' }),
    onDecision: (decision) => waiting.shift()?.(decision),
    ...options,
  });
  test.after(cloudFront.close);
  return {
    url: cloudFront.url,
    /** @type {(path: string, options?: Asked) => Promise<Answer>} */
    ask: (path, asked) => ask(cloudFront.url, path, asked),
    /** Asks, and waits for what is remembered of it; for one request at a time. */
    async decide(/** @type {string} */ path, /** @type {Asked} */ asked = {}) {
      const decided = new Promise((resolve) => waiting.push(resolve));
      const answer = await ask(cloudFront.url, path, asked);
      /** @type {import('../../js/cloudfront/exchange.js').Decision} */
      const decision = await decided;
      return { answer, decision };
    },
  };
}

/**
 * An API's origin as a distribution has it configured.
 *
 * @param {string} domainName
 * @param {object} [changes]
 * @returns {import('aws-lambda').CloudFrontOrigin}
 */
export function customOrigin(domainName, changes = {}) {
  return {
    custom: {
      customHeaders: {},
      domainName,
      keepaliveTimeout: 5,
      path: '/prod',
      port: 443,
      protocol: 'https',
      readTimeout: 30,
      sslProtocols: ['TLSv1.2'],
      ...changes,
    },
  };
}

/**
 * @typedef {object} Asked
 * @property {string} [method]
 * @property {Record<string, string | string[]> | string[]} [headers] as a list, name, value, name,
 *   value …, each is a line of its own
 * @property {string | Buffer} [body]
 *
 * @typedef {object} Answer
 * @property {number} status
 * @property {import('node:http').IncomingHttpHeaders} headers
 * @property {string} text
 * @property {() => any} json
 */

/**
 * One request whose path and headers reach the wire unchanged, as `fetch` would not have it.
 *
 * @param {string} url
 * @param {string} path
 * @param {Asked} [asked]
 * @returns {Promise<Answer>}
 */
export function ask(url, path, { method = 'GET', headers = {}, body } = {}) {
  const { port } = new URL(url);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        path,
        method,
        headers: /** @type {any} */ (headers),
        agent: false,
      },
      async (incoming) => {
        try {
          const chunks = [];
          for await (const chunk of incoming) chunks.push(chunk);
          const text = Buffer.concat(chunks).toString();
          const { statusCode = 0, headers: received } = incoming;
          resolve({ status: statusCode, headers: received, text, json: () => JSON.parse(text) });
        } catch (error) {
          reject(error);
        }
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

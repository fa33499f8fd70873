/**
 * The edge function as tests meet it in Node: a bundle as `nearhop bundle` writes it, loaded as
 * Lambda loads it, given events made from tests/events, its fetches answered. What it returns is held
 * to CloudFront's rules.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundle } from '../js/cli/bundle.js';
import { check } from '../js/cli/tools.js';
import { validated } from './valid.js';

/** What the API is told a request came through the edge by. Never to be seen elsewhere. */
export const ORIGIN_SECRET = 'the-secret-of-the-vectors';

/** What seals a browser's sign-in attempts. Never to be seen anywhere. */
const SIGN_IN_KEY = 'the-sign-in-key-of-all-the-vectors';

/** Unix seconds for which the tokens of tokens.json were made. */
export const NOW = 1_790_000_000;

const TESTS = new URL('./', import.meta.url);

/**
 * A bundle's `createNearhop`, with the bundle's own folder, and what it was made of.
 *
 * @typedef {object} Loaded
 * @property {(options: Partial<import('../worker/js/worker.mjs').WorkerOptions>) =>
 *   (event: any) => Promise<any>} create
 * @property {string[]} keySetUrls where the issuers' key sets are
 */

/**
 * Bundles a configuration.
 *
 * @param {{ after: (end: () => void) => void }} test the folder is gone when it is over
 * @param {object} [options]
 * @param {string} [options.toml] tests/vectors/nearhop.toml if left out
 * @param {(string | null)[]} [options.keySets] files in tests/vectors, or file URLs, in the order
 *   of the issuers; null for a set that is left to the edge
 * @param {Record<string, string>} [options.env] beside the origin secret
 * @returns {Promise<Loaded>}
 */
export async function load(test, options = {}) {
  const { toml = read('vectors/nearhop.toml'), keySets = ['jwks-1.json', 'jwks-2.json'] } = options;
  const folder = mkdtempSync(join(tmpdir(), 'nearhop-edge-'));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  const config = join(folder, 'nearhop.toml');
  writeFileSync(config, toml);
  const checked = await check(toml);
  assert(checked.ok, `${JSON.stringify(checked)}`);
  const { issuers } = checked.report;
  const jwks = issuers.flatMap(({ issuer }, index) => {
    const file = keySets[index];
    return file ? [[issuer, fileURLToPath(new URL(file, new URL('vectors/', TESTS)))]] : [];
  });
  const out = join(folder, 'bundle');
  await bundle({
    config,
    out,
    jwks: Object.fromEntries(jwks),
    fetchKeys: false,
    env: {
      NEARHOP_ORIGIN_SECRET: ORIGIN_SECRET,
      NEARHOP_SIGN_IN_KEY: SIGN_IN_KEY,
      ...options.env,
    },
  });
  const { createNearhop } = await import(pathToFileURL(join(out, 'index.mjs')).href);
  const at = pathToFileURL(`${out}/`);
  return {
    create: (made) => validated(createNearhop(at, made)),
    keySetUrls: issuers.flatMap(({ jwks_url }) => jwks_url ?? []),
  };
}

/** One instance, its clock and what it can fetch. */
export class Edge {
  /** Unix milliseconds. */
  now = NOW * 1_000;
  /** @type {() => Promise<Uint8Array>} */
  fetch = async () => {
    throw new Error('unreachable');
  };
  fetches = 0;
  /** @type {string[]} */
  lines = [];
  #handler;

  /**
   * @param {Loaded} loaded
   * @param {Partial<import('../worker/js/worker.mjs').WorkerOptions>} [options]
   */
  constructor({ create, keySetUrls }, options) {
    this.#handler = create({
      region: 'us-east-1',
      now: () => this.now,
      log: (line) => this.lines.push(line),
      get: ({ url }) => {
        // Nothing a token says may decide where a key comes from.
        assert(keySetUrls.includes(url), `fetches ${url}, which is no issuer's key set`);
        this.fetches += 1;
        return this.fetch();
      },
      ...options,
    });
  }

  /**
   * @param {any} event
   * @returns {Promise<any>} what is returned to CloudFront
   */
  handle(event) {
    return this.#handler(event);
  }

  /**
   * Asks with a token.
   *
   * @param {string} token
   * @param {string} [uri]
   * @returns {Promise<string>} the code of the refusal, or where the request goes on to
   */
  async ask(token, uri = '/api/hello') {
    const result = await this.handle(bearer(token, uri));
    return result.uri ?? JSON.parse(result.body).error;
  }
}

/**
 * A viewer's request with a token.
 *
 * @param {string} token
 * @param {string} [uri]
 */
export function bearer(token, uri = '/api/hello') {
  const event = baseEvent('viewer-request');
  const { request } = event.Records[0].cf;
  request.uri = uri;
  request.headers.authorization = [{ key: 'authorization', value: `Bearer ${token}` }];
  return event;
}

/**
 * The documented event of a trigger.
 *
 * @param {string} trigger
 * @returns {any} the caller's own
 */
export function baseEvent(trigger) {
  EVENTS[trigger] ??= parse(`events/${trigger}.json`);
  return structuredClone(EVENTS[trigger]);
}

/** @type {Record<string, any>} */
const EVENTS = {};

/**
 * @param {string} text in which `{token NAME}` stands for a token, and `{token NAME FROM TO}` for a
 *   part of one
 */
export function withTokens(text) {
  return text.replace(/\{token ([^}]*)\}/g, (_, words) => {
    const [name, from, to] = words.split(' ');
    return token(name).slice(from && Number(from), to && Number(to));
  });
}

/**
 * A token of tokens.json.
 *
 * @param {string} name
 * @returns {string}
 */
export function token(name) {
  assert(Object.hasOwn(TOKENS, name), `no token ${name} in tokens.json`);
  return TOKENS[name].token;
}

/** @type {Record<string, { why: string, token: string }>} */
const TOKENS = parse('vectors/tokens.json');

/**
 * @param {string} path in tests
 * @returns {any}
 */
export function parse(path) {
  try {
    return JSON.parse(read(path));
  } catch (error) {
    throw new Error(`tests/${path}: ${error instanceof Error ? error.message : error}`);
  }
}

/** @param {string} path in tests */
export function read(path) {
  return readFileSync(new URL(path, TESTS), 'utf8');
}

/**
 * One mutant before the bundle and before every library, and what a chunk of them comes to.
 *
 * @typedef {import('./libraries.js').Claims} Claims
 * @typedef {import('./libraries.js').Library} Library
 * @typedef {import('./mutants.js').Mutant} Mutant
 * @typedef {import('../edge.js').Edge} Edge
 *
 * @typedef {Record<string, string | undefined>} Told what the API is told of a caller, by header
 *
 * @typedef {object} Verdict
 * @property {Told} [told] where the bundle accepts the token
 * @property {string} [refusal] its code, where it does not
 * @property {Record<string, Claims | Error>} read what each library read, or why it refused
 *
 * @typedef {object} Finding something that must not be
 * @property {string} fault in one line, the same for every token that has it
 * @property {string} detail
 *
 * @typedef {object} Counts
 * @property {number} mutants
 * @property {number} accepted by the bundle
 * @property {Record<string, number>} refused by the bundle, by code
 * @property {Record<string, number>} libraries how many each accepts
 * @property {Record<string, Record<string, number>>} stricter by the name of our reason: how many
 *   the bundle refuses that a library accepts, by library; `any` where at least one accepts it
 */
import { isDeepStrictEqual } from 'node:util';
import { baseEvent } from '../edge.js';
import { reasonFor } from './reasons.js';

export class Judge {
  #edge;
  #libraries;

  /**
   * @param {Edge} edge that has tests/vectors/nearhop.toml
   * @param {Record<string, Library>} libraries
   */
  constructor(edge, libraries) {
    this.#edge = edge;
    this.#libraries = Object.entries(libraries);
  }

  /**
   * @param {string} token
   * @returns {Promise<Verdict>}
   */
  async judge(token) {
    const event = baseEvent('origin-request');
    const { request } = event.Records[0].cf;
    request.uri = '/api/hello';
    request.headers.authorization = [{ key: 'authorization', value: `Bearer ${token}` }];
    const { uri, headers, body } = await this.#edge.handle(event);
    /** @type {Verdict['read']} */
    const read = {};
    for (const [name, library] of this.#libraries) {
      read[name] = await library(token).catch((error) => error);
    }
    return uri === undefined
      ? { refusal: JSON.parse(body).error, read }
      : { told: toldIn(headers), read };
  }
}

/**
 * What must not be: the bundle accepts what a library refuses, or reads something else in it, or it
 * refuses for no reason we know what a library accepts.
 *
 * @param {string} token
 * @param {Verdict} verdict
 * @returns {Finding | undefined}
 */
export function findingOf(token, { told, refusal, read }) {
  for (const [name, claims] of Object.entries(read)) {
    if (refusal !== undefined && !(claims instanceof Error) && !reasonFor(token, refusal)) {
      const fault = `${refusal} without a known reason, and ${name} accepts it`;
      return { fault, detail: JSON.stringify(claims) };
    }
    if (!told) continue;
    if (claims instanceof Error) {
      return { fault: `accepted, and ${name} refuses it`, detail: claims.message };
    }
    const theirs = whatTheApiIsTold(claims);
    if (!isDeepStrictEqual(told, theirs)) {
      const detail = `${JSON.stringify(told)} against ${JSON.stringify(theirs)}`;
      return { fault: `accepted, and ${name} reads something else`, detail };
    }
  }
  return undefined;
}

/** @returns {Counts} */
export function noCounts() {
  return { mutants: 0, accepted: 0, refused: {}, libraries: {}, stricter: {} };
}

/**
 * @param {Counts} counts
 * @param {string} token
 * @param {Verdict} verdict
 */
export function count(counts, token, { told, refusal, read }) {
  counts.mutants += 1;
  if (told) counts.accepted += 1;
  else if (refusal) counts.refused[refusal] = (counts.refused[refusal] ?? 0) + 1;
  const accepting = Object.keys(read).filter((name) => !(read[name] instanceof Error));
  for (const name of Object.keys(read)) {
    counts.libraries[name] = (counts.libraries[name] ?? 0) + (accepting.includes(name) ? 1 : 0);
  }
  if (refusal === undefined || accepting.length === 0) return;
  const reason = reasonFor(token, refusal)?.name ?? `${refusal}, unexplained`;
  const row = (counts.stricter[reason] ??= {});
  for (const name of ['any', ...accepting]) row[name] = (row[name] ?? 0) + 1;
}

/**
 * @template {Record<string, any> | number} T
 * @param {T} one
 * @param {T | undefined} other
 * @returns {T} their sums, member by member
 */
export function sum(one, other) {
  if (typeof one === 'number') return /** @type {any} */ (one + Number(other ?? 0));
  const all = /** @type {Record<string, any>} */ ({ ...one });
  for (const [name, value] of Object.entries(other ?? {})) {
    all[name] = name in all ? sum(all[name], value) : value;
  }
  return /** @type {any} */ (all);
}

/** @param {Record<string, { value: string }[]>} headers @returns {Told} */
function toldIn(headers) {
  const value = (/** @type {string} */ name) => headers[`x-nearhop-${name}`]?.[0].value;
  return {
    user: value('user'),
    username: value('username'),
    client: value('client'),
    groups: value('groups'),
    scopes: value('scopes'),
  };
}

/**
 * The same from the claims a library read.
 *
 * @param {Claims} claims
 * @returns {Told}
 */
function whatTheApiIsTold(claims) {
  const isId = claims.token_use === 'id';
  const username = isId ? claims['cognito:username'] : claims.username;
  const scopes = isId ? [] : (claims.scope ?? '').split(' ');
  return {
    user: encode(claims.sub),
    username: username === undefined ? undefined : encode(username),
    client: encode(isId ? claims.aud : claims.client_id),
    groups: list(claims['cognito:groups'] ?? []),
    scopes: list(scopes),
  };
}

/** @param {string[]} texts */
function list(texts) {
  return texts.filter(Boolean).map(encode).join(',') || undefined;
}

/** @param {string} text */
function encode(text) {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%2F/g, '/')
    .replace(/%3A/g, ':');
}

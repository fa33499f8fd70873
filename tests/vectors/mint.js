#!/usr/bin/env node
/**
 * Makes the vectors' tokens and key sets anew, and writes them beside this file:
 *
 *   node tests/vectors/mint.js
 *
 * Each run makes other key pairs, so that no private key has to be kept: none is written anywhere.
 * The time the tokens are made for stays the same: the one vectors run at unless they say another.
 */
import { writeFileSync } from 'node:fs';
import { algorithm } from './mint/algorithm.js';
import { claims } from './mint/claims.js';
import { clients } from './mint/clients.js';
import { encoding } from './mint/encoding.js';
import { header } from './mint/header.js';
import { json } from './mint/json.js';
import { keySets, keys } from './mint/keys.js';
import { kid } from './mint/kid.js';
import { oidc } from './mint/oidc.js';
import { makePools } from './mint/pool.js';
import { signature } from './mint/signature.js';
import { valid } from './mint/valid.js';

const pools = makePools();

/** @type {Record<string, { why: string, token: string }>} */
const tokens = {};
for (const family of [
  valid,
  algorithm,
  header,
  kid,
  encoding,
  json,
  claims,
  clients,
  signature,
  keys,
  oidc,
]) {
  for (const [name, [why, token]] of Object.entries(family(pools))) {
    if (name in tokens) throw new Error(`two tokens are called ${name}`);
    tokens[name] = { why, token };
  }
}

write('tokens.json', tokens);
for (const [name, set] of Object.entries(keySets(pools))) write(`jwks-${name}.json`, set);

/**
 * @param {string} name
 * @param {unknown} content
 */
function write(name, content) {
  writeFileSync(new URL(name, import.meta.url), `${JSON.stringify(content, null, 2)}\n`);
}

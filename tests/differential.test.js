/**
 * Whatever token the bundle accepts, three independent libraries accept, and read the same out of.
 *
 * Sound tokens are mutated: most as JSON and then signed, so that a mutant is judged by what it
 * says, the others after they were signed. NEARHOP_SEED=N repeats a run's mutations; keys are new
 * each time, which changes no verdict.
 */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it, mock } from 'node:test';
import { pathToFileURL } from 'node:url';
import { CognitoJwtVerifier } from 'aws-jwt-verify';
import { createLocalJWKSet, jwtVerify } from 'jose';
import jsonwebtoken from 'jsonwebtoken';
import { Edge, NOW, baseEvent, load } from './edge.js';
import { mutateSegments, mutateToken } from './differential/mutate.js';
import { generator } from './differential/random.js';
import { accessClaims, idClaims, keySet, makeIssuers, signedUnder } from './vectors/mint/pool.js';

/** How many mutants are signed, and how many are altered after that; about eight seconds' worth. */
const SIGNED = 6_000;
const ALTERED = 10_000;

/** @typedef {Record<string, any>} Claims */
/** @typedef {(token: string) => Promise<Claims>} Library rejects what it does not accept */

const { one, two } = makeIssuers();
/** In each pool's own settings, as tests/vectors/nearhop.toml has them. */
const POOLS = [
  { ...one, id: one.id, set: keySet(one), leeway: 0, clients: ['web0client', 'partner0client'] },
  { ...two, id: two.id, set: keySet(two), leeway: 60, clients: ['machine0client'] },
];
const ORIGINALS = [
  { key: one.access, claims: accessClaims(one, { 'cognito:groups': ['admin', 'b c'] }) },
  { key: one.id, claims: accessClaims(one, { aud: 'https://api.example.com', nbf: NOW - 5 }) },
  { key: two.access, claims: accessClaims(two, { username: undefined, scope: 'a/read b' }) },
  { key: two.id, claims: idClaims(two, { 'cognito:groups': [] }) },
];

/** @type {Edge} */
let edge;
const folder = mkdtempSync(join(tmpdir(), 'nearhop-differential-'));
/** @type {(() => void)[]} */
const ends = [() => rmSync(folder, { recursive: true, force: true })];
after(() => ends.forEach((end) => end()));
before(async () => {
  const keySets = POOLS.map(({ set }, index) => {
    const file = join(folder, `${index}.json`);
    writeFileSync(file, JSON.stringify(set));
    return pathToFileURL(file).href;
  });
  edge = new Edge(await load({ after: (end) => ends.push(end) }, { keySets }));
  mock.timers.enable({ apis: ['Date'], now: NOW * 1_000 });
});
after(() => mock.timers.reset());

it('accepts nothing that a library refuses', async () => {
  const seed = Number(process.env.NEARHOP_SEED ?? randomInt(2 ** 31));
  const random = generator(seed);
  const counts = { accepted: 0, refused: 0 };
  /** @type {Record<string, { accepted: number, refused: number }>} */
  const libraries = {};
  for (const name of Object.keys(LIBRARIES)) libraries[name] = { accepted: 0, refused: 0 };

  for (let n = 0; n < SIGNED + ALTERED; n += 1) {
    const { key, claims } = random.pick(ORIGINALS);
    const original = { header: { kid: key.kid, alg: 'RS256' }, claims };
    const mutant =
      n < SIGNED ? signMutant(mutateSegments(original, random)) : alterToken(original, key);
    const told = await acceptedAs(mutant.token);
    counts[told ? 'accepted' : 'refused'] += 1;
    // What we refuse is asked of the libraries now and then: they are to be seen refusing too.
    if (!told && n % 20 !== 0) continue;
    for (const [name, library] of Object.entries(LIBRARIES)) {
      const read = await library(mutant.token).catch((error) => error);
      const isAccepted = !(read instanceof Error);
      libraries[name][isAccepted ? 'accepted' : 'refused'] += 1;
      if (!told) continue;
      const found = `NEARHOP_SEED=${seed}, mutant ${n}\n${mutant.text}\n${name}: `;
      if (!isAccepted) assert.fail(`${found}${read.message}`);
      assert.deepEqual(told, whatTheApiIsTold(read), `${found}reads something else`);
    }

    /** @param {{ header: string | Buffer, payload: string | Buffer }} segments */
    function signMutant({ header, payload }) {
      const signer = random.chance(0.02) ? random.pick(ORIGINALS).key : key;
      const token = signedUnder(header, signer, payload);
      return { token, text: `${JSON.stringify(`${header}`)}\n${JSON.stringify(`${payload}`)}` };
    }
  }

  assert(counts.accepted > SIGNED / 20, `too few are accepted to show much: ${counts.accepted}`);
  assert(counts.refused > SIGNED / 20, `too few are refused to show much: ${counts.refused}`);
  for (const [name, { accepted, refused }] of Object.entries(libraries)) {
    assert(accepted >= counts.accepted && refused > 100, `${name}: ${accepted}, ${refused}`);
  }

  /**
   * @param {{ header: object, claims: object }} original
   * @param {import('./vectors/mint/pool.js').Key} key
   */
  function alterToken({ header, claims }, key) {
    const token = mutateToken(sign(header, claims, key), random);
    return { token, text: token };
  }
});

it('and they accept what was mutated', async () => {
  for (const { key, claims } of ORIGINALS) {
    const token = sign({ kid: key.kid, alg: 'RS256' }, claims, key);
    const told = await acceptedAs(token);
    assert(told, 'the bundle');
    for (const [name, library] of Object.entries(LIBRARIES)) {
      assert.deepEqual(whatTheApiIsTold(await library(token)), told, name);
    }
  }
});

/** @type {Map<object, string>} */
const SIGNATURES = new Map();

/**
 * Each original is signed once.
 *
 * @param {object} header
 * @param {object} claims
 * @param {import('./vectors/mint/pool.js').Key} key
 */
function sign(header, claims, key) {
  const known = SIGNATURES.get(claims) ?? signedUnder(header, key, claims);
  SIGNATURES.set(claims, known);
  return known;
}

/**
 * What the bundle tells the API of the caller; undefined where it does not accept the token.
 *
 * @param {string} token
 */
async function acceptedAs(token) {
  const event = baseEvent('origin-request');
  const { request } = event.Records[0].cf;
  request.uri = '/api/hello';
  request.headers.authorization = [{ key: 'authorization', value: `Bearer ${token}` }];
  const { uri, headers } = await edge.handle(event);
  if (uri === undefined) return undefined;
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

const cognito = CognitoJwtVerifier.create(
  POOLS.map(({ issuer, clients, leeway }) => ({
    userPoolId: issuer.split('/')[3],
    clientId: clients,
    tokenUse: leeway === 0 ? /** @type {const} */ ('access') : null,
    graceSeconds: leeway,
  })),
);
for (const { issuer, set } of POOLS) {
  cognito.cacheJwks(/** @type {any} */ (set), issuer.split('/')[3]);
}

/** @type {Record<string, Library>} */
const LIBRARIES = {
  'aws-jwt-verify': async (token) => cognito.verifySync(token),
  jose: ofAnyPool(async (token, { issuer, set, leeway }) => {
    const keys = createLocalJWKSet(/** @type {any} */ (set));
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      algorithms: ['RS256'],
      clockTolerance: leeway,
    });
    return payload;
  }),
  jsonwebtoken: ofAnyPool(async (token, { issuer, access, id, leeway }) => {
    const kid = jsonwebtoken.decode(token, { complete: true })?.header.kid;
    const key = [access, id].find((each) => each.kid === kid);
    if (!key) throw new Error('no such key');
    const read = jsonwebtoken.verify(token, key.publicKey, {
      issuer,
      algorithms: ['RS256'],
      clockTolerance: leeway,
      allowInvalidAsymmetricKeyTypes: false,
    });
    if (typeof read === 'string') throw new Error('the payload is no object');
    return read;
  }),
};

/**
 * A verifier of both pools' tokens, where a library knows one issuer at a time.
 *
 * @param {(token: string, pool: typeof POOLS[number]) => Promise<Claims>} verify
 * @returns {Library}
 */
function ofAnyPool(verify) {
  return (token) =>
    Promise.any(POOLS.map((pool) => verify(token, pool))).catch((error) => {
      throw new Error(error.errors.map((/** @type {Error} */ { message }) => message).join('; '));
    });
}

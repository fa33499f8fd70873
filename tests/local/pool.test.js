/**
 * Development pools, their key sets and their tokens.
 */
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, statSync } from 'node:fs';
import { describe, it } from 'node:test';
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { startIssuer } from '../../js/local/issuer.js';
import { mint } from '../../js/local/mint.js';
import { openPool, publicKeys } from '../../js/local/pool.js';
import { ask, folder } from './world.js';

const ISSUER = 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Nearhop01';
const CLIENT = 'client0';

/** @typedef {{ after: (end: () => void | Promise<void>) => void }} Test */

/** @param {Test} test */
const pool = (test) => openPool(ISSUER, folder(test, {}));

describe('a development pool', { timeout: 60_000 }, () => {
  it('keeps its keys in a file that only the owner reads', async (test) => {
    const directory = `${folder(test, {})}/state`;
    const first = await openPool(ISSUER, directory);
    const file = `${directory}/us-east-1_Nearhop01.keys.json`;
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(statSync(directory).mode & 0o777, 0o700);
    chmodSync(file, 0o644);
    assert.deepEqual(await openPool(ISSUER, directory), first);
    assert.equal(statSync(file).mode & 0o777, 0o600, 'readable by others no more');
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), first.keys);
  });

  it('has one set of keys, however many ask at once', async (test) => {
    const directory = folder(test, {});
    const pools = await Promise.all([1, 2, 3].map(() => openPool(ISSUER, directory)));
    assert.equal(new Set(pools.map(({ keys }) => keys.access.kid)).size, 1);
  });

  it('C1: has two RSA-2048 keys, one for each kind of token', async (test) => {
    const { keys } = publicKeys(await pool(test));
    assert.equal(new Set(keys.map(({ kid }) => kid)).size, 2);
    for (const key of keys) {
      assert.deepEqual(Object.keys(key).sort(), ['alg', 'e', 'kid', 'kty', 'n', 'use']);
      assert.equal(Buffer.from(key.n ?? '', 'base64url').length, 256);
    }
  });

  it("refuses a name that is no pool's and a file that holds no keys", async (test) => {
    const directory = folder(test, { 'x_1.keys.json': '{}' });
    await assert.rejects(openPool('https://issuer.example.test/a b', directory), /no user pool id/);
    await assert.rejects(openPool('https://issuer.example.test/', directory), /no user pool id/);
    await assert.rejects(openPool('https://issuer.example.test/x_1', directory), /holds no keys/);
  });
});

describe('the issuer', { timeout: 60_000 }, () => {
  it("C4: serves each pool's public keys at its own path", async (test) => {
    const own = await pool(test);
    const other = await openPool(ISSUER.replace('01', '02'), folder(test, {}));
    const issuer = await startIssuer([own, other]);
    test.after(issuer.close);
    assert.equal(
      issuer.jwksUrls[ISSUER],
      `${issuer.url}/us-east-1_Nearhop01/.well-known/jwks.json`,
    );
    for (const each of [own, other]) {
      const { status, json } = await ask(issuer.url, `/${each.id}/.well-known/jwks.json`);
      assert.equal(status, 200);
      assert.deepEqual(json(), publicKeys(each));
    }
    assert.equal((await ask(issuer.url, '/us-east-1_Other/.well-known/jwks.json')).status, 404);
    assert.equal((await ask(issuer.url, '/')).status, 404);
  });
});

describe('tokens', { timeout: 60_000 }, () => {
  /**
   * @param {import('../../js/local/pool.js').Pool} from
   * @param {string} token
   */
  const verify = (from, token) =>
    jwtVerify(token, createLocalJWKSet(publicKeys(from)), { issuer: ISSUER });

  it('C2: an access token', async (test) => {
    const from = await pool(test);
    const token = await mint(from, {
      client: CLIENT,
      groups: ['a', 'b'],
      scope: 'x y',
      sub: 's',
      ttl: 60,
    });
    const { payload, protectedHeader } = await verify(from, token);
    assert.deepEqual(protectedHeader, { kid: from.keys.access.kid, alg: 'RS256' });
    assert.equal(payload.token_use, 'access');
    assert.equal(payload.client_id, CLIENT);
    assert.equal('aud' in payload, false);
    assert.deepEqual(payload['cognito:groups'], ['a', 'b']);
    assert.equal(payload.scope, 'x y');
    assert.equal(payload.sub, 's');
    assert.equal(Number(payload.exp) - Number(payload.iat), 60);
  });

  it('C2: an ID token', async (test) => {
    const from = await pool(test);
    const { payload, protectedHeader } = await verify(
      from,
      await mint(from, { use: 'id', client: CLIENT }),
    );
    assert.equal(protectedHeader.kid, from.keys.id.kid);
    assert.equal(payload.token_use, 'id');
    assert.equal(payload.aud, CLIENT);
    assert.equal('client_id' in payload, false);
    assert.equal('scope' in payload, false);
    assert.equal('cognito:groups' in payload, false);
  });

  /** @type {[import('../../js/local/mint.js').Fault, RegExp][]} */
  const refused = [
    ['expired', /"exp" claim timestamp check failed/],
    ['not-yet', /"nbf" claim timestamp check failed/],
    ['wrong-issuer', /unexpected "iss" claim value/],
    ['wrong-key', /signature verification failed/],
    ['tampered', /signature verification failed/],
  ];
  for (const [fault, why] of refused) {
    it(`--${fault} is refused for that reason`, async (test) => {
      const from = await pool(test);
      const token = await mint(from, { client: CLIENT, faults: [fault] });
      assert.equal(decodeProtectedHeader(token).kid, from.keys.access.kid);
      await assert.rejects(verify(from, token), why);
    });
  }

  it('--none has no algorithm and no signature', async (test) => {
    const token = await mint(await pool(test), { client: CLIENT, faults: ['none'] });
    assert.equal(decodeProtectedHeader(token).alg, 'none');
    assert.match(token, /\.$/);
  });

  it('--wrong-client is signed and names another client', async (test) => {
    const from = await pool(test);
    const { payload } = await verify(
      from,
      await mint(from, { client: CLIENT, faults: ['wrong-client'] }),
    );
    assert.notEqual(payload.client_id, CLIENT);
  });

  it('--kid stands in the header', async (test) => {
    const token = await mint(await pool(test), { client: CLIENT, kid: '../x' });
    assert.equal(decodeProtectedHeader(token).kid, '../x');
    assert.equal(decodeJwt(token).iss, ISSUER);
  });
});

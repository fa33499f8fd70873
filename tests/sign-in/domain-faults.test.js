/**
 * What can be made to go wrong at the user pool's domain of this machine.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compactVerify, createRemoteJWKSet, decodeJwt } from 'jose';
import { BACK, attempt, refresh, signedIn, started, token } from './client.js';
import { Jar } from './jar.js';

describe('faults of the domain', { timeout: 60_000 }, () => {
  it('fail as often as they are told to, and the code is good afterwards', async (test) => {
    const domain = await started(test, { faults: { token: 'unavailable', tokenTimes: 2 } });
    const { form, status } = await signedIn(domain);
    assert.equal(status, 500);
    assert.equal((await token(domain, form)).status, 500);
    assert.equal((await token(domain, form)).status, 200);
    assert.equal(domain.counts.exchanges, 3);
  });

  it('of the token endpoint: each as it says', async (test) => {
    const domain = await started(test);
    const { refresh_token: value } = (await signedIn(domain)).json();
    const statuses = /** @type {const} */ ({
      unavailable: 500,
      throttled: 429,
      invalid_client: 401,
      not_json: 200,
      too_large: 200,
      redirect: 307,
    });
    for (const [fault, status] of Object.entries(statuses)) {
      domain.faults.token = /** @type {keyof typeof statuses} */ (fault);
      const answer = await refresh(domain, value);
      assert.equal(answer.status, status, fault);
      if (fault === 'not_json') assert.throws(answer.json, SyntaxError);
    }
    domain.faults.token = 'reset';
    await assert.rejects(refresh(domain, value), /fetch failed/);
    domain.faults.token = 'hang';
    const body = new URLSearchParams({ grant_type: 'refresh_token' });
    const signal = AbortSignal.timeout(200);
    const hanging = fetch(`${domain.url}/oauth2/token`, { method: 'POST', body, signal });
    await assert.rejects(hanging, { name: 'TimeoutError' });
    Object.assign(domain.faults, { token: null, refuseRefresh: true });
    assert.equal((await refresh(domain, value)).json().error, 'invalid_grant');
    Object.assign(domain.faults, { refuseRefresh: false, tokenDelayMs: 1 });
    assert.equal((await refresh(domain, value)).status, 200);
  });

  it('of the tokens: wrong in one way, right in the others', async (test) => {
    const domain = await started(test);
    const wrong = /** @type {const} */ ({
      wrong_nonce: ['nonce'],
      other_client: ['client', 'aud'],
      other_person: ['sub'],
      other_issuer: ['iss'],
      expired: ['exp'],
      no_id_token: ['none'],
      swapped: ['use'],
      other_key: ['signature'],
    });
    for (const [fault, expected] of Object.entries(wrong)) {
      domain.faults.token = /** @type {keyof typeof wrong} */ (fault);
      const { access_token: access, id_token: id } = (await signedIn(domain)).json();
      assert.deepEqual(await faultsOf(domain, access, id), expected, fault);
    }
    domain.faults.token = null;
    const { access_token: access, id_token: id } = (await signedIn(domain)).json();
    assert.deepEqual(await faultsOf(domain, access, id), []);
  });

  it('of the authorization endpoint: an error, for the client alone', async (test) => {
    const domain = await started(test, { faults: { authorize: 'temporarily_unavailable' } });
    const { to } = await new Jar().ask(attempt(domain).to);
    assert.equal(to, `${BACK}?error=temporarily_unavailable&state=the-state`);
    const forged = attempt(domain, { redirect_uri: 'https://evil.example/' });
    const refused = await new Jar().ask(forged.to);
    assert.deepEqual([refused.status, refused.to], [400, '']);
  });
});

/**
 * @param {import('../../js/local/domain/domain.js').UserPoolDomain} domain
 * @param {string} access
 * @param {string} [id]
 * @returns {Promise<string[]>} what is wrong with them
 */
async function faultsOf({ jwksUrl, issuer }, access, id) {
  if (id === undefined) return ['none'];
  const keys = createRemoteJWKSet(new URL(jwksUrl));
  const isSigned = (/** @type {string} */ token) =>
    compactVerify(token, keys).then(
      () => true,
      () => false,
    );
  const ofAccess = decodeJwt(access);
  const ofId = decodeJwt(id);
  if (ofAccess.token_use !== 'access' || ofId.token_use !== 'id') return ['use'];
  const now = Date.now() / 1_000;
  const right = {
    signature: (await isSigned(access)) && (await isSigned(id)),
    nonce: ofId.nonce === 'the-nonce',
    client: ofAccess.client_id === 'public-client',
    aud: ofId.aud === 'public-client',
    sub: ofAccess.sub === ofId.sub,
    iss: ofAccess.iss === issuer && ofId.iss === issuer,
    exp: Number(ofAccess.exp) > now && Number(ofId.exp) > now,
  };
  return Object.entries(right).flatMap(([name, isRight]) => (isRight ? [] : [name]));
}

/**
 * What the tests of sign-in share: the bundle behind the local CloudFront, a user pool's domain,
 * and an API and a bucket that keep what they were asked. Pages are at `http://localhost:<port>`,
 * where browsers take `Secure` cookies.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT, decodeJwt, decodeProtectedHeader, importJWK } from 'jose';
import { bundle } from '../../js/cli/bundle.js';
import { startCloudFront } from '../../js/cloudfront/index.js';
import { startUserPoolDomain } from '../../js/local/domain/domain.js';
import { makeKey } from '../../js/local/pool.js';
import { holdPort } from '../../js/local/port.js';
import { nearhopTemplate } from '../cloudfront/nearhop-template.js';
import { API } from '../cloudfront/serving.js';
import { closing } from '../closing.js';
import { startOrigin } from './origin.js';
import { CLIENT, OTHER_CLIENT, tomlOf } from './toml.js';

/**
 * @typedef {import('../../js/local/domain/domain.js').UserPoolDomain} UserPoolDomain
 * @typedef {import('../../js/local/domain/domain.js').User} User
 * @typedef {import('../../js/cloudfront/index.js').LocalCloudFront} LocalCloudFront
 * @typedef {import('./origin.js').RecordingOrigin} RecordingOrigin
 *
 * @typedef {object} WorldOptions
 * @property {'cognito'|'oidc'} [kind] of the issuer
 * @property {boolean} [hasSecret] whether the app client has a secret
 * @property {Record<string, unknown>[]} [routes] before the usual ones
 * @property {Record<string, unknown>} [signIn] further keys of `[sign_in]`
 * @property {Record<string, unknown>} [issuer] further keys of `[[issuers]]`
 * @property {Partial<import('../../js/local/domain/domain.js').Settings>} [settings] of the domain
 *
 * @typedef {object} World
 * @property {string} url of the site, as browsers have it
 * @property {string} otherUrl the same server by another name: a site with an app client of its own
 * @property {UserPoolDomain} domain
 * @property {RecordingOrigin} api
 * @property {RecordingOrigin} bucket
 * @property {LocalCloudFront} cloudFront
 * @property {(token: string) => Promise<string>} expire the same token, but that it has expired
 * @property {() => void} calm takes all faults away, and forgets what the origins were asked
 * @property {() => string[]} secrets what must not be read anywhere: those of the configuration
 * @property {() => string[]} logs lines of the edge function so far
 * @property {() => Promise<void>} close
 */

const ISSUER = 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_SignIn01';

/** How CloudFront is to speak with the API. */
const CUSTOM = { CustomOriginConfig: { OriginProtocolPolicy: 'https-only' } };

/** How the bucket is reached: it looks at no signature. */
const BUCKET = {
  bucket: 'site',
  region: 'us-east-1',
  accessKeyId: 'anybody',
  secretAccessKey: 'anything',
};

/** Somebody with a session of the usual size. @type {User} */
export const ADA = {
  username: 'ada',
  password: 'Ada-knows-1',
  sub: 'subject-of-ada',
  email: 'ada@example.com',
  name: 'Ada "<b>" Example',
  groups: ['staff'],
};

/** Somebody else. @type {User} */
export const MALLORY = {
  username: 'mallory',
  password: 'Mallory-knows-1',
  sub: 'subject-of-mallory',
  email: 'mallory@example.com',
  name: 'Mallory Example',
};

/** Somebody whose tokens do not fit one cookie. @type {User} */
export const GRACE = {
  username: 'grace',
  password: 'Grace-knows-1',
  sub: 'subject-of-grace',
  email: 'grace@example.com',
  name: 'Grace Example',
  groups: Array.from({ length: 100 }, (_, n) => `a-department-with-a-long-name-${n}`),
};

/** Somebody whose tokens fit no browser. @type {User} */
export const HUGE = {
  username: 'huge',
  password: 'Huge-knows-1',
  sub: 'subject-of-huge',
  email: 'huge@example.com',
  name: 'Huge Example',
  groups: Array.from({ length: 400 }, (_, n) => `a-department-with-a-long-name-${n}`),
};

/**
 * @param {WorldOptions} [options]
 * @returns {Promise<World>}
 */
export function startSignInWorld(options = {}) {
  return closing((ends) => startParts(options, ends));
}

/**
 * @param {WorldOptions} options
 * @param {(() => unknown)[]} ends
 * @returns {Promise<Omit<World, 'close'>>}
 */
async function startParts(options, ends) {
  const { port, release } = await holdPort();
  ends.push(release);
  const url = `http://localhost:${port}`;
  const otherUrl = `http://127.0.0.1:${port}`;
  const secret = options.hasSecret ? `s:e/c+r%-${randomBytes(9).toString('hex')}` : undefined;
  const { domain, expire } = await startDomain(options, { url, otherUrl, secret });
  ends.push(domain.close);
  const [api, bucket] = await Promise.all([startOrigin(echo), startOrigin(page)]);
  ends.push(api.close, bucket.close);
  const env = {
    NEARHOP_ORIGIN_SECRET: randomBytes(24).toString('hex'),
    NEARHOP_SIGN_IN_KEY: randomBytes(24).toString('hex'),
    ...(secret !== undefined && { NEARHOP_CLIENT_SECRET: secret }),
  };
  const folder = mkdtempSync(join(tmpdir(), 'nearhop-sign-in-'));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  const config = join(folder, 'nearhop.toml');
  writeFileSync(config, tomlOf({ options, domain, url, otherUrl }));
  const out = join(folder, 'bundle');
  const { dir } = await bundle({ config, out, jwksUrls: { '': domain.jwksUrl }, env });
  /** @type {string[]} */
  const lines = [];
  await release();
  const cloudFront = await startCloudFront({
    template: nearhopTemplate([{ Id: 'api', DomainName: API, ...CUSTOM }]),
    functions: { Edge: dir },
    nodes: { 'nodejs24.x': process.execPath },
    origins: { site: { ...BUCKET, endpoint: bucket.url }, [API]: api.url },
    port,
    secrets: true,
    onTrace: ({ steps }) => {
      for (const step of steps) if (step.kind === 'function') lines.push(...step.logs);
    },
    onWarning: () => {},
  });
  ends.push(cloudFront.close);
  const usual = structuredClone({ settings: domain.settings, faults: domain.faults });
  const calm = () => {
    Object.assign(domain.settings, usual.settings);
    Object.assign(domain.faults, usual.faults);
    for (const origin of [api, bucket]) origin.asked.splice(0);
  };
  return {
    ...{ url, otherUrl, domain, api, bucket, cloudFront, expire, calm },
    secrets: () => Object.values(env),
    logs: () => lines,
  };
}

/**
 * @param {WorldOptions} options
 * @param {{ url: string, otherUrl: string, secret: string | undefined }} site
 */
async function startDomain({ kind, settings }, { url, otherUrl, secret }) {
  const [access, id] = await Promise.all([makeKey(), makeKey()]);
  const uris = (/** @type {string} */ origin) => ({
    redirectUris: [`${origin}/_nearhop/callback`],
    logoutUris: [`${origin}/_nearhop/signed-out`],
  });
  const domain = await startUserPoolDomain({
    pool: { issuer: ISSUER, id: 'us-east-1_SignIn01', keys: { access, id } },
    clients: [
      { id: CLIENT, secret, ...uris(url) },
      { id: OTHER_CLIENT, ...uris(otherUrl) },
    ],
    users: [ADA, MALLORY, GRACE, HUGE],
    kind,
    settings,
  });
  const expire = async (/** @type {string} */ token) => {
    const { alg = '', kid, typ } = decodeProtectedHeader(token);
    const key = await importJWK(kid === id.kid ? id : access, alg);
    const exp = Math.floor(Date.now() / 1_000) - 60;
    const claims = { ...decodeJwt(token), exp, iat: exp - 3_600, auth_time: exp - 3_600 };
    return new SignJWT(claims).setProtectedHeader({ alg, kid, typ }).sign(key);
  };
  return { domain, expire };
}

/**
 * The API: tells what it was asked.
 *
 * @param {import('./origin.js').Asked} asked
 */
function echo({ method, path, headers, body }) {
  const text = JSON.stringify({ method, path, authorization: headers.authorization, body });
  return { type: 'application/json', text };
}

/** The bucket: one page for every key, as Nearhop asks for it. */
function page() {
  const text =
    '<!doctype html><title>The site</title><link rel="icon" href="data:,"><h1>Hello</h1>';
  return { type: 'text/html', text };
}

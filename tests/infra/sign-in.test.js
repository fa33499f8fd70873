/**
 * What a deployment makes of [sign_in]: the app client, the key, the edge's configuration, and what
 * is refused.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse, stringify } from 'smol-toml';
import { deployedConfiguration } from '../../infra/configuration.js';
import { knownFrom } from '../../infra/known.js';
import { settingsFrom } from '../../infra/settings.js';
import { makeApp } from '../../infra/stacks.js';
import { check } from '../../js/cli/tools.js';
import { finds, one } from './broken.js';
import { SIGN_IN, configurationWith, propertiesOf, synthesized } from './synthesized.js';

const DOMAIN =
  '[domain]\nname = "app.example.com"\nhosted_zone_id = "Z1"\nhosted_zone_name = "example.com"\n';
const POOL_DOMAIN = 'https://nearhop-123456789012.auth.us-east-1.amazoncognito.com';
const SITE = 'https://d111111abcdef8.cloudfront.net';
const DATA = {
  UserPoolId: 'us-east-1_Real00001',
  UserPoolClientId: 'real0client',
  SignInUrl: POOL_DOMAIN,
};
const OUTPUTS = { 'nearhop-data': DATA };
const DEPLOYED = { 'nearhop-data': DATA, 'nearhop-edge': { SiteUrl: SITE } };

const without = await synthesized();
const signedIn = await synthesized('', SIGN_IN);
const data = signedIn.templates['nearhop-data'];

test('nothing is found in what is deployed with sign-in', () => {
  assert.deepEqual(signedIn.findings, []);
  assert.equal(Object.keys(signedIn.templates).length, 18);
});

test('without sign-in there is neither a key nor rotation', () => {
  const template = without.templates['nearhop-data'];
  assert.equal(propertiesOf(template, 'AWS::SecretsManager::Secret').length, 1);
  const client = one(template, 'AWS::Cognito::UserPoolClient');
  assert.equal(client.RefreshTokenRotation, undefined);
  assert.deepEqual(client.ExplicitAuthFlows, ['ALLOW_REFRESH_TOKEN_AUTH']);
  assert.deepEqual(client.LogoutURLs, ['http://localhost:8080/']);
});

test('C7: the refresh token changes with each use, with the longest grace there is', () => {
  const client = one(data, 'AWS::Cognito::UserPoolClient');
  assert.deepEqual(client.RefreshTokenRotation, {
    Feature: 'ENABLED',
    RetryGracePeriodSeconds: 60,
  });
  assert.deepEqual(client.ExplicitAuthFlows, ['ALLOW_CUSTOM_AUTH']);
  assert.equal(client.EnableTokenRevocation, true);
});

test('C6: the client has the code flow alone, and tells nobody who has an account', () => {
  const client = one(data, 'AWS::Cognito::UserPoolClient');
  assert.deepEqual(client.AllowedOAuthFlows, ['code']);
  assert.equal(client.PreventUserExistenceErrors, 'ENABLED');
  assert.equal(client.GenerateSecret, false);
  assert.equal(client.AuthSessionValidity, 10);
});

test('the key is made by Secrets Manager, once, and stands in no template', () => {
  const secrets = propertiesOf(data, 'AWS::SecretsManager::Secret');
  const key = secrets.find(({ Name }) => Name === 'nearhop/sign-in-key');
  assert.equal(key.GenerateSecretString.PasswordLength, 48);
  assert.equal(key.ReplicaRegions, undefined);
  assert.ok(!JSON.stringify(signedIn.templates).includes('placeholder-for-'));
});

test('what is below /_nearhop/ is answered at viewer-request, and kept nowhere', () => {
  const { DistributionConfig: config } = one(
    signedIn.templates['nearhop-edge'],
    'AWS::CloudFront::Distribution',
  );
  const [first] = config.CacheBehaviors;
  assert.equal(first.PathPattern, '/_nearhop/*');
  assert.deepEqual(
    first.LambdaFunctionAssociations.map((/** @type {any} */ { EventType }) => EventType),
    ['viewer-request', 'origin-request'],
  );
  assert.equal(first.CachePolicyId, '4135ea2d-6df8-44a3-9df3-4b5a84be39ad');
  assert.ok(first.AllowedMethods.includes('POST'));
});

/**
 * The app client as the data stack has it.
 *
 * @param {{ signIn?: object, settings?: string, outputs?: object }} options
 */
async function clientOf({ signIn, settings = '', outputs = {} }) {
  const folder = await mkdtemp(join(tmpdir(), 'nearhop-sign-in-'));
  try {
    const file = async (/** @type {string} */ name, /** @type {string} */ text) => {
      await writeFile(join(folder, name), text);
      return join(folder, name);
    };
    const { app } = await makeApp({
      config: await file('nearhop.toml', await configurationWith({ ...SIGN_IN, ...signIn })),
      settings: await file('nearhop.deploy.toml', settings),
      outputs: await file('outputs.json', JSON.stringify(outputs)),
      outdir: join(folder, 'cdk.out'),
      phase: 'data',
    });
    const { template } = app.synth().getStackByName('nearhop-data');
    return one(template, 'AWS::Cognito::UserPoolClient');
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('visitors come back to where the site is, as soon as that is known', async () => {
  const urls = async (/** @type {object} */ options) => {
    const { CallbackURLs, LogoutURLs } = await clientOf(options);
    return [CallbackURLs, LogoutURLs];
  };
  assert.deepEqual(await urls({}), [
    ['http://localhost:8080/_nearhop/callback'],
    ['http://localhost:8080/_nearhop/signed-out'],
  ]);
  assert.deepEqual(await urls({ outputs: DEPLOYED }), [
    [`${SITE}/_nearhop/callback`],
    [`${SITE}/_nearhop/signed-out`],
  ]);
  const signIn = { origins: ['https://www.example.com'], after_sign_out: '/bye' };
  const more = '[sign_in]\ncallback_urls = ["https://native.example.com/in"]\n';
  assert.deepEqual(await urls({ signIn, settings: DOMAIN + more, outputs: DEPLOYED }), [
    [
      'https://app.example.com/_nearhop/callback',
      'https://www.example.com/_nearhop/callback',
      'https://native.example.com/in',
    ],
    [
      'https://app.example.com/_nearhop/signed-out',
      'https://app.example.com/bye',
      'https://www.example.com/_nearhop/signed-out',
      'https://www.example.com/bye',
      'https://native.example.com/',
    ],
  ]);
});

test('a session, its scopes and a secret are as the configuration has them', async () => {
  const client = await clientOf({
    signIn: {
      session_seconds: 86_430,
      scopes: ['openid', 'phone'],
      client_secret: { env: 'CLIENT_SECRET' },
    },
  });
  assert.equal(client.TokenValidityUnits.RefreshToken, 'minutes');
  assert.equal(client.RefreshTokenValidity, 1_441);
  assert.deepEqual(client.AllowedOAuthScopes, ['openid', 'email', 'profile', 'phone']);
  assert.equal(client.GenerateSecret, true);
  const short = await clientOf({ signIn: { session_seconds: 300 } });
  assert.equal(short.RefreshTokenValidity, 60);
});

/**
 * @param {object} signIn
 * @param {{ settings?: string, outputs?: import('../../infra/known.js').Outputs,
 *   siteUrl?: string }} [options]
 */
async function deployed(signIn, { settings = '', outputs = OUTPUTS, siteUrl } = {}) {
  const text = await configurationWith({ ...SIGN_IN, ...signIn });
  const checked = await check(text);
  assert.ok(checked.ok, JSON.stringify(checked));
  const parsed = settingsFrom('f', settings);
  const known = knownFrom(parsed, checked.report, outputs, { siteUrl });
  const result = deployedConfiguration({ file: 'n.toml', text }, parsed, known);
  const again = await check(result);
  assert.ok(again.ok, JSON.stringify(again));
  // Tables of the parser have no prototype.
  return structuredClone(/** @type {any} */ (parse(result)));
}

test('the edge signs in with the deployed pool and its client', async () => {
  const { sign_in: signIn } = await deployed({
    issuer: 'us-east-1_Nearhop01',
    client: 'nearhopdemo0client',
    domain: 'https://demo.auth.us-east-1.amazoncognito.com',
    scopes: ['openid', 'email'],
  });
  assert.deepEqual(signIn, {
    ...SIGN_IN,
    client: 'real0client',
    domain: POOL_DOMAIN,
    scopes: ['openid', 'email'],
    origins: [],
  });
});

test('visitors are signed in where they find the site, and where the file says', async () => {
  const origins = async (/** @type {string[]} */ said, /** @type {object} */ options) =>
    (await deployed({ origins: said }, options)).sign_in.origins;
  const other = 'https://www.example.com';
  assert.deepEqual(await origins([], { outputs: DEPLOYED }), [], "the distribution's own name");
  assert.deepEqual(await origins([other], { outputs: DEPLOYED }), [SITE, other]);
  const named = { settings: DOMAIN, outputs: DEPLOYED };
  assert.deepEqual(await origins([], named), ['https://app.example.com']);
  assert.deepEqual(await origins(['https://app.example.com', other], named), [
    'https://app.example.com',
    other,
  ]);
  const siteUrl = 'http://localhost:8080';
  assert.deepEqual(await origins([], { siteUrl }), [siteUrl]);
});

test("a sign-out by a form may go on to the pool's pages", async () => {
  const policyOf = (/** @type {any} */ { site }) =>
    site.headers.find((/** @type {any} */ { name }) => name === 'content-security-policy').value;
  const policy = policyOf(await deployed({}));
  const before = policyOf(parse(await configurationWith()));
  assert.equal(policy, before.replace("form-action 'self'", `form-action ${POOL_DOMAIN} 'self'`));
  assert.notEqual(policy, before);
});

/** @type {[name: string, change: (document: any) => void, said: RegExp, settings?: string][]} */
const REFUSED = [
  [
    'a layout without viewer-request',
    () => {},
    /^n\.toml: found \[sign_in\] with layout = "origin-request", allowed: layout = "viewer-/,
    'layout = "origin-request"',
  ],
  [
    'a part of the site for the signed-in, without viewer-request before it',
    (document) => {
      document.site.viewer_request_attached = false;
      document.routes.push({ pattern: '/inside/*', target: 'site', access: 'authenticated' });
    },
    /found \[sign_in\] and routes\[\d+\], .*allowed: site\.viewer_request_attached = true/,
  ],
  [
    'app clients for hosts',
    ({ sign_in: signIn }) => {
      signIn.hosts = [{ origin: 'https://a.example.com', client: 'nearhopdemo0client' }];
    },
    /found sign_in\.hosts, allowed: none/,
  ],
  [
    "another identity provider than the pool's own",
    ({ sign_in: signIn }) => (signIn.identity_provider = 'Google'),
    /found sign_in\.identity_provider = "Google", allowed: "COGNITO"/,
  ],
  [
    'scopes of a resource server',
    ({ sign_in: signIn }) => (signIn.scopes = ['openid', 'notes/read']),
    /found "notes\/read" in sign_in\.scopes, allowed: openid, email, /,
  ],
  [
    'an issuer of another kind',
    ({ issuers }) => {
      const issuer = { issuer: 'https://id.example.com', kind: 'oidc', clients: ['c'] };
      issuers.splice(0, issuers.length, issuer);
    },
    /found an issuer of kind = "oidc", allowed: \[api\] and one of \[\[issuers\]\], whose place/,
  ],
];

for (const [name, change, said, text = ''] of REFUSED) {
  test(`sign-in is refused with ${name}, before anything is deployed`, async () => {
    const document = parse(await configurationWith(SIGN_IN));
    change(document);
    const settings = settingsFrom('f', text);
    const known = knownFrom(settings, /** @type {any} */ ({ issuers: [] }), {});
    const refused = { file: 'n.toml', text: stringify(document) };
    assert.throws(() => deployedConfiguration(refused, settings, known), {
      kind: 'configuration',
      message: said,
    });
  });
}

test('the app says so before it makes a stack', async () => {
  const text = 'layout = "origin-request"\n';
  await assert.rejects(synthesized(text, SIGN_IN), {
    kind: 'configuration',
    message: /nearhop\.toml: found \[sign_in\] with layout = "origin-request"/,
  });
});

const client = (/** @type {any} */ template) => one(template, 'AWS::Cognito::UserPoolClient');

finds(data, [
  [
    'C7: the flow that rotation excludes',
    (t) => client(t).ExplicitAuthFlows.push('ALLOW_REFRESH_TOKEN_AUTH'),
    /ExplicitAuthFlows: found ALLOW_CUSTOM_AUTH, ALLOW_REFRESH_TOKEN_AUTH, allowed: .*\(C7\)/,
  ],
  [
    'C7: no flow, which is all of the default ones',
    (t) => delete client(t).ExplicitAuthFlows,
    /ExplicitAuthFlows: found none, which has it by default, allowed: .*\(C7\)/,
  ],
  [
    'C7: a grace that is too long',
    (t) => (client(t).RefreshTokenRotation.RetryGracePeriodSeconds = 61),
    /RetryGracePeriodSeconds: found 61, allowed: at most 60 s \(C7\)/,
  ],
  [
    'C6: the implicit flow',
    (t) => client(t).AllowedOAuthFlows.push('implicit'),
    /AllowedOAuthFlows: found code, implicit, allowed: code, with PKCE \(C6\)/,
  ],
  [
    'a callback in the clear',
    (t) => (client(t).CallbackURLs = ['http://app.example.com/_nearhop/callback']),
    /CallbackURLs\[0\]: found http:\/\/app\.example\.com\/.*\(redirect-uri\)/,
  ],
  [
    'a host that only begins like localhost',
    (t) => (client(t).LogoutURLs = ['http://localhost.example.com/']),
    /LogoutURLs\[0\]: found http:\/\/localhost\.example\.com\/.*\(redirect-uri\)/,
  ],
]);
